#!/usr/bin/env python3
"""check_completion.py BUILD: bash completion, as a function that is given COMP_WORDS, and in a bash at a terminal where Tab is pressed."""
import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
import unittest

from shell import ROOT

BUILD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else sys.exit(__doc__)
SCRIPT = os.path.join(ROOT, "packaging", "completion", "tenon")
ENVIRONMENT = {**{key: value for key, value in os.environ.items() if not key.startswith("TENON_")},
               "PATH": os.path.join(BUILD, "bin") + os.pathsep + os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb"}
DRIVE = """
. "$1"; shift
COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_tenon 2>&1
printf '%s\\n' "${COMPREPLY[@]}"
"""


def split(line):
    """Words as bash has them in COMP_WORDS: : and = are words of their own."""
    words = line.split(" ")
    return [part for word in words for part in (re.findall(r"[:=]+|[^:=]+", word) or [""])]


def report(*arguments):
    return json.loads(subprocess.run(["tenon", *arguments, "--json"], env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout)


class Completion(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tenon-completion-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("graph.yaml", "mine.tenon.yaml", "x.npy", "w.safetensors", "notes.txt", "lib.so"):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8"):
                pass
        os.mkdir(os.path.join(self.folder, "more"))

    def complete(self, line):
        done = subprocess.run(["bash", "--norc", "-c", DRIVE, "drive", SCRIPT, *split(line)], cwd=self.folder, env=ENVIRONMENT,
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return [word for word in done.stdout.split("\n") if word]

    def check(self, line, want):
        with self.subTest(line=line):
            self.assertEqual(sorted(self.complete(line)), sorted(want))

    def test_verbs(self):
        self.check("tenon ", ["lower", "run", "verify", "explain", "ops", "targets", "plugins", "inspect"])
        self.check("tenon ve", ["verify"])
        self.check("tenon --", ["--help", "--version"])
        self.check("tenon nothing-like-it ", [])

    def test_options_are_those_of_each_verb(self):
        for verb in ("lower", "run", "verify", "explain", "ops", "targets", "plugins", "inspect"):
            text = subprocess.run(["tenon", verb, "--help"], env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout
            names = set(re.findall(r"(?m)^  (?:-\w,)?(--[\w-]+)", text)) | set(re.findall(r"(?m)^  (-\w),--", text))
            self.check(f"tenon {verb} -", names)
        self.check("tenon lower g.yaml --ta", ["--target"])
        self.check("tenon ops --mark", ["--markdown"])

    def test_operators(self):
        operators = {row["full_name"].removeprefix("tenon.") for row in report("ops")["operators"]}
        self.assertGreater(len(operators), 100)
        self.check("tenon ops ", operators)
        self.check("tenon ops rms", ["rms_norm"])
        self.check("tenon lower op:rms", ["rms_norm"])  # bash has op: already
        self.check("tenon run op:softma", ["softmax"])
        self.check("tenon explain soft", [name for name in operators if name.startswith("soft")])
        self.check("tenon verify softmax log_soft", ["log_softmax"])

    def test_targets(self):
        names = {row["name"] for row in report("targets")["targets"]}
        self.check("tenon targets ", names)
        self.check("tenon lower graph.yaml --target ", names | {"graph.yaml", "mine.tenon.yaml", "more"})
        self.check("tenon lower graph.yaml --target=i", ["iree"])
        self.check("tenon explain softmax --target lit", ["litert"])

    def test_dtypes_levels_and_attributes(self):
        self.check("tenon explain rms_norm --dtype ", ["f16", "bf16", "f32", "f64"])
        every = {name for row in report("ops")["operators"] for name in row["dtypes"]}
        self.check("tenon run op:nothing --dtype ", [])
        self.check("tenon run graph.yaml --dtype ", every)
        self.check("tenon lower op:rms_norm --dtype b", ["bf16"])
        self.check("tenon run graph.yaml --arch ", report("plugins", "doctor")["machine"]["levels"])
        self.check("tenon explain rms_norm --attr ", [row["name"] + "=" for row in report("ops", "rms_norm")["operators"][0]["attributes"]])
        self.check("tenon lower op:rms_norm --attr eps", ["epsilon="])

    def test_files_by_extension(self):
        self.check("tenon lower ", ["graph.yaml", "mine.tenon.yaml", "more"])
        self.check("tenon run g", ["graph.yaml"])
        self.check("tenon inspect ", ["graph.yaml", "mine.tenon.yaml", "x.npy", "w.safetensors", "lib.so", "more"])
        self.check("tenon run graph.yaml --params ", ["w.safetensors", "more"])
        self.check("tenon run graph.yaml --input ", ["x.npy", "w.safetensors", "more"])
        self.check("tenon run graph.yaml --input x=", ["x.npy", "w.safetensors", "more", "random"])
        self.check("tenon run graph.yaml --input x=x", ["x.npy"])
        self.check("tenon run graph.yaml --plugin-path ", ["more"])
        self.check("tenon run graph.yaml --threads ", [])

    def test_plugins(self):
        actions = self.complete("tenon plugins ")
        self.assertLessEqual({"list", "inspect", "lint", "doctor"}, set(actions))
        text = subprocess.run(["tenon", "plugins", "--help"], env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout
        for action in actions:
            self.assertRegex(text, rf"(?m)^{action} ")
        self.check("tenon plugins inspect tenon.no", ["tenon.normalization"])
        self.check("tenon plugins lint ", ["mine.tenon.yaml", "lib.so", "more"])
        self.check("tenon plugins new acme.op --lang ", ["c", "c++", "rust"])
        self.check("tenon plugins doctor ", [])

    def test_a_value_is_no_argument(self):
        self.check("tenon explain --dtype f32 rms_", ["rms_norm"])
        self.check("tenon plugins --arch sse2 insp", ["inspect"])

    def test_plugins_of_an_added_folder_count(self):
        folder = os.path.join(BUILD, "lib", "tenon", "plugins-1")
        self.check(f"tenon ops --plugin-path {folder} rms", ["rms_norm"])


class Terminal(unittest.TestCase):
    """What a person at a keyboard gets."""

    def press(self, typed, want):
        main, other = pty.openpty()
        with tempfile.TemporaryDirectory(prefix="tenon-terminal-") as folder:
            shell = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], stdin=other, stdout=other, stderr=other, cwd=folder,
                                     env={**ENVIRONMENT, "PS1": "$ ", "HISTFILE": ""}, start_new_session=True)
            os.close(other)
            try:
                os.write(main, f". {SCRIPT}; bind 'set bell-style none' 'set completion-query-items 0'; clear\n".encode())
                time.sleep(0.3)
                os.write(main, typed.encode() + b"\t")
                shown, deadline = b"", time.monotonic() + 20
                while time.monotonic() < deadline and want.encode() not in shown:
                    if select.select([main], [], [], 0.2)[0]:
                        shown += os.read(main, 65536)
                self.assertIn(want, shown.decode(errors="replace"))
            finally:
                shell.kill()
                shell.wait()
                os.close(main)

    def test_tab(self):
        self.press("tenon verify --expo", "tenon verify --export ")
        self.press("tenon lower op:rms_n", "tenon lower op:rms_norm ")
        self.press("tenon lower op:softmax --target=ire", "--target=iree ")


if __name__ == "__main__":
    unittest.main()
