#!/usr/bin/env python3
"""The tenon command, run as a subprocess. Every number is compared with NumPy in float64, never with the command's own output.

python3 tests/cli/test_command.py [TEST..]     the command is build/bin/tenon, or what TENON_COMMAND names
"""
import os
import pty
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import COMMAND, NORM, RESIDUAL, CommandTest, tenon  # noqa: E402
from test_files import Files  # noqa: E402,F401
from test_plugins import Doctor, Lint, New  # noqa: E402,F401
from test_reports import Reports  # noqa: E402,F401
from test_run import Run  # noqa: E402,F401
from test_verbs import OPERATOR, Verbs  # noqa: E402,F401

VERBS = ["lower", "run", "verify", "explain", "ops", "targets", "plugins", "inspect"]


class Usage(CommandTest):
    def test_version(self):
        result = self.run_ok("--version")
        self.assertEqual((result.out, result.err), ("tenon 0.1.0\n", ""))

    def test_help_names_every_verb(self):
        result = self.run_ok("--help")
        self.assertEqual(result.err, "")
        for verb in VERBS:
            self.assertRegex(result.out, rf"(?m)^  {verb} ")

    def test_help_of_every_verb_has_the_common_options(self):
        for verb in VERBS:
            for flag in ("--help", "-h"):
                result = self.run_ok(verb, flag)
                self.assertEqual(result.err, "")
                for option in ("--plugin-path", "--no-user-plugins", "--arch", "--threads", "--json", "--quiet", "--verbose"):
                    self.assertIn(option, result.out, verb)
        self.assertIn("new", self.run_ok("plugins", "--help").out.split())

    def test_wrong_usage_is_2(self):
        for arguments, words in [
            ((), ["a verb is missing"]),
            (("lowr", "x.yaml"), ["unknown verb lowr", "did you mean lower?"]),
            (("nothing-like-it",), ["verbs: lower, run"]),
            (("lower", "x.yaml", "--traget", "iree"), ["unknown option --traget", "did you mean --target?"]),
            (("lower", "--traget=iree", "x.yaml"), ["unknown option --traget", "did you mean --target?"]),
            (("ops", "--jsn"), ["unknown option --jsn", "did you mean --json?"]),
            (("ops", "--zzzzzzzz"), ["`tenon ops --help`"]),
            (("--json", "ops"), ["stands before the verb"]),
            (("--zzzzzzzz",), ["unknown option --zzzzzzzz"]),
            (("ops", "rms_norm", "more"), ["unexpected argument more"]),
            (("lower",), ["SOURCE is missing"]),
            (("run",), ["SOURCE is missing"]),
            (("inspect",), ["FILE is missing"]),
            (("verify",), ["OP or SOURCE is missing"]),
            (("explain",), ["OP or SOURCE is missing"]),
            (("lower", "op:rms_norm", "--shape", "4x8"), ["needs --dtype"]),
            (("lower", "op:rms_norm", "--dtype", "f32"), ["needs --shape"]),
            (("lower", "op:"), ["needs an operator's name"]),
            (("explain", "rms_norm"), ["needs --dtype"]),
            (("lower", "x.yaml", "--dtype", "f32"), ["belong to a source op:NAME"]),
            (("lower", "x.yaml", "--emit", "artifact"), ["artifact"]),
            (("run", "x.yaml", "--repeat", "0"), ["--repeat"]),
            (("run", "x.yaml", "--repeat", "many"), ["--repeat"]),
            (("run", "x.yaml", "--threads", "0"), ["--threads"]),
            (("run", "x.yaml", "--report", "x.txt"), ["--report"]),
            (("run", "x.yaml", "--reference", "--strict"), ["exclude each other"]),
            (("verify", "rms_norm", "op:rms_norm"), ["one SOURCE"]),
            (("ops", "--json", "--markdown"), ["exclude each other"]),
            (("plugins", "lst"), ["unknown action lst", "did you mean list?"]),
            (("plugins", "inspect"), ["needs a plugin's NAME"]),
            (("plugins", "lint"), ["needs a manifest FILE"]),
            (("plugins", "doctor", "x"), ["unexpected argument x"]),
        ]:
            with self.subTest(arguments=arguments):
                if "--json" in arguments:
                    result = tenon(*arguments)
                    self.assertEqual(result.status, 2)
                    self.assertEqual(result.out, "")
                    message = result.error()["message"] + result.error()["advice"]
                    for word in words:
                        self.assertIn(word, message)
                else:
                    self.check_error(tenon(*arguments), 2, "INVALID_ARGUMENT", *words)

    def test_a_request_that_fails_is_1(self):
        for arguments, code, words in [
            (("lower", "op:rms_nrom", *OPERATOR), "NOT_FOUND", ["rms_nrom"]),
            (("ops", "rms_nrom"), "NOT_FOUND", ["rms_nrom"]),
            (("verify", "rms_nrom"), "NOT_FOUND", ["rms_nrom"]),
            (("explain", "rms_nrom", *OPERATOR), "NOT_FOUND", ["rms_nrom"]),
            (("targets", "irre"), "NOT_FOUND", ["irre"]),
            (("plugins", "inspect", "org.nobody"), "NOT_FOUND", ["org.nobody"]),
            (("lower", "op:rms_norm", "--dtype", "f31", "--shape", "4x8"), "INVALID_ARGUMENT", ["f31"]),
            (("lower", "op:rms_norm", "--dtype", "f32", "--shape", "4xq"), "INVALID_ARGUMENT", []),
            (("lower", "op:rms_norm", "--dtype", "f32", "--shape", "4x8", "--attr", "epsilom=1"), "INVALID_ARGUMENT", ["epsilom"]),
            (("lower", "op:rms_norm", "--dtype", "f32", "--shape", "4x8", "--attr", "epsilon"), "INVALID_ARGUMENT", ["NAME=VALUE"]),
            (("lower", "missing.yaml"), "NOT_FOUND", ["missing.yaml"]),
            (("lower", "rms_norm"), "NOT_FOUND", ["op:rms_norm"]),
            (("inspect", "missing.npy"), "NOT_FOUND", ["missing.npy"]),
        ]:
            with self.subTest(arguments=arguments):
                self.check_error(tenon(*arguments), 1, code, *words)

    def test_an_unknown_simd_level_fails(self):
        result = tenon("explain", "rms_norm", *OPERATOR, "--arch", "avx9000")
        self.assertEqual((result.status, result.out), (1, ""))
        self.assertIn("avx9000", result.err)

    def test_json_errors_are_one_object_on_stderr(self):
        result = tenon("lower", "op:rms_nrom", *OPERATOR, "--json")
        self.assertEqual((result.status, result.out), (1, ""))
        error = result.error()
        self.assertEqual(error["code"], "NOT_FOUND")
        for key, kind in [("message", str), ("advice", str), ("where", dict)]:
            self.assertIsInstance(error[key], kind)

    def test_errors_in_a_graph_file_have_line_and_column(self):
        path = self.write("g.yaml", NORM.replace("DTYPE", "f32").replace("op: rms_norm", "op: rms_nrom"))
        result = tenon("lower", path)
        self.check_error(result, 1, "NOT_FOUND", f" --> {path}:8:", "  advice: ")
        error = tenon("lower", path, "--json").error()
        self.assertEqual((error["where"]["file"], error["where"]["line"]), (path, 8))

    def test_control_characters_do_not_reach_the_terminal(self):
        result = tenon("lower", "\x1b[31mred.yaml")
        self.assertEqual(result.status, 1)
        self.assertNotIn("\x1b", result.err)
        self.assertIn("\\x1b", result.err)

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([COMMAND, "ops"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)


class Colours(CommandTest):
    def on_terminal(self, **environment):
        """What the command prints when stdout and stderr are a terminal. None: the variable is not set."""
        main, other = pty.openpty()
        env = {key: value for key, value in {**os.environ, "TERM": "xterm", **environment}.items() if value is not None}
        done = subprocess.Popen([COMMAND, "ops"], stdout=other, stderr=other, stdin=subprocess.DEVNULL, env=env)
        os.close(other)
        out = b""
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:
                break
            if not part:
                break
            out += part
        done.wait()
        os.close(main)
        return out

    def test_only_on_a_terminal(self):
        self.assertNotIn("\x1b", self.run_ok("ops", TERM="xterm").out)
        self.assertIn(b"\x1b[", self.on_terminal(NO_COLOR=None))
        self.assertIn(b"\x1b[", self.on_terminal(NO_COLOR=""))

    def test_no_color_and_dumb_terminals(self):
        self.assertNotIn(b"\x1b", self.on_terminal(NO_COLOR="1"))
        self.assertNotIn(b"\x1b", self.on_terminal(TERM="dumb"))


class Sources(CommandTest):
    """The verb never guesses from content what the name contradicts."""

    def test_what_has_no_reader_says_which_is_missing(self):
        graph = NORM.replace("DTYPE", "f32")
        os.mkdir(self.path("model"))
        for name, code, word in [
            ("g.mlir", "UNIMPLEMENTED", "StableHLO parser"),
            ("g.onnx", "DEPENDENCY_MISSING", "ONNX"),
            ("g.gguf", "DEPENDENCY_MISSING", "GGUF"),
            ("g.safetensors", "DEPENDENCY_MISSING", "importer"),
            ("g.txt", "INVALID_ARGUMENT", "g.txt"),
            ("g.yml", "INVALID_ARGUMENT", "g.yml"),
            ("g.tenon.yaml", "INVALID_ARGUMENT", "manifest"),
        ]:
            with self.subTest(name=name):
                path = self.write(name, graph)  # a good graph file, under another name
                for verb in ("lower", "run"):
                    self.check_error(tenon(verb, path), 1, code, word)
        self.check_error(tenon("lower", self.path("model")), 1, "DEPENDENCY_MISSING", "folder", "importer")

    def test_a_file_that_is_no_yaml_is_named(self):
        path = self.write("g.yaml", b"\x93NUMPY\x01\x00")
        result = tenon("lower", path)
        self.assertEqual((result.status, result.out), (1, ""))
        self.assertIn(path, result.err)

    def test_unused_nodes_need_prune(self):
        text = RESIDUAL.replace("outputs:", "- {name: idle, op: rms_norm, inputs: [x]}\noutputs:")
        path = self.write("g.yaml", text)
        result = tenon("lower", path)
        self.assertEqual(result.status, 1)
        self.assertIn("idle", result.err)
        self.run_ok("lower", path, "--prune")
        self.run_ok("run", path, "--prune", "--random", 1)


if __name__ == "__main__":
    unittest.main()
