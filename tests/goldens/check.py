#!/usr/bin/env python3
"""The modules of the cases that say `text: true`, byte for byte: plugins/<pack>/<operator>/expected.mlir beside each cases.yaml. And
plugins/OPERATORS.md, which `tenon ops --markdown` writes.

    tests/goldens/check.py TENON [--update]

A golden shows in a diff what a change does to the text that others read; whether the text is right is for tests/engines to say. --update
writes the files anew: read the diff before you commit it. Needs Python 3 with PyYAML (Debian: python3-yaml). Exit status 0: all equal.
"""
import argparse
import difflib
import glob
import os
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DTYPES = ["f32", "bf16", "i32", "i1"]  # of each case, those that it has


def run(*command):
    # Not every machine has the pack over oneDNN: the table is of the others.
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TENON_PLUGINS_DENY": "tenon.onednn"})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def goldens(tenon, cases, work):
    """The text of expected.mlir for one cases.yaml."""
    parts = ["// What `tenon lower` writes for the cases that say `text: true`. Rewritten by tests/goldens/check.py --update.\n"]
    for op in sorted({case["op"] for case in cases}):
        folder = os.path.join(work, op)
        run(tenon, "verify", op, "--export", folder)
        for case in (c for c in cases if c["op"] == op):
            found = [(dtype, path) for dtype in DTYPES
                     for path in glob.glob(os.path.join(folder, "**", f"{case['name']}-{dtype}", "graph.yaml"), recursive=True)]
            if not found:
                raise RuntimeError(f"{op}, case {case['name']}: none of its dtypes is one of {', '.join(DTYPES)}")
            for dtype, path in found:
                parts.append(f"\n// {op}: {case['name']}, {dtype}\n{run(tenon, 'lower', path)}")
    return "".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tenon", metavar="TENON", help="the command")
    parser.add_argument("--update", action="store_true", help="write the files anew")
    args = parser.parse_args()
    tenon = os.path.abspath(args.tenon)
    wrong, found = 0, []
    for file in sorted(glob.glob(os.path.join(ROOT, "plugins", "*", "*", "cases.yaml"))):
        with open(file, encoding="utf-8") as stream:
            cases = [case for case in yaml.safe_load(stream) or [] if case.get("text")]
        path = os.path.join(os.path.dirname(file), "expected.mlir")
        if not cases:
            if os.path.exists(path):
                print(f"{os.path.relpath(path, ROOT)}: no case beside it says text: true")
                wrong += 1
            continue
        with tempfile.TemporaryDirectory() as work:
            text = goldens(tenon, cases, work)
        found.append((path, text))
    found.append((os.path.join(ROOT, "plugins", "OPERATORS.md"), run(tenon, "ops", "--markdown", "--no-user-plugins")))
    for path, text in found:
        name = os.path.relpath(path, ROOT)
        if args.update:
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
            continue
        old = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as stream:
                old = stream.read()
        if old != text:
            wrong += 1
            sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), name, f"{name} (now)"))
    if not args.update:
        print(f"goldens: {len(found)} files, {wrong} differ")
        if len(found) < 2:
            print("no case says text: true")
            return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
