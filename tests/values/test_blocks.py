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


def cached_attention(q, k, v, frequency, positions, start, lengths, k_cache, v_cache, scale):
    """q [B,S,H,D], k and v [B,S,N,D] before rotation; returns [B,S,H*D] and both caches with the new rows."""
    batch, seq, count, dim = q.shape
    q, k, v = (rows.transpose(0, 2, 1, 3) for rows in (q, k, v))
    q, k_cache, v_cache = rotate(q, positions, frequency), k_cache.copy(), v_cache.copy()
    k_cache[:, :, start:start + seq], v_cache[:, :, start:start + seq] = rotate(k, positions, frequency), v
    out, group = np.zeros_like(q), count // k.shape[1]
    for b in range(batch):
        for h in range(count):
            visible = np.arange(k_cache.shape[2]) <= np.arange(seq)[:, None] + lengths[b] - seq
            out[b, h] = softmax(np.where(visible, q[b, h] @ k_cache[b, h // group].T * scale, -np.inf)) @ v_cache[b, h // group]
    return out.transpose(0, 2, 1, 3).reshape(batch, seq, count * dim), k_cache, v_cache


def project(rows, weight, *heads):
    out = rows @ weight.T
    return out.reshape(*rows.shape[:2], *heads) if heads else out


def llama_block(x, w, *rest):
    """x [B,S,2048]; returns y and both caches."""
    normed = rms_norm(x, 1e-5) * w["input_layernorm.weight"]
    q, k, v = (project(normed, w[f"self_attn.{name}_proj.weight"], heads, 64) for name, heads in (("q", 32), ("k", 8), ("v", 8)))
    out, k_cache, v_cache = cached_attention(q, k, v, llama3_frequencies(64, 500000.0, 32, 1, 4, 8192), *rest, 64**-0.5)
    x = x + project(out, w["self_attn.o_proj.weight"])
    normed = rms_norm(x, 1e-5) * w["post_attention_layernorm.weight"]
    gate = project(normed, w["mlp.gate_proj.weight"])
    return x + project(gate / (1 + np.exp(-gate)) * project(normed, w["mlp.up_proj.weight"]), w["mlp.down_proj.weight"]), k_cache, v_cache


def gemma_block(x, w, *rest):
    """x [B,S,1152]; returns y and both caches. Fewer keys than the window has."""
    def norm(rows, name):
        return rms_norm(rows, 1e-6) * (1 + w[name + ".weight"])

    normed = norm(x, "input_layernorm")
    q, k, v = (project(normed, w[f"self_attn.{name}_proj.weight"], heads, 256) for name, heads in (("q", 4), ("k", 1), ("v", 1)))
    q, k = norm(q, "self_attn.q_norm"), norm(k, "self_attn.k_norm")
    out, k_cache, v_cache = cached_attention(q, k, v, 10000.0 ** (-np.arange(0, 256, 2) / 256), *rest, 256**-0.5)
    x = x + norm(project(out, w["self_attn.o_proj.weight"]), "post_attention_layernorm")
    normed = norm(x, "pre_feedforward_layernorm")
    gate = project(normed, w["mlp.gate_proj.weight"])
    gelu = gate / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
    return x + norm(project(gelu * project(normed, w["mlp.up_proj.weight"]), w["mlp.down_proj.weight"]), "post_feedforward_layernorm"), k_cache, v_cache


class Blocks(GraphTest):
    def weights(self, graph):
        report = json.loads(self.ok("inspect", graph, "--json"))
        tensors = {}
        for param in report["params"]:
            shape = param["shape"]
            scale = 1.0 if len(shape) == 1 else shape[1] ** -0.5
            tensors[param["name"]] = (self.random.standard_normal(shape, np.float32) * np.float32(scale))
        path = os.path.join(self.folder, "weights.safetensors")
        write_safetensors(path, tensors)
        return path, {name: array.astype(np.float64) for name, array in tensors.items()}

    def run_block(self, graph, weights, inputs):
        arguments = []
        for name, array in inputs.items():
            np.save(os.path.join(self.folder, name + ".npy"), array)
            arguments += ["--input", f"{name}={self.folder}/{name}.npy"]
        self.ok("run", graph, "--params", weights, *arguments, "-o", self.folder + "/out/")
        return [np.load(f"{self.folder}/out/{name}.npy") for name in ("y", "k_cache_out", "v_cache_out")]

    def check(self, name, hidden, cache, block):
        """Four tokens at once, then one: prefill, and a step of decoding over the cache that prefill gave."""
        graph = os.path.join(BLOCKS, name)
        path, w = self.weights(graph)
        x = self.normal(cache[0], 5, hidden)
        got, want = [None, np.zeros(cache, np.float32), np.zeros(cache, np.float32)], [None, np.zeros(cache), np.zeros(cache)]
        for first, count in ((0, 4), (4, 1)):
            tokens, positions = x[:, first:first + count], np.arange(first, first + count, dtype=np.int32)
            lengths = np.full(cache[0], first + count, np.int32)
            got = self.run_block(graph, path, {"x": tokens, "positions": positions, "start": np.array(first, np.int32), "key_lengths": lengths,
                                               "k_cache": got[1], "v_cache": got[2]})
            want = block(tokens.astype(np.float64), w, positions, first, lengths, want[1], want[2])
            # Sums of up to 8,192 products in f32, of which several follow one another.
            for a, b in zip(got, want):
                self.close(a, b, rtol=1e-4, atol=1e-4)
        for target in TARGETS:
            text = self.ok("lower", graph, "--target", target)
            self.assertIn(f"tensor<?x?x{hidden}xf32>", text)
            if target in ("stablehlo", "xla", "iree"):
                self.assertNotIn("custom_call", text)

    def test_llama_3_2(self):
        self.check("llama_3_2_1b.yaml", 2048, (2, 8, 128, 64), llama_block)

    def test_gemma_3(self):
        self.check("gemma_3_1b.yaml", 1152, (2, 1, 128, 256), gemma_block)


if __name__ == "__main__":
    sys.exit(unittest.main())
