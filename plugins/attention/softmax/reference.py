"""softmax and log_softmax from their definitions."""
import numpy as np
from bounds import Bounded


def shifted(input, axis):
    if input.size == 0:
        return input, input
    with np.errstate(all="ignore"):
        difference = input - np.max(input, axis=axis, keepdims=True)
        return difference, np.exp(difference)


def magnitude(difference, powers, axis):
    """How far off a weight may be, in roundings: the subtraction's, as large as the difference; exp's; and one per term of the sum."""
    with np.errstate(all="ignore"):
        apart = np.where(np.isfinite(difference), np.abs(difference), 0)
        return 4 + powers.shape[axis] + apart + np.max(np.where(powers > 0, apart, 0), axis=axis, keepdims=True, initial=0)


def softmax(input, *, axis):
    difference, powers = shifted(input, axis)
    with np.errstate(all="ignore"):
        value = powers / np.sum(powers, axis=axis, keepdims=True)
    return Bounded(value, np.abs(value) * magnitude(difference, powers, axis), steps=1)


def log_softmax(input, *, axis):
    difference, powers = shifted(input, axis)
    with np.errstate(all="ignore"):
        value = difference - np.log(np.sum(powers, axis=axis, keepdims=True))
    return Bounded(value, np.abs(value) + magnitude(difference, powers, axis), steps=2)


OPERATORS = {"softmax": softmax, "log_softmax": log_softmax}
