"""Whole decoder blocks of real size: the bundled graph, with weights drawn from a seed, against the same block in NumPy in float64."""
import json
import os
import struct
import sys
import unittest

import numpy as np
from support import ROOT, GraphTest, rms_norm, softmax

BLOCKS = os.path.join(ROOT, "tests", "data", "blocks")
TARGETS = ("stablehlo", "xla", "iree", "custom-call", "reduction-calls")  # litert has the parameters in the text: 240 MB


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(array.tobytes())


def llama3_frequencies(dim, base, factor, low, high, original):
    """Llama 3's scaling of the frequencies (modeling_rope_utils of Hugging Face transformers, llama3)."""
    frequency = base ** (-np.arange(0, dim, 2) / dim)
    length = 2 * np.pi / frequency
    smooth = (original / length - low) / (high - low)
    between = (1 - smooth) * frequency / factor + smooth * frequency
    return np.where(length > original / low, frequency / factor, np.where(length < original / high, frequency, between))


def rotate(x, positions, frequency):
    angle = positions[:, None] * frequency
    cos, sin = np.cos(angle), np.sin(angle)
    a, b = np.split(x, 2, axis=-1)
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def llama_block(x, positions, start, lengths, k_cache, v_cache, w):
    """x [B,S,2048]; returns y and both caches."""
    batch, seq, hidden = x.shape

    def heads(rows, count):
        return rows.reshape(batch, seq, count, 64).transpose(0, 2, 1, 3)

    frequency = llama3_frequencies(64, 500000.0, 32, 1, 4, 8192)
    normed = rms_norm(x, 1e-5) * w["input_layernorm.weight"]
    q = rotate(heads(normed @ w["self_attn.q_proj.weight"].T, 32), positions, frequency)
    k_cache, v_cache = k_cache.copy(), v_cache.copy()
    k_cache[:, :, start:start + seq] = rotate(heads(normed @ w["self_attn.k_proj.weight"].T, 8), positions, frequency)
    v_cache[:, :, start:start + seq] = heads(normed @ w["self_attn.v_proj.weight"].T, 8)
    out = np.zeros_like(q)
    for b in range(batch):
        for h in range(32):
            scores = q[b, h] @ k_cache[b, h // 4].T / 8
            visible = np.arange(k_cache.shape[2]) <= np.arange(seq)[:, None] + lengths[b] - seq
            out[b, h] = softmax(np.where(visible, scores, -np.inf)) @ v_cache[b, h // 4]
    x = x + out.transpose(0, 2, 1, 3).reshape(batch, seq, hidden) @ w["self_attn.o_proj.weight"].T
    normed = rms_norm(x, 1e-5) * w["post_attention_layernorm.weight"]
    gate = normed @ w["mlp.gate_proj.weight"].T
    return x + (gate / (1 + np.exp(-gate)) * (normed @ w["mlp.up_proj.weight"].T)) @ w["mlp.down_proj.weight"].T, k_cache, v_cache


class Blocks(GraphTest):
    GRAPH = os.path.join(BLOCKS, "llama_3_2_1b.yaml")

    def weights(self):
        report = json.loads(self.ok("inspect", self.GRAPH, "--json"))
        tensors = {}
        for param in report["params"]:
            shape = param["shape"]
            scale = 1.0 if len(shape) == 1 else shape[1] ** -0.5
            tensors[param["name"]] = (self.random.standard_normal(shape, np.float32) * np.float32(scale))
        path = os.path.join(self.folder, "weights.safetensors")
        write_safetensors(path, tensors)
        return path, {name: array.astype(np.float64) for name, array in tensors.items()}

    def run_block(self, weights, inputs):
        arguments = []
        for name, array in inputs.items():
            np.save(os.path.join(self.folder, name + ".npy"), array)
            arguments += ["--input", f"{name}={self.folder}/{name}.npy"]
        self.ok("run", self.GRAPH, "--params", weights, *arguments, "-o", self.folder + "/out/")
        return [np.load(f"{self.folder}/out/{name}.npy") for name in ("y", "k_cache_out", "v_cache_out")]

    def test_prefill_and_decode(self):
        path, w = self.weights()
        batch, cache = 2, (2, 8, 128, 64)
        x = self.normal(batch, 5, 2048)
        k, v = np.zeros(cache, np.float32), np.zeros(cache, np.float32)

        def inputs(first, count, k, v):
            return {"x": x[:, first:first + count], "positions": np.arange(first, first + count, dtype=np.int32), "start": np.array(first, np.int32),
                    "key_lengths": np.full(batch, first + count, np.int32), "k_cache": k, "v_cache": v}

        # Four tokens at once, then one: prefill and a step of decoding.
        got, k, v = self.run_block(path, inputs(0, 4, k, v))
        want, want_k, want_v = llama_block(x[:, :4].astype(np.float64), np.arange(4), 0, [4, 4], np.zeros(cache), np.zeros(cache), w)
        # A sum of 8,192 products in f32, of which three follow one another.
        self.close(got, want, rtol=1e-4, atol=1e-4)
        self.close(k, want_k, rtol=1e-4, atol=1e-4)
        self.close(v, want_v, rtol=1e-4, atol=1e-4)
        got, k, v = self.run_block(path, inputs(4, 1, k, v))
        want, want_k, want_v = llama_block(x[:, 4:].astype(np.float64), np.array([4]), 4, [5, 5], want_k, want_v, w)
        self.close(got, want, rtol=1e-4, atol=1e-4)
        self.close(v, want_v, rtol=1e-4, atol=1e-4)

    def test_every_target_that_keeps_parameters_outside(self):
        for target in TARGETS:
            with self.subTest(target=target):
                text = self.ok("lower", self.GRAPH, "--target", target)
                self.assertIn("tensor<?x?x2048xf32>", text)
                if target in ("stablehlo", "xla", "iree"):
                    self.assertNotIn("custom_call", text)


if __name__ == "__main__":
    sys.exit(unittest.main())
