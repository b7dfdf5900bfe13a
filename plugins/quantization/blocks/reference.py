"""dequantize_blocks: the block formats of GGUF files, one number after the other."""
import numpy as np
from bounds import Bounded


def half(pair):
    return float(pair.copy().view(np.float16)[0])


def q8_0(block):
    for q in block[2:].view(np.int8):
        yield half(block[0:2]) * float(q), 0.0


def q4_0(block):
    for place in range(32):
        byte = int(block[2 + place % 16])
        yield half(block[0:2]) * ((byte & 15 if place < 16 else byte >> 4) - 8), 0.0


def q4_k(block):
    codes = [int(byte) for byte in block[4:16]]
    for part in range(8):
        if part < 4:
            factor, offset = codes[part] & 63, codes[part + 4] & 63
        else:
            factor = (codes[part + 4] & 15) + 16 * (codes[part - 4] >> 6)
            offset = (codes[part + 4] >> 4) + 16 * (codes[part] >> 6)
        for place in range(32):
            byte = int(block[16 + 32 * (part // 2) + place])
            q = byte >> 4 if part % 2 else byte & 15
            yield half(block[0:2]) * factor * q, half(block[2:4]) * offset


FORMATS = {"q8_0": (34, q8_0), "q4_0": (18, q4_0), "q4_k": (144, q4_k)}


def dequantize_blocks(bytes, *, format, shape, dtype):
    size, numbers = FORMATS[format]
    pairs = [pair for block in np.ascontiguousarray(bytes).reshape(-1, size) for pair in numbers(block)]
    pairs = np.array(pairs, np.longdouble if dtype == "f64" else np.float64).reshape(-1, 2)
    with np.errstate(all="ignore"):
        return Bounded((pairs[:, 0] - pairs[:, 1]).reshape(shape), np.abs(pairs).sum(axis=1).reshape(shape), steps=2)


OPERATORS = {"dequantize_blocks": dequantize_blocks}
