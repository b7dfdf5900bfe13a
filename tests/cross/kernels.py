#!/usr/bin/env python3
"""The kernel tests of every pack, compiled for another processor and run by qemu-user: each row of arch.json for it, without its hardware.

    tests/cross/kernels.py aarch64 [--packs NAMES] [--work FOLDER] [--filter GTEST_FILTER]

Needs the cross compiler, qemu-user-static and GoogleTest's sources (Debian: g++-aarch64-linux-gnu qemu-user-static googletest). A pack takes
part by having a *_test.cpp in one of its operators' folders. Exit status 0: all passed.
"""
import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GTEST = "/usr/src/googletest/googletest"
FLAGS = ["-std=c++20", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-Wno-psabi", "-fPIC"]


def tool(name):
    path = shutil.which(name)
    if path is None:
        sys.exit(f"cross: {name} is missing: install what the head of {os.path.relpath(__file__)} names")
    return path


def write_levels(path, rows):
    """What cmake/TenonPlugin.cmake generates for the machine it builds for."""
    entries = " ".join(f'X(level_{identifier(row)}, "{row["name"]}")' for row in reversed(rows))
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#pragma once\n#define TENON_SIMD_FOR_EACH_LEVEL(X) {entries}\n#define TENON_SIMD_LEVEL_COUNT {len(rows)}\n")


def identifier(row):
    return re.sub(r"\W", "_", row["name"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arch", choices=["aarch64"])
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "cross"), metavar="FOLDER")
    parser.add_argument("--packs", metavar="NAMES", help="comma-separated; default: every pack that has kernel tests")
    parser.add_argument("--filter", default="*", metavar="GTEST_FILTER")
    args = parser.parse_args()
    compiler, emulator = tool(f"{args.arch}-linux-gnu-g++"), tool(f"qemu-{args.arch}-static")
    if not os.path.isdir(GTEST):
        sys.exit(f"cross: {GTEST} is missing: apt-get install googletest")
    with open(os.path.join(ROOT, "configs", "arch.json"), encoding="utf-8") as file:
        rows = [row for row in json.load(file)["levels"] if row["arch"] == args.arch]

    work = os.path.join(args.work, args.arch)
    include = os.path.join(work, "include")
    os.makedirs(include, exist_ok=True)
    # xsimd alone: the rest of /usr/include belongs to the machine that compiles.
    if not os.path.islink(os.path.join(include, "xsimd")):
        os.symlink("/usr/include/xsimd", os.path.join(include, "xsimd"))
    write_levels(os.path.join(include, "tenon_simd_levels.h"), rows)
    includes = [f"-I{ROOT}", f"-I{ROOT}/capi/include", "-isystem", include, "-isystem", f"{GTEST}/include"]

    jobs, objects = {}, {}

    def add(pack, name, source, *more):
        target = os.path.join(work, f"{name}.o")
        objects.setdefault(pack, []).append(target)
        jobs[target] = [compiler, *FLAGS, *includes, *more, "-c", source, "-o", target]

    # oneDNN's pack has no code of its own for a processor.
    packs = sorted({path.split(os.sep)[-3] for path in glob.glob(f"{ROOT}/plugins/*/*/*_test.cpp")} - {"onednn"})
    if args.packs is not None:
        unknown = sorted(set(args.packs.split(",")) - set(packs))
        if unknown:
            sys.exit(f"cross: no kernel tests in {', '.join(unknown)}; there are: {', '.join(packs)}")
        packs = args.packs.split(",")
    if not packs:
        sys.exit("cross: no pack has kernel tests")
    for source in ("gtest-all", "gtest_main"):
        add("", source, f"{GTEST}/src/{source}.cc", f"-I{GTEST}", "-w")
    for pack in packs:
        for source in sorted(glob.glob(f"{ROOT}/plugins/{pack}/*/*.cpp")):
            name = os.path.relpath(source, os.path.join(ROOT, "plugins")).replace(os.sep, ".")
            if not source.endswith(".simd.cpp"):
                add(pack, name, source)
                continue
            for row in rows:
                add(pack, f"{name}.{row['name']}", source, *row["flags"], f'-DTENON_SIMD_LEVEL="{row["name"]}"',
                    f"-DTENON_SIMD_NAMESPACE=level_{identifier(row)}", f"-DTENON_SIMD_ARCH={row['xsimd']}")

    def compile_one(command):
        done = subprocess.run(command, capture_output=True, text=True)
        return "" if done.returncode == 0 else " ".join(command) + "\n" + done.stderr

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        errors = [error for error in pool.map(compile_one, jobs.values()) if error]
    if errors:
        print("\n".join(errors), file=sys.stderr)
        return 1
    failed = 0
    for pack in packs:
        program = os.path.join(work, f"{pack}_test")
        subprocess.run([compiler, "-static", *objects[pack], *objects[""], "-o", program, "-lpthread"], check=True)
        print(f"cross: {pack} on {args.arch}, levels {', '.join(row['name'] for row in rows)}", flush=True)
        failed += subprocess.run([emulator, program, f"--gtest_filter={args.filter}"]).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
