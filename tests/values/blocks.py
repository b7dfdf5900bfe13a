"""The bundled blocks of tests/data/blocks: their definitions in NumPy in float64, values drawn from a seed, and copies of the graph files in
bf16, with sizes bound, or of smaller geometry. For test_blocks.py and the engines' suite alike, so it needs NumPy only."""
import json
import math
import os
import re
import struct
from dataclasses import dataclass

import numpy as np

GRAPHS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "blocks")
STORED = {"f32": "<f4", "bf16": "<V2", "i32": "<i4"}  # what a .npy file says


# ---- numbers

def store(array, dtype):
    """An array as files of that dtype hold it; to bf16 it is rounded to nearest even."""
    if dtype != "bf16":
        return np.ascontiguousarray(array, STORED[dtype])
    bits = np.ascontiguousarray(array, "<f4").view("<u4").astype("<u8")
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").view("<V2")


def load(array):
    """What a file holds, as float64."""
    if array.dtype.kind != "V":
        return array.astype(np.float64)
    return (array.view("<u2").astype("<u4") << 16).view("<f4").astype(np.float64)


def write_safetensors(path, tensors, dtype):
    """Floats are of that dtype, integers i32."""
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "I32" if array.dtype.kind == "i" else dtype.upper(), "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(array.tobytes())


# (most, on average) that a result may be off, in parts of the root mean square of what is expected, zeros not counted. f32: sums of up to 8,192 products,
# several after one another, which round 2^-24 each; an average error of 2^-24 x sqrt(8192) is 5e-6. bf16: up to ten roundings of 2^-9 on
# the way, and values of five times the root mean square.
BOUNDS = {"f32": (5e-5, 5e-6), "bf16": (0.1, 0.015)}


def problem(got, want, dtype):
    """None, or how far a result is from what is expected."""
    if got.shape != want.shape:
        return f"shape {list(got.shape)}, expected {list(want.shape)}"
    scale = math.sqrt(np.mean(want[want != 0]**2)) if want.any() else 1.0  # most rows of a cache are empty
    off = np.abs(got - want) / scale
    most, average = float(np.max(off)), math.sqrt(np.mean(off * off))
    if most <= BOUNDS[dtype][0] and average <= BOUNDS[dtype][1]:  # a NaN is not
        return None
    return f"off by {most:.2g} at most and {average:.2g} on average, allowed are {BOUNDS[dtype][0]} and {BOUNDS[dtype][1]}"


# ---- graph files

def graph(name, dtype="f32", sizes=None, bound=None):
    """The text of a bundled graph. sizes: replaces numbers within shapes; bound: {"batch": 2, ..} replaces "?batch"."""
    with open(os.path.join(GRAPHS, name + ".yaml"), encoding="utf-8") as file:
        text = file.read().replace("dtype: f32", f"dtype: {dtype}")

    def shape(match):
        words = [word.strip() for word in match.group(1).split(",")]
        words = [str((sizes or {}).get(int(word), int(word))) if word.isdigit() else str((bound or {}).get(word.strip('"?'), word))
                 for word in words if word]
        return f"shape: [{', '.join(words)}]"

    return re.sub(r"\bshape: \[([^\]]*)\]", shape, text)


def shapes(text, section):
    """{name: shape} of the inputs or params of a graph file; a size that is not known stays a word."""
    rows = re.search(rf"^{section}:\n((?:- .*\n)*)", text, re.M).group(1)
    return {name: [int(word) if word.isdigit() else word for word in re.findall(r'[^\s,"]+', dims)]
            for name, dims in re.findall(r"^- \{name: ([\w.]+),.* shape: \[([^\]]*)\]", rows, re.M)}


def draw_weights(text, dtype, seed=7):
    """{name: array as stored}: products keep the size of what they multiply, variances are positive."""
    random, weights = np.random.default_rng(seed), {}
    for name, shape in shapes(text, "params").items():
        values = random.standard_normal(shape, np.float32)
        if len(shape) > 1:
            values *= np.float32(math.prod(shape[1:]) ** -0.5)
        if name.endswith("running_var"):
            values = np.abs(values) + np.float32(0.5)
        weights[name] = store(values, dtype)
    return weights


