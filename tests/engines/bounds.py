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
