"""Operators of two operands from their definitions, with promotion."""
import numpy as np
from bounds import Bounded


def promoted(a, b):
    """The dtype in which two meet: op.yaml says the rule."""
    if a == b or b == "i1":
        return a
    if a == "i1":
        return b
    is_float = [name.startswith(("f", "b")) for name in (a, b)]
    if all(is_float):
        return "f64" if "f64" in (a, b) else "f32"  # also f16 with bf16
    if any(is_float):
        return a if is_float[0] else b
    (size_a, unsigned_a), (size_b, unsigned_b) = ((int(name.lstrip("ui")), name.startswith("u")) for name in (a, b))
    if unsigned_a == unsigned_b:
        return a if size_a > size_b else b
    signed, unsigned = (size_b, size_a) if unsigned_a else (size_a, size_b)
    return f"i{max(signed, 2 * unsigned)}"


def numpy_dtype(name):
    if name == "i1":
        return np.dtype(bool)
    if name.startswith(("f", "b")):
        return np.dtype(np.longdouble if name == "f64" else np.float64)
    return np.dtype(name.replace("ui", "uint") if name.startswith("u") else name.replace("i", "int"))


def meet(a, b, dtypes):
    dtype = numpy_dtype(promoted(*dtypes.values()))
    return a.astype(dtype), b.astype(dtype)


def is_float(array):
    return array.dtype.kind == "f"


def operator(formula, steps=1, **engines):
    """formula(a, b); of floats within steps."""
    def apply(a, b, *, promote, dtypes):
        del promote
        a, b = meet(a, b, dtypes)
        value = formula(a, b)
        return Bounded(value, steps=steps, **engines) if is_float(value) else value
    return apply


def divide(a, b):
    if is_float(a):
        return a / b
    # Python's integers know neither width nor truncation: floor the magnitudes, then set the sign and wrap.
    def one(x, y):
        if y == 0:
            return -1
        quotient = abs(x) // abs(y)
        return quotient if (x < 0) == (y < 0) else -quotient
    return by_integers(one, a, b)


def by_integers(one, a, b):
    """one(x, y) of Python's integers, wrapped to the dtype."""
    a, b = np.broadcast_arrays(a, b)
    bits = 8 * a.dtype.itemsize
    flat = [one(int(x), int(y)) & ((1 << bits) - 1) for x, y in zip(a.ravel(), b.ravel())]
    return np.array(flat, dtype=f"uint{bits}").view(a.dtype).reshape(a.shape)


def remainder(a, b):
    if is_float(a):
        return np.fmod(a, b)
    return by_integers(lambda x, y: x if y == 0 else (abs(x) % abs(y)) * (-1 if x < 0 else 1), a, b)


def mod(a, b):
    if is_float(a):
        r = np.fmod(a, b)
        return np.where((r != 0) & ((r < 0) != (b < 0)), r + b, r)
    return by_integers(lambda x, y: x if y == 0 else x % y, a, b)


def power(a, b):
    if is_float(a):
        return np.power(a, b)

    def one(x, y):
        if y >= 0:
            return x**y
        return x ** (y % 2) if x in (1, -1) else 0
    return by_integers(one, a, b)


def shift_left(a, b):
    bits = 8 * a.dtype.itemsize
    return by_integers(lambda x, y: x << y if 0 <= y < bits else 0, a, b)


def shift_right(a, b):
    bits = 8 * a.dtype.itemsize
    return by_integers(lambda x, y: x >> (y if 0 <= y < bits else bits), a, b)


def prelu(input, slope, *, promote, dtypes):
    del promote
    x, slope = meet(input, slope, dtypes)
    return Bounded(np.where(x > 0, x, slope * x), steps=1)


OPERATORS = {
    "add": operator(np.add),
    "subtract": operator(np.subtract),
    "multiply": operator(np.multiply),
    "divide": operator(divide),
    "remainder": operator(remainder),
    "mod": operator(mod, steps=2),
    "power": operator(power, xla=2, iree=120),
    "atan2": operator(np.arctan2, xla=8, iree=8),
    "prelu": prelu,
    "maximum": operator(np.maximum, steps=0),
    "minimum": operator(np.minimum, steps=0),
    "and": operator(np.bitwise_and),
    "or": operator(np.bitwise_or),
    "xor": operator(np.bitwise_xor),
    "shift_left": operator(shift_left),
    "shift_right": operator(shift_right),
    "equal": operator(np.equal),
    "not_equal": operator(np.not_equal),
    "less": operator(np.less),
    "less_equal": operator(np.less_equal),
    "greater": operator(np.greater),
    "greater_equal": operator(np.greater_equal),
}
