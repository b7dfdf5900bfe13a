"""The pack of oneDNN's matrix products, seen from the command: when it is chosen, that it computes what NumPy does in float64, and that a
machine without oneDNN loses nothing but it. Environment: TENON_COMMAND, the built command."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import numpy as np

COMMAND = pathlib.Path(os.environ.get("TENON_COMMAND", pathlib.Path(__file__).resolve().parents[2] / "build" / "bin" / "tenon"))
PLUGINS = COMMAND.parent.parent / "lib" / "tenon" / "plugins-1"

GRAPH = """\
tenon: 1
name: product
inputs:
- {name: x, dtype: f32, shape: [96, 512]}
- {name: w, dtype: f32, shape: [384, 512]}
- {name: b, dtype: f32, shape: [384]}
nodes:
- {name: y, op: linear, inputs: [x, w, b]}
outputs: [y]
"""


class OneDnn(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tenon-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "graph.yaml").write_text(GRAPH, encoding="utf-8")
        random = np.random.default_rng(5)
        self.values = {name: random.standard_normal(shape).astype(np.float32) for name, shape in (("x", (96, 512)), ("w", (384, 512)), ("b", (384,)))}
        for name, array in self.values.items():
            np.save(self.folder / f"{name}.npy", array)

    def tenon(self, *arguments, **environment):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TENON_", "DNNL_", "ONEDNN_"))}
        done = subprocess.run([str(COMMAND), *arguments], capture_output=True, text=True, check=False, cwd=self.folder, env={**kept, **environment})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("dnn_verbose", done.stdout, "the library wrote to stdout")
        self.assertNotIn("dnnl_verbose", done.stdout, "the library wrote to stdout")
        return done

    def chosen(self, *arguments, **environment):
        report = json.loads(self.tenon("explain", *arguments, "--json", **environment).stdout)
        self.levels = report["levels"]
        candidates = report["operators"][0]["candidates"]
        return next(c for c in candidates if c["chosen"]), [c for c in candidates if c["plugin"] == "tenon.onednn"]

    def run_graph(self, **environment):
        self.tenon("run", "graph.yaml", "--input", "x=x.npy", "--input", "w=w.npy", "--input", "b=b.npy", "-o", "y.npy", **environment)
        got = np.load(self.folder / "y.npy").astype(np.float64)
        x, w, b = (self.values[name].astype(np.float64) for name in "xwb")
        size = np.abs(x) @ np.abs(w).T + np.abs(b)
        self.assertLess(np.max(np.abs(got - (x @ w.T + b)) / size), 6e-7)
        return got

    def plugin(self, **environment):
        plugins = json.loads(self.tenon("plugins", "--json", **environment).stdout)["plugins"]
        return next(p for p in plugins if p["name"] == "tenon.onednn")

    def test_is_listed(self):
        self.assertEqual(self.plugin()["state"], "VALIDATED")

    def test_is_chosen_for_large_products_and_says_why_not_for_others(self):
        chosen, own = self.chosen("graph.yaml")
        if "avx512" not in self.levels:
            self.assertTrue(all("needs level avx512" in c["reason"] for c in own), own)
            self.skipTest("this machine has no avx512, the level of oneDNN's kernels here")
        self.assertEqual((chosen["plugin"], chosen["kernel"]), ("tenon.onednn", "onednn_linear"))
        chosen, own = self.chosen("linear", "--dtype", "f32", "--shape", "4x64,64x64")
        self.assertEqual(chosen["plugin"], "tenon.linalg")
        self.assertIn("two million products", own[0]["reason"])
        chosen, own = self.chosen("linear", "--dtype", "f16", "--shape", "96x512,384x512")
        self.assertEqual(chosen["plugin"], "tenon.linalg")
        self.assertIn("no product of f16", own[0]["reason"])
        chosen, own = self.chosen("graph.yaml", TENON_ARCH="avx2")
        self.assertEqual(chosen["plugin"], "tenon.linalg")
        self.assertIn("needs level avx512", own[0]["reason"])

    def test_computes_what_is_meant_with_and_without_it(self):
        self.run_graph()
        self.run_graph(TENON_PLUGINS_DENY="tenon.onednn")
        self.tenon("verify", "graph.yaml")

    def test_a_machine_without_onednn_loses_nothing_but_it(self):
        plugins = self.folder / "plugins"
        shutil.copytree(PLUGINS, plugins)
        for file in plugins.iterdir():
            file.chmod(0o644)
        # As if the library that it needs were not there: another name of the same length.
        library, manifest = plugins / "onednn.so", plugins / "onednn.tenon.yaml"
        image, text = library.read_bytes(), manifest.read_text(encoding="utf-8")
        self.assertEqual(image.count(b"libdnnl.so.2\0"), 1)
        library.write_bytes(image.replace(b"libdnnl.so.2\0", b"libdnnl.so.0\0"))
        manifest.write_text(text.replace("libdnnl.so.2", "libdnnl.so.0"), encoding="utf-8")
        found = self.plugin(TENON_PLUGIN_PATH=str(plugins))
        self.assertEqual((found["state"], found["code"]), ("REJECTED", "DEPENDENCY_MISSING"), found)
        self.assertIn("libdnnl.so.0", found["message"])
        chosen, own = self.chosen("graph.yaml", TENON_PLUGIN_PATH=str(plugins))
        self.assertEqual((chosen["plugin"], own), ("tenon.linalg", []))
        self.run_graph(TENON_PLUGIN_PATH=str(plugins))


if __name__ == "__main__":
    unittest.main()
