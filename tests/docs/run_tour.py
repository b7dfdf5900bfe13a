#!/usr/bin/env python3
"""run_tour.py BUILD [FILE.md..]: runs every command that the documents show, in order, each file in a temporary view of the checkout, and
compares what a command prints with what its document shows (documents.py has the rules). Names of files, verbs and options in running text
are looked up as well. Exit status 1 if anything differs. Without files: the tour, the README and the guides."""
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

import documents
from shell import ROOT, Shell, check_command

FILES = ["packaging/TOUR.md", "README.md", "CONTRIBUTING.md", "plugins/README.md", "bench/README.md", "capi/examples/README.md"]


def checkout_view(folder, build):
    """What a fresh clone with a build in build/ looks like, without writing into the real one."""
    for name in os.listdir(ROOT):
        if not name.startswith(("build", ".git")):
            os.symlink(os.path.join(ROOT, name), os.path.join(folder, name))
    os.symlink(build, os.path.join(folder, "build"))


class Names:
    """Inline code that names a command of Tenon's, or a file of the repository."""

    def __init__(self, tenon):
        self.tenon, self.helps = tenon, {}

    def help(self, *verb):
        if verb not in self.helps:
            done = subprocess.run([self.tenon, *verb, "--help"], capture_output=True, text=True, check=False)
            self.helps[verb] = done.stdout if done.returncode == 0 else None
        return self.helps[verb]

    def complaint(self, code, document):
        if code.startswith("tenon "):
            try:
                words = shlex.split(code)[1:]
            except ValueError:
                return None
            text = self.help() if words[0].startswith("-") else self.help(words[0]) if re.fullmatch("[a-z]+", words[0]) else ""
            if text is None:
                return f"there is no verb {words[0]}"
            for word in words:
                if text and word.startswith("-") and not re.search(rf"(?<![\w-]){re.escape(word.split('=')[0])}(?![\w-])", text):
                    return f"`tenon {words[0]}` has no option {word}"
            return None
        path = code.split()[0] if code.strip() else ""
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", path) and path.split("/")[0] in os.listdir(ROOT) and not path.startswith("build"):
            if not os.path.exists(os.path.join(ROOT, path)) and not os.path.exists(os.path.join(ROOT, os.path.dirname(document), path)):
                return f"there is no file {path}"
        return None


def run_document(name, build, names):
    """(number of commands run, left out, complaints)."""
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        text = file.read()
    ran, left_out, complaints = 0, [], []
    for line, code in documents.spans(text):
        complaint = names.complaint(code, name)
        if complaint:
            complaints.append(f"{name}:{line}: {complaint}")
    with tempfile.TemporaryDirectory(prefix="tenon-tour-") as folder:
        checkout_view(folder, build)
        with Shell(folder, build) as shell:
            for block in documents.blocks(text):
                for reason in block.comment("not run"):
                    left_out.append(f"{name}:{block.line}: {reason}")
                if block.comment("not run"):
                    continue
                for path in block.comment("file"):
                    with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                        file.write("\n".join(block.lines) + "\n")
                steps = [documents.Command(block.line, command, None) for command in block.comment("before")]
                if not block.comment("file"):
                    steps += documents.commands(block)
                for number, step in enumerate(steps):
                    then = steps[number + 1].text if number + 1 < len(steps) else ""
                    complaint = check_command(shell, step.text, step.shown, then.startswith("echo $?"))
                    ran += 1
                    if complaint:
                        complaints.append(f"{name}:{step.line}: {step.text}\n{complaint}")
                        if shell.bash.poll() is not None:
                            return ran, left_out, complaints
    return ran, left_out, complaints


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = os.path.abspath(sys.argv[1])
    names = Names(os.path.join(build, "bin", "tenon"))
    failed = False
    for name in sys.argv[2:] or FILES:
        if not os.path.exists(os.path.join(ROOT, name)):
            print(f"{name}: FAILED: there is no such file")
            failed = True
            continue
        begin = time.monotonic()
        ran, left_out, complaints = run_document(name, build, names)
        for reason in left_out:
            print(f"{reason.split(': ')[0]}: left out: {reason.split(': ', 1)[1]}")
        for complaint in complaints:
            print(complaint.rstrip())
        failed = failed or bool(complaints)
        print(f"{name}: {ran} commands run, {len(left_out)} blocks left out, {len(complaints)} failed, {time.monotonic() - begin:.1f} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
