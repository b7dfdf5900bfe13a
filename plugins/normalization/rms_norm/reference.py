"""rms_norm from its definition."""
import numpy as np
from bounds import Bounded


def rounded(value, dtype):
    """As it is stored."""
    if dtype == "f16":
        return value.astype(np.float32).astype(np.float16).astype(value.dtype)
    if dtype == "bf16":
        bits = value.astype(np.float32).view(np.uint32)
        nearest = ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)
        return np.where(np.isfinite(value), nearest, value).astype(value.dtype)
    return value.astype(np.float32).astype(value.dtype) if dtype == "f32" else value


def stored(x):
    """With infinity for what the type that is computed in, f32 or f64, cannot hold."""
    largest = np.finfo(np.float64 if x.dtype == np.longdouble else np.float32).max
    return np.where(np.abs(x) > largest, np.sign(x) * np.inf, x).astype(x.dtype)


def rms_norm(input, scale, residual, multiplicand, *, epsilon, axis, normalized_shape, unit_offset, dtypes):
    axes = (axis,) if normalized_shape is None else tuple(range(input.ndim - len(normalized_shape), input.ndim))
    axes = tuple(a % input.ndim for a in axes)
    x = input
    if residual is not None:
        x = rounded(input + residual, dtypes["input"])
    count = np.prod([input.shape[a] for a in axes])
    with np.errstate(all="ignore"):
        value = x * (1 / np.sqrt(stored(np.sum(stored(x * x), axis=axes, keepdims=True)) / count + epsilon))
        if scale is not None:
            shape = [n if i in axes else 1 for i, n in enumerate(input.shape)]
            value = value * (scale.reshape(shape) + (1 if unit_offset else 0))
        if multiplicand is not None:
            value = value * multiplicand
    # The sum of squares, a rounding per term, half of it left by the root; and a few more. A sum beside a rounding of 16 bits may fall on
    # the other side of it on an engine that keeps more.
    output = Bounded(value, steps=count / 2 + 10)
    return (output, Bounded(input + residual, steps=1)) if residual is not None else output


OPERATORS = {"rms_norm": rms_norm}
