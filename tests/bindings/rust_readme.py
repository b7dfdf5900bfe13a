#!/usr/bin/env python3
"""The code in the READMEs of the Rust crates is that of the examples, which the tests build and run.

    rust_readme.py [--update]           compares; --update copies it from the examples
    rust_readme.py --block LANGUAGE FILE    prints the blocks of that language in a README, for a test that follows it

`<!-- story: FILE -->` before a block: what stands in FILE between `// story:` and `// end of story`. `<!-- file: FILE -->`: all of FILE.
"""
import argparse
import pathlib
import re
import sys
import textwrap

CRATES = pathlib.Path(__file__).resolve().parents[2] / "capi" / "bindings" / "rust"
BLOCK = re.compile(r"(<!-- (story|file): (\S+) -->\n```\w+\n)(.*?)(```\n)", re.S)


def content(kind, name):
    text = (CRATES / name).read_text(encoding="utf-8")
    if kind == "file":
        return text
    found = re.search(r"^ *// story:[^\n]*\n(.*?)^ *// end of story", text, re.S | re.M)
    if not found:
        raise SystemExit(f"{name} has no story")
    return textwrap.dedent(found.group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--block", nargs=2, metavar=("LANGUAGE", "FILE"))
    options = parser.parse_args()
    if options.block:
        language, name = options.block
        for block in re.findall(rf"^```{language}\n(.*?)^```$", pathlib.Path(name).read_text(encoding="utf-8"), re.S | re.M):
            print(block, end="")
        return 0
    wrong, blocks = [], 0
    for path in sorted(CRATES.glob("*/README.md")):
        text = path.read_text(encoding="utf-8")
        blocks += len(BLOCK.findall(text))
        now = BLOCK.sub(lambda m: m.group(1) + content(m.group(2), m.group(3)) + m.group(5), text)
        if now != text and options.update:
            path.write_text(now, encoding="utf-8")
        elif now != text:
            wrong.append(str(path.relative_to(CRATES)))
    if wrong:
        print(f"not as the examples: {', '.join(wrong)}; run rust_readme.py --update", file=sys.stderr)
        return 1
    print(f"{blocks} blocks of the READMEs are those of the examples")
    return 0 if blocks else 1


if __name__ == "__main__":
    sys.exit(main())
