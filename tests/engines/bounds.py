"""What the references of operators (plugins/*/*/reference.py) return: a value, and how far a correct machine may be from it."""


class Bounded:
    """value: what mathematics says, in float64 (long double for f64).

    A machine may be off by steps * u * magnitude + absolute, and by the rounding of the result to its dtype. u is 2^-24 (f64: 2^-53);
    magnitude is |value| unless given (a sum of n terms: n * the sum of their magnitudes). iree and xla replace steps for that engine where
    it is known to be less exact.
    """

    def __init__(self, value, magnitude=None, steps=8, absolute=0.0, iree=None, xla=None):
        self.value, self.magnitude, self.absolute = value, magnitude, absolute
        self.steps = {"tenon": steps, "stablehlo": steps, "xla": steps if xla is None else xla, "iree": steps if iree is None else iree}


def function(formula, steps=1, xla=None, iree=None):
    """The reference of an operator with one operand."""
    return lambda input: Bounded(formula(input), steps=steps, xla=xla, iree=iree)


def near_one(formula, steps, **engines):
    """The same of what is made of expm1 and log1p, which IREE computes in f64 as exp(x) - 1 and log(1 + x)."""
    def operator(input, *, dtypes):
        return Bounded(formula(input), steps=steps, absolute=2.0**-52 if dtypes["input"] == "f64" else 0, **engines)
    return operator
