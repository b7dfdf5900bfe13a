#!/usr/bin/env python3
"""Engines that other people wrote execute what `tenon lower` writes: README.md. Exit status 0: everything passed.

Needs Python 3.11 and its standard library (Debian: python3-venv); everything else is installed into environments of its own on first use.
"""
import argparse
import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from environments import HERE, SetupError, base_python, clean_environment, environment

ENGINES = ["xla", "stablehlo", "iree"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenon", default=os.path.join("build", "bin", "tenon"), metavar="FILE", help="the command (build/bin/tenon)")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this engine; may be given again")
    parser.add_argument("-k", metavar="PATTERN", default="", help="only cases whose name contains PATTERN (a regular expression)")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), metavar="N", help="processes at a time (2)")
    parser.add_argument("--keep", metavar="DIR", help="write graphs, texts and results there and leave them")
    parser.add_argument("--list", action="store_true", help="print the cases' names and end")
    parser.add_argument("--setup", action="store_true", help="make the environments and end")
    args = parser.parse_args()
    engines = args.engine or ENGINES
    if not args.setup and not args.list and not os.access(args.tenon, os.X_OK):
        print(f"engines: {args.tenon} is no program: build it, or say --tenon FILE", file=sys.stderr)
        return 2

    # The driver itself needs NumPy, so it runs in one of the environments.
    names = sorted({"iree" if engine == "iree" else "xla" for engine in engines})
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
    command = [pythons[names[0]], os.path.join(HERE, "suite.py"), os.path.abspath(args.tenon), ",".join(engines), args.k, str(args.jobs),
               os.path.abspath(args.keep) if args.keep else "", "list" if args.list else "run"]
    sys.stdout.flush()
    os.execve(command[0], command, dict(clean_environment(), TENON_ENGINES_PYTHON=base_python()[0]))


if __name__ == "__main__":
    sys.exit(main())
