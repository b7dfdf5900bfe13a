import numpy as np


def pieces(input, axis, sizes):
    return tuple(np.split(input, np.cumsum(sizes)[:-1], axis))


def in_steps(total, size):
    return [min(size, total - done) for done in range(0, total, size)]


def split(input, *, axis, sizes, parts, size):
    total = input.shape[axis]
    if parts is not None:
        sizes = [total // parts] * parts
    elif size is not None:
        sizes = in_steps(total, size) or [0]
    return pieces(input, axis, sizes)


def chunk(input, *, axis, parts):
    total = input.shape[axis]
    return pieces(input, axis, in_steps(total, -(-total // parts)) if total else [0] * parts)


OPERATORS = {"split": split, "chunk": chunk}
