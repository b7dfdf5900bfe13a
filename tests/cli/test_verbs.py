"""What each verb says, as text and as JSON."""
import json
import os
import shutil

import numpy as np
from support import RESIDUAL, CommandTest, tenon

OPERATOR = ("--dtype", "bf16", "--shape", "4x64,64")


class Verbs(CommandTest):
    def test_lower_prints_a_module_on_stdout(self):
        result = self.run_ok("lower", "op:rms_norm", *OPERATOR)
        self.assertIn("func.func public @main", result.out)
        self.assertIn("tensor<4x64xbf16>", result.out)
        self.assertEqual(result.err, "")
        self.assertEqual(self.run_ok("lower", "op:rms_norm", *OPERATOR, "-o", "-").out, result.out)

    def test_lower_for_every_target(self):
        names = [row["name"] for row in self.run_ok("targets", "--json").json()["targets"]]
        self.assertLessEqual({"stablehlo", "xla", "iree", "litert", "custom-call", "reduction-calls"}, set(names))
        for name in names:
            with self.subTest(target=name):
                self.assertIn("@main", self.run_ok("lower", "op:rms_norm", *OPERATOR, "--target", name).out)

    def test_lower_takes_an_edited_profile(self):
        yaml = self.run_ok("targets", "custom-call").out
        path = self.write("mine.yaml", yaml)
        text = self.run_ok("lower", "op:rms_norm", *OPERATOR, "--target", path).out
        self.assertIn("stablehlo.custom_call", text)

    def test_lower_json_has_the_decisions(self):
        report = self.run_ok("lower", "op:rms_norm", *OPERATOR, "--target", "litert", "--json").json()
        self.assertEqual((report["tenon"], report["target"], report["source"]), ("0.1.0", "litert", "op:rms_norm"))
        self.assertIn("@main", report["text"])
        self.assertTrue(any(row["op"].endswith("rms_norm") for row in report["decisions"]), report["decisions"])
        out = self.path("out.mlir")
        report = self.run_ok("lower", "op:rms_norm", *OPERATOR, "--json", "-o", out).json()
        self.assertNotIn("text", report)
        self.assertEqual(report["output"], out)
        with open(out, encoding="utf-8") as file:
            self.assertIn("@main", file.read())

    def test_lower_verbose_says_what_became_of_operators(self):
        result = self.run_ok("lower", "op:rms_norm", *OPERATOR, "-v")
        self.assertIn("BECOMES", result.err)
        self.assertNotIn("BECOMES", result.out)

    def test_explain(self):
        report = self.run_ok("explain", "rms_norm", *OPERATOR, "--json").json()
        candidates = report["operators"][0]["candidates"]
        self.assertEqual(sum(row["chosen"] for row in candidates), 1)
        for row in candidates:
            self.assertTrue(row["reason"], row)
        text = self.run_ok("explain", "rms_norm", *OPERATOR).out
        self.assertIn("chosen", text)
        self.assertIn("step 0", text)
        self.assertEqual(self.run_ok("explain", "op:rms_norm", *OPERATOR).out, text)
        path = self.write("g.yaml", RESIDUAL)
        self.assertIn("rms_norm", self.run_ok("explain", path).out)

    def test_explain_target(self):
        report = self.run_ok("explain", "rms_norm", *OPERATOR, "--target", "litert", "--json").json()
        self.assertTrue(report["decisions"])
        self.assertIn("WHY", self.run_ok("explain", "rms_norm", *OPERATOR, "--target", "litert").out)

    def test_arch_forces_a_level(self):
        levels = self.run_ok("explain", "rms_norm", *OPERATOR, "--json").json()["levels"]
        built = os.environ.get("TENON_BUILT_LEVELS", ",".join(levels)).split(",")  # a build for the sanitizers has not all
        level = [name for name in levels if name in built][-1]
        report = self.run_ok("explain", "rms_norm", *OPERATOR, "--arch", level, "--json").json()
        self.assertEqual(report["level"], level)
        self.assertEqual([row["level"] for row in report["steps"]], [level])

    def test_verify_operators(self):
        result = self.run_ok("verify", "reduce_sum", "--dtype", "f32", "--cases", 3, "--seed", 7)
        self.assertRegex(result.out, r"(?m)^\d+ passed, 0 failed")
        self.assertEqual(result.err, "")
        report = tenon("verify", "rms_norm", "--dtype", "f16", "--json").json()
        self.assertEqual({row["dtype"] for row in report["rows"]}, {"f16"})
        both = self.run_ok("verify", "reduce_sum", "reduce_mean", "--dtype", "f32", "--json").json()
        self.assertEqual(len(both["reports"]), 2)

    def test_verify_fails_when_a_case_does(self):
        # The installed pack with cases of our own: one right, one wrong.
        manifest = next(row["manifest"] for row in self.run_ok("plugins", "--json").json()["plugins"] if "reductions" in row["name"])
        for ending in (".tenon.yaml", ".so"):
            shutil.copy(manifest.replace(".tenon.yaml", ending), self.folder)
        case = ("- {op: reduce_sum, name: NAME, dtypes: [f32], operands: {input: {shape: [2, 3], data: [1, 2, 3, 4, 5, 6]}}, attributes: "
                "{axes: [1]}, expected: {output: VALUES}}\n")
        cases = case.replace("NAME", "right").replace("VALUES", "[6, 15]") + case.replace("NAME", "wrong").replace("VALUES", "[6, 16]")
        self.write(os.path.basename(manifest).replace(".tenon.yaml", ".cases.yaml"), cases)
        verify = ("verify", "reduce_sum", "--plugin-path", self.folder)
        result = tenon(*verify, "-v")
        self.assertEqual(result.status, 1, result.err)
        self.assertRegex(result.out, r"(?m)^reduce_sum +wrong +f32 .*failed")
        self.assertIn("1 passed, 1 failed", result.out)
        self.assertIn("tenon: 1", result.out)  # the graph file that shows it
        quiet = tenon(*verify, "-q")
        self.assertNotIn("right", quiet.out)
        self.assertIn("wrong", quiet.out)
        result = tenon(*verify, "--json")
        self.assertEqual((result.status, result.json()["failed"], result.err), (1, 1, ""))

    def test_verify_exports_cases(self):
        first, second = self.path("first"), self.path("second")
        for folder in (first, second):
            self.run_ok("verify", "reduce_sum", "rms_norm", "--dtype", "f32", "--cases", 2, "--export", folder)
        names = sorted(os.listdir(os.path.join(first, "reduce_sum")))
        self.assertIn("middle_kept-f32", names)
        self.assertIn("random_0-f32", names)
        self.assertNotIn("axis_twice-f32", names)  # must fail: there is nothing to execute
        everything = [os.path.relpath(os.path.join(at, name), first) for at, _, files in os.walk(first) for name in files]
        self.assertGreater(len(everything), 100)
        for name in everything:
            with open(os.path.join(first, name), "rb") as one, open(os.path.join(second, name), "rb") as other:
                self.assertEqual(one.read(), other.read(), name)

        case = os.path.join(first, "rms_norm", "everything-f32")
        with open(os.path.join(case, "case.json"), encoding="utf-8") as file:
            told = json.load(file)
        self.assertEqual((told["op"], told["case"], told["dtype"], told["values"]), ("tenon.rms_norm", "everything", "f32", "normal"))
        self.assertEqual(told["attributes"], {"epsilon": 1e-5, "axis": -1, "normalized_shape": None, "unit_offset": True})
        self.assertEqual(told["given"], ["epsilon", "unit_offset"])
        self.assertEqual(list(told["operands"]), ["input", "scale", "residual", "multiplicand"])
        self.assertEqual([row["name"] for row in told["results"]], ["output", "sum"])
        bindings = []
        for row in (row for rows in told["operands"].values() for row in rows):
            self.assertEqual(list(np.load(os.path.join(case, row["file"])).shape), row["shape"])
            bindings += ["--input", f"{row['input']}={os.path.join(case, row['file'])}"]
        self.run_ok("run", os.path.join(case, "graph.yaml"), *bindings)
        result = tenon("verify", self.write("g.yaml", RESIDUAL), "--export", first)
        self.assertEqual(result.status, 2, result.err)
        with open(self.path("file"), "w", encoding="utf-8"):
            pass
        result = tenon("verify", "reduce_mean", "--dtype", "f32", "--export", self.path("file"))
        self.assertEqual(result.status, 1, result.err)
        self.assertIn("cannot make the folder", result.out)

    def test_verify_a_graph(self):
        path = self.write("g.yaml", RESIDUAL)
        report = self.run_ok("verify", path, "--json").json()
        self.assertEqual([row["case"] for row in report["rows"]], ["norm"])
        self.assertEqual(report["failed"], 0)
        self.run_ok("verify", "op:rms_norm", *OPERATOR)

    def test_ops(self):
        report = self.run_ok("ops", "--json").json()
        ops = {row["full_name"]: row for row in report["operators"]}
        self.assertLessEqual({"rms_norm", "reduce_sum", "reduce_mean"}, {row["name"] for row in ops.values()})
        self.assertIn("rms_norm", self.run_ok("ops").out)
        one = self.run_ok("ops", "rms_norm").out
        for word in ("epsilon", "unit_offset", "residual", "> 0", "bf16", "Targets"):
            self.assertIn(word, one)
        self.assertEqual(self.run_ok("ops", "RMSNorm").out, one)
        table = self.run_ok("ops", "--markdown").out.splitlines()
        self.assertRegex(table[1], r"^\|( -+:? \|)+$")
        self.assertEqual(len(table), 2 + len(report["operators"]))
        self.assertEqual({line.replace(r"\|", "").count("|") for line in table}, {table[1].count("|")})

    def test_targets(self):
        out = self.run_ok("targets").out
        for name in ("stablehlo", "xla", "iree", "litert", "custom-call", "reduction-calls"):
            self.assertIn(name, out)
        row = self.run_ok("targets", "iree", "--json").json()["targets"][0]
        self.assertEqual((row["name"], row["yaml"]), ("iree", self.run_ok("targets", "iree").out))

    def test_plugins(self):
        report = self.run_ok("plugins", "--json").json()
        names = [row["name"] for row in report["plugins"]]
        self.assertTrue(names)
        out = self.run_ok("plugins").out
        self.assertEqual(self.run_ok("plugins", "list").out, out)
        for name in names:
            self.assertIn(name, out)
        self.assertIn(names[0], self.run_ok("plugins", "inspect", names[0]).out)
        inspected = self.run_ok("plugins", "inspect", names[0], "--json").json()
        self.assertEqual(inspected["plugins"][0]["name"], names[0])
        self.assertIn(": ok", self.run_ok("plugins", "lint", report["plugins"][0]["manifest"]).out)
        self.run_ok("plugins", "doctor")
        self.assertTrue(self.run_ok("plugins", "doctor", "--json").json()["ok"])

    def test_a_bad_plugin_is_told_and_hides_nothing(self):
        path = self.write("bad.tenon.yaml", "tenon: [\n")
        result = tenon("plugins", "doctor", "--plugin-path", self.folder)
        self.assertEqual(result.status, 1)
        self.assertIn("bad.tenon.yaml", result.out)
        self.assertIn("advice:", result.out)
        report = tenon("plugins", "doctor", "--plugin-path", self.folder, "--json").json()
        self.assertEqual((report["ok"], len(report["to_mend"])), (False, 1))
        self.assertIn("rms_norm", self.run_ok("ops", "--plugin-path", self.folder).out)
        self.check_error(tenon("plugins", "lint", path), 1, "MANIFEST_INVALID", f" --> {path}:")
