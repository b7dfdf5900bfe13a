#!/usr/bin/env python3
"""Builds what lies beside a plugin's library, and checks the library. Python 3 standard library only.

build   the manifest (its parts concatenated, missing head keys filled in), the cases file, and a C source with the ELF note .note.tenon
        that ties the library to the manifest (layout: core/plugin/elf.h), unless the library makes that itself (no --note).
check   a linked plugin: one exported symbol, the note, and none of -ffast-math's start-up code.
levels  for builds without CMake: a line `NAME FLAGS..` per SIMD level of an architecture, best first, and the header that lists them.
"""
import argparse
import hashlib
import json
import pathlib
import re
import struct
import sys

QUERY = "tenon_plugin_query_v1"
KINDS = {"operators": 1, "importer": 2}
# x86-64-v2 .. v4 as far as configs/arch.json names their features.
VARIANT_CPU = {
    "v2": ["sse3", "ssse3", "sse4_1", "sse4_2", "popcnt"],
    "v3": ["sse3", "ssse3", "sse4_1", "sse4_2", "popcnt", "avx", "avx2", "bmi", "bmi2", "f16c", "fma"],
    "v4": ["sse3", "ssse3", "sse4_1", "sse4_2", "popcnt", "avx", "avx2", "bmi", "bmi2", "f16c", "fma",
           "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"],
}


class Problem(Exception):
    """What is wrong, in one sentence for the person who builds."""


