"""What the public headers declare, as clang reads them: structs with their members, functions, numbers. For the other checks here."""
import json
import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = os.path.join(ROOT, "capi/include")
MAIN = "tenon/tenon.h"  # includes the other C headers


class Headers:
    def __init__(self, include=INCLUDE):
        if shutil.which("clang") is None:
            raise SystemExit("missing compiler: clang")
        self.include = include
        command = ["clang", "-std=c99", "-I", include, "-x", "c", os.path.join(include, MAIN)]
        tree = json.loads(subprocess.run([*command, "-fsyntax-only", "-Xclang", "-ast-dump=json"], capture_output=True, text=True,
                                         check=True).stdout)
        self.structs, self.functions, self.opaque, self.types = {}, {}, set(), {}
        anonymous = {}
        for node in tree["inner"]:
            name = node.get("name", "")
            if node["kind"] == "RecordDecl":
                if not node.get("completeDefinition"):
                    self.opaque.add(name)
                elif name:
                    self.structs[name] = node
                else:
                    anonymous[node["id"]] = node
            elif node["kind"] == "TypedefDecl":
                owned = node["inner"][0].get("ownedTagDecl", {}).get("id") if node.get("inner") else None
                if owned in anonymous:
                    self.structs[name] = anonymous[owned]
                self.types[name] = node["type"]["qualType"]
            elif node["kind"] == "FunctionDecl":
                self.functions[name] = node
        ours = re.compile(r"(tenon_|DL)")
        self.structs = {n: s for n, s in self.structs.items() if ours.match(n)}
        self.opaque = {n for n in self.opaque if ours.match(n)} - set(self.structs)
        self.types = {n: t for n, t in self.types.items() if ours.match(n)}
        self.defines = subprocess.run([*command, "-E", "-dM"], capture_output=True, text=True, check=True).stdout
        if len(self.structs) < 25 or len(self.functions) < 60:
            raise SystemExit(f"headers.py: {len(self.structs)} structs, {len(self.functions)} functions: the reading is broken")

    def members(self, struct):
        """(name, type as written) in order."""
        return [(f.get("name", ""), f["type"]["qualType"]) for f in self.structs[struct].get("inner", []) if f["kind"] == "FieldDecl"]

    def numbers(self):
        """The TENON_X macros that are plain numbers."""
        found = re.findall(r"^#define (TENON_\w+) (\S+)$", self.defines, re.M)
        return {name: value for name, value in found if re.match(r"-?\d|INT64_MIN$|\(\(size_t\)-1\)$", value)}
