#!/usr/bin/env python3
"""audit.py HOST AUDIT: no library of a plugin is mapped before an operator of it is used, and then only that one. The dynamic linker is the
witness (LD_AUDIT)."""
import os
import subprocess
import sys


def main():
    host, audit = sys.argv[1:]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TENON_")}
    environment["LD_AUDIT"] = audit
    done = subprocess.run([host], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{host} ended with {done.returncode}: {done.stderr}")
    opened, stage = {}, ""
    for line in done.stdout.splitlines():
        word, rest = line.split(" ", 1)
        if word == "stage":
            stage = rest
            opened[stage] = []
        else:
            opened.setdefault(stage, []).append(os.path.basename(rest))
    expected = {"create": [], "plugins": [], "operators": [], "targets": [], "use": ["normalization.so"], "end": []}
    print(f"plugin libraries mapped, by stage: {opened}")
    if opened != expected:
        sys.exit(f"expected {expected}")


main()
