#!/usr/bin/env python3
"""check_man.py BUILD: the manual pages. They are without a warning of groff and mandoc; name the options, verbs, keys, states, codes and
variables that there are, and no others; and their examples run."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

from documents import Block, commands
from shell import ROOT, Shell, check_command

sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))
from support import safetensors  # noqa: E402

BUILD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else sys.exit(__doc__)
TENON = os.path.join(BUILD, "bin", "tenon")
PAGES = {os.path.basename(path): path for path in glob.glob(os.path.join(ROOT, "packaging", "man", "*.[0-9]"))}
SOURCE_VERBS = {"lower", "run", "verify", "explain"}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def source(page):
    return read(PAGES[page])


def section(page, name):
    found = re.search(rf"(?ms)^\.Sh {re.escape(name)}\n(.*?)(?=^\.Sh |\Z)", source(page))
    return found.group(1) if found else ""


def items(text, macro):
    return re.findall(rf"(?m)^\.It {macro} (\S+)", text)


def options_of_page(text):
    """{--output: (-o or "", FILE or "")} of the lines `.It Fl o , Fl -output Ar FILE`."""
    found = {}
    for short, name, value in re.findall(r"(?m)^\.It Fl (?:(\w) , Fl )?-([\w-]+)(?: Ar (\S+))?$", text):
        found["--" + name] = ("-" + short if short else "", value)
    return found


def options_of_help(text):
    """The same by section of --help: {"Options": {..}, ..}."""
    found, heading = {}, ""
    for line in text.splitlines():
        if re.match(r"\S.*:$", line):
            heading = line[:-1]
        option = re.match(r"  (?:(-\w),)?(--[\w-]+)(?: (\S+))?(?: \.\.\.)?(?:  |$)", line)
        if option:
            found.setdefault(heading, {})[option.group(2)] = (option.group(1) or "", option.group(3) or "")
    return found


def tenon_help(*verb):
    return subprocess.run([TENON, *verb, "--help"], capture_output=True, text=True, check=True).stdout


def literal_blocks(text):
    """The .Bd -literal displays of a page as blocks of a document."""
    found = []
    for display in re.findall(r"(?ms)^\.Bd -literal.*?\n(.*?)^\.Ed", text):
        lines = display.replace("\\-", "-").replace("\\e", "\\").replace("\\&", "").splitlines()
        found.append(Block("console" if lines[0].startswith("$ ") else "text", 0, lines, []))
    return found


class Pages(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        verbs = re.search(r"(?ms)^Verbs:\n(.*?)\n\n", tenon_help()).group(1)
        cls.verbs = dict(re.findall(r"(?m)^  (\w+) +(\S.*)$", verbs))

    def test_there_is_a_page_for_each_verb_and_no_other(self):
        pages = {"tenon.1", "tenon-graph.5", "tenon-plugin.7"} | {f"tenon-{verb}.1" for verb in self.verbs}
        self.assertEqual(set(PAGES), pages)
        self.assertEqual(items(section("tenon.1", "VERBS"), "Cm"), list(self.verbs))
        for verb, summary in self.verbs.items():
            self.assertIn(f"\n.Nd {summary}\n", source(f"tenon-{verb}.1"))
            self.assertIn(f".It Cm {verb}\n{summary}\n", section("tenon.1", "VERBS"))

    def test_options_are_those_of_help(self):
        for verb in self.verbs:
            with self.subTest(verb=verb):
                shown = options_of_help(tenon_help(verb))
                self.assertEqual(options_of_page(source(f"tenon-{verb}.1")), shown.get("Options", {}))
                self.assertEqual(options_of_page(section("tenon.1", "OPTIONS OF EVERY VERB")), shown["Options of every verb"])
                self.assertEqual("Source" in shown, verb in SOURCE_VERBS)
                if "Source" in shown:
                    self.assertEqual(options_of_page(section("tenon.1", "SOURCE")), shown["Source"])
                self.assertIn(".Xr tenon 1", source(f"tenon-{verb}.1"))
        self.assertIn(".Fl -version", source("tenon.1"))

    def test_keys_are_those_of_the_schemas(self):
        manifest = json.loads(read("configs", "schema", "manifest.schema.json"))
        self.assertEqual(sorted(items(section("tenon-plugin.7", "MANIFEST"), "Ic")), sorted(manifest["properties"]))
        graph = json.loads(read("configs", "schema", "graph.schema.json"))
        keys = set(graph["properties"]) | {key for row in graph["$defs"].values() for key in row.get("properties", {})}
        self.assertEqual(set(items(source("tenon-graph.5"), "Ic")), keys)
        named = re.findall(r"(?m)^\.It (.*?) Ta", section("tenon-graph.5", "DTYPES"))
        self.assertEqual(sorted(" ".join(named).split()), sorted(graph["$defs"]["dtype"]["enum"]))

    def test_states_and_codes_are_those_of_the_sources(self):
        names = re.search(r"kNames\[\] = \{(.*?)\}", read("core", "plugin", "loader.cpp"), re.S).group(1)
        self.assertEqual(items(section("tenon-plugin.7", "STATES"), "Sy"), re.findall(r'"(\w+)"', names))
        codes = re.findall(r"(?m)^#define TENON_(\w+) (?:1\d\d|18)\b", read("capi", "include", "tenon", "base.h"))
        self.assertGreater(len(codes), 8)
        self.assertEqual(set(items(section("tenon-plugin.7", "REASONS"), "Sy")), set(codes))

    def test_variables_are_those_that_are_read(self):
        used = set()
        for folder in ("core/plugin", "core/pipeline", "core/exec", "capi/cli", "capi/src"):
            for path in glob.glob(os.path.join(ROOT, folder, "*.cpp")):
                if not path.endswith("_test.cpp"):
                    used |= set(re.findall(r'(?:variable|getenv)\("(\w+)"', read(path)))
        used -= {"HOME", "TERM", "LD_LIBRARY_PATH"}
        told = set(re.findall(r"\bEv (\w+)", section("tenon.1", "ENVIRONMENT")))
        self.assertEqual(used - told, set())
        self.assertEqual(told - used, {"TMPDIR"})  # of the standard library
        self.assertEqual(set(items(section("tenon-plugin.7", "ENVIRONMENT"), "Ev")), used - {"NO_COLOR"})

    def test_references_lead_somewhere(self):
        for page in PAGES:
            for name, number in re.findall(r"\.Xr (\S+) (\d)", source(page)):
                self.assertIn(f"{name}.{number}", PAGES, page)

    def test_no_warnings(self):
        for page, path in PAGES.items():
            with self.subTest(page=page):
                done = subprocess.run(["groff", "-ww", "-mdoc", "-Tutf8", path], capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                done = subprocess.run(["man", "--warnings", "-l", path], capture_output=True, text=True, check=False,
                                      env={**os.environ, "MANPAGER": "cat", "MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (0, ""))


class Examples(unittest.TestCase):
    def fill(self, folder):
        """The files that the examples speak of."""
        graph, residual = (block for block in literal_blocks(source("tenon-graph.5")) if block.kind == "text")
        for name, block in (("norm.yaml", graph), ("residual.yaml", residual)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write("\n".join(block.lines) + "\n")
        random = np.random.default_rng(1)
        np.save(os.path.join(folder, "tokens.npy"), random.normal(size=(4, 640)).astype(np.float32))
        np.save(os.path.join(folder, "rows.npy"), random.normal(size=(3, 8)).astype(np.float32))
        np.save(os.path.join(folder, "more.npy"), random.normal(size=(3, 8)).astype(np.float32))
        safetensors(os.path.join(folder, "weights.safetensors"), {"model.norm.weight": random.normal(size=640).astype(np.float32)})
        for ending in ("so", "tenon.yaml", "cases.yaml"):
            shutil.copy(os.path.join(BUILD, "lib", "tenon", "plugins-1", "normalization." + ending), os.path.join(folder, "plugin." + ending))
        path = os.path.join(folder, "plugin.tenon.yaml")
        manifest = read(path).replace("\nlibrary: normalization.so\n", "\nlibrary: plugin.so\n")
        with open(path, "w", encoding="utf-8") as file:
            file.write(manifest)

    def test_examples_run(self):
        ran = 0
        for page in sorted(PAGES):
            with tempfile.TemporaryDirectory(prefix="tenon-man-") as folder, Shell(folder, BUILD) as shell:
                self.fill(folder)
                steps = [step for block in literal_blocks(section(page, "EXAMPLES")) for step in commands(block)]
                self.assertTrue(steps, f"{page} has no example")
                for step, then in zip(steps, [*steps[1:], None]):
                    with self.subTest(page=page, command=step.text):
                        # Where a page shows no output, any is right.
                        complaint = check_command(shell, step.text, step.shown or None, then is not None and then.text == "echo $?")
                        self.assertIsNone(complaint)
                    ran += 1
        print(f"{ran} examples of {len(PAGES)} pages run")


if __name__ == "__main__":
    os.umask(0o022)
    unittest.main()