def read(path):
    try:
        text = pathlib.Path(path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: {error}") from error
    return text if not text or text.endswith("\n") else text + "\n"


def header_number(include_dirs, macro):
    """The value of a macro of tenon/plugin.h, from the first include folder that has the header."""
    for folder in include_dirs:
        folder = re.sub(r"\$<BUILD_INTERFACE:(.*)>", r"\1", folder)
        path = pathlib.Path(folder) / "tenon" / "plugin.h"
        if path.is_file():
            found = re.search(rf"^#define {macro} (\d+)\s*$", path.read_text(encoding="utf-8"), re.M)
            if not found:
                raise Problem(f"{path} does not define {macro}")
            return int(found.group(1))
    raise Problem(f"tenon/plugin.h is in none of {include_dirs}")


def split_body(text, where):
    """Head and body: the body starts at the top-level line `ops:` or `formats:` and goes to the end; it alone is in the digest."""
    found = list(re.finditer(r"^(?:ops|formats):", text, re.M))
    if len(found) != 1:
        raise Problem(f"{where}: expected one top-level key `ops:` or `formats:`, found {len(found)}")
    return text[: found[0].start()], text[found[0].start():]


def top_level(head):
    return re.findall(r"^([A-Za-z0-9_-]+):", head, re.M)


def value_of(head, key, where):
    found = re.search(rf"^{key}:[ ]*(\"[^\"]*\"|[^#\n]*?)[ ]*(?:#.*)?$", head, re.M)
    if not found or not found.group(1):
        raise Problem(f"{where}: the manifest's head has no `{key}: value` line")
    return found.group(1).strip('"')


def api_numbers(head, where):
    """The numbers of `api: {major: .., min_minor: .., built_minor: ..}`, flow or block."""
    block = re.search(r"^api:(.*(?:\n[ ]+.*)*)", head, re.M)
    numbers = dict(re.findall(r"(major|min_minor|built_minor):[ ]*(\d+)", block.group(1))) if block else {}
    for key in ("major", "min_minor", "built_minor"):
        if key not in numbers:
            raise Problem(f"{where}: api needs major, min_minor and built_minor")
    return int(numbers["major"]), int(numbers["min_minor"]), int(numbers["built_minor"])


def fill_in(head, options):
    """Adds the keys that the author may leave out; what stands there already stays."""
    keys = top_level(head)
    dirs = [d for d in options.include.split(";") if d]
    major = header_number(dirs, "TENON_PLUGIN_API_MAJOR")
    minor = header_number(dirs, "TENON_PLUGIN_API_MINOR")
    added = ""
    if "schema" not in keys:
        added += "schema: 1\n"
    if "version" not in keys:
        if not options.version:
            raise Problem("the manifest has no version, and the project() call has none either")
        added += f'version: "{options.version}"\n'
    if "api" not in keys:
        added += f"api: {{major: {major}, min_minor: 0, built_minor: {minor}}}\n"
    if "arch" not in keys:
        added += f"arch: {options.arch}\n"
    if "library" not in keys and "variants" not in keys:
        variants = [v for v in options.variants.split(";") if v]
        if variants:
            rows = [f"{{library: {options.library}-{v}.so, cpu: [{', '.join(VARIANT_CPU[v])}]}}" for v in sorted(variants, reverse=True)]
            added += f"variants: [{', '.join(rows)}, {{library: {options.library}.so}}]\n"
        else:
            added += f"library: {options.library}.so\n"
    levels = [level for level in options.levels.split(";") if level]
    if levels and "levels" not in keys:
        added += f"levels: [{', '.join(levels)}]\n"
    return head + added


def note_source(head, body, where):
    """A C source whose only content is the note. Assembly, because compilers give such a section the wrong type."""
    name, version = value_of(head, "name", where), value_of(head, "version", where)
    kind = value_of(head, "kind", where)
    if kind not in KINDS:
        raise Problem(f"{where}: kind is operators or importer, got {kind}")
    encoded = [name.encode(), version.encode()]
    descriptor = struct.pack("<8I", 1, KINDS[kind], *api_numbers(head, where), len(encoded[0]), len(encoded[1]), 0)
    descriptor += hashlib.sha256(body.encode()).digest() + encoded[0] + encoded[1]
    padded = descriptor + bytes(-len(descriptor) % 4)
    lines = [f'  ".byte {", ".join(str(b) for b in padded[i:i + 16])}\\n"' for i in range(0, len(padded), 16)]
    return "\n".join([
        f"/* The ELF note of {name} {version}: generated, ties the library to its manifest. */",
        '__asm__(".pushsection .note.tenon,\\"a\\",%note\\n"',
        '  ".balign 4\\n"',
        f'  ".4byte 6, {len(descriptor)}, 1\\n"',
        '  ".asciz \\"Tenon\\"\\n .balign 4\\n"',
        *lines,
        '  ".popsection\\n");',
        "",
    ])


def write(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes(text.encode())
    temporary.replace(path)


def tighten(path):
    """Takes write permission from group and others: with a umask of 002 the loader would not trust what a build makes."""
    mode = path.stat().st_mode
    if mode & 0o022:
        path.chmod(mode & 0o7755)


def build(options):
    where = options.manifest[0]
    head, body = split_body("".join(read(path) for path in options.manifest), where)
    head = fill_in(head, options)
    if options.note:
        write(options.note, note_source(head, body, where))
    write(options.out, head + body)
    if options.cases_out:
        write(options.cases_out, "".join(read(path) for path in options.cases))
    made = pathlib.Path(options.out)
    tighten(made)
    if made.parent.name == "plugins-1":  # <output>/tenon/plugins-1
        tighten(made.parent)
        tighten(made.parent.parent)


def sections(image):
    """Name, type, content and link of each section of a little-endian ELF file of either class."""
    wide = image[4] == 2
    offset = struct.unpack_from("<Q" if wide else "<I", image, 0x28 if wide else 0x20)[0]
    size, count, names = struct.unpack_from("<3H", image, 0x3A if wide else 0x2E)
    rows = []
    for i in range(count):
        at = offset + i * size
        name, kind = struct.unpack_from("<2I", image, at)
        start, length, link = struct.unpack_from("<QQI" if wide else "<III", image, at + (24 if wide else 16))
        rows.append((name, kind, b"" if kind == 8 else image[start:start + length], link))
    text = rows[names][2]
    return [(text[n:text.index(b"\0", n)].decode(), kind, content, link) for n, kind, content, link in rows]


def symbols(image, table, strings):
    """Name, binding and whether it is defined, of each symbol."""
    wide = image[4] == 2
    step = 24 if wide else 16
    for at in range(0, len(table), step):
        name = struct.unpack_from("<I", table, at)[0]
        info = table[at + (4 if wide else 12)]
        section = struct.unpack_from("<H", table, at + (6 if wide else 14))[0]
        yield strings[name:strings.index(b"\0", name)].decode(), info >> 4, section != 0


def check(options):
    tighten(pathlib.Path(options.library))
    image = pathlib.Path(options.library).read_bytes()
    if image[:4] != b"\x7fELF" or image[5] != 1:
        raise Problem(f"{options.library} is not a little-endian ELF file")
    table = sections(image)
    exported, everything = set(), set()
    for _, kind, content, link in table:
        if kind == 11:  # SHT_DYNSYM
            exported |= {n for n, bind, defined in symbols(image, content, table[link][2]) if defined and bind != 0}
        if kind == 2:  # SHT_SYMTAB
            everything |= {n for n, _, defined in symbols(image, content, table[link][2]) if defined}
    extra = sorted(exported - {QUERY})
    if QUERY not in exported:
        raise Problem(f"{options.library} does not export {QUERY}: define TENON_PLUGIN_ENTRY in one of its sources")
    if extra:
        raise Problem(f"{options.library} exports more than {QUERY}: {', '.join(extra[:5])}")
    if not any(name == ".note.tenon" and kind == 7 for name, kind, _, _ in table):
        raise Problem(f"{options.library} has no note .note.tenon")
    if "set_fast_math" in everything:
        raise Problem(f"{options.library} contains crtfastmath, which makes the host flush denormals: link without -ffast-math")


def levels(options):
    here = pathlib.Path(__file__).resolve().parent
    table = here / "arch.json"  # installed together; in the repository it is data
    if not table.is_file():
        table = here.parent / "configs" / "arch.json"
    rows = [row for row in json.loads(read(table))["levels"] if row["arch"] == options.arch]
    if not rows:
        raise Problem(f"{table} has no SIMD level of the architecture {options.arch}")
    rows.reverse()  # best first
    if options.header:
        listed = "".join(f' \\\n  X({re.sub("[^A-Za-z0-9]", "_", "level_" + row["name"])}, "{row["name"]}")' for row in rows)
        write(options.header, f"#pragma once\n#define TENON_SIMD_LEVEL_COUNT {len(rows)}\n#define TENON_SIMD_FOR_EACH_LEVEL(X){listed}\n")
    for row in rows:
        print(" ".join([row["name"], *row["flags"]]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    builder = commands.add_parser("build")
    builder.add_argument("--manifest", nargs="+", required=True)
    builder.add_argument("--cases", nargs="*", default=[])
    for name in ("out", "library", "arch"):
        builder.add_argument(f"--{name}", required=True)
    for name in ("note", "version", "include", "levels", "variants", "cases-out"):
        builder.add_argument(f"--{name}", default="")
    checker = commands.add_parser("check")
    checker.add_argument("library")
    shell = commands.add_parser("levels")
    shell.add_argument("--arch", required=True)
    shell.add_argument("--header", default="")
    options = parser.parse_args()
    try:
        {"build": build, "check": check, "levels": levels}[options.command](options)
    except Problem as problem:
        print(f"tenon_pack: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
