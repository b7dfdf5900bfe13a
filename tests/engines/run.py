#!/usr/bin/env python3
"""Engines that other people wrote execute what `tenon lower` writes: README.md. Exit status 0: everything passed.

Needs Python 3.11 and its standard library (Debian: python3-venv); everything else is installed into environments of its own on first use.
"""
import argparse
import os
import re
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from environments import HERE, SetupError, base_python, clean_environment, environment

ENGINES = ["xla", "stablehlo", "iree"]
SUITES = ["graphs", "blocks", "operators", "onnx"]


def run_suite(command):
    """Runs a suite, passing its output on: (whether its exit status is 0, passed, failed) by its last line."""
    last = ""
    settings = dict(clean_environment(), TENON_ENGINES_PYTHON=base_python()[0])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings) as suite:
        for line in suite.stdout:
            print(line, end="", flush=True)
            last = line
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed\n", last)
    passed, failed = map(int, counts.groups()) if counts else (0, 1)
    return suite.returncode == 0, passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenon", default=os.path.join("build", "bin", "tenon"), metavar="FILE", help="the command (build/bin/tenon)")
    parser.add_argument("--suite", action="append", choices=SUITES, help="only this suite; may be given again")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this engine; may be given again")
    parser.add_argument("-k", metavar="PATTERN", default="", help="only cases whose name contains PATTERN (a regular expression)")
    parser.add_argument("--full", action="store_true", help="operators: every case in every dtype, composites in every engine; blocks: bf16 of real size too")
    parser.add_argument("--cases", type=int, default=0, metavar="N", help="operators: also N random cases of each")
    parser.add_argument("--update-coverage", action="store_true", help="operators: write COVERAGE.md")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), metavar="N", help="processes at a time (2)")
    parser.add_argument("--keep", metavar="DIR", help="write graphs, texts and results there and leave them")
    parser.add_argument("--list", action="store_true", help="print the names of the cases of the suite graphs and end")
    parser.add_argument("--setup", action="store_true", help="make the environments and end")
    args = parser.parse_args()
    engines = args.engine or ENGINES
    suites = ["graphs"] if args.list else args.suite or SUITES
    if not args.setup and not args.list and not os.access(args.tenon, os.X_OK):
        print(f"engines: {args.tenon} is no program: build it, or say --tenon FILE", file=sys.stderr)
        return 2

    # The driver itself needs NumPy, so it runs in one of the environments.
    used = {"iree" if engine == "iree" else "xla" for engine in engines} if {"graphs", "blocks", "operators"} & set(suites) else set()
    names = sorted(used | ({"onnx"} & set(suites)), key=["xla", "iree", "onnx"].index)
    pythons, errors = {}, []

    def make(name):
        try:
            pythons[name] = environment(name)
        except (SetupError, OSError) as error:
            errors.append(error)

    threads = [threading.Thread(target=make, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        print("\n".join(f"engines: {error}" for error in errors), file=sys.stderr)
        print("0 passed, 1 failed")
        return 1
    if args.setup:
        return 0
    tenon, python = os.path.abspath(args.tenon), pythons[names[0]]
    keep = lambda name: os.path.join(os.path.abspath(args.keep), name) if args.keep else ""
    commands = {
        "graphs": [python, os.path.join(HERE, "suite.py"), tenon, ",".join(engines), args.k, str(args.jobs), keep("graphs"),
                   "list" if args.list else "run"],
        "blocks": [python, os.path.join(HERE, "block_suite.py"), "--tenon", tenon, "--engines", ",".join(engines), "--pattern", args.k,
                   "--jobs", str(args.jobs), "--keep", keep("blocks")] + ["--full"] * args.full,
        "operators": [python, os.path.join(HERE, "operator_cases.py"), "--tenon", tenon, "--engines", ",".join(engines), "--pattern", args.k,
                      "--jobs", str(args.jobs), "--keep", keep("operators"), "--cases", str(args.cases)]
                     + ["--full"] * args.full + ["--update-coverage"] * args.update_coverage,
        "onnx": [pythons.get("onnx"), os.path.join(HERE, "onnx", "driver.py"), "--tenon", tenon, "--pattern", args.k, "--jobs", str(args.jobs),
                 "--keep", keep("onnx")],
    }
    if args.list:
        return 0 if run_suite(commands["graphs"])[0] else 1
    good, passed, failed = True, 0, 0
    for name in suites:
        print(f"== {name}", flush=True)
        done, some, others = run_suite(commands[name])
        good, passed, failed = good and done, passed + some, failed + max(others, 0 if done else 1)
    print(f"{passed} passed, {failed} failed")
    return 0 if good and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
