"""The oracle, rms_norm in float64 with NumPy, and checks of errors."""

import os
import shutil
import tempfile
import unittest

import numpy as np

import tenon


def rms_norm(x, w, epsilon=1e-5):
    x, w = np.asarray(x, np.float64), np.asarray(w, np.float64)
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon) * w


class TenonTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.context = tenon.Context(threads=2)
        cls.addClassCleanup(cls.context.close)

    def folder(self):
        path = tempfile.mkdtemp(prefix="tenon-python-")
        self.addCleanup(shutil.rmtree, path)
        return path

    def norm(self, rows=2, columns=8, dtype="f32", context=None):
        """rms_norm of dtype[rows,columns] with a scale."""
        with (context or self.context).graph("norm") as graph:
            x, w = graph.input("x", dtype, (rows, columns)), graph.input("w", dtype, (columns,))
            graph.output("y", graph.rms_norm(x, w, epsilon=1e-5))
            return graph.compile()

    def assert_norm(self, x, w, y, rtol=1e-6):
        np.testing.assert_allclose(np.asarray(y, np.float64), rms_norm(x, w), rtol=rtol, atol=rtol)

    def fails(self, code, *words):
        """with self.fails("INVALID_ARGUMENT", "x") as caught: ..; all words are in the report."""
        return _Fails(self, code, words)


class _Fails:
    def __init__(self, test, code, words):
        self._test, self._code, self._words = test, code, words
        self.error = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        test = self._test
        test.assertIsNotNone(error, "nothing was raised")
        if not isinstance(error, tenon.Error):
            return False
        self.error = error
        test.assertEqual(error.code, self._code, str(error))
        for word in self._words:
            test.assertIn(word, str(error))
        return True


def without_tenon_variables():
    return {key: value for key, value in os.environ.items() if not key.startswith("TENON_") or key == "TENON_LIBRARY"}
