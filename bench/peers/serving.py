"""A peer's side of the protocol of bench/serve.h: requests as JSON lines on stdin, answers on stdout. Needs NumPy.

A peer calls serve(name, prepare). prepare(case) returns Prepared, or raises Unsupported where the library has no such operator: a peer that
would compute something else is not timed.
"""
import argparse
import json
import math
import os
import sys
import time

import numpy as np


class Unsupported(Exception):
    """The library has no such operator, or not of this dtype."""


class Prepared:
    def __init__(self, run, results, measure=None):
        self.run = run  # one call
        self.results = results  # () -> the results of the last call, as arrays in Tenon's order and layout
        self.measure = measure  # (seconds) -> (median, least, calls), where calls are not made from here; else None


def dtype_of(name):
    if name == "bf16":
        import ml_dtypes  # NumPy has no bfloat16
        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype({"f32": "float32", "f16": "float16", "f64": "float64", "i32": "int32", "i64": "int64"}[name])


def parse_attribute(text):
    name, value = text.split("=", 1)
    return name, json.loads(value)


class Case:
    """One operator with its operands: op, dtype, attributes, arrays (random, the same in every process), and its StableHLO text's file."""

    def __init__(self, request):
        given = request["case"]
        self.op, self.dtype = given["op"], given["dtype"]
        self.attributes = dict(parse_attribute(text) for text in given.get("attributes", []))
        self.files = request["inputs"]
        self.types = [(entry["dtype"], entry["dims"]) for entry in given["inputs"]]
        self.result_types = [(entry["dtype"], entry["dims"]) for entry in given["outputs"]]
        self.text = given.get("stablehlo")

    def array(self, index):
        dtype, dims = self.types[index]
        return np.fromfile(self.files[index], dtype_of(dtype)).reshape(dims)

    def arrays(self):
        return [self.array(i) for i in range(len(self.types))]

    def axis(self):
        """The one axis of a reduction, of an arg-reduction, of a softmax."""
        given = self.attributes.get("axes", self.attributes.get("axis", -1))
        axis = given[0] if isinstance(given, list) else given
        rank = len(self.types[0][1])
        return axis % rank

    def epsilon(self):
        return self.attributes.get("epsilon", 1e-6)


def sample(run, seconds):
    """Median and least seconds of a call over samples of at least 200 us each; calls before to warm up, one of a long call."""
    for _ in range(3):
        begin = time.perf_counter()
        run()
        once = time.perf_counter() - begin
        if once >= 0.02:
            break
    inner = max(1, math.ceil(2e-4 / max(once, 1e-9)))
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        for _ in range(inner):
            run()
        times.append((time.perf_counter() - begin) / inner)
    times.sort()
    return times[len(times) // 2], times[0], len(times) * inner


def answer(request, prepare, state):
    if request["do"] == "prepare":
        state.clear()  # the old case's memory first
        prepared = prepare(Case(request))
        if prepared.measure is None:
            prepared.run()
        for path, array in zip(request["outputs"], prepared.results()):
            np.ascontiguousarray(array).tofile(path)
        state["prepared"] = prepared
        return {"ok": True}
    if request["do"] == "sample" and "prepared" in state:
        prepared = state["prepared"]
        measure = prepared.measure or (lambda seconds: sample(prepared.run, seconds))
        median, least, calls = measure(request["seconds"])
        return {"us": median * 1e6, "best_us": least * 1e6, "calls": calls}
    return {"error": f"cannot do {request['do']}"}


def arguments():
    """What bench/run gives every peer. One thread is pinned at once: some libraries count the CPUs when they are imported."""
    parser = argparse.ArgumentParser(description="One peer of bench/run: reads requests on stdin.")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    if given.threads == 1:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return given


def serve(name, version, prepare):
    # What a library prints on stdout must not get between the answers.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps({"ready": name, "version": version}), file=out, flush=True)
    state = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), prepare, state)
        except Unsupported as error:
            reply = {"error": str(error) or "no such operator", "unsupported": True}
        except Exception as error:  # whatever a library throws is an answer, and the next case is asked for
            state.clear()
            reply = {"error": f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:200]}"}
        print(json.dumps(reply), file=out, flush=True)
