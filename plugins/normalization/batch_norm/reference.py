"""batch_norm from its definition."""
import numpy as np
from bounds import Bounded


def batch_norm(input, scale, bias, mean, variance, *, epsilon, axis):
    shape = [1] * input.ndim
    shape[axis] = -1
    scale, bias, mean, variance = (p.reshape(shape) for p in (scale, bias, mean, variance))
    with np.errstate(all="ignore"):
        factor = scale / np.sqrt(variance + epsilon)
        value = (input - mean) * factor + bias
        error = 6 * np.abs((input - mean) * factor) + np.abs(input * factor) + np.abs(value)
    return Bounded(value, error, steps=1)


OPERATORS = {"batch_norm": batch_norm}
