"""The operators in NumPy, in float64 (long double for f64), each with a bound on what a correct machine may differ by.

Written from the operators' definitions, independent of Tenon. Every value carries its bound through the graph, so a graph of several
operators is judged as sharply as one. README.md says where the numbers come from.
"""
from dataclasses import dataclass

import numpy as np
from tensors import DTYPES, FLOATS

UNIT = {"f32": 2.0**-24, "f64": 2.0**-53}                  # half the distance from 1 to the next number
LARGEST = {"f32": float(np.finfo(np.float32).max), "f64": float(np.finfo(np.float64).max)}
SMALLEST = {"f32": float(np.finfo(np.float32).tiny), "f64": float(np.finfo(np.float64).tiny)}  # normal
NORM_RELATIVE = {"f32": 1e-6, "f64": 1e-6 * 2.0**-29}      # square root, division and three products, without the sum's share


@dataclass
class Approximate:
    """value: what mathematics says; error: how far a correct result may be from it; both wide. Integers: error None. exact: a value that
    nothing computed, of which the sign of a zero counts too."""
    value: np.ndarray
    error: np.ndarray
    dtype: str
    exact: bool = False


def wide(dtype):
    return np.longdouble if dtype == "f64" else np.float64


def compute_type(dtype):
    """16-bit floats are computed in f32."""
    return "f64" if dtype == "f64" else "f32"


def to_wide(array, dtype):
    return np.asarray(array).astype(np.float64).astype(wide(dtype))


def round_to(values, dtype):
    """To nearest even, as wide values. (Through f64, which is exact for what the other operators hold and for long double's use here.)"""
    with np.errstate(over="ignore"):
        return to_wide(np.asarray(values).astype(np.float64).astype(DTYPES[dtype]), dtype)


def ulp(values, dtype):
    """The distance between neighbours of this type at `values`."""
    info = {"f8e4m3fn": (4, -6), "f8e5m2": (3, -14), "f16": (11, -14), "bf16": (8, -126), "f32": (24, -126), "f64": (53, -1022)}[dtype]
    with np.errstate(all="ignore"):
        magnitude = np.abs(np.asarray(values).astype(np.float64))
        exponent = np.where(np.isfinite(magnitude) & (magnitude > 0), np.frexp(magnitude)[1] - 1, info[1])
    return np.ldexp(1.0, (np.maximum(exponent, info[1]) - info[0] + 1).astype(int))


def leaf(array, dtype, flushes):
    """An input, parameter or constant. Engines that flush subnormals may read one as 0."""
    if dtype not in FLOATS:
        return Approximate(np.asarray(array), None, dtype)
    value = to_wide(array, dtype)
    error = np.zeros_like(value)
    if flushes and dtype in ("bf16", "f32", "f64"):
        error = np.where(np.abs(value) < SMALLEST[compute_type(dtype)], np.abs(value), error)
    return Approximate(value, error, dtype, exact=True)


def rounded(value, error, dtype, keeps_rounding):
    """A result of `dtype` computed in the wider type to within `error`.

    A machine that rounds where the program says so gives the rounding of something within `error`. One that may leave an intermediate
    rounding out, or round by way of another type, gives something within an ulp more.
    """
    if dtype in ("f32", "f64"):
        return Approximate(value, error, dtype)
    if not keeps_rounding:
        return Approximate(value, error + ulp(value, dtype), dtype)
    with np.errstate(invalid="ignore"):
        nearest, low, high = round_to(value, dtype), round_to(value - error, dtype), round_to(value + error, dtype)
        return Approximate(nearest, np.maximum(np.abs(high - nearest), np.abs(nearest - low)), dtype)


def total(x, error, axes, keepdims, kind):
    """The sum over axes and its bound: n roundings of the sum of magnitudes, whatever the order."""
    count = int(np.prod([x.shape[a] for a in axes], dtype=np.int64))
    value = np.sum(x, axis=axes, keepdims=keepdims)
    magnitude = np.sum(np.abs(x), axis=axes, keepdims=keepdims)
    bound = np.sum(error, axis=axes, keepdims=keepdims) + count * UNIT[kind] * magnitude + SMALLEST[kind]
    with np.errstate(all="ignore"):
        value = np.where(np.abs(value) > LARGEST[kind], np.copysign(np.inf, value), value)  # overflows in the type of computation
    return value, bound, count


def normalize_axes(axes, rank):
    return tuple(sorted(a % rank for a in axes))


def rms_norm(operands, attributes, machine):
    """x / sqrt(mean(x^2) + epsilon) * scale * multiplicand; with a residual x is the stored input + residual, the second result."""
    x = operands["input"]
    dtype, kind = x.dtype, compute_type(x.dtype)
    results = []
    if "residual" in operands:
        other = operands["residual"]
        value = x.value + other.value
        error = x.error + other.error + UNIT[kind] * np.abs(value) + SMALLEST[kind]
        x = rounded(value, error, dtype, machine.keeps_rounding)
        results.append(x)
    shape = attributes.get("normalized_shape")
    if shape is not None:
        axes = tuple(range(x.value.ndim - len(shape), x.value.ndim))
    else:
        axes = (attributes.get("axis", -1) % x.value.ndim,)
    epsilon = attributes.get("epsilon", 1e-6)
    epsilon = float(np.float32(epsilon)) if kind == "f32" else epsilon
    with np.errstate(all="ignore"):
        square = x.value * x.value
        square = np.where(square > LARGEST[kind], np.inf, square)
        square_error = 2 * np.abs(x.value) * x.error + x.error * x.error
        sums, sums_error, count = total(square, square_error, axes, True, kind)
        mean, mean_error = sums / count, sums_error / count
        factor = 1 / np.sqrt(mean + epsilon)
        y = x.value * factor
        relative = NORM_RELATIVE[kind] + mean_error / (2 * (mean + epsilon))
        error = x.error * factor + np.abs(y) * relative
        for name, one in (("scale", 1.0 if attributes.get("unit_offset") else 0.0), ("multiplicand", 0.0)):
            if name not in operands:
                continue
            value, value_error = operands[name].value + one, operands[name].error
            if name == "scale":  # its dimensions are those that are normalized
                at = [x.value.shape[i] if i in axes else 1 for i in range(x.value.ndim)]
                value, value_error = value.reshape(at), value_error.reshape(at)
            error = error * np.abs(value) + np.abs(y) * (value_error + UNIT[kind] * one)
            y = y * value
        error = error + SMALLEST[kind]
    return [rounded(y, error, dtype, machine.keeps_rounding)] + results


