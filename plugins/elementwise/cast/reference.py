"""cast from its definition: truncates and saturates to integers, wraps between them, rounds once to floats."""
import numpy as np
from bounds import Bounded

FLOATS = ("f8e4m3fn", "f8e5m2", "f16", "bf16", "f32", "f64")


def integer_range(name):
    bits = int(name.lstrip("ui"))
    return (0, 2**bits - 1) if name.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def stored(name):
    """4-bit integers have a byte each."""
    if name in ("i4", "ui4"):
        return np.dtype(np.int8 if name == "i4" else np.uint8)
    return np.dtype(name.replace("ui", "uint") if name.startswith("u") else name.replace("i", "int"))


def to_integer(x, low, high):
    """x: a Python number."""
    if isinstance(x, int):
        return (x - low) % (high - low + 1) + low
    return 0 if np.isnan(x) else low if x <= low else high if x >= high else int(x)


def cast(input, *, to, dtypes):
    source = dtypes["input"]
    if source == to:
        return input
    if to == "i1":
        return input != 0
    if to in FLOATS:
        value = input.astype(np.longdouble if to == "f64" else np.float64)
        if to == "f8e4m3fn":
            value = np.where(np.abs(value) > 464, np.nan, value)  # no infinity; 464 lies between 448 and what would come after it
        # A conversion by way of a wider float rounds twice.
        return Bounded(value, steps=0)
    low, high = integer_range(to)
    numbers = [to_integer(float(x) if source in FLOATS else int(x), low, high) for x in input.ravel()]
    return np.array(numbers, dtype=stored(to)).reshape(input.shape)


OPERATORS = {"cast": cast}
