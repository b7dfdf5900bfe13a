"""Functions of one number from their definitions. steps of XLA and IREE: what their own functions are off by."""
import numpy as np
from bounds import Bounded, function, near_one


def exact(formula):
    """Of integers bit by bit; of floats the sign of a zero does not count."""
    def operator(input):
        value = formula(input)
        return value if input.dtype.kind in "iub" else Bounded(value, steps=0)
    return operator


def square(input):
    return input * input if input.dtype.kind in "iu" else Bounded(input * input, steps=1)


def sign(input):
    return np.sign(input) if input.dtype.kind in "iu" else Bounded(np.sign(input), steps=0)


def negate(input):
    return np.zeros_like(input) - input if input.dtype.kind in "iu" else -input


OPERATORS = {
    "abs": exact(np.abs),
    "negate": negate,
    "sign": sign,
    "square": square,
    "reciprocal": function(lambda x: 1 / x),
    "sqrt": function(np.sqrt),
    "rsqrt": function(lambda x: 1 / np.sqrt(x), xla=3, iree=3),
    "cbrt": function(np.cbrt, xla=2, iree=24),
    "exp": function(np.exp, xla=2, iree=2),
    "expm1": near_one(np.expm1, 1, xla=11, iree=5),
    "log": function(np.log, xla=2, iree=2),
    "log1p": near_one(np.log1p, 1, xla=5, iree=4),
    "floor": exact(np.floor),
    "ceil": exact(np.ceil),
    "round": exact(np.rint),
    "not": lambda input: ~input,
    "identity": lambda input: input,
    "is_finite": lambda input: np.isfinite(input),
    "is_nan": lambda input: np.isnan(input),
    "is_inf": lambda input: np.isinf(input),
}
