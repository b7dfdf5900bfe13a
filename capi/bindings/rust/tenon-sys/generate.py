#!/usr/bin/env python3
"""Writes tenon-sys's declarations from the C headers, and the layout that a C compiler gives their structs.

    generate.py [--check] [--include DIR] [--cc COMPILER]

src/base.rs, plugin.rs, host.rs, functions.rs: what base.h, plugin.h and tenon.h declare, with their comments. src/layout.rs: size and
alignment of every struct, asserted when the crate is compiled. tests/headers.rs: the offset of every field, and that the library has every
function. The numbers are what a C program prints. --check: writes nothing, and fails where a file is not what the headers say.

Standard library only.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
SCALARS = {
    "void": "c_void", "char": "c_char", "double": "f64", "size_t": "usize", "int8_t": "i8", "uint8_t": "u8", "int16_t": "i16",
    "uint16_t": "u16", "int32_t": "i32", "uint32_t": "u32", "int64_t": "i64", "uint64_t": "u64",
}
KEYWORDS = {"type", "fn", "self", "use", "in", "ref", "move", "match", "mod", "impl", "where"}
OPAQUE = """#[repr(C)]
#[derive(Debug)]
pub struct NAME {
    _private: [u8; 0],
    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}
"""


class Problem(Exception):
    """A part of a header that this script does not read."""


def safe(name):
    return name + "_" if name in KEYWORDS else name


def rust_type(text):
    """`const int64_t*` and the like; stars and consts read from the left."""
    text = re.sub(r"\b(struct|volatile)\b", " ", text)
    tokens = re.findall(r"\w+|\*", text)
    constant, name, out = False, None, None
    for token in tokens:
        if token == "const":
            constant = True
        elif token == "*":
            out = f"*{'const' if constant else 'mut'} {out}"
            constant = False
        elif name is None:
            name = token
            out = SCALARS.get(token, token)
        else:
            raise Problem(f"cannot read the type `{text}`")
    return out


def split_name(text):
    """`const char* const* names` -> type and name; `uint64_t words[4]` -> an array."""
    found = re.fullmatch(r"\s*(.*?[\s*])(\w+)\s*(?:\[(\d+)\])?\s*", text, re.S)
    if not found:
        raise Problem(f"cannot read `{text}`")
    kind = rust_type(found.group(1))
    return (f"[{kind}; {found.group(3)}]" if found.group(3) else kind), found.group(2)


def arguments(text):
    if text.strip() == "void":
        return ""
    return ", ".join(f"{safe(name)}: {kind}" for kind, name in map(split_name, text.split(",")))


def result(text):
    return "" if text.strip() == "void" else f" -> {rust_type(text)}"


def function_pointer(text):
    """`int32_t (*run)(..)` -> type and name, or None."""
    found = re.fullmatch(r"\s*(.*?)\(\s*\*\s*(\w+)\s*\)\s*\((.*)\)\s*", text, re.S)
    if not found:
        return None
    return f"Option<unsafe extern \"C\" fn({arguments(found.group(3))}){result(found.group(1))}>", found.group(2)


def is_chapter(comment):
    """`---- Tensors ----`: it speaks of the type that follows, not of the constants before it."""
    return comment.strip().startswith("----")


def doc(comment, indent=""):
    comment = re.sub(r"^\s*---- (.*?) ----", r" \1", comment, flags=re.S)
    lines = [re.sub(r"^\s*\*? ?", "", line).rstrip() for line in comment.split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return "".join(f"{indent}/// {line}".rstrip() + "\n" for line in lines)


class Header:
    """One header: what it declares, in order, as Rust text; its structs with their fields."""

    def __init__(self, path):
        self.text = path.read_text(encoding="utf-8")
        self.name = path.name
        self.parts, self.functions, self.structs, self.initial = [], [], {}, {}

    def read(self):
        text = self.text
        self.lines_of_initials()
        at, comment = 0, ""
        pattern = re.compile(
            r"/\*(?P<comment>.*?)\*/"
            r"|^[ \t]*#(?P<directive>(?:[^\n\\/]|\\\n|/(?!\*))*)"
            r"|typedef struct(?:\s+\w+)?\s*\{(?P<body>.*?)\}\s*(?P<struct>\w+);"
            r"|typedef struct \w+ (?P<opaque>\w+);"
            r"|typedef (?P<alias>\w+) (?P<alias_name>\w+);"
            r"|typedef (?P<callback>[^;{]*?\(\*\w+\)[^;]*);"
            r"|TENON_EXPORT (?P<function>[^;]*);"
            r"|(?P<blank>\n[ \t]*\n)", re.S | re.M)
        last_constant = None
        while True:
            found = pattern.search(text, at)
            if not found:
                break
            same_line = "\n" not in text[at:found.start()]
            at = found.end()
            if found.group("comment") is not None:
                if same_line and last_constant is not None:
                    self.parts[last_constant] = doc(found.group("comment")) + self.parts[last_constant]
                else:
                    comment = found.group("comment")
                last_constant = None
                continue
            last_constant = None
            if found.group("blank") is not None:
                comment = ""
                at = found.start() + 1
                continue
            if found.group("directive") is not None:
                last_constant = self.constant(found.group("directive"), comment)
                if last_constant is not None and not is_chapter(comment):
                    comment = ""
                continue
            if found.group("struct"):
                self.struct(found.group("struct"), found.group("body"), comment)
            elif found.group("opaque"):
                name = found.group("opaque")
                self.parts.append(doc(comment or "Opaque.") + OPAQUE.replace("NAME", name))
                last_constant = len(self.parts) - 1
            elif found.group("alias"):
                self.parts.append(f"{doc(comment)}pub type {found.group('alias_name')} = {SCALARS[found.group('alias')]};\n")
            elif found.group("callback"):
                kind, name = function_pointer(found.group("callback"))
                self.parts.append(f"{doc(comment)}pub type {name} = {kind};\n")
            elif found.group("function"):
                signature = re.fullmatch(r"(.*?[\s*])(\w+)\((.*)\)", found.group("function"), re.S)
                if signature.group(2) == "TENON_PLUGIN_ENTRY":
                    continue
                line = f"pub fn {signature.group(2)}({arguments(signature.group(3))}){result(signature.group(1))};"
                wrapped = textwrap.wrap(line, 140, initial_indent="    ", subsequent_indent="        ", break_long_words=False)
                self.functions.append(doc(comment, "    ") + "\n".join(wrapped) + "\n")
                continue  # the twin on the next line shares the comment
            comment = ""

    def constant(self, directive, comment):
        found = re.fullmatch(r"define (\w+)\s+(.+?)\s*", directive, re.S)
        if not found:
            return None
        name, value = found.groups()
        number = re.fullmatch(r"(0x[0-9A-Fa-f]+|\d+)(u?)", value)
        shift = re.fullmatch(r"\((\d+)UL << (\d+)UL\)", value)
        if number:
            kind = "u32" if number.group(2) or name.startswith("TENON_PLUGIN_API_") or name.startswith("DLPACK_") else "i32"
            line = f"pub const {name}: {kind} = {number.group(1)};\n"
        elif shift:
            line = f"pub const {name}: u64 = {shift.group(1)} << {shift.group(2)};\n"
        elif value == "((size_t)-1)":
            line = f"pub const {name}: usize = usize::MAX;\n"
        elif value == "INT64_MIN":
            line = f"pub const {name}: i64 = i64::MIN;\n"
        elif value.startswith('"'):
            line = f"pub const {name}: &str = {value};\n"
        else:
            return None
        self.parts.append(("" if is_chapter(comment) else doc(comment)) + line)
        return len(self.parts) - 1

    def lines_of_initials(self):
        """TENON_X_INIT: the values behind the header, in the fields' order."""
        for found in re.finditer(r"#define (TENON_\w+)_INIT((?:[^\n\\]|\\\n)*)", self.text):
            body = found.group(2).replace("\\\n", " ")
            body = re.sub(r"TENON_HEADER_INIT\([^)]*\)", "HEADER", body)
            braces = re.search(r"\{(.*)\}", body)
            if braces and not found.group(1).endswith("HEADER"):
                self.initial[found.group(1).lower()] = [value.strip() for value in braces.group(1).split(",")]

    def struct(self, name, body, comment):
        fields = []
        for found in re.finditer(r"/\*(.*?)\*/|([^;/]+);([ \t]*/\*.*?\*/)?", body, re.S):
            if found.group(2) is None:
                before = found.group(1)
                fields.append((None, None, before))
                continue
            trailing = found.group(3).strip()[2:-2] if found.group(3) else ""
            pointer = function_pointer(found.group(2))
            if pointer:
                fields.append((pointer[1], pointer[0], trailing))
            else:
                first, *more = found.group(2).split(",")
                kind, field = split_name(first)
                fields.append((field, kind, trailing))
                fields += [(other.strip(), kind, "") for other in more]
        lines, pending = "", ""
        for field, kind, note in fields:
            if field is None:
                pending += doc(note, "    ")
                continue
            lines += pending + (doc(note, "    ") if note else "") + f"    pub {safe(field)}: {kind},\n"
            pending = ""
        named = [(field, kind) for field, kind, _ in fields if field]
        self.structs[name] = [field for field, _ in named]
        text = f"{doc(comment)}#[repr(C)]\n#[derive(Clone, Copy, Debug)]\npub struct {name} {{\n{lines}}}\n"
        if name in self.initial:
            text += self.initialiser(name, named)
        self.parts.append(text)

    def initialiser(self, name, named):
        values = self.initial[name]
        if len(values) != len(named):
            raise Problem(f"{name}: {len(named)} fields, {len(values)} values in its INIT macro")
        lines = ""
        for (field, kind), value in zip(named, values):
            if value == "HEADER":
                value = f"crate::header_of::<{name}>({name.upper().replace('TENON_', 'TENON_KIND_', 1)})"
            elif value == "NULL":
                value = "None" if kind.startswith("Option") or kind.endswith("_fn") else \
                    f"core::ptr::null{'_mut' if kind.startswith('*mut') else ''}()"
            lines += f"        {safe(field)}: {value},\n"
        return (f"impl {name} {{\n    /// What the header's macro of this name sets.\n"
                f"    pub const INIT: Self = Self {{\n{lines}    }};\n}}\n")

    def rust(self, uses):
        out = f"//! Declarations of `tenon/{self.name}`, written by generate.py: change the header and run it again.\n{uses}"
        for before, part in zip([""] + self.parts, self.parts):  # constants stand together
            together = part.startswith("pub const") and before.startswith("pub const")
            out += ("" if together else "\n") + part
        return out

    def rust_functions(self):
        return f"//! Functions of `tenon/{self.name}`, written by generate.py: change the header and run it again.\nuse crate::base::*;\n" \
               "use crate::host::*;\nuse crate::plugin::*;\nuse std::os::raw::c_char;\n\nextern \"C\" {\n" + "".join(self.functions) + "}\n"


