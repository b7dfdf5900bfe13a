#!/usr/bin/env python3
"""Writes the fixtures of core/params: .npy files as NumPy saves them, and .safetensors and .irpa files packed here by hand from the
descriptions of the formats. The files are committed; run this only to change them. Needs NumPy (Debian: python3-numpy)."""

import json
import os
import struct

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def put(name, data):
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def save(name, array, version=None):
    with open(os.path.join(HERE, name), "wb") as f:
        np.lib.format.write_array(f, array, version=version, allow_pickle=True)


def npy(descr, shape, data):
    """An .npy file with a descr that NumPy would not write by itself."""
    text = "{'descr': '%s', 'fortran_order': False, 'shape': %r, }" % (descr, shape)
    text += " " * (-(10 + len(text) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("latin1") + data


# A 2x3 matrix -1, -0.5, 0, 0.5, 1, 1.5 in every layout and version.
matrix = (np.arange(6, dtype=np.float32) * 0.5 - 1).reshape(2, 3)
save("f32.npy", matrix, (1, 0))
save("f32_version2.npy", matrix, (2, 0))
save("f32_version3.npy", matrix, (3, 0))
save("f32_fortran.npy", np.asfortranarray(matrix), (1, 0))
save("f32_big_endian.npy", matrix.astype(">f4"), (1, 0))
save("f32_big_endian_fortran.npy", np.asfortranarray(matrix.astype(">f4")), (1, 0))
# Three different sizes, so that a wrong permutation shows: element [i][j][k] is 100 i + 10 j + k.
cube = (100 * np.arange(2)[:, None, None] + 10 * np.arange(3)[:, None] + np.arange(4)).astype(np.int16)
save("i16_cube_fortran.npy", np.asfortranarray(cube), (1, 0))
save("i16_cube_fortran_big_endian.npy", np.asfortranarray(cube.astype(">i2")), (1, 0))

# Every integer dtype: lowest, 0, 1, highest.
for kind in "iu":
    for size in (1, 2, 4, 8):
        t = np.dtype("%s%d" % (kind, size))
        save("%s%d.npy" % ("i" if kind == "i" else "ui", 8 * size), np.array([np.iinfo(t).min, 0, 1, np.iinfo(t).max], t), (1, 0))
save("i1.npy", np.array([True, False, True]), (1, 0))
save("f16.npy", np.array([1.5, -2.0, np.inf], np.float16), (1, 0))
save("f64.npy", np.array([0.1, -0.0, -np.inf], np.float64), (1, 0))
# Bit patterns that arithmetic would change: a quiet NaN with a payload, a signalling one, a negative zero, a subnormal.
save("f32_bits.npy", np.array([0x7FC12345, 0xFFA00001, 0x80000000, 0x00000001], np.uint32).view(np.float32), (1, 0))
save("scalar.npy", np.array(2.5, np.float64), (1, 0))
save("empty.npy", np.zeros((0, 3), np.float32), (1, 0))

# What NumPy has no dtype for: 1, -2, 3 in bfloat16, as ml_dtypes and as NumPy write its bytes; 8-bit floats likewise.
bf16 = struct.pack("<3H", 0x3F80, 0xC000, 0x4040)
put("bf16.npy", npy("<V2", (3,), bf16))
save("bf16_void.npy", np.frombuffer(bf16, "V2"), (1, 0))
put("f8.npy", npy("<V1", (3,), bytes([0x38, 0xC0, 0x7F])))
save("f8_void.npy", np.frombuffer(bytes([0x38, 0xC0, 0x7F]), "V1"), (1, 0))
put("f8_float.npy", npy("<f1", (3,), bytes([0x3C, 0xC0, 0x7C])))

# What is refused.
save("structured.npy", np.zeros(2, [("a", "<f4"), ("b", "<i2")]), (1, 0))
save("complex.npy", np.zeros(2, np.complex64), (1, 0))
save("text.npy", np.array(["abc"]), (1, 0))
save("objects.npy", np.array([{}, None], object), (1, 0))
save("dates.npy", np.zeros(1, "datetime64[s]"), (1, 0))
save("raw4.npy", np.zeros(2, "V4"), (1, 0))

# The same five tensors in both archives: name, dtype of safetensors, shape, bytes.
TENSORS = [
    ("w", "F32", [2, 3], struct.pack("<6f", -1, -0.5, 0, 0.5, 1, 1.5)),
    ("blk.0/bias", "BF16", [3], bf16),
    ("none", "I64", [0, 4], b""),
    ("flag", "BOOL", [2], b"\x01\x00"),
    ("na\u00efve \"q\"", "F64", [], struct.pack("<d", 2.5)),
]


def safetensors(tensors, metadata=None):
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, dtype, shape, content in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


put("five.safetensors", safetensors(TENSORS))
put("metadata.safetensors", safetensors(TENSORS[:1], {"format": "pt", "note": "a\nb"}))
put("empty.safetensors", safetensors([]))


def align(n, to):
    return -(-n // to) * to


def irpa(entries):
    """entries: (name, bytes), or (name, pattern, length) for a repeated pattern."""
    table, names, storage, has_data = b"", b"", b"", False
    for entry in entries:
        name = entry[0].encode()
        table += bytes(-len(table) % 16)
        if len(entry) == 2:
            storage += bytes(-len(storage) % 64)
            table += struct.pack("<QIQQQQQQQQ", 76, 2, 0, len(names), len(name), 0, 0, 64, len(storage), len(entry[1]))
            storage += entry[1]
            has_data = True
        else:
            table += struct.pack("<QIQQQQQQQ16sB", 85, 1, 0, len(names), len(name), 0, 0, 0, entry[2], entry[1], len(entry[1]))
        names += name
    names_at = 96 + len(table)
    storage_at = align(names_at + len(names), 64) if has_data else names_at + len(names)
    head = struct.pack("<4sHHQQQQQQQQQQ", b"IRPA", 0, 0, 88, 0, 0, len(entries), 96, len(table), names_at, len(names), storage_at,
                       len(storage))
    assert len(head) == 88
    file = head + bytes(8) + table + names
    file += bytes(storage_at - len(file)) + storage
    return file + bytes(-len(file) % 4096)


put("five.irpa", irpa([(name, content) for name, _, _, content in TENSORS]))
put("empty.irpa", irpa([]))
put("splat.irpa", irpa([("s", struct.pack("<f", 1.5), 12), ("b", struct.pack("<3q", 1, 2, 3)), ("bytes", b"\x07", 5), ("nothing", b"\0", 0)]))
