"""Checks of the operators' judge: what is right passes, and every kind of wrong result, text and reference is found."""
import numpy as np
from bounds import Bounded
from engine_limits import Limit, text_per_case
from operator_reference import ReferenceProblem, expected, wrong
from reference import MACHINES
from tensors import DTYPES

NESTED = """module @m {
  func.func public @main(%arg0: tensor<2xf32>, %arg1: tensor<2xf64>) -> (tensor<2xf32>, tensor<2xf64>) {
    %0 = stablehlo.composite "tenon.a" %arg0 {decomposition = @a.impl, version = 1 : i32} : (tensor<2xf32>) -> tensor<2xf32>
    %1 = stablehlo.composite "tenon.b" %arg1 {decomposition = @b.impl, version = 1 : i32} : (tensor<2xf64>) -> tensor<2xf64>
    return %0, %1 : tensor<2xf32>, tensor<2xf64>
  }
  func.func private @a.impl(%arg0: tensor<2xf32>) -> tensor<2xf32> {
    return %arg0 : tensor<2xf32>
  }
  func.func private @b.impl(%arg0: tensor<2xf64>) -> tensor<2xf64> {
    %0 = stablehlo.composite "tenon.c" %arg0 {decomposition = @c.impl, version = 1 : i32} : (tensor<2xf64>) -> tensor<2xf64>
    return %0 : tensor<2xf64>
  }
  func.func private @c.impl(%arg0: tensor<2xf64>) -> tensor<2xf64> {
    %0 = stablehlo.tanh %arg0 : tensor<2xf64>
    return %0 : tensor<2xf64>
  }
}
"""


def check(report):
    def expect(name, good, came=None):
        report.add("judges", "(operators)", name, None if good else f"the judge let it pass: {came}")

    values = np.array([[1.0, -2.5, 3.75], [0.3, -0.0, 1e3]])
    for dtype in ("f32", "f16", "bf16", "f64"):
        right = values.astype(DTYPES[dtype])
        exact = right.astype(np.float64)
        for machine in MACHINES.values():
            want = expected(Bounded(exact, steps=2), dtype, [2, 3], machine)
            moved = expected(exact, dtype, [2, 3], machine)

            def judged(name, array, good, against, machine=machine, dtype=dtype):
                problem, _ = wrong(array, [against], machine)
                expect(f"{dtype} {machine.name}: {name}", (problem is None) == good, problem)

            judged("right", right, True, want)
            judged("right, moved only", right, True, moved)
            off = right.copy()
            off[1, 0] = np.float64(off[1, 0]) * (1 + 2.0**-5)
            judged("one element off", off, False, want)
            judged("one element off, moved only", off, False, moved)
            for name, value in (("NaN", np.nan), ("infinity", np.inf)):
                off = right.copy()
                off[0, 1] = value
                judged(name, off, False, want)
            judged("another shape", right.reshape(3, 2), False, want)
            judged("another dtype", right.astype(np.int32), False, want)
            off = right.copy()
            off[1, 1] = 0.0
            judged("the sign of a zero, moved only", off, False, moved)
    # Subnormal numbers are kept by two machines and may be 0 in the others.
    small = np.array([1e-40])
    for machine in MACHINES.values():
        problem, _ = wrong(np.zeros(1, np.float32), [expected(small, "f32", [1], machine)], machine)
        expect(f"subnormal, {machine.name}", (problem is None) == machine.flushes, problem)
    for dtype in ("i8", "ui64", "i1"):
        array = np.array([0, 1, 1]).astype(DTYPES[dtype])
        want = expected(array, dtype, [3], MACHINES["xla"])
        expect(f"{dtype}: right", wrong(array, [want], MACHINES["xla"])[0] is None)
        expect(f"{dtype}: wrong", wrong(array[::-1].copy(), [want], MACHINES["xla"])[0] is not None)
    for name, arguments in (("a reference of another shape", (np.zeros(3), "f32", [2])),
                            ("a reference out of range", (np.array([300]), "i8", [1]))):
        try:
            expected(*arguments, MACHINES["tenon"])
            expect(name, False, "nothing")
        except ReferenceProblem:
            expect(name, True)
    found, limit = text_per_case(NESTED), Limit(0, "iree", r"stablehlo\.tanh .*f64>", "")
    expect("a limit that one of two nodes meets, in a nested function",
           len(found) == 2 and not limit.holds("iree", found[0]) and limit.holds("iree", found[1]) and not limit.holds("xla", found[1]), found)
