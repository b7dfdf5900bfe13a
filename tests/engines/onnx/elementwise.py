"""Activations, unary and binary operators."""
import numpy as np
from program import translates

SAME = {
    "Abs": "abs", "Acos": "acos", "Acosh": "acosh", "Asin": "asin", "Asinh": "asinh", "Atan": "atan", "Atanh": "atanh", "BitwiseNot": "not",
    "Ceil": "ceil", "Cos": "cos", "Cosh": "cosh", "Erf": "erf", "Exp": "exp", "Floor": "floor", "HardSwish": "hard_swish",
    "Identity": "identity", "IsNaN": "is_nan", "Log": "log", "Mish": "mish", "Neg": "negate", "Not": "not", "Reciprocal": "reciprocal",
    "Relu": "relu", "Round": "round", "Sigmoid": "sigmoid", "Sign": "sign", "Sin": "sin", "Sinh": "sinh", "Softplus": "softplus",
    "Softsign": "softsign", "Sqrt": "sqrt", "Tan": "tan", "Tanh": "tanh",
    "Add": "add", "Sub": "subtract", "Mul": "multiply", "Div": "divide", "PRelu": "prelu", "And": "and", "Or": "or", "Xor": "xor",
    "BitwiseAnd": "and", "BitwiseOr": "or", "BitwiseXor": "xor", "Equal": "equal", "Greater": "greater", "GreaterOrEqual": "greater_equal",
    "Less": "less", "LessOrEqual": "less_equal", "Where": "where",
}


@translates(*SAME)
def same(p):
    p.out(p.node(SAME[p.case.op], *(p.x(i) for i in range(len(p.case.inputs)))))


@translates("Gelu")
def gelu(p):
    p.out(p.node("gelu", p.x(0), approximate=p.attr("approximate", "none")))


@translates("Swish")
def swish(p):
    p.out(p.node("swish", p.x(0), beta=p.attr("alpha", 1.0)))


@translates("LeakyRelu")
def leaky_relu(p):
    p.out(p.node("leaky_relu", p.x(0), alpha=p.attr("alpha", 0.01)))


@translates("Elu")
def elu(p):
    p.out(p.node("elu", p.x(0), alpha=p.attr("alpha", 1.0)))


@translates("Celu")
def celu(p):
    # alpha * elu(x / alpha)
    alpha = p.constant(p.attr("alpha", 1.0), p.dtype())
    p.out(p.node("multiply", p.node("elu", p.node("divide", p.x(0), alpha)), alpha))


@translates("Selu")
def selu(p):
    if "alpha" not in p.case.attributes and "gamma" not in p.case.attributes:
        return p.out(p.node("selu", p.x(0)))
    gamma = p.constant(p.attr("gamma", 1.0507009873554805), p.dtype())
    p.out(p.node("multiply", p.node("elu", p.x(0), alpha=p.attr("alpha", 1.6732632423543772)), gamma))


@translates("HardSigmoid")
def hard_sigmoid(p):
    p.out(p.node("hard_sigmoid", p.x(0), alpha=p.attr("alpha", 0.2), beta=p.attr("beta", 0.5)))


@translates("ThresholdedRelu")
def thresholded_relu(p):
    kept = p.node("greater", p.x(0), p.constant(p.attr("alpha", 1.0), p.dtype()))
    p.out(p.node("where", kept, p.x(0), p.constant(0, p.dtype())))


@translates("Shrink")
def shrink(p):
    edge, bias = p.attr("lambd", 0.5), p.constant(p.attr("bias", 0.0), p.dtype())
    below = p.node("where", p.node("less", p.x(0), p.constant(-edge, p.dtype())), p.node("add", p.x(0), bias), p.constant(0, p.dtype()))
    p.out(p.node("where", p.node("greater", p.x(0), p.constant(edge, p.dtype())), p.node("subtract", p.x(0), bias), below))


@translates("Clip")
def clip(p):
    ends = {}
    for index, name in ((1, "min"), (2, "max")):
        end = p.array(index) if p.array(index) is not None else p.attr(name)
        if end is not None:
            ends[name] = float(np.ravel(end)[0])
    if not ends:
        return p.out(p.node("identity", p.x(0)))
    p.out(p.node("clamp", p.x(0), **ends))


@translates("IsInf")
def is_inf(p):
    found = p.node("is_inf", p.x(0))
    if not p.attr("detect_negative", 1):
        found = p.node("and", found, p.node("greater", p.x(0), p.constant(0, p.dtype())))
    if not p.attr("detect_positive", 1):
        found = p.node("and", found, p.node("less", p.x(0), p.constant(0, p.dtype())))
    p.out(found)


@translates("Mod")
def mod(p):
    p.out(p.node("remainder" if p.attr("fmod", 0) else "mod", p.x(0), p.x(1)))


@translates("Pow")
def power(p):
    # The result has the base's type; the exponents of these cases are whole where the base is.
    p.out(p.node("power", p.x(0), p.cast(p.x(1), p.dtype(0), p.dtype(1))))


@translates("BitShift")
def shift(p):
    p.out(p.node("shift_left" if p.attr("direction") == "LEFT" else "shift_right", p.x(0), p.x(1)))


@translates("Max", "Min", "Sum", "Mean")
def several(p):
    op = {"Max": "maximum", "Min": "minimum"}.get(p.case.op, "add")
    value = p.x(0)
    for index in range(1, len(p.case.inputs)):
        value = p.node(op, value, p.x(index))
    if p.case.op == "Mean":
        value = p.node("divide", value, p.constant(len(p.case.inputs), p.dtype()))
    elif len(p.case.inputs) == 1:
        value = p.node("identity", value)
    p.out(value)
