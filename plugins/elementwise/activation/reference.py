"""Activation functions from their definitions. Where a factor can be subnormal, `absolute` has what it may lose."""
import math

import numpy as np
from bounds import Bounded

TINY = float(np.finfo(np.float32).tiny)


def function(formula, steps=1, xla=None, iree=None):
    return lambda input: Bounded(formula(input), steps=steps, xla=xla, iree=iree)


def logistic(x):
    return 1 / (1 + np.exp(-x))


def lost(x):
    """What a product with x loses where its other factor is subnormal."""
    return np.where(np.isfinite(x), np.abs(x) * TINY, 0)


def relu(input):
    value = np.maximum(input, input.dtype.type(0))
    return value if input.dtype.kind in "iu" else Bounded(value, steps=0)


def relu6(input):
    value = np.minimum(np.maximum(input, input.dtype.type(0)), input.dtype.type(6))
    return value if input.dtype.kind in "iu" else Bounded(value, steps=0)


def leaky_relu(input, *, alpha):
    return Bounded(np.where(input > 0, input, alpha * input), steps=2)


def elu(input, *, alpha):
    return Bounded(np.where(input > 0, input, alpha * np.expm1(input)), steps=4, xla=13, iree=7)


def selu(input):
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    return Bounded(scale * np.where(input > 0, input, alpha * np.expm1(input)), steps=4, xla=13, iree=7)


def hard_sigmoid(input, *, alpha, beta):
    line = alpha * input + beta
    magnitude = np.where(np.isfinite(line) & (np.abs(input) < 1e30), np.abs(alpha * input) + np.abs(beta), 0)
    return Bounded(np.minimum(np.maximum(line, 0), 1), magnitude, steps=3)


def swish(input, *, beta):
    angle = beta * input
    value = input * logistic(angle)
    return Bounded(value, np.where(np.isfinite(value), np.abs(value) * (1 + np.abs(angle)), 0), steps=6, absolute=lost(input))


def silu(input):
    return Bounded(input * logistic(input), steps=6, absolute=lost(input))


def hard_swish(input):
    return Bounded(input * (np.minimum(np.maximum(input + 3, 0), 6) / 6), steps=4)


def softplus(input):
    return Bounded(np.maximum(input, 0) + np.log1p(np.exp(-np.abs(input))), steps=4, xla=8, iree=8)


def mish(input):
    e = np.exp(np.minimum(input, 40))
    n = e * (e + 2)
    return Bounded(input * (n / (n + 2)), steps=10, absolute=lost(input))


def erf(input):
    return Bounded(np.vectorize(math.erf, otypes=[np.float64])(input).astype(input.dtype), steps=6, xla=10, iree=10)


def erfc(t):
    """Of a long double: at the nearest double, and from there by the derivative."""
    near = t.astype(np.float64)
    far = np.where(np.isfinite(t), t - near, 0)
    value = np.vectorize(math.erfc, otypes=[np.float64])(near).astype(t.dtype)
    return value - far * np.exp(-t * t) * 2 / np.sqrt(np.asarray(math.pi, t.dtype))


def gelu_value(x, approximate):
    """The value, and its bound in units of it."""
    if approximate == "tanh":
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        value = x * logistic(2 * inner)
        # The roundings of the argument count as often as its size.
        return value, 1 + np.where(np.isfinite(inner), 2 * np.abs(inner), 0)
    value = x * erfc(-x / np.sqrt(np.asarray(2, x.dtype))) / 2
    return value, np.ones_like(x)


def gelu(input, *, approximate):
    value, units = gelu_value(input, approximate)
    magnitude = np.where(np.isfinite(value), np.abs(value) * units, 0)
    return Bounded(value, magnitude, steps=12, xla=16, iree=16, absolute=lost(input))


def silu_mul(gate, up):
    return Bounded(gate * logistic(gate) * up, steps=8, absolute=lost(gate * up))


def gelu_mul(gate, up, *, approximate):
    value, units = gelu_value(gate, approximate)
    value = value * up
    magnitude = np.where(np.isfinite(value), np.abs(value) * units, 0)
    return Bounded(value, magnitude, steps=13, xla=17, iree=17, absolute=lost(gate * up))


OPERATORS = {
    "relu": relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "sigmoid": function(logistic, steps=5),
    "hard_sigmoid": hard_sigmoid,
    "silu": silu,
    "swish": swish,
    "hard_swish": hard_swish,
    "softplus": softplus,
    "softsign": function(lambda x: x / (1 + np.abs(x)), steps=2),
    "mish": mish,
    "erf": erf,
    "gelu": gelu,
    "silu_mul": silu_mul,
    "gelu_mul": gelu_mul,
}
