"""Binary operators with a number for an operand, from their definitions."""
import numpy as np
from bounds import Bounded


def rounded(value, dtype):
    """The number in a float dtype, as a long double."""
    if dtype == "bf16":
        bits = np.asarray(value, np.float32).view(np.uint32)
        kept = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)
        return np.longdouble(kept.astype(np.uint32).view(np.float32))
    return np.longdouble({"f16": np.float16, "f32": np.float32, "f64": np.float64}[dtype](value))


def by_integers(one, input, value):
    """one(x, value) of Python's integers, wrapped to the dtype."""
    bits = 8 * input.dtype.itemsize
    flat = [one(int(x), int(value)) & ((1 << bits) - 1) for x in input.ravel()]
    return np.array(flat, dtype=f"uint{bits}").view(input.dtype).reshape(input.shape)


def quotient(x, y):
    if y == 0:
        return -1
    return abs(x) // abs(y) if (x < 0) == (y < 0) else -(abs(x) // abs(y))


def integer_power(x, y):
    if y >= 0:
        return x**y
    return x ** (y % 2) if x in (1, -1) else 0


def float_mod(x, y):
    r = np.fmod(x, y)
    return np.where((r != 0) & ((r < 0) != (y < 0)), r + y, r)


def operator(of_floats, of_integers, steps=1, **engines):
    """The value counts in the type of computation: f32, or f64."""
    def apply(input, *, value, dtypes):
        if input.dtype.kind in "iu":
            return by_integers(of_integers, input, value)
        number = rounded(value, "f64" if dtypes["input"] == "f64" else "f32").astype(input.dtype)
        return Bounded(of_floats(input, number), steps=steps, **engines)
    return apply


def extreme(function):
    def apply(input, *, value, dtypes):
        if input.dtype == bool:
            return function(input, bool(value))
        if input.dtype.kind in "iu":
            return function(input, input.dtype.type(int(value)))
        return Bounded(function(input, rounded(value, dtypes["input"]).astype(input.dtype)), steps=0)
    return apply


def comparison(function):
    """In the operand's dtype."""
    def apply(input, *, value, dtypes):
        if input.dtype.kind in "iub":
            return function(input, input.dtype.type(int(value)))
        return function(input, rounded(value, dtypes["input"]))
    return apply


OPERATORS = {
    "add_scalar": operator(np.add, lambda x, y: x + y),
    "subtract_scalar": operator(np.subtract, lambda x, y: x - y),
    "reverse_subtract_scalar": operator(lambda x, y: y - x, lambda x, y: y - x),
    "multiply_scalar": operator(np.multiply, lambda x, y: x * y),
    "divide_scalar": operator(np.divide, quotient),
    "reverse_divide_scalar": operator(lambda x, y: y / x, lambda x, y: quotient(y, x)),
    "remainder_scalar": operator(np.fmod, lambda x, y: x if y == 0 else (abs(x) % abs(y)) * (-1 if x < 0 else 1)),
    "mod_scalar": operator(float_mod, lambda x, y: x if y == 0 else x % y, steps=2),
    "power_scalar": operator(np.power, integer_power, xla=2, iree=120),
    "maximum_scalar": extreme(np.maximum),
    "minimum_scalar": extreme(np.minimum),
    "equal_scalar": comparison(np.equal),
    "not_equal_scalar": comparison(np.not_equal),
    "less_scalar": comparison(np.less),
    "less_equal_scalar": comparison(np.less_equal),
    "greater_scalar": comparison(np.greater),
    "greater_equal_scalar": comparison(np.greater_equal),
}
