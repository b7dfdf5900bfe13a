#!/usr/bin/env python3
"""The public headers under every standard and compiler that users have: each alone, in either order, twice, without a warning; and the frozen
layouts on six architectures. No test passes without its compiler: a missing one is an error."""
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = os.path.join(ROOT, "capi/include")
C = ["base.h", "plugin.h", "tenon.h"]
C_ORDERS = [[h] for h in C] + [list(p) for p in itertools.permutations(C, 2)] + [[h, h] for h in C]
CPP = [["plugin.hpp"], ["plugin_node.hpp"], ["plugin_builder.hpp"], ["tenon.hpp"], ["tenon.hpp", "plugin.hpp"], ["plugin.hpp", "tenon.hpp"],
       ["tenon.hpp", "tenon.hpp"]]
WARN = ["-Wall", "-Wextra", "-Wconversion", "-pedantic-errors", "-Werror"]
ARCHITECTURES = ["x86_64-linux-gnu", "i386-linux-gnu", "aarch64-linux-gnu", "arm-linux-gnueabihf", "riscv64-linux-gnu", "s390x-linux-gnu"]


def jobs(folder):
    number = 0
    for compiler, standards, suffix, orders in (
        ("gcc", ["c99", "c11", "c17", "c2x"], ".c", C_ORDERS),
        ("clang", ["c99", "c11", "c17", "c2x"], ".c", C_ORDERS),
        ("g++", ["c++11", "c++14", "c++17", "c++20", "c++23"], ".cpp", C_ORDERS),
        ("clang++", ["c++11", "c++14", "c++17", "c++20", "c++2b"], ".cpp", C_ORDERS),
        ("g++", ["c++17", "c++20", "c++23"], ".cpp", CPP),
        ("clang++", ["c++17", "c++20", "c++2b"], ".cpp", CPP),
    ):
        for standard in standards:
            for order in orders:
                number += 1
                path = os.path.join(folder, f"h{number}{suffix}")
                with open(path, "w", encoding="utf-8") as file:
                    file.write("".join(f'#include "tenon/{h}"\n' for h in order) + "int tenon_headers_compile;\n")
                yield [compiler, f"-std={standard}", *WARN, "-I", INCLUDE, "-fsyntax-only", path]
    for target in ARCHITECTURES:
        yield ["clang++", f"--target={target}", "-std=c++17", "-ffreestanding", "-fsyntax-only", *WARN, "-I", INCLUDE,
               os.path.join(ROOT, "capi/src/abi_v1.cpp")]


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
