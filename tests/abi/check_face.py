#!/usr/bin/env python3
"""The headers of today against those of every release, by abidiff.

    check_face.py                 compares with tests/abi/released/*/face.xml
    check_face.py --write FILE    writes the description of today's headers (tests/abi/make-release does)

What abidiff reads is an anchor library made from the headers alone: an exported function for every struct, because abidiff does not see a
struct that is reached through void*, and an exported pointer for every function of tenon.h. It has no private types, so abidiff needs no
--headers-dir (and without locations in the description would take every type for private). A function or struct more is no change.
Anything else is one: an incompatible change (exit status bit 8) always fails, a compatible one (bit 4: a field appended) needs a reviewed
suppression in tests/abi/released/VERSION/reviewed.suppr, which says who looked at it and why it is right."""
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

from headers import Headers

RELEASED = pathlib.Path(__file__).resolve().parent / "released"
COMPATIBLE, INCOMPATIBLE = 4, 8  # bits of abidiff's exit status; 1 and 2: it could not compare


def anchor(headers):
    lines = ['#include "tenon/tenon.h"']
    for name in sorted(headers.structs):
        lines += [f"TENON_EXPORT {name} *anchor_{name}({name} *it);", f"{name} *anchor_{name}({name} *it) {{ return it + 1; }}"]
    for name in sorted(set(headers.functions) - {"tenon_plugin_query_v1"}):
        lines.append(f"TENON_EXPORT __typeof__({name}) *anchor_{name};")
    return "\n".join(lines) + "\n"


def build(folder, headers):
    with open(os.path.join(folder, "anchor.c"), "w", encoding="utf-8") as file:
        file.write(anchor(headers))
    subprocess.run(["gcc", "-std=gnu99", "-g", "-shared", "-fPIC", "-I", headers.include, "anchor.c", "-o", "anchor.so"], cwd=folder,
                   check=True)
    return os.path.join(folder, "anchor.so")


def write(library, path):
    subprocess.run(["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--out-file", path, library], check=True)


def compare(baseline, library):
    suppressions = baseline.parent / "reviewed.suppr"
    command = ["abidiff", "--no-added-syms", "--no-show-locs"]
    if suppressions.is_file():
        command += ["--suppressions", str(suppressions)]
    result = subprocess.run([*command, str(baseline), library], capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return []
    if result.returncode & 3:
        verdict = "abidiff could not compare"
    elif result.returncode & INCOMPATIBLE:
        verdict = "an incompatible change: it breaks programs and plugins that exist"
    else:
        verdict = f"a change: have it reviewed, then describe it in {suppressions.relative_to(RELEASED.parent)}"
    return [f"{baseline.parent.name}: exit status {result.returncode}: {verdict}\n{result.stdout}{result.stderr}"]


def main():
    for tool in ("gcc", "abidw", "abidiff"):
        if shutil.which(tool) is None:
            print(f"missing: {tool} (Debian: gcc, abigail-tools)")
            return 1
    headers = Headers()
    with tempfile.TemporaryDirectory() as folder:
        library = build(folder, headers)
        if sys.argv[1:2] == ["--write"]:
            write(library, sys.argv[2])
            return 0
        if platform.machine() != "x86_64":
            print(f"left out: the descriptions are of x86_64, this is {platform.machine()}; abi.headers has six architectures' layouts")
            return 77
        baselines = sorted(RELEASED.glob("*/face.xml"))
        problems = [problem for baseline in baselines for problem in compare(baseline, library)]
    if not baselines:
        problems.append(f"{RELEASED} has no face.xml: tests/abi/make-release writes one")
    print("\n".join(problems))
    print(f"face: {len(headers.structs)} structs, {len(headers.functions) - 1} functions, against {len(baselines)} releases, "
          f"{len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
