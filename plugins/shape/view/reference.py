import numpy as np


def reshape(input, *, shape):
    sizes = [input.shape[i] if size == 0 else size for i, size in enumerate(shape)]
    if -1 in sizes:
        # What copied sizes leave over: NumPy cannot say this for a size of 0.
        copied = {i for i, size in enumerate(shape) if size == 0}
        rest = int(np.prod([size for i, size in enumerate(input.shape) if i not in copied], dtype=np.int64))
        given = int(np.prod([size for size in shape if size > 0], dtype=np.int64))
        sizes[sizes.index(-1)] = rest // given
    return input.reshape(sizes)


def flatten(input, *, start_axis, end_axis):
    if input.ndim == 0:
        return input.reshape(1)
    first, last = start_axis % input.ndim, end_axis % input.ndim
    together = int(np.prod(input.shape[first:last + 1], dtype=np.int64))
    return input.reshape(input.shape[:first] + (together,) + input.shape[last + 1:])


def squeeze(input, *, axes):
    return np.squeeze(input, None if axes is None else tuple(axes))


def unsqueeze(input, *, axes):
    return np.expand_dims(input, tuple(axes))


OPERATORS = {"reshape": reshape, "flatten": flatten, "squeeze": squeeze, "unsqueeze": unsqueeze}
