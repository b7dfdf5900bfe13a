#!/usr/bin/env python3
"""excerpts.py [--at-least N] LANGUAGE README PROGRAM..: every block of that language in the README stands, line by line, in one of the programs, which tests run.

A line of "..", with a comment sign before it or not, leaves out lines of the program. Indentation of the whole block does not count.
"""
import re
import sys
import textwrap

ELISION = re.compile(r"\s*(//|#)?\s*\.\.")


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


def lines(text):
    return [line.rstrip() for line in textwrap.dedent(text.expandtabs(4)).splitlines() if line.strip()]


def stands_at(part, program, start):
    """The part's lines from there on, at one indentation, or None: where they end."""
    end = start + len(part)
    return end if end <= len(program) and lines("\n".join(program[start:end])) == lines("\n".join(part)) else None


def found(block, program):
    parts, start = [[]], 0
    for line in lines(block):
        if ELISION.fullmatch(line):
            parts.append([])
        else:
            parts[-1].append(line)
    program = [line.rstrip() for line in program.expandtabs(4).splitlines() if line.strip()]
    for part in parts:
        ends = [end for at in range(start, len(program)) if (end := stands_at(part, program, at)) is not None]
        if not ends:
            return False
        start = ends[0]
    return True


def main():
    arguments = sys.argv[1:]
    least = 3  # a story each
    if arguments[0] == "--at-least":
        least, arguments = int(arguments[1]), arguments[2:]
    language, readme, *programs = arguments
    with open(readme, encoding="utf-8") as file:
        listed = blocks(file.read(), language)
    texts = []
    for path in programs:
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    bad = [block for block in listed if not any(found(block, text) for text in texts)]
    for block in bad:
        print(f"{readme}: this stands in none of {', '.join(programs)}:\n{block}")
    if len(listed) < least:
        bad.append("")
        print(f"{readme}: {len(listed)} blocks of {language}, expected {least} or more")
    print(f"{readme}: {len(listed)} blocks, {len(bad)} not as in the programs")
    return 1 if bad else 0


sys.exit(main())
