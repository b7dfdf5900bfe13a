"""Graphs written, run and lowered by the command, results as NumPy arrays; and the definitions that tests compare with, in float64."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMAND = os.path.abspath(os.environ.get("TENON_COMMAND", os.path.join(ROOT, "build", "bin", "tenon")))
DTYPES = {"f32": np.float32, "f16": np.float16, "f64": np.float64, "i64": np.int64, "i32": np.int32, "i1": np.bool_}


def rms_norm(x, epsilon=1e-6):
    x = np.asarray(x, np.float64)
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon)


def softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def attention(q, k, v, mask, scale=None):
    scale = 1 / np.sqrt(q.shape[-1]) if scale is None else scale
    scores = np.where(mask, np.einsum("bhqd,bhkd->bhqk", q, k) * scale, -np.inf)
    return np.einsum("bhqk,bhkd->bhqd", softmax(scores), v)


class GraphTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tenon-prior-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.random = np.random.default_rng(7)

    def normal(self, *shape, dtype=np.float32):
        return self.random.standard_normal(shape).astype(dtype)

    def tenon(self, *arguments):
        return subprocess.run([COMMAND, *map(str, arguments), "--no-user-plugins"], capture_output=True, text=True, timeout=120, check=False)

    def ok(self, *arguments):
        done = self.tenon(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refused(self, *arguments, code, words=()):
        done = self.tenon(*arguments)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assertIn(f"error: {code}: ", done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def graph(self, inputs, nodes, outputs, **sections):
        """A graph file: inputs {name: array}; nodes (name, op, inputs, attributes)."""
        names = {np.dtype(v): k for k, v in DTYPES.items()}
        lines = ["tenon: 1", "name: g"]
        if inputs:
            lines += ["inputs:"] + [f"- {{name: {n}, dtype: {names[a.dtype]}, shape: {json.dumps(list(a.shape))}}}" for n, a in inputs.items()]
        for title, rows in sections.items():
            lines += [f"{title}:"] + [f"- {json.dumps(row) if isinstance(row, dict) else row}" for row in rows]
        lines += ["nodes:"] + [f"- {{name: {n}, op: {op}, inputs: {json.dumps(i)}, attributes: {json.dumps(a)}}}" for n, op, i, a in nodes]
        lines += [f"outputs: {json.dumps(outputs)}"]
        path = os.path.join(self.folder, "g.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def run_graph(self, inputs, nodes, outputs, *options, **sections):
        path = self.graph(inputs, nodes, outputs, **sections)
        arguments = []
        for name, array in inputs.items():
            np.save(os.path.join(self.folder, name + ".npy"), array)
            arguments += ["--input", f"{name}={self.folder}/{name}.npy"]
        out = os.path.join(self.folder, "out")
        shutil.rmtree(out, ignore_errors=True)
        self.ok("run", path, *arguments, *options, "-o", out + "/")
        return [np.load(os.path.join(out, name.replace(":", "_") + ".npy")) for name in outputs]

    def one(self, op, inputs, attributes=None, *options):
        """The results of one operator on named operands: its first result."""
        return self.run_graph(inputs, [("y", op, {n: n for n in inputs}, attributes or {})], ["y"], *options)[0]

    def close(self, got, want, rtol=1e-5, atol=1e-6):
        self.assertEqual(got.shape, np.shape(want))
        np.testing.assert_allclose(got.astype(np.float64), want, rtol=rtol, atol=atol)
