"""layer_norm from its definition, and what the norms share."""
import numpy as np
from bounds import Bounded


def normalized(x, axes, epsilon):
    """The normalized values, and how far off they may be, in roundings.

    A difference from the mean is off by a rounding per term of the mean's sum, of the size of the values; that counts against the root, so
    that rows of nearly equal values are known less well.
    """
    count = np.prod([x.shape[a] for a in axes])
    with np.errstate(all="ignore"):
        mean = np.mean(x, axis=axes, keepdims=True)
        centred = x - mean
        root = np.sqrt(np.mean(centred * centred, axis=axes, keepdims=True) + epsilon)
        value = centred / root
        off = (count + 2) * np.mean(np.abs(x), axis=axes, keepdims=True) / root
    return value, off * (1 + np.abs(value)) + (count + 8) * np.abs(value)


def layer_norm(input, scale, bias, *, epsilon, axis, normalized_shape):
    first = input.ndim - len(normalized_shape) if normalized_shape is not None else axis % input.ndim
    value, error = normalized(input, tuple(range(first, input.ndim)), epsilon)
    if scale is not None:
        value, error = value * scale, error * np.abs(scale) + np.abs(value * scale)
    if bias is not None:
        value = value + bias
        error = error + np.abs(value)
    return Bounded(value, error, steps=1)


OPERATORS = {"layer_norm": layer_norm}