def reduce_axes(attributes, rank):
    axes = attributes.get("axes", [])
    axes = [axes] if isinstance(axes, int) else axes
    if not axes:
        return () if attributes.get("empty_axes", "all") == "none" else tuple(range(rank))
    return normalize_axes(axes, rank)


def reduce_sum(operands, attributes, machine):
    x = operands["input"]
    axes, keepdims = reduce_axes(attributes, x.value.ndim), attributes.get("keepdims", False)
    if x.error is None:  # integers wrap
        return [Approximate(np.asarray(np.sum(x.value, axis=axes, keepdims=keepdims, dtype=x.value.dtype)), None, x.dtype)]
    with np.errstate(all="ignore"):
        value, error, _ = total(x.value, x.error, axes, keepdims, compute_type(x.dtype))
    return [rounded(value, error, x.dtype, machine.keeps_rounding)]


def reduce_mean(operands, attributes, machine):
    x = operands["input"]
    kind = compute_type(x.dtype)
    with np.errstate(all="ignore"):
        value, error, count = total(x.value, x.error, reduce_axes(attributes, x.value.ndim), attributes.get("keepdims", False), kind)
        value = value / count
        error = error / count + 2 * UNIT[kind] * np.abs(value) + SMALLEST[kind]
    return [rounded(value, error, x.dtype, machine.keeps_rounding)]


OPERATORS = {"rms_norm": rms_norm, "reduce_sum": reduce_sum, "reduce_mean": reduce_mean}
RESULT_NAMES = {"rms_norm": ["output", "sum"], "reduce_sum": ["output"], "reduce_mean": ["output"]}


@dataclass
class Machine:
    """How exactly a machine follows the program. keeps_rounding: rounds to 16 bits wherever the text says so; flushes: subnormal to 0."""
    name: str
    keeps_rounding: bool
    flushes: bool


MACHINES = {
    "tenon": Machine("tenon", True, False),
    "stablehlo": Machine("stablehlo", True, False),
    "xla": Machine("xla", False, True),
    "iree": Machine("iree", False, True),
}


def evaluate(case, machine):
    """What `machine` should give for each output of the case: name -> Approximate."""
    values = {}
    for name, dtype, array in case.leaves():
        values[name] = leaf(array, dtype, machine.flushes)
    pending = list(case.nodes)
    while pending:
        ready = [n for n in pending if all(ref in values for ref in n.inputs.values())]
        if not ready:
            raise ValueError(f"case {case.name}: nodes {[n.name for n in pending]} have no order")
        for node in ready:
            results = OPERATORS[node.op]({k: values[ref] for k, ref in node.inputs.items()}, node.attributes, machine)
            values[node.name] = results[0]
            for i, result in enumerate(results):
                values[f"{node.name}:{i}"] = values[f"{node.name}:{RESULT_NAMES[node.op][i]}"] = result
            pending.remove(node)
    return {name: values[ref] for name, ref in case.outputs}


def mismatch(got, want):
    """Per element: whether `got` is outside the bound of `want`, and the part of the bound that it uses. Equal dtypes and shapes."""
    if want.error is None:
        return np.asarray(got != want.value), np.zeros(got.shape)
    with np.errstate(all="ignore"):
        have = to_wide(got, want.dtype)
        nearest = round_to(want.value, want.dtype)
        same = (have == nearest) | (np.isnan(have) & np.isnan(nearest))
        if want.exact:
            same &= np.isnan(nearest) | (np.signbit(have) == np.signbit(nearest))
        # A finite value near the end of the range may round to infinity on one side of it.
        edge = round_to(want.value + np.sign(want.value) * want.error, want.dtype)
        distance = np.abs(have - want.value)
        near = np.isfinite(want.value) & ((distance <= want.error) | (np.isinf(have) & (have == edge)))
        finite = np.isfinite(have) & np.isfinite(want.value) & (want.error > 0)
        used = np.where(finite, distance / np.where(want.error > 0, want.error, 1), 0)
    return ~same if want.exact and not want.error.any() else ~(same | near), used


def difference(got, want):
    """None if `got` is within the bound of `want`, else what is wrong. Second value: the largest part of a bound that was used."""
    if got.dtype != DTYPES[want.dtype] or got.shape != want.value.shape:
        return f"got {got.dtype}{list(got.shape)}, expected {want.dtype}{list(want.value.shape)}", None
    bad, used = mismatch(got, want)
    worst = float(np.max(used, initial=0.0))
    if not bad.any():
        return None, worst
    where = tuple(np.argwhere(bad)[0])
    if want.error is None:
        return f"at {list(map(int, where))}: got {got[where]}, expected {want.value[where]}", 0.0
    return (f"{int(bad.sum())} of {bad.size} values; at {list(map(int, where))}: got {to_wide(got, want.dtype)[where]!s}, expected "
            f"{want.value[where]!s} within {want.error[where]:.3g}"), worst
