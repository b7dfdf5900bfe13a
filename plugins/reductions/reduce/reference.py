"""Reductions from their definitions."""
import numpy as np
from bounds import Bounded


def axes_of(input, axes, empty_axes):
    if not axes:
        return () if empty_axes == "none" else tuple(range(input.ndim))
    return tuple(a % input.ndim for a in axes)


def total(input, axes, keepdims):
    """The sum, and n times the sum of magnitudes: each of n additions rounds."""
    count = int(np.prod([input.shape[a] for a in axes], dtype=np.int64))
    with np.errstate(all="ignore"):
        return np.sum(input, axis=axes, keepdims=keepdims), count * np.sum(np.abs(input), axis=axes, keepdims=keepdims), count


def reduce_sum(input, *, axes, keepdims, empty_axes):
    axes = axes_of(input, axes, empty_axes)
    if input.dtype.kind in "iu":
        return np.sum(input, axis=axes, keepdims=keepdims, dtype=input.dtype)
    value, magnitude, _ = total(input, axes, keepdims)
    return Bounded(value, magnitude, steps=1)


def reduce_mean(input, *, axes, keepdims, empty_axes):
    value, magnitude, count = total(input, axes_of(input, axes, empty_axes), keepdims)
    return Bounded(value / count, magnitude / count + np.abs(value / count), steps=2)


OPERATORS = {"reduce_sum": reduce_sum, "reduce_mean": reduce_mean}
