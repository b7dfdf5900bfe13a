#!/usr/bin/env python3
"""check_symbols.py LIBTENON PLUGIN..: libtenon exports the functions that tenon.h declares and nothing else (no UNIQUE, no WEAK, no type
information); a plugin exports its one symbol and does not link libtenon; both are linked as the loader and the manual say.

check_symbols.py --objects FOLDER: no SIMD object (*.simd.cpp.o) below it of one level shares a weak symbol with another's."""
import pathlib
import re
import subprocess
import sys

from headers import Headers

QUERY = "tenon_plugin_query_v1"
# What libtenon may need: another name here is a new dependency of every program that uses Tenon.
NEEDED = r"lib(tenon|pthreadpool|yaml-cpp|stdc\+\+|m|gcc_s|c)\.so\.[\d.]+|ld-linux[\w.-]+"


def lines(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def symbols(path, *options):
    rows = []
    for line in lines("nm", *options, path):
        match = re.match(r"[0-9a-f]*\s+([A-Za-z])\s+(\S+)", line)
        if match:
            rows.append((match.group(1), match.group(2)))
    return rows


def check_exports(path, expected, version):
    problems, exported = [], set()
    for kind, name in symbols(path, "-D", "--defined-only"):
        if kind == "A":  # the version node itself
            continue
        plain, _, node = name.partition("@@")
        exported.add(plain)
        if kind not in "TD" or plain not in expected:
            problems.append(f"{path}: exports {kind} {name}")
        elif node != version:
            problems.append(f"{path}: {plain} has the version {node or 'none'}, expected {version or 'none'}")
    problems += [f"{path}: does not export {name}" for name in sorted(set(expected) - exported)]
    return problems


def check_link(path, plugin):
    problems = []
    dynamic = "\n".join(lines("readelf", "-dW", path))
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    soname = re.findall(r"\(SONAME\).*\[(.*)\]", dynamic)
    flags = " ".join(re.findall(r"\(FLAGS(?:_1)?\)\s+(.*)", dynamic))
    for flag in ("NOW", "NODELETE"):
        if flag not in flags.split():
            problems.append(f"{path}: is not linked with -z {flag.lower()} (flags: {flags})")
    if "TEXTREL" in dynamic:
        problems.append(f"{path}: has text relocations")
    for name in needed:
        if plugin and name.startswith("libtenon"):
            problems.append(f"{path}: a plugin must not link {name}: the host gives it a table")
        elif not plugin and not re.fullmatch(NEEDED, name):
            problems.append(f"{path}: needs {name}, which is not among what libtenon may need")
    if not plugin and soname != ["libtenon.so.1"]:
        problems.append(f"{path}: is named {soname}, expected libtenon.so.1")
    headers = "\n".join(lines("readelf", "-lW", path))
    if not re.search(r"GNU_STACK.*\bRW\b", headers):
        problems.append(f"{path}: has an executable stack")
    if "GNU_RELRO" not in headers:
        problems.append(f"{path}: is not linked with -z relro")
    tls = re.search(r"^\s*TLS\s+\S+\s+\S+\s+\S+\s+\S+\s+(0x[0-9a-f]+)", headers, re.M)
    if tls and int(tls.group(1), 16) > 1024:  # a program may open it late, when glibc has about 1.5 KiB of static TLS left
        problems.append(f"{path}: has {int(tls.group(1), 16)} bytes of thread-local memory")
    return problems


def check_objects(paths):
    seen, problems = {}, []
    for path in paths:
        for kind, name in symbols(path, "--defined-only"):
            if kind in "WVu":
                if name in seen and seen[name] != path:
                    problems.append(f"{path} and {seen[name]} share the weak symbol {name}: the linker may keep the wrong one")
                seen[name] = path
    return problems


def main():
    if sys.argv[1] == "--objects":
        objects = sorted(pathlib.Path(sys.argv[2]).rglob("*.simd.cpp.o"))
        problems = check_objects(objects)
        print(f"objects: {len(objects)} files, {len(problems)} problems")
        if len(objects) < 2:
            problems.append("fewer than two objects: nothing was compared")
    else:
        declared = set(Headers().functions) - {QUERY}
        problems = check_exports(sys.argv[1], declared, "TENON_1.0") + check_link(sys.argv[1], False)
        for plugin in sys.argv[2:]:
            problems += check_exports(plugin, {QUERY}, "") + check_link(plugin, True)
        print(f"exports: {len(declared)} of libtenon, {len(sys.argv) - 2} plugins, {len(problems)} problems")
        if len(sys.argv) < 4:
            problems.append("fewer than two plugins: the check is not called as it should be")
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
