#!/usr/bin/env python3
"""The suite of ONNX's own operator tests: each becomes a graph of Tenon's operators, is run, and compared. Started by ../run.py."""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
sys.path.append(os.path.dirname(sys.path[0]))
import casts  # noqa: F401  the translations register themselves
import contractions  # noqa: F401
import elementwise  # noqa: F401
import norms  # noqa: F401
import reductions  # noqa: F401
import shapes  # noqa: F401
from known import DIFFERENT
from node_cases import node_cases
from operator_export import operators
from program import TRANSLATIONS, Program, Skip, dtype_of
from tensors import FLOATS, TensorError, read_npy


def different(got, want, rtol, atol):
    """None, or how a result differs from ONNX's answer."""
    if got.shape != want.shape:
        return f"shape {list(got.shape)}, expected {list(want.shape)}"
    if dtype_of(want) not in FLOATS:
        bad = np.asarray(got != want)
    else:
        a, b = got.astype(np.float64), want.astype(np.float64)
        with np.errstate(all="ignore"):
            bad = ~np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    if not bad.any():
        return None
    where = tuple(np.argwhere(bad)[0])
    return f"{int(bad.sum())} of {bad.size} values; at {list(map(int, where))}: got {got[where]!s}, expected {want[where]!s}"


class OnnxSuite:
    def __init__(self, tenon, jobs, root):
        self.tenon, self.jobs, self.root = tenon, jobs, root
        self.built = operators(tenon)

    def run(self, case):
        """("passed" | "failed" | "skipped", why)."""
        if case.op not in TRANSLATIONS:
            return "failed", "no translation"
        program = Program(case)
        try:
            for array in case.inputs + case.outputs:
                if array is not None:
                    dtype_of(array)
            TRANSLATIONS[case.op](program)
        except Skip as skip:
            return "skipped", str(skip)
        except Exception as error:
            return "failed", f"translation: {type(error).__name__}: {error}"
        missing = sorted({node.op for node in program.graph.nodes} - set(self.built))
        if missing:
            return "failed", f"not built: {', '.join(missing)}"
        folder = os.path.join(self.root, case.name)
        try:
            program.graph.write(folder)
            problem = self.execute(program, folder)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        return ("passed", "") if problem is None else ("failed", problem)

    def execute(self, program, folder):
        case, results = program.case, os.path.join(folder, "results")
        os.makedirs(results, exist_ok=True)
        command = [self.tenon, "run", os.path.join(folder, "graph.yaml"), "--no-user-plugins", "-o", results + "/"]
        for tensor in program.graph.inputs:
            command += ["--input", f"{tensor.name}={os.path.join(folder, tensor.name + '.npy')}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode:
            return f"tenon run: exit status {done.returncode}: {done.stderr.strip()[:600]}"
        for name, _ in program.graph.outputs:
            want = case.outputs[int(name[3:])]
            try:
                got = read_npy(os.path.join(results, name + ".npy"), dtype_of(want))
            except TensorError as error:
                return f"{name}: {error}"
            problem = different(got, want, case.rtol, case.atol)
            if problem:
                return f"{name}: {problem}"
        left = [i for i, want in enumerate(case.outputs) if want is not None and f"out{i}" not in {n for n, _ in program.graph.outputs}]
        return f"the translation gives no result {left}" if left else None


def judge(case, status, why):
    """The verdict, with what is known about the case: a known difference must still be one."""
    known = next((reason for pattern, reason in DIFFERENT.items() if re.fullmatch(pattern, case.name)), None)
    if known is None or status == "skipped":
        return status, why
    if status == "passed":
        return "failed", f"known.py says that it differs ({known}), but it passes: remove it there"
    return (status, why) if "translation" in why else ("skipped", known)


def report(rows, unknown):
    """rows: (case, status, why); unknown: lines of known.py that name no case. The failures, the table, the reasons. True if nothing
    failed."""
    for pattern in unknown:
        print(f"FAILED known.py: no case is called {pattern}")
    for case, status, why in rows:
        if status == "failed":
            print(f"FAILED {case.op} {case.name}: {why}")
    print(f"\n{'operator':28} {'passed':>6} {'failed':>6} {'skipped':>7}")
    for op in sorted({case.op for case, _, _ in rows}):
        counts = [sum(1 for case, status, _ in rows if case.op == op and status == word) for word in ("passed", "failed", "skipped")]
        print(f"{op:28} {counts[0]:6} {counts[1]:6} {counts[2]:7}")
    reasons = {}
    for case, status, why in rows:
        if status == "skipped":
            reasons.setdefault(why, []).append(case.name)
    for why, names in sorted(reasons.items()):
        print(f"skipped {len(names)}: {why}: {', '.join(names[:4])}{' ..' if len(names) > 4 else ''}")
    passed, failed, skipped = (sum(1 for _, status, _ in rows if status == word) for word in ("passed", "failed", "skipped"))
    print(f"onnx: {len(rows)} cases, {skipped} of them skipped for a reason above")
    failed += len(unknown)
    print(f"{passed} passed, {failed} failed")
    return failed == 0 and passed > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tenon", required=True)
    parser.add_argument("--pattern", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", default="")
    args = parser.parse_args()
    begin = time.time()
    cases = node_cases()
    unknown = [pattern for pattern in DIFFERENT if not any(re.fullmatch(pattern, case.name) for case in cases)]
    cases = [case for case in cases if re.search(args.pattern, f"{case.op} {case.name}")]
    root = args.keep or tempfile.mkdtemp(prefix="tenon-onnx-")
    try:
        suite = OnnxSuite(args.tenon, args.jobs, root)
        with ThreadPoolExecutor(args.jobs) as pool:
            outcomes = list(pool.map(suite.run, cases))
    finally:
        if not args.keep:
            shutil.rmtree(root, ignore_errors=True)
    print(f"onnx: {len(cases)} cases: {time.time() - begin:.0f} s", file=sys.stderr)
    rows = [(case, *judge(case, *outcome)) for case, outcome in zip(cases, outcomes)]
    return 0 if report(rows, unknown) else 1


if __name__ == "__main__":
    sys.exit(main())
