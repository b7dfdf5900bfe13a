"""rms_norm from its definition."""
import numpy as np
from bounds import Bounded


def rms_norm(input, scale, residual, multiplicand, *, epsilon, axis, normalized_shape, unit_offset, dtypes):
    rounded = input
    if residual is not None:
        # The norm uses the stored sum.
        rounded = to_dtype(input + residual, dtypes["input"])
    if normalized_shape is None:
        axes = (axis % input.ndim,)
    else:
        axes = tuple(range(input.ndim - len(normalized_shape), input.ndim))
    largest = np.finfo(np.float64 if dtypes["input"] == "f64" else np.float32).max
    with np.errstate(all="ignore"):
        square = rounded * rounded
        square = np.where(square > largest, np.inf, square)  # leaves the range of the type of computation
        total = np.sum(square, axis=axes, keepdims=True)
        count = max(1, int(np.prod([input.shape[a] for a in axes], dtype=np.int64)))
        epsilon = epsilon if dtypes["input"] == "f64" else float(np.float32(epsilon))
        value = rounded / np.sqrt(np.where(total > largest, np.inf, total) / count + epsilon)
        for factor, offset in ((scale, 1 if unit_offset else 0), (multiplicand, 0)):
            if factor is None:
                continue
            if factor is scale:  # its dimensions are those that are normalized
                factor = factor.reshape([input.shape[i] if i in axes else 1 for i in range(input.ndim)])
            value = value * (factor + offset)
        # Each square is added once: half of the sum's roundings reach the root.
        norm = Bounded(value, np.abs(value) * (16 + count / 2), steps=1)
    if residual is None:
        return norm
    return norm, Bounded(input + residual, steps=1)


def to_dtype(value, dtype):
    if dtype == "f64":
        return value.astype(np.float64).astype(value.dtype)
    if dtype == "bf16":
        # Round to nearest even on the upper half of f32's bits; f32 first, as the sum is computed there.
        narrow = value.astype(np.float32)
        bits = narrow.view(np.uint32)
        with np.errstate(over="ignore"):
            up = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
        kept = np.where(np.isnan(narrow), bits, up) & np.uint32(0xFFFF0000)
        return kept.astype(np.uint32).view(np.float32).astype(value.dtype)
    with np.errstate(over="ignore"):
        return value.astype(np.float16 if dtype == "f16" else np.float32).astype(value.dtype)


OPERATORS = {"rms_norm": rms_norm}
