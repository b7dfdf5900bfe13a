"""For each language: the project of `tenon plugins new` and a plugin with kernels for one of Tenon's operators, built from installed files
alone; found in the user's folder, explained, verified, run against NumPy in float64, and removed again."""
import json
import shutil
import unittest

import numpy as np
from support import PREFIX, PROJECTS, PluginTest, levels, run, tenon

QUERY = "tenon_plugin_query_v1"
RANDOM = np.random.default_rng(20)


def floats(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


class Project:
    """What is the same in every language. The classes below say what differs."""
    language = own = faster = ""
    options = ()  # of build.sh

    def test_an_operator_of_ones_own(self):
        name = f"example.{self.own}"
        project = self.new(name, self.language, "own")
        built = self.build(project, *self.options)
        library = built / f"example-{self.own}.so".replace("_", "-")
        self.one_symbol(library)
        self.passes("--plugin-path", built, name=name)
        # Nothing but the build folder was written; a second build finds everything.
        self.build(project, *self.options)

        self.fails("ops", name)
        files = self.install(built)
        self.assertEqual(len(files), 3)
        plugin = self.plugins()[name.replace("_", "-")]
        self.assertIn(plugin["state"], ("VALIDATED", "LOADED", "ACTIVE"))
        self.assertEqual(plugin["tier"], 3, "the user's")
        self.passes(name=name)
        self.tenon("plugins", "doctor")
        self.tenon("plugins", "lint", next(f for f in files if f.name.endswith(".tenon.yaml")))
        self.assertIn(self.summary, self.tenon("ops", name))
        arguments = ("--dtype", "f32", "--shape", ",".join("x".join(map(str, shape)) for shape in self.shapes))
        self.assertIn(self.step, self.tenon("lower", f"op:{name}", *arguments, "--target", "stablehlo"))
        self.assertIn(f"@{name}", self.tenon("lower", f"op:{name}", *arguments, "--target", "custom-call"))
        for target in ("xla", "iree", "litert"):
            self.assertIn("@main", self.tenon("lower", f"op:{name}", *arguments, "--target", target))
        for level in self.levels:
            chosen = self.candidates(name, "--arch", level)[0]
            self.assertEqual((chosen["plugin"], chosen["level"], chosen["chosen"]), (name.replace("_", "-"), level, True))
        self.matches_numpy(name, self.attributes, [floats(*shape) for shape in self.shapes], self.definition, 4)
        for file in files:
            file.unlink()
        self.assertIn("NOT_FOUND", self.fails("ops", name))

    def test_kernels_for_an_operator_that_exists(self):
        name = f"fast.{self.faster}"
        project = self.new(name, self.language, "fast")
        (project / "cases.yaml").unlink()
        shutil.copytree(PROJECTS / self.language, project, dirs_exist_ok=True)
        built = self.build(project, *self.options)
        self.one_symbol(next(built.glob("*.so")))
        files = self.install(built)
        plugin = name.replace("_", "-")
        for level in self.levels:
            chosen, second = self.candidates(self.faster, "--arch", level)[:2]
            self.assertEqual((chosen["plugin"], chosen["level"], chosen["chosen"]), (plugin, level, True))
            self.assertTrue(second["plugin"].startswith("tenon.") and second["level"] == level and not second["chosen"], second)
            self.assertGreater(chosen["priority"], second["priority"])
            self.assertIn(f"ranked after {plugin}", second["reason"])
            rows = json.loads(self.tenon("verify", self.faster, "--dtype", "f32", "--cases", 60, "--arch", level, "--json"))["rows"]
            self.assertTrue(any(f"fast_{self.faster}" in row["kernel"] for row in rows))
        shapes, reason = self.declined
        candidates = self.candidates(self.faster, "--arch", self.levels[0], shapes=shapes)
        self.assertIn(reason, [c["reason"] for c in candidates if c["plugin"] == plugin][0])
        self.assertTrue([c for c in candidates if c["chosen"]][0]["plugin"].startswith("tenon."))
        inputs = [floats(*shape) for shape in self.shapes_fast]
        self.matches_numpy(self.faster, {}, inputs, self.definition_fast, 8, "--arch", self.levels[0])
        for file in files:
            file.unlink()
        self.assertTrue(self.candidates(self.faster)[0]["plugin"].startswith("tenon."))

    def passes(self, *options, name):
        rows = json.loads(self.tenon("verify", name, "--cases", 60, "--json", *options))["rows"]
        self.assertGreater(len(rows), 60)
        self.assertTrue(any(row["kernel"] != "interpreter" for row in rows))

    def one_symbol(self, library):
        listed = self.ok(run("nm", "-D", "--defined-only", library)).split("\n")
        self.assertEqual([line.split()[-1] for line in listed if line], [QUERY])

    def candidates(self, name, *options, shapes=None):
        shapes = shapes or (self.shapes_fast if name == self.faster else self.shapes)
        text = ",".join("x".join(map(str, shape)) for shape in shapes)
        report = json.loads(self.tenon("explain", name, "--dtype", "f32", "--shape", text, "--json", *options))
        return report["operators"][0]["candidates"]

    def matches_numpy(self, name, attributes, inputs, definition, ulps, *options):
        """--strict: by a kernel, and not by the interpreter."""
        names = [f"x{i}" for i in range(len(inputs))]
        given = []
        for n, x in zip(names, inputs):
            np.save(self.folder / f"{n}.npy", x)
            given += ["--input", f"{n}={self.folder / n}.npy"]
        want = definition(*(x.astype(np.float64) for x in inputs), **attributes)
        for rows in ("70", '"?rows"'):  # the second is known when it runs
            sizes = [", ".join([rows, *map(str, x.shape[1:])]) if x.ndim > 1 else str(len(x)) for x in inputs]
            declared = ", ".join(f"{{name: {n}, dtype: f32, shape: [{size}]}}" for n, size in zip(names, sizes))
            listed = ", ".join(f"{key}: {value}" for key, value in attributes.items())
            graph = self.folder / "graph.yaml"
            graph.write_text(f"tenon: 1\nname: g\ninputs: [{declared}]\nnodes: [{{name: y, op: {name}, inputs: [{', '.join(names)}], "
                             f"attributes: {{{listed}}}}}]\noutputs: [y]\n", encoding="utf-8")
            self.tenon("run", graph, *given, "-o", self.folder / "y.npy", "--strict", *options)
            got = np.load(self.folder / "y.npy").astype(np.float64)
            # In f32 units in the last place of the largest part: a sum may cancel.
            np.testing.assert_allclose(got, want, rtol=ulps * 2.0**-23, atol=ulps * 2.0**-23 * np.abs(want).max())
            self.tenon("lower", graph, "--target", "stablehlo")


class C(Project, PluginTest):
    language, own, faster = "c", "squared_relu", "rms_norm"
    summary, step = "squared ReLU", "stablehlo.maximum"
    attributes = {"scale": 0.75}
    shapes, shapes_fast = [(70, 1001)], [(70, 641), (641,)]
    declined = [(4, 641)], "needs a scale"
    levels = levels()

    @staticmethod
    def definition(x, scale):
        return np.maximum(x, 0) ** 2 * scale

    @staticmethod
    def definition_fast(x, scale):
        return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + 1e-6) * scale