def layouts(headers, include, compiler):
    """{struct: (size, alignment, {field: offset})} as a C program prints them."""
    lines = []
    for header in headers:
        for name, fields in header.structs.items():
            lines.append(f'printf("{name} %zu %zu\\n", sizeof({name}), _Alignof({name}));')
            lines += [f'printf("{name} {field} %zu\\n", offsetof({name}, {field}));' for field in fields]
    source = '#include <stdio.h>\n#include "tenon/tenon.h"\nint main(void) {\n' + "\n".join(lines) + "\nreturn 0; }\n"
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "layout.c"
        path.write_text(source, encoding="utf-8")
        subprocess.run([compiler, "-std=c11", f"-I{include}", str(path), "-o", f"{folder}/layout"], check=True)
        printed = subprocess.run([f"{folder}/layout"], check=True, capture_output=True, text=True).stdout
    out = {}
    for line in printed.splitlines():
        name, second, third = line.split()
        if second.isdigit():
            out[name] = (int(second), int(third), {})
        else:
            out[name][2][second] = int(third)
    return out


def layout_files(found, functions, host_structs):
    sizes = "//! Sizes and alignments that a C compiler gives the structs, with 64-bit pointers. Written by generate.py.\nuse crate::*;\n" \
            "use core::mem::{align_of, size_of};\n\n"
    offsets = "//! What C has: the offset of every field, with 64-bit pointers, and every function. Written by generate.py.\n" \
              "#![cfg(target_pointer_width = \"64\")]\nuse core::mem::MaybeUninit;\nuse core::ptr::addr_of;\nuse tenon_sys::*;\n\n" \
              "macro_rules! offsets {\n    ($name:ident { $($field:ident: $offset:expr,)* }) => {{\n" \
              "        let memory = MaybeUninit::<$name>::uninit();\n        let start = memory.as_ptr();\n" \
              "        $(assert_eq!(unsafe { addr_of!((*start).$field) } as usize - start as usize, $offset,\n" \
              "            concat!(stringify!($name), \".\", stringify!($field)));)*\n" \
              "        // A field that is missing above does not compile.\n" \
              "        let _all = |value: $name| { let $name { $($field: _),* } = value; };\n    }};\n}\n\n" \
              "#[test]\nfn every_field_is_where_c_has_it() {\n"
    for name, (size, alignment, fields) in found.items():
        sizes += "#[cfg(feature = \"host\")]\n" if name in host_structs else ""
        sizes += f"const _: () = assert!(size_of::<{name}>() == {size} && align_of::<{name}>() == {alignment});\n"
        inner = " ".join(f"{safe(field)}: {offset}," for field, offset in fields.items())
        offsets += "    #[cfg(feature = \"host\")]\n" if name in host_structs else ""
        offsets += f"    offsets!({name} {{ {inner} }});\n"
    offsets += "}\n\n#[cfg(feature = \"host\")]\n#[test]\nfn every_function_is_in_the_library() {\n    let all = [\n"
    offsets += "".join(f"        {name} as *const (),\n" for name in functions)
    return sizes, offsets + "    ];\n    assert!(all.iter().all(|function| !function.is_null()));\n}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--include", default=str(HERE.parents[2] / "include"), help="folder that holds tenon/tenon.h")
    parser.add_argument("--cc", default="cc", help="C compiler")
    options = parser.parse_args()
    folder = pathlib.Path(options.include) / "tenon"
    headers = [Header(folder / name) for name in ("base.h", "plugin.h", "tenon.h")]
    for header in headers:
        header.read()
    functions = [name for header in headers for name in re.findall(r"pub fn (\w+)\(", "".join(header.functions))]
    sizes, offsets = layout_files(layouts(headers, options.include, options.cc), functions, headers[2].structs)
    raw = "use std::os::raw::{c_char, c_void};\n"
    files = {
        "src/base.rs": headers[0].rust(raw),
        "src/plugin.rs": headers[1].rust("use crate::base::*;\n" + raw),
        "src/host.rs": headers[2].rust("use crate::base::*;\nuse crate::plugin::*;\n" + raw),
        "src/functions.rs": headers[2].rust_functions(),
        "src/layout.rs": sizes,
        "tests/headers.rs": offsets,
    }
    wrong = []
    for name, text in files.items():
        path = HERE / name
        if options.check:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                wrong.append(name)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if wrong:
        print(f"tenon-sys: {', '.join(wrong)} not as the headers in {folder} say: run generate.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Problem, OSError, subprocess.CalledProcessError) as problem:
        print(f"generate.py: {problem}", file=sys.stderr)
        sys.exit(1)
