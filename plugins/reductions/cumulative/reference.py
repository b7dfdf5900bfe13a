"""cumsum from its definition."""
import numpy as np
from bounds import Bounded


def cumsum(input, *, axis, exclusive, reverse):
    rows = np.moveaxis(input, axis, -1)
    if reverse:
        rows = rows[..., ::-1]

    def sums(values):
        out = np.cumsum(values, axis=-1, dtype=values.dtype)
        if exclusive and out.shape[-1]:
            out = np.concatenate([np.zeros_like(out[..., :1]), out[..., :-1]], axis=-1)
        if reverse:
            out = out[..., ::-1]
        return np.moveaxis(out, -1, axis)

    if input.dtype.kind in "iu":
        return sums(rows)
    return Bounded(sums(rows), input.shape[axis] * sums(np.abs(rows)), steps=1)


OPERATORS = {"cumsum": cumsum}
