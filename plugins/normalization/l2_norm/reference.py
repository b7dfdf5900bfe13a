"""l2_norm from its definition."""
import numpy as np
from bounds import Bounded


def stored(x):
    """With infinity for what the type that is computed in, f32 or f64, cannot hold."""
    largest = np.finfo(np.float64 if x.dtype == np.longdouble else np.float32).max
    return np.where(np.abs(x) > largest, np.sign(x) * np.inf, x).astype(x.dtype)


def l2_norm(input, *, axis, epsilon):
    with np.errstate(all="ignore"):
        norm = np.sqrt(stored(np.sum(stored(input * input), axis=axis, keepdims=True)))
        value = input / np.maximum(norm, epsilon)
    return Bounded(value, steps=input.shape[axis] + 6)


OPERATORS = {"l2_norm": l2_norm}
