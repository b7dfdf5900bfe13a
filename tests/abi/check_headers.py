#!/usr/bin/env python3
"""The public headers under every standard and compiler that users have: each alone, in either order, twice, and with every initialiser
used, without a warning; and the frozen layouts on six architectures, in C and in C++. No test passes without its compiler: a missing one is
an error."""
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = os.path.join(ROOT, "capi/include")
C = ["base.h", "plugin.h", "tenon.h"]
# Each header first, so that it must stand alone; then another; then both again.
C_ORDERS = [[a, b, a, b] for a, b in itertools.permutations(C, 2)]
CPP_ALONE = sorted(name for name in os.listdir(os.path.join(INCLUDE, "tenon")) if name.endswith(".hpp"))
CPP = [[h, h] for h in CPP_ALONE] + [["tenon.hpp", "plugin.hpp"], ["plugin.hpp", "tenon.hpp"]]
WARN = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-pedantic-errors", "-Werror"]
LP64 = ["x86_64-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu", "s390x-linux-gnu"]
ILP32 = ["i386-linux-gnu", "arm-linux-gnueabihf"]


def initialisers():
    """A function per TENON_.._INIT macro: a list that is too short warns only where the macro is used."""
    lines = ['#include "tenon/tenon.h"', "int tenon_use_initialisers(void);", "int tenon_use_initialisers(void) {", "  size_t sum = 0;"]
    count = 0
    for header in C:
        with open(os.path.join(INCLUDE, "tenon", header), encoding="utf-8") as file:
            for macro in re.findall(r"^#define (TENON_\w+_INIT)[ \\\n]", file.read(), re.M):
                count += 1
                lines.append(f"  {{ const {macro[:-5].lower()} value = {macro}; sum += sizeof value; }}")
    if count < 15:
        raise SystemExit(f"check_headers: only {count} initialisers found: the check is broken")
    return "\n".join(lines + ["  return sum > 0;", "}"]) + "\n"


def jobs(folder):
    number = 0
    uses = initialisers()
    for compiler, standards, suffix, orders in (
        ("gcc", ["c99", "c11", "c17", "c2x"], ".c", C_ORDERS),
        ("clang", ["c99", "c11", "c17", "c2x"], ".c", C_ORDERS),
        ("g++", ["c++11", "c++14", "c++17", "c++20", "c++23"], ".cpp", C_ORDERS),
        ("clang++", ["c++11", "c++14", "c++17", "c++20", "c++2b"], ".cpp", C_ORDERS),
        ("g++", ["c++17", "c++20", "c++23"], ".cpp", CPP),
        ("clang++", ["c++17", "c++20", "c++2b"], ".cpp", CPP),
    ):
        bodies = ["".join(f'#include "tenon/{h}"\n' for h in order) + "int tenon_headers_compile;\n" for order in orders]
        if orders is C_ORDERS:
            bodies.append(uses)
        for standard in standards:
            for body in bodies:
                number += 1
                path = os.path.join(folder, f"h{number}{suffix}")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(body)
                yield [compiler, f"-std={standard}", *WARN, "-I", INCLUDE, "-fsyntax-only", path]
    for target in LP64 + ILP32:
        free = [f"--target={target}", "-ffreestanding", "-fsyntax-only", *WARN, "-I", INCLUDE]
        yield ["clang++", "-std=c++17", *free, os.path.join(ROOT, "capi/src/abi_v1.cpp")]
        yield ["clang", "-std=c11", *free, os.path.join(ROOT, "capi/src/abi_v1.c")]
        if target in LP64:  # padding is a member, reservedN, that the receiver checks
            yield ["clang", "-std=c99", "-Wpadded", *free, "-x", "c", os.path.join(INCLUDE, "tenon/tenon.h")]


def run(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return command, result.returncode, result.stderr


def main():
    for compiler in ("gcc", "g++", "clang", "clang++"):
        if shutil.which(compiler) is None:
            print(f"missing compiler: {compiler}")
            return 1
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(run, jobs(folder)))
    bad = [r for r in results if r[1] != 0]
    for command, _, message in bad[:10]:
        print(" ".join(command), "\n", message)
    print(f"headers: {len(results)} compilations, {len(bad)} failed")
    return 1 if bad else 0


sys.exit(main())
