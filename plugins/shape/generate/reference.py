import numpy as np
from bounds import Bounded


def number(dtype):
    """NumPy's dtype for exact integers, else the widest float."""
    return np.dtype({"u": "uint", "i": "int"}[dtype[0]] + dtype.lstrip("ui")) if dtype[0] in "ui" else np.dtype(np.longdouble)


def iota(*, shape, axis, dtype):
    axis %= len(shape)
    along = np.arange(shape[axis]).reshape([-1 if d == axis else 1 for d in range(len(shape))])
    return np.broadcast_to(along, shape).astype(number(dtype))


def arange(*, start, stop, step, dtype):
    count = max(0, int(np.ceil((stop - start) / step)))
    position = np.arange(count)
    if dtype[0] in "ui":
        return np.array([int(start) + int(i) * int(step) for i in position], number(dtype))
    value = np.longdouble(start) + position * np.longdouble(step)
    return Bounded(value, abs(start) + np.abs(position * step), steps=4)


def constant_of_shape(*, shape, value, dtype):
    if dtype == "i1":
        return np.full(shape, bool(value))
    return np.full(shape, value, np.int8 if dtype == "i4" else np.uint8 if dtype == "ui4" else number(dtype))


def one_hot(indices, *, depth, axis, dtype):
    output = np.zeros(indices.shape + (depth,), bool)
    for place in np.ndindex(indices.shape):
        if 0 <= indices[place] < depth:
            output[place + (int(indices[place]),)] = True
    output = np.moveaxis(output, -1, axis)
    if dtype == "i1":
        return output
    return output.astype(np.int8 if dtype == "i4" else np.uint8 if dtype == "ui4" else number(dtype))


OPERATORS = {"iota": iota, "arange": arange, "constant_of_shape": constant_of_shape, "one_hot": one_hot}
