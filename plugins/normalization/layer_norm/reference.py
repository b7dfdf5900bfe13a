"""layer_norm from its definition, and what the norms share."""
import numpy as np
from bounds import Bounded


def stored(x):
    """With infinity for what the type that is computed in, f32 or f64, cannot hold."""
    largest = np.finfo(np.float64 if x.dtype == np.longdouble else np.float32).max
    return np.where(np.abs(x) > largest, np.sign(x) * np.inf, x).astype(x.dtype)


def normalized(x, axes, epsilon):
    """The normalized values, and how far off they may be, in roundings.

    A difference from the mean is off by a rounding per term of the mean's sum, of the size of the values; that counts against the root, so
    that rows of nearly equal values are known less well.
    """
    count = np.prod([x.shape[a] for a in axes])
    with np.errstate(all="ignore"):
        mean = stored(np.sum(x, axis=axes, keepdims=True)) / count
        centred = stored(x - mean)
        root = np.sqrt(stored(np.sum(stored(centred * centred), axis=axes, keepdims=True)) / count + epsilon)
        value = centred * (1 / root)
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
