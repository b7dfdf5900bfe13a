"""Runs the command as a subprocess, and the oracle: rms_norm in float64 with NumPy, bfloat16 as its 16 bits."""
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import numpy as np

COMMAND = os.environ.get("TENON_COMMAND", os.path.join(os.path.dirname(__file__), "..", "..", "build", "bin", "tenon"))

NORM = """\
tenon: 1
name: norm
inputs:
- {name: x, dtype: DTYPE, shape: [4, 67]}
params:
- {name: model.norm.weight, as: w, dtype: DTYPE, shape: [67]}
nodes:
- {name: y, op: rms_norm, inputs: [x, w], attributes: {epsilon: 1.0e-5}}
outputs:
- y
"""

# Two results, of which one has a name that is no file name.
RESIDUAL = """\
tenon: 1
name: residual
inputs:
- {name: x, dtype: f32, shape: [3, 8]}
- {name: r, dtype: f32, shape: [3, 8]}
nodes:
- {name: norm, op: rms_norm, inputs: {input: x, residual: r}}
outputs:
- norm
- "norm:sum"
"""


class Result:
    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self):
        return json.loads(self.out)

    def error(self):
        """The error that --json puts on stderr: one object, nothing else."""
        return json.loads(self.err)["error"]


def tenon(*arguments, cwd=None, text=True, **environment):
    env = {key: value for key, value in os.environ.items() if not key.startswith("TENON_")}
    env.update(environment)
    done = subprocess.run([os.path.abspath(COMMAND), *map(str, arguments)], cwd=cwd, env=env, capture_output=True, text=text, timeout=120,
                          stdin=subprocess.DEVNULL, check=False)
    return Result(done)


class CommandTest(unittest.TestCase):
    """A temporary folder for each test, and checks that every error must pass."""
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tenon-cli-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, content):
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(self.path(name), mode) as file:
            file.write(content)
        return self.path(name)

    def run_ok(self, *arguments, **options):
        result = tenon(*arguments, **options)
        self.assertEqual(result.status, 0, result.err)
        return result

    def check_error(self, result, status, code, *words):
        """The form of an error: error: CODE: message, perhaps ` --> place`, and nothing on stdout."""
        self.assertEqual(result.status, status, result.err)
        self.assertEqual(result.out, "")
        first = result.err.splitlines()[0]
        self.assertRegex(first, r"^error: [A-Z_]+: .")
        self.assertTrue(first.startswith(f"error: {code}: "), first)
        for word in words:
            self.assertIn(word, result.err)
        for line in result.err.splitlines()[1:]:
            self.assertRegex(line, r"^( --> |  advice: |  because: |    |\s)")


def bf16_bits(values):
    """float32 -> bfloat16, round to nearest even; values are finite."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def bf16_values(bits):
    return (np.asarray(bits, np.uint16).astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def rms_norm(x, w, epsilon):
    x, w = np.asarray(x, np.float64), np.asarray(w, np.float64)
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon) * w


def ulps(got, want, digits):
    """Largest distance from `want` (float64) in units in the last place of a format with that many significant bits."""
    exponent = np.floor(np.log2(np.maximum(np.abs(want), 1e-30)))
    return float(np.max(np.abs(np.asarray(got, np.float64) - want) / 2.0 ** (exponent - digits + 1)))


SAFETENSORS = {"float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64", "int32": "I32"}


def safetensors(path, tensors):
    """tensors: {name: array}, a uint16 array is bfloat16. The format: length of the header, header (JSON), data."""
    header, data = {}, b""
    for name, array in tensors.items():
        dtype = "BF16" if array.dtype == np.uint16 else SAFETENSORS[array.dtype.name]
        raw = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    types = {"BF16": np.uint16, "F32": np.float32, "F64": np.float64, "F16": np.float16, "I64": np.int64}
    out = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        out[name] = np.frombuffer(content[8 + length + begin:8 + length + end], types[entry["dtype"]]).reshape(entry["shape"])
    return out