# ---- definitions

def rms_norm(x, epsilon=1e-6):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + epsilon)


def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


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


def cached_attention(q, k, v, frequency, i, scale):
    """q [B,S,H,D], k and v [B,S,N,D] before rotation, i: the graph's inputs; returns [B,S,H*D] and both caches with the new rows. A window
    is longer than any cache here."""
    batch, seq, count, dim = q.shape
    start, positions = int(i["start"]), i["positions"]
    q, k, v = (rows.transpose(0, 2, 1, 3) for rows in (q, k, v))
    q, k_cache, v_cache = rotate(q, positions, frequency), i["k_cache"].copy(), i["v_cache"].copy()
    k_cache[:, :, start:start + seq], v_cache[:, :, start:start + seq] = rotate(k, positions, frequency), v
    out, group = np.zeros_like(q), count // k.shape[1]
    for b in range(batch):
        for h in range(count):
            visible = np.arange(k_cache.shape[2]) <= np.arange(seq)[:, None] + i["key_lengths"][b] - seq
            out[b, h] = softmax(np.where(visible, q[b, h] @ k_cache[b, h // group].T * scale, -np.inf)) @ v_cache[b, h // group]
    return out.transpose(0, 2, 1, 3).reshape(batch, seq, count * dim), k_cache, v_cache


def heads(rows, weight, dim):
    return (rows @ weight.T).reshape(*rows.shape[:2], -1, dim)


def llama(w, i):
    x, dim = i["x"], i["k_cache"].shape[3]
    normed = rms_norm(x, 1e-5) * w["input_layernorm.weight"]
    q, k, v = (heads(normed, w[f"self_attn.{name}_proj.weight"], dim) for name in "qkv")
    out, k_cache, v_cache = cached_attention(q, k, v, llama3_frequencies(dim, 500000.0, 32, 1, 4, 8192), i, dim**-0.5)
    x = x + out @ w["self_attn.o_proj.weight"].T
    normed = rms_norm(x, 1e-5) * w["post_attention_layernorm.weight"]
    gate = normed @ w["mlp.gate_proj.weight"].T
    gated = gate / (1 + np.exp(-gate)) * (normed @ w["mlp.up_proj.weight"].T)
    return {"y": x + gated @ w["mlp.down_proj.weight"].T, "k_cache_out": k_cache, "v_cache_out": v_cache}


def gemma(w, i):
    def norm(rows, name):
        return rms_norm(rows) * (1 + w[name + ".weight"])

    x, dim = i["x"], i["k_cache"].shape[3]
    normed = norm(x, "input_layernorm")
    q, k, v = (heads(normed, w[f"self_attn.{name}_proj.weight"], dim) for name in "qkv")
    q, k = norm(q, "self_attn.q_norm"), norm(k, "self_attn.k_norm")
    # The scale is an attribute of the graph: 256 to the -1/2, whatever the geometry.
    out, k_cache, v_cache = cached_attention(q, k, v, 10000.0 ** (-np.arange(0, dim, 2) / dim), i, 0.0625)
    x = x + norm(out @ w["self_attn.o_proj.weight"].T, "post_attention_layernorm")
    normed = norm(x, "pre_feedforward_layernorm")
    gate = normed @ w["mlp.gate_proj.weight"].T
    gelu = gate / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
    down = (gelu * (normed @ w["mlp.up_proj.weight"].T)) @ w["mlp.down_proj.weight"].T
    return {"y": x + norm(down, "post_feedforward_layernorm"), "k_cache_out": k_cache, "v_cache_out": v_cache}


def vit(w, i):
    def layer_norm(rows, name):
        centred = rows - rows.mean(axis=-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12) * w[name + ".weight"] + w[name + ".bias"]

    def dense(rows, name):
        return rows @ w[name + ".weight"].T + w[name + ".bias"]

    x = i["x"]
    normed, dim = layer_norm(x, "layernorm_before"), 64 if x.shape[2] == 768 else 16
    q, k, v = (dense(normed, f"attention.attention.{name}").reshape(*x.shape[:2], -1, dim) for name in ("query", "key", "value"))
    scores = softmax(np.einsum("bqhd,bkhd->bhqk", q, k) * dim**-0.5)
    x = x + dense(np.einsum("bhqk,bkhd->bqhd", scores, v).reshape(x.shape), "attention.output.dense")
    up = dense(layer_norm(x, "layernorm_after"), "intermediate.dense")
    gelu = up / 2 * (1 + np.vectorize(math.erf)(up / math.sqrt(2)))
    return {"y": x + dense(gelu, "output.dense")}


def resnet(w, i):
    def conv(x, name, stride):
        weight = w[name + ".weight"]
        edge = weight.shape[2] // 2
        padded = np.pad(x, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
        return np.tensordot(windows, weight, ([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2)

    def norm(x, name):
        scale, bias, mean, variance = (w[f"{name}.{part}"][:, None, None] for part in ("weight", "bias", "running_mean", "running_var"))
        return (x - mean) / np.sqrt(variance + 1e-5) * scale + bias

    def relu(x):
        return np.maximum(x, 0)

    x = i["x"]
    for block, stride in (("layer2.0", 2), ("layer2.1", 1)):
        inner = relu(norm(conv(x, block + ".conv1", stride), block + ".bn1"))
        inner = norm(conv(inner, block + ".conv2", 1), block + ".bn2")
        if stride > 1:
            x = norm(conv(x, block + ".downsample.0", stride), block + ".downsample.1")
        x = relu(inner + x)
    return {"y": x}


@dataclass
class Block:
    name: str         # of the graph file
    define: callable  # weights, inputs -> outputs, all float64
    small: dict       # sizes within shapes -> those of the smaller geometry
    outputs: tuple = ("y",)

    @property
    def decodes(self):
        return len(self.outputs) > 1

    def inputs(self, text, dtype, batch, first=0, count=4, caches=None, seed=1):
        """What one run of the graph gets, as stored. Decoders: `count` tokens from position `first` on; caches: what an earlier run gave."""
        random = np.random.default_rng([seed, batch, first, count])
        values = {}
        for name, shape in shapes(text, "inputs").items():
            shape = [{"?batch": batch, "?seq": count}.get(size, size) for size in shape]
            if name == "positions":
                values[name] = store(np.arange(first, first + count), "i32")
            elif name == "start":
                values[name] = store(first, "i32").reshape(())
            elif name == "key_lengths":
                values[name] = store(np.full(batch, first + count), "i32")
            elif name.endswith("_cache"):
                values[name] = np.zeros(shape, STORED[dtype]) if caches is None else caches[name + "_out"]
            else:
                values[name] = store(random.standard_normal(shape), dtype)
        return values

    def expected(self, weights, inputs):
        """The outputs by name, in float64."""
        return self.define({name: load(array) for name, array in weights.items()},
                           {name: load(array) if array.dtype.kind != "i" else array for name, array in inputs.items()})


BLOCKS = {block.name: block for block in (
    Block("llama_3_2_1b", llama, {2048: 64, 512: 32, 8192: 96, 32: 4, 8: 2, 64: 16, 128: 16}, ("y", "k_cache_out", "v_cache_out")),
    Block("gemma_3_1b", gemma, {1152: 48, 1024: 64, 256: 16, 6912: 96, 128: 16}, ("y", "k_cache_out", "v_cache_out")),
    Block("vit_b16", vit, {197: 17, 768: 48, 3072: 96, 12: 3, 64: 16}),
    Block("resnet_18_stage", resnet, {64: 8, 128: 16, 56: 14}),
)}
