import numpy as np


def in_range(indices, size, mode):
    """Indices counted from the front, and which were in range (None unless what is not is filled)."""
    indices = np.array([int(i) for i in indices.ravel()], object).reshape(indices.shape)
    front = np.where(indices < 0, indices + size, indices)
    valid = ((front >= 0) & (front < size)).astype(bool) if mode == "fill" else None
    return np.clip(front, 0, max(size - 1, 0)).astype(np.int64), valid


def filled(output, valid, fill_value):
    return output if valid is None else np.where(valid, output, np.asarray(fill_value).astype(output.dtype))


def gather(data, indices, *, axis, mode, fill_value):
    axis %= data.ndim
    shape = data.shape[:axis] + indices.shape + data.shape[axis + 1:]
    if 0 in shape or data.shape[axis] == 0:
        return np.full(shape, fill_value, data.dtype)
    indices, valid = in_range(indices, data.shape[axis], mode)
    if valid is not None:
        valid = valid.reshape(valid.shape + (1,) * (data.ndim - axis - 1))
    return filled(np.take(data, indices, axis), valid, fill_value)


def take_along_axis(data, indices, *, axis, mode, fill_value):
    if indices.size == 0 or data.shape[axis] == 0:
        return np.full(indices.shape, fill_value, data.dtype)
    indices, valid = in_range(indices, data.shape[axis], mode)
    return filled(np.take_along_axis(data, indices, axis), valid, fill_value)


def gather_nd(data, indices, *, batch_dims, mode, fill_value):
    count = indices.shape[-1]
    output = np.full(indices.shape[:-1] + data.shape[batch_dims + count:], fill_value, data.dtype)
    for place in np.ndindex(indices.shape[:-1]):
        where = list(place[:batch_dims])
        valid = True
        for d in range(count):
            size = data.shape[batch_dims + d]
            index = int(indices[place + (d,)])
            index = index + size if index < 0 else index
            valid = valid and 0 <= index < size
            where.append(min(max(index, 0), size - 1))
        if valid or mode != "fill":
            output[place] = data[tuple(where)]
    return output


OPERATORS = {"gather": gather, "take_along_axis": take_along_axis, "gather_nd": gather_nd}
