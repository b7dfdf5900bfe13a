"""The code blocks of a Markdown file, and the commands in them.

Blocks of ```console hold commands behind `$ ` (continued behind `> `) and what each prints. Blocks of ```sh and indented blocks hold
commands alone. Other blocks hold none. HTML comments before a block steer what a test does with it:

    <!-- not run: WHY -->       it is left out, and WHY is printed
    <!-- file: NAME -->         it is the content of that file
    <!-- before: COMMAND -->    runs first, unseen by readers
"""
import re
import subprocess

COMMENT = re.compile(r"<!--\s*(not run|file|before):\s*(.*?)\s*-->", re.S)


class Block:
    def __init__(self, kind, line, lines, comments):
        self.kind, self.line, self.lines, self.comments = kind, line, lines, comments

    def comment(self, name):
        return [text for key, text in self.comments if key == name]


class Command:
    def __init__(self, line, text, shown):
        self.line, self.text, self.shown = line, text, shown


def blocks(text):
    """Every code block, with the comments that stand before it since the last text."""
    found, comments, lines, at = [], [], text.splitlines(), 0
    while at < len(lines):
        line = lines[at]
        fence = re.match(r"( {0,3})(```+|~~~+)\s*(\S*)", line)
        if fence:
            end = next((i for i in range(at + 1, len(lines)) if lines[i].strip().startswith(fence.group(2))), len(lines))
            cut = len(fence.group(1))
            found.append(Block(fence.group(3) or "text", at + 2, [row[cut:] for row in lines[at + 1:end]], comments))
            comments, at = [], end + 1
        elif line.startswith("    ") and (at == 0 or not lines[at - 1].strip() or "-->" in lines[at - 1]):
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            body = [row[4:] for row in lines[at:end]]
            while not body[-1].strip():
                body.pop()
            found.append(Block("sh", at + 1, body, comments))
            comments, at = [], end
        elif line.startswith("<!--"):
            end = next((i for i in range(at, len(lines)) if "-->" in lines[i]), len(lines) - 1)
            comments += COMMENT.findall("\n".join(lines[at:end + 1]))
            at = end + 1
        else:
            if line.strip():
                comments = []
            at += 1
    return found


def complete(text):
    """Whether bash has all of a command: no open quote, here-document or bracket."""
    done = subprocess.run(["bash", "-n"], input=text + "\n", capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stderr and not text.endswith("\\")


def commands(block):
    found = []
    if block.kind == "console":
        for number, line in enumerate(block.lines, block.line):
            if line.startswith("$ "):
                found.append(Command(number, line[2:], []))
            elif (line.startswith("> ") or line == ">") and found and not found[-1].shown:
                found[-1].text += "\n" + line[2:]
            elif found:
                found[-1].shown.append(line)
    elif block.kind == "sh":
        text, start = "", block.line
        for number, line in enumerate(block.lines, block.line):
            if not text:
                start = number
            text += ("\n" if text else "") + line
            if complete(text):
                if text.strip() and not text.strip().startswith("#"):
                    found.append(Command(start, text, None))
                text = ""
        if text:
            found.append(Command(start, text, None))  # incomplete: bash will say so
    return found


def spans(text):
    """Inline code: (line, text)."""
    inside, found = None, []
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(r" {0,3}(```+|~~~+)", line)
        if fence:
            inside = None if inside and line.strip().startswith(inside) else inside or fence.group(1)
        elif not inside and not line.startswith("    "):
            found += [(number, code) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", line)]
    return found
