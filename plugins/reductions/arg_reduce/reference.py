"""argmax and argmin from their definition: the first (last) element that no other one beats; NaN beats every number."""
import numpy as np


def arg_reduce(input, axis, keepdims, select_last, index_dtype, largest):
    rows = np.moveaxis(input, axis, -1)
    if rows.dtype == bool:
        rows = rows.astype(np.int8)
    best = (np.max if largest else np.min)(rows, axis=-1, keepdims=True)  # NaN if there is one
    wins = np.where(np.isnan(best), np.isnan(rows), rows == best) if rows.dtype.kind == "f" else rows == best
    size = rows.shape[-1]
    found = size - 1 - np.argmax(wins[..., ::-1], axis=-1) if select_last else np.argmax(wins, axis=-1)
    found = found.astype(np.dtype(index_dtype.replace("i", "int")))
    return np.expand_dims(found, axis) if keepdims else found


def argmax(input, *, axis, keepdims, select_last, index_dtype):
    return arg_reduce(input, axis, keepdims, select_last, index_dtype, True)


def argmin(input, *, axis, keepdims, select_last, index_dtype):
    return arg_reduce(input, axis, keepdims, select_last, index_dtype, False)


OPERATORS = {"argmax": argmax, "argmin": argmin}
