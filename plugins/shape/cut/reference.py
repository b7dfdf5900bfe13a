import numpy as np


def slice_(input, *, starts, ends, axes, steps):
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    where = [slice(None)] * input.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps):
        where[axis] = slice(start, end, step)
    return input[tuple(where)]


def narrow(input, *, axis, start, length):
    first = start + input.shape[axis] if start < 0 else start
    return np.take(input, np.arange(first, first + length), axis)


def reverse(input, *, axes):
    return np.flip(input, tuple(axes))


OPERATORS = {"slice": slice_, "narrow": narrow, "reverse": reverse}
