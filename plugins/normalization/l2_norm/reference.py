"""l2_norm from its definition."""
import numpy as np
from bounds import Bounded


def l2_norm(input, *, axis, epsilon):
    with np.errstate(all="ignore"):
        norm = np.sqrt(np.sum(input * input, axis=axis, keepdims=True))
        value = input / np.maximum(norm, epsilon)
    return Bounded(value, steps=input.shape[axis] + 6)


OPERATORS = {"l2_norm": l2_norm}
