"""group_norm from its definition: group by group."""
import numpy as np
from bounds import Bounded


def stored(x):
    """With infinity for what the type that is computed in, f32 or f64, cannot hold."""
    largest = np.finfo(np.float64 if x.dtype == np.longdouble else np.float32).max
    return np.where(np.abs(x) > largest, np.sign(x) * np.inf, x).astype(x.dtype)


def group_norm(input, scale, bias, *, num_groups, epsilon, channel_axis):
    x = np.moveaxis(input, channel_axis, 1)
    value, error = np.empty_like(x), np.empty_like(x)
    size = x.shape[1] // num_groups
    for row in range(x.shape[0]):
        for group in range(num_groups):
            part = x[row, group * size:(group + 1) * size]
            with np.errstate(all="ignore"):
                centred = stored(part - stored(np.sum(part)) / part.size)
                root = np.sqrt(stored(np.sum(stored(centred * centred))) / part.size + epsilon)
                y = centred * (1 / root)
                # As for layer_norm: the mean's own error counts against the root.
                off = (part.size + 2) * np.mean(np.abs(part)) / root
            value[row, group * size:(group + 1) * size] = y
            error[row, group * size:(group + 1) * size] = off * (1 + np.abs(y)) + (part.size + 8) * np.abs(y)
    per_channel = [1, -1] + [1] * (x.ndim - 2)
    if scale is not None:
        factor = scale.reshape(per_channel)
        value, error = value * factor, error * np.abs(factor) + np.abs(value * factor)
    if bias is not None:
        value = value + bias.reshape(per_channel)
        error = error + np.abs(value)
    return Bounded(np.moveaxis(value, 1, channel_axis), np.moveaxis(error, 1, channel_axis), steps=1)


OPERATORS = {"group_norm": group_norm}
