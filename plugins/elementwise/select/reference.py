"""where and clamp from their definitions."""
import numpy as np
from bounds import Bounded


def where(condition, a, b):
    return np.where(condition, a, b)


def clamp(input, *, min, max, dtypes):
    if input.dtype.kind in "iu":
        low = input if min is None else np.maximum(input, input.dtype.type(int(min)))
        return low if max is None else np.minimum(low, input.dtype.type(int(max)))
    kind = np.float64 if dtypes["input"] == "f64" else np.float32
    value = input if min is None else np.maximum(input, kind(min).astype(input.dtype))
    return Bounded(value if max is None else np.minimum(value, kind(max).astype(input.dtype)), steps=0)


OPERATORS = {"where": where, "clamp": clamp}
