"""Trigonometric and hyperbolic functions from their definitions. steps of XLA and IREE: what their own functions are off by."""
import numpy as np
from bounds import Bounded, function, near_one


def circular(formula, growth):
    """IREE's sine and cosine have an absolute error that grows with the angle; growth: how much of it the function shows."""
    def operator(input):
        value = formula(input)
        angle = np.where(np.isfinite(input), np.maximum(np.abs(input), 1), 0)
        return Bounded(value, np.where(np.isfinite(value), np.abs(value) + angle * growth(input), 0), steps=3, iree=8)
    return operator


OPERATORS = {
    "sin": circular(np.sin, lambda x: 1),
    "cos": circular(np.cos, lambda x: 1),
    "tan": circular(np.tan, lambda x: (1 + np.abs(np.tan(x))) / np.abs(np.cos(x))),
    "asin": function(np.arcsin, steps=5, xla=10, iree=64),
    "acos": function(np.arccos, steps=5, xla=10, iree=64),
    "atan": function(np.arctan, xla=8, iree=8),
    "sinh": near_one(np.sinh, 8, xla=16, iree=12),
    "cosh": function(np.cosh, steps=8, xla=12, iree=12),
    "tanh": function(np.tanh, steps=4, xla=8, iree=8),  # f64: C libraries promise 2 ulp
    "asinh": near_one(np.arcsinh, 8, xla=14, iree=14),
    "acosh": near_one(np.arccosh, 8, xla=14, iree=14),
    "atanh": near_one(np.arctanh, 8, xla=14, iree=14),
}