class Cpp(Project, PluginTest):
    language, own, faster = "c++", "dyt", "silu_mul"
    summary, step = "Dynamic tanh", "stablehlo.tanh"
    attributes = {"alpha": 0.8}
    shapes, shapes_fast = [(70, 101), (101,), (101,)], [(70, 101), (70, 101)]
    declined = [(70, 101), (1, 101)], "takes operands of one shape"
    levels = sorted({levels()[0], "sse2"})  # two levels show what four would, in half the time
    options = (f"-DTENON_SIMD_LEVELS={';'.join(levels)}",)

    @staticmethod
    def definition(x, weight, bias, alpha):
        return np.tanh(alpha * x) * weight + bias

    @staticmethod
    def definition_fast(gate, up):
        return gate / (1 + np.exp(-gate)) * up


class Rust(Project, PluginTest):
    language, own, faster = "rust", "scaled_softsign", "leaky_relu"
    summary, step = "scaled softsign", "stablehlo.divide"
    attributes = {"scale": 2.5}
    shapes, shapes_fast = [(70, 1001)], [(70, 101)]
    declined = [(3, 5)], "is for 16 elements and more, not 15"
    levels = ["avx2"]

    @staticmethod
    def definition(x, scale):
        return x / (1 + abs(x)) * scale

    @staticmethod
    def definition_fast(x):
        return np.where(x > 0, x, 0.01 * x)

    def setUp(self):
        if "avx2" not in levels():
            self.skipTest("this processor has no AVX2, which the Rust kernels are written for")


class PkgConfigPath(PluginTest):
    """PKG_CONFIG_PATH instead of TENON_PREFIX, for an installation whose .pc files have its own prefix; and neither."""

    def test_pkg_config_path(self):
        folder = self.folder / "pc"
        folder.mkdir()
        for pc in PREFIX.rglob("tenon-plugin.pc"):
            text = pc.read_text(encoding="utf-8").split("\n", 1)[1]
            (folder / pc.name).write_text(f"prefix={PREFIX}\n{text}", encoding="utf-8")
        project = self.new("acme.found", "c", "found")
        built = self.build(project, TENON_PREFIX="", PKG_CONFIG_PATH=folder)
        self.tenon("verify", "acme.found", "--plugin-path", built)

    def test_a_relative_prefix(self):
        project = self.new("acme.relative", "c", "relative")
        self.ok(run(project / "build.sh", cwd=PREFIX.parent, TENON_PREFIX=PREFIX.name))

    def test_crates_that_are_not_installed(self):
        project = self.new("acme.crateless", "rust", "crateless")
        prefix = self.folder / "without"
        for pc in PREFIX.rglob("tenon-plugin.pc"):
            folder = prefix / pc.relative_to(PREFIX).parent
            folder.mkdir(parents=True)
            shutil.copy(pc, folder)
        done = run("./build.sh", cwd=project, TENON_PREFIX=prefix)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"Tenon's Rust crates are not in {prefix}", done.stderr)

    def test_nowhere(self):
        for language in ("c", "c++", "rust"):
            project = self.new("acme.lost", language, f"lost-{language}")
            done = run("./build.sh", cwd=project, TENON_PREFIX=self.folder)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("set TENON_PREFIX", done.stderr)


if __name__ == "__main__":
    unittest.main()
