#!/usr/bin/env python3
"""Makes x.npy and weights.safetensors beside this file: drawn values, from NumPy and the standard library."""
import json
import os
import struct

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
random = numpy.random.default_rng(640)


def bf16(values):
    """float32 rounded to bfloat16, nearest even, as its 16 bits."""
    bits = values.astype("<f4").view("<u4")
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


numpy.save(os.path.join(HERE, "x.npy"), bf16(random.standard_normal((4, 640))).view("<V2"))
weight = (1 + 0.1 * random.standard_normal(640)).astype("<f4")
header = json.dumps({"model.norm.weight": {"dtype": "F32", "shape": [640], "data_offsets": [0, weight.nbytes]}}).encode()
header += b" " * (-len(header) % 8)
with open(os.path.join(HERE, "weights.safetensors"), "wb") as file:
    file.write(struct.pack("<Q", len(header)) + header + weight.tobytes())
