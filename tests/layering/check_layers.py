#!/usr/bin/env python3
"""Who may include whom, on the text of every source; and: core and capi/src name no operator.

The build enforces the same by construction (a target per core folder, each with an include root of its own); this check also sees what the
compiler cannot: third-party headers, plugins that reach into core, the command reaching past tenon.h. Standard library only.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Folder: what it may include, beside itself. A core folder brings what it may include itself with it.
CORE = {
    "base": [],
    "type": ["base"],
    "yaml": ["base"],
    "graph": ["base", "type"],
    "stablehlo": ["base", "type"],
    "params": ["base", "type"],
    "op": ["graph", "yaml"],
    "interp": ["stablehlo"],
    "lower": ["graph", "op", "stablehlo"],
    "graphfile": ["graph", "op", "params", "yaml"],
    "target": ["lower", "params", "yaml"],
    "plan": ["lower", "interp"],
    "exec": ["plan"],
    "plugin": ["op", "yaml"],
    "pipeline": ["lower", "graphfile", "target", "plan", "exec", "plugin", "yaml", "params", "interp"],
}
# Third-party headers, and the only places that may include them.
LIBRARIES = {
    r"yaml-cpp/": ["core/yaml/"],
    r"nlohmann/": ["core/params/", "capi/cli/", "tests/", "bench/"],
    r"CLI/": ["capi/cli/"],
    r"pthreadpool\.h": ["core/exec/thread_pool.cpp"],
    r"dlfcn\.h": ["core/plugin/", "core/yaml/", "tests/"],
    r"xsimd/": ["plugins/", "packaging/plugin-projects/"],
    r"oneapi/dnnl/": ["plugins/onednn/"],
    r"gtest/|gmock/": ["_test.cpp", "tests/", "test_support.h", "_test.h", "plugins/support/test_"],
    r"benchmark/": ["bench/"],
}
PUBLIC = {"base.h": "any", "plugin.h": "any", "tenon.h": "host", "plugin.hpp": "plugin", "plugin_node.hpp": "plugin",
          "plugin_builder.hpp": "plugin", "tenon.hpp": "host", "tenon_values.hpp": "host"}

problems = []


def complain(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def closure(folder):
    seen, todo = set(), [folder]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += CORE[name]
    return seen


def sources():
    for top in ("core", "capi", "plugins", "tests", "bench", "packaging"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith((".c", ".cpp", ".h", ".hpp")):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def check_include(path, number, target, quoted):
    test = "_test." in path or path.startswith("tests/") or "_fuzz." in path
    for pattern, places in LIBRARIES.items():
        if re.match(pattern, target) and not any(place in path for place in places):
            complain(path, number, f"only {', '.join(places)} may include {target}")
    parts = path.split("/")
    if target.startswith("core/"):
        folder = target.split("/")[1]
        if parts[0] == "core":
            allowed = closure(parts[1])
            if folder not in allowed and not test:
                complain(path, number, f"core/{parts[1]} may not include core/{folder} (it may include {', '.join(sorted(allowed))})")
        elif not (path.startswith("capi/src/") or test or parts[0] == "bench"):
            complain(path, number, f"{parts[0]} may not include core: plugins and the command see the public headers alone")
    elif target.startswith("tenon/"):
        kind = PUBLIC.get(target[6:])
        if kind is None:
            complain(path, number, f"{target} is no public header")
        if parts[0] == "core" and target[6:] not in ("base.h", "plugin.h") and not test:
            complain(path, number, f"core may not include {target}")
        if parts[0] == "core" and target[6:] == "plugin.h" and parts[1] not in ("op", "plugin", "lower", "pipeline", "plan", "exec") and not test:
            complain(path, number, f"core/{parts[1]} may not include tenon/plugin.h")
        if parts[0] == "plugins" and kind == "host":
            complain(path, number, f"a plugin may not include {target}: it never links libtenon")
        if path.startswith("capi/include/") and kind is not None and target[6:] not in ("base.h", "plugin.h", "tenon.h", "tenon_values.hpp") and kind != "plugin":
            complain(path, number, f"a public header may not include {target}")
        if path.startswith("capi/include/") and kind == "plugin" and not os.path.basename(path).startswith("plugin"):
            complain(path, number, f"a host's header may not include {target}")
    elif target.startswith("capi/") and not path.startswith(("capi/src/", "tests/")):
        complain(path, number, f"{target} is libtenon's inside")
    if path.endswith(".simd.cpp") is False and parts[0] == "plugins" and target.startswith("xsimd/") and "support" not in path:
        complain(path, number, "xsimd is for *.simd.cpp and plugins/support alone")
    if path.startswith("core/") and quoted and "/" not in target and target != "arch_table.inc" and not target.endswith(".inc"):
        complain(path, number, f'includes are written from the root: "core/..", not "{target}"')


def check_includes():
    for path in sources():
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
                if match:
                    check_include(path, number, match.group(2), match.group(1) == '"')


def operator_names():
    names = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "plugins")):
        if "op.yaml" in files:
            with open(os.path.join(folder, "op.yaml"), encoding="utf-8") as file:
                text = file.read()
            names |= set(re.findall(r"^- name: *([a-z0-9_]+)", text, re.M))
            for aliases in re.findall(r"^  aliases: *\[([^\]]*)\]", text, re.M):
                names |= {a.strip() for a in aliases.split(",") if a.strip()}
    return names


# Operators' names that mean something else in core/: functions of C++, operations and rules of StableHLO, keys and words of the schemas.
OTHER_MEANINGS = {"is_nan", "is_inf", "shift_right", "not_equal", "min", "max", "all", "any", "dense", "where"}


def stablehlo_names():
    with open(os.path.join(ROOT, "core/stablehlo/op_table.cpp"), encoding="utf-8") as file:
        return set(re.findall(r'"(?:stablehlo|func|util)\.([a-z_.]+)"', file.read()))


def check_names():
    names = operator_names()
    if not names:
        problems.append("plugins: no op.yaml found: the check of names would check nothing")
    own = stablehlo_names() | OTHER_MEANINGS
    several = {n for n in names if "_" in n and n not in own}
    single = {n for n in names if "_" not in n and n not in own}
    folded = re.compile("|".join(sorted((n.replace("_", "_?") for n in several), key=len, reverse=True)), re.I) if several else None
    literal = re.compile('"(?:%s)"' % "|".join(sorted(single))) if single else None
    for path in sources():
        if not path.startswith(("core/", "capi/src/")) or "_test." in path or "_fuzz." in path or "test_support" in path or "fake_operators" in path:
            continue
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                code = line.split("//")[0]  # comments may give examples
                if folded and folded.search(code):
                    complain(path, number, f"names the operator {folded.search(code).group(0)}: the core names no operator")
                if literal and literal.search(code):
                    complain(path, number, f"names the operator {literal.search(code).group(0)}")


def self_test():
    """The check can fail: known wrong lines are found."""
    before = len(problems)
    check_include("core/type/x.cpp", 1, "core/op/call.h", True)
    check_include("plugins/normalization/x.cpp", 1, "core/base/status.h", True)
    check_include("capi/cli/x.cpp", 1, "core/base/status.h", True)
    check_include("core/graph/x.cpp", 1, "yaml-cpp/yaml.h", False)
    found = len(problems) - before
    del problems[before:]
    if found != 4:
        problems.append(f"the check itself is broken: it finds {found} of 4 wrong includes")


self_test()
check_includes()
check_names()
for problem in problems:
    print(problem)
print(f"layers: {len(list(sources()))} files, {len(operator_names())} operator names, {len(problems)} problems")
sys.exit(1 if problems else 0)
