#!/usr/bin/env python3
"""Every exported function of tenon.h says since when, for which threads and whether it blocks; the version stands in one place."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
problems = []

with open(os.path.join(ROOT, "capi/include/tenon/tenon.h"), encoding="utf-8") as file:
    text = file.read()
# A comment directly before a run of declarations holds for all of them.
functions = 0
tags = ""
for token in re.finditer(r"/\*.*?\*/|TENON_EXPORT[^;]*;|\n\n", text, re.S):
    piece = token.group(0)
    if piece.startswith("/*"):
        tags = piece
    elif piece == "\n\n":
        tags = ""
    else:
        functions += 1
        name = re.search(r"(tenon_\w+)\(", piece).group(1)
        for tag in ("@since", "@threads", "@blocks"):
            if tag not in tags:
                problems.append(f"tenon.h: {name} has no {tag} tag")
        threads = re.search(r"@threads (\S+)", tags)
        if threads and threads.group(1) not in ("any", "exclusive", "init-only", "callback"):
            problems.append(f"tenon.h: {name}: unknown @threads {threads.group(1)}")
if functions < 40:
    problems.append(f"tenon.h: only {functions} functions found: the check is broken")

with open(os.path.join(ROOT, "VERSION"), encoding="utf-8") as file:
    version = file.read().strip()
macros = ".".join(re.search(rf"#define TENON_VERSION_{part} (\d+)", text).group(1) for part in ("MAJOR", "MINOR", "PATCH"))
if macros != version:
    problems.append(f"VERSION says {version}, tenon.h {macros}")

for problem in problems:
    print(problem)
print(f"tags: {functions} functions, {len(problems)} problems")
sys.exit(1 if problems else 0)
