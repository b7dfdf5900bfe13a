#!/usr/bin/env python3
"""capi/src/abi_v1.inc freezes every public struct, member by member, and every number; and the headers keep their own rules: fixed-width
types, no enum, bool, long, bit-field, anonymous or variable-length member, nothing by value, nothing variadic, no #if inside a struct."""
import os
import re
import sys

from headers import ROOT, Headers

MOVING = {"TENON_VERSION_MAJOR", "TENON_VERSION_MINOR", "TENON_VERSION_PATCH", "TENON_PLUGIN_API_MINOR"}  # every release
FORBIDDEN = re.compile(r"\b(enum|bool|_Bool|wchar_t|FILE|time_t|va_list|long|short|unsigned|union|\w*_fast\w*|ssize_t)\b")
# base.h and plugin.h use `char` for text alone, and `int` not at all.
PLAIN_INT = re.compile(r"(?<!\w)(int|signed)(?!\w)")
problems = []


def complain(text):
    problems.append(text)


def frozen():
    with open(os.path.join(ROOT, "capi/src/abi_v1.inc"), encoding="utf-8") as file:
        text = file.read()
    rows = re.findall(r"^(STRUCT|ALIGN|FIELD|ENDS|NUMBER)\(([^,]+)(?:, ([\w:]+))?", text, re.M)
    structs = {first: {"fields": [], "ends": None, "align": False} for kind, first, _ in rows if kind == "STRUCT"}
    numbers = set()
    for kind, first, second in rows:
        if kind == "NUMBER":
            numbers.add(first)
        elif first not in structs:
            complain(f"abi_v1.inc: {kind} of {first}, which has no STRUCT line")
        elif kind == "FIELD":
            structs[first]["fields"].append(second)
        elif kind == "ENDS":
            structs[first]["ends"] = second
        elif kind == "ALIGN":
            structs[first]["align"] = True
    return structs, numbers


def check_frozen(headers):
    structs, numbers = frozen()
    for name in headers.structs:
        members = [m for m, _ in headers.members(name)]
        known = structs.get(name)
        if known is None:
            complain(f"abi_v1.inc has no STRUCT({name}, ..)")
            continue
        if known["fields"] != members:
            complain(f"abi_v1.inc: {name} has FIELD lines {known['fields']}, the header {members}")
        if known["ends"] != members[-1]:
            complain(f"abi_v1.inc: {name} needs ENDS({name}, {members[-1]})")
        if not known["align"]:
            complain(f"abi_v1.inc: {name} has no ALIGN line")
    for name in set(structs) - set(headers.structs):
        complain(f"abi_v1.inc freezes {name}, which the headers no longer have")
    public = set(headers.numbers()) - MOVING - {"TENON_SANITIZER_HERE"}
    for name in sorted(public - numbers):
        complain(f"abi_v1.inc has no NUMBER({name}, {headers.numbers()[name]})")
    for name in sorted(n for n in numbers - public if n.startswith("TENON_")):
        complain(f"abi_v1.inc freezes {name}, which is no number of the headers")
    return len(structs), len(numbers)


def check_type(where, text, headers):
    if FORBIDDEN.search(text) or PLAIN_INT.search(text):
        complain(f"{where}: {text}: use a fixed-width type, size_t, double or a pointer")
    if text.rstrip().endswith("..."):
        complain(f"{where}: {text}: nothing is variadic")
    bare = text.replace("const ", "").strip()
    return headers.structs.get(bare) is not None or bare.startswith("struct ") and "*" not in bare


def check_rules(headers):
    for name, node in headers.structs.items():
        for member in node.get("inner", []):
            if member.get("isBitfield"):
                complain(f"{name}.{member.get('name')} is a bit-field")
            if member["kind"] in ("RecordDecl", "IndirectFieldDecl"):
                complain(f"{name} has an anonymous struct or union")
        for member, text in headers.members(name):
            check_type(f"{name}.{member}", text, headers)
            if text.endswith("[]"):
                complain(f"{name}.{member} is a variable-length member")
            for part in re.split(r"[(),]", text.split("(*)")[1] if "(*)" in text else ""):
                if part.strip() in headers.structs:
                    complain(f"{name}.{member} passes {part.strip()} by value")
        if ("header", "tenon_header") in headers.members(name) and headers.members(name)[0] != ("header", "tenon_header"):
            complain(f"{name}: the header is not its first member")
    for name, node in headers.functions.items():
        result = node["type"]["qualType"].split("(")[0].strip()
        if check_type(name, result, headers):
            complain(f"{name} returns a struct by value")
        if node.get("variadic"):
            complain(f"{name} is variadic")
        for parameter in node.get("inner", []):
            kind = parameter["type"]["qualType"] if parameter["kind"] == "ParmVarDecl" else ""
            if kind and check_type(f"{name}({parameter.get('name')})", kind, headers):
                complain(f"{name} takes {kind} by value")
    for header in ("base.h", "plugin.h", "tenon.h"):
        with open(os.path.join(headers.include, "tenon", header), encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        for body in re.findall(r"typedef struct[^{;]*\{(.*?)^\}", text, re.S | re.M):
            if "#" in body:
                complain(f"{header}: a directive inside a struct: {body.strip()[:60]}")


def main():
    headers = Headers()
    structs, numbers = check_frozen(headers)
    check_rules(headers)
    print("\n".join(problems))
    print(f"layout: {structs} structs, {numbers} numbers, {len(headers.functions)} functions, {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
