"""sort, argsort and top_k from their definition: ordered by element, NaN the largest, and among equal elements by index."""
import numpy as np


def order(rows, descending):
    """The sorting indices of the last axis."""
    if rows.dtype.kind == "f":
        missing = np.isnan(rows)
        keys = [np.where(missing, 0, rows), missing.astype(np.int8)]  # the last key counts most
        keys = [-key if descending else key for key in keys]
    else:
        # Ranks, which can be negated in every dtype.
        ranks = np.unique(rows, return_inverse=True)[1].reshape(rows.shape).astype(np.int64)
        keys = [-ranks if descending else ranks]
    index = np.broadcast_to(np.arange(rows.shape[-1]), rows.shape)
    return np.lexsort([index] + keys, axis=-1)


def argsort(input, *, axis, descending, stable):
    del stable
    return np.moveaxis(order(np.moveaxis(input, axis, -1), descending), -1, axis)


def taken(input, axis, descending, count):
    rows = np.moveaxis(input, axis, -1)
    indices = order(rows, descending)[..., :count]
    return np.moveaxis(np.take_along_axis(rows, indices, axis=-1), -1, axis), np.moveaxis(indices, -1, axis)


def sort(input, *, axis, descending, stable):
    del stable
    return taken(input, axis, descending, None)[0]


def top_k(input, *, k, axis, largest):
    return taken(input, axis, largest, k)


OPERATORS = {"sort": sort, "argsort": argsort, "top_k": top_k}
