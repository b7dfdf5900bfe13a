#!/usr/bin/env python3
"""check_symbols.py LIBTENON PLUGIN..: libtenon exports tenon_* and nothing else (no UNIQUE, no WEAK); a plugin exports its one symbol; no SIMD
object of one level shares a weak symbol with another's (check_symbols.py --objects FILE..)."""
import re
import subprocess
import sys


def symbols(path, *options):
    text = subprocess.run(["nm", *options, path], capture_output=True, text=True, check=True).stdout
    rows = []
    for line in text.splitlines():
        match = re.match(r"[0-9a-f]*\s+([A-Za-z])\s+(\S+)", line)
        if match:
            rows.append((match.group(1), match.group(2).split("@")[0]))
    return rows


def check_exports(path, allowed):
    problems, exported = [], 0
    for kind, name in symbols(path, "-D", "--defined-only"):
        if kind == "A":  # the version node itself
            continue
        exported += 1
        if kind not in "TD" or not re.fullmatch(allowed, name):
            problems.append(f"{path}: exports {kind} {name}")
    if exported == 0:
        problems.append(f"{path}: exports nothing")
    return problems, exported


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
        problems = check_objects(sys.argv[2:])
        print(f"objects: {len(sys.argv) - 2} files, {len(problems)} problems")
        if len(sys.argv) < 4:
            problems.append("fewer than two objects: nothing was compared")
    else:
        problems, count = check_exports(sys.argv[1], r"tenon_\w+")
        if count < 60:
            problems.append(f"{sys.argv[1]}: only {count} exports")
        for plugin in sys.argv[2:]:
            found, exported = check_exports(plugin, r"tenon_plugin_query_v1")
            problems += found
            if exported != 1:
                problems.append(f"{plugin}: exports {exported} symbols, not one")
        print(f"exports: {count} of libtenon, {len(sys.argv) - 2} plugins, {len(problems)} problems")
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
