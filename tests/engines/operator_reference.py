"""The operators' references in NumPy, plugins/PACK/FOLDER/reference.py: found, called, and their bounds put into numbers."""
import glob
import importlib.util
import inspect
import os

import numpy as np
from bounds import Bounded
from environments import HERE
from reference import SMALLEST, UNIT, Approximate, mismatch, round_to, rounded, to_wide, ulp, wide
from tensors import DTYPES, FLOATS

PLUGINS = os.path.normpath(os.path.join(HERE, "..", "..", "plugins"))


class ReferenceProblem(Exception):
    """A reference that is missing, breaks, or returns something that is no result of its operator."""


def load_references(folder=PLUGINS):
    """operator -> function, and the files that cannot be loaded: path -> why."""
    functions, broken = {}, {}
    for path in sorted(glob.glob(os.path.join(folder, "*", "*", "reference.py"))):
        name = "_".join(["reference", *os.path.relpath(path, folder).split(os.sep)[:2]])
        try:
            spec = importlib.util.spec_from_file_location(name, path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            for op, function in module.OPERATORS.items():
                if op in functions:
                    raise ReferenceProblem(f"{op} has a reference already")
                functions[op] = function
        except Exception as error:
            broken[os.path.relpath(path, os.path.dirname(folder))] = f"{type(error).__name__}: {error}"
    return functions, broken


def operand_value(array, dtype, flush):
    """As a reference gets it. flush: numbers below f32's (f64's) normal range are 0."""
    if dtype in FLOATS:
        value = to_wide(array, dtype)
        return np.where(np.abs(value) < SMALLEST["f64" if dtype == "f64" else "f32"], np.copysign(0, value), value) if flush else value
    # ml_dtypes' 4-bit integers know little arithmetic: a byte each.
    return np.asarray(array).astype(np.int8 if dtype == "i4" else np.uint8 if dtype == "ui4" else array.dtype)


def has_subnormals(case):
    for rows in case.operands.values():
        for dtype, array, _ in rows:
            if dtype in ("bf16", "f32", "f64"):
                value = np.abs(to_wide(array, dtype))
                if np.any((value > 0) & (value < SMALLEST["f64" if dtype == "f64" else "f32"])):
                    return True
    return False


def call(function, case, schema, flush=False):
    """What the reference returns for a case: an array or Bounded per result."""
    arguments = dict(case.attributes)
    for operand in schema["operands"]:
        name = operand["name"]
        values = [operand_value(array, dtype, flush) for dtype, array, _ in case.operands.get(name, [])]
        arguments[name] = values if operand["variadic"] else values[0] if values else None
    if "dtypes" in inspect.signature(function).parameters:
        arguments["dtypes"] = {name: rows[0][0] for name, rows in case.operands.items()}
    with np.errstate(all="ignore"):
        results = function(**arguments)
    results = list(results) if isinstance(results, (tuple, list)) else [results]
    if len(results) != len(case.results):
        raise ReferenceProblem(f"the reference returns {len(results)} results, the operator has {len(case.results)}")
    return results


def expected(result, dtype, shape, machine):
    """A result of a reference as what `machine` should give."""
    bound = result if isinstance(result, Bounded) else None
    value = np.asarray(bound.value if bound else result)
    if list(value.shape) != list(shape):
        raise ReferenceProblem(f"the reference gives the shape {list(value.shape)}, the operator {list(shape)}")
    if dtype not in FLOATS:
        exact = value.astype(DTYPES[dtype])
        if not np.array_equal(exact.astype(object), value.astype(object)):
            raise ReferenceProblem(f"the reference gives {value.dtype} that {dtype} cannot hold")
        return Approximate(exact, None, dtype)
    value = value.astype(wide(dtype))
    if bound is None:
        nearest = round_to(value, dtype)
        return Approximate(nearest, np.zeros(value.shape), dtype, exact=True)
    kind = "f64" if dtype == "f64" else "f32"
    with np.errstate(all="ignore"):
        magnitude = np.abs(value) if bound.magnitude is None else np.broadcast_to(np.abs(bound.magnitude), value.shape)
        error = bound.steps[machine.name] * UNIT[kind] * magnitude + bound.absolute + SMALLEST[kind]
        error = np.where(np.isnan(error), 0, error)
        if dtype in ("f32", "f64"):
            return Approximate(value, error + (ulp(value, dtype) if machine.flushes else ulp(value, dtype) / 2), dtype)
        return rounded(value, error, dtype, machine.keeps_rounding)


def wrong(got, wants, machine):
    """None or what is wrong, and the largest part of a bound that was used. wants: one expectation per reading of subnormal inputs."""
    want = wants[0]
    if got.dtype != DTYPES[want.dtype] or got.shape != want.value.shape:
        return f"got {got.dtype}{list(got.shape)}, expected {want.dtype}{list(want.value.shape)}", None
    bad, used = mismatch(got, want)
    for other in wants[1:]:
        more, part = mismatch(got, other)
        used = np.where(bad & ~more, part, used)
        bad &= more
    if machine.flushes and want.error is not None:
        small = (want.value != 0) & (np.abs(want.value) < SMALLEST["f64" if want.dtype == "f64" else "f32"])
        bad &= ~(small & (got.astype(np.float64) == 0))
    worst = float(np.max(np.where(bad, 0, used), initial=0.0))
    if not bad.any():
        return None, worst
    where = tuple(np.argwhere(bad)[0])
    within = "" if want.error is None else f" within {want.error[where]:.3g}"
    return (f"{int(bad.sum())} of {bad.size} values; at {list(map(int, where))}: got {got[where]!s}, expected {want.value[where]!s}{within}",
            worst)
