"""tenon plugins doctor and lint: broken machines and broken plugins, made on purpose, and what is said about them."""
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys

import jsonschema
from support import COMMAND, CommandTest, tenon
from test_reports import ROOT, Reports

PACKS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(COMMAND))), "lib", "tenon", "plugins-1")


class PluginTest(CommandTest):
    def pack(self, name="shape", folder="", changes=(), into=None):
        """A copy of a pack that works, with its manifest changed; the path of the manifest."""
        target = self.path(folder) if folder else self.folder
        os.makedirs(target, exist_ok=True)
        for ending in ("so", "tenon.yaml", "cases.yaml"):
            shutil.copy(os.path.join(PACKS, f"{name}.{ending}"), os.path.join(target, f"{into or name}.{ending}"))
        path = os.path.join(target, f"{into or name}.tenon.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for old, new in [*changes, *([(f"library: {name}.so", f"library: {into}.so")] if into else [])]:
            self.assertTrue(old in text, old)
            text = text.replace(old, new, 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def check_schema(self, name, report):
        Reports.setUpClass()
        jsonschema.Draft202012Validator({**Reports.closed, "anyOf": [{"$ref": f"#/$defs/{name}"}]}).validate(report)


class New(PluginTest):
    def test_report(self):
        report = self.run_ok("plugins", "new", "acme.my_op", "--lang", "c", "--json", cwd=self.folder).json()
        self.check_schema("new", report)
        self.assertEqual((report["plugin"], report["operator"]), ("acme.my-op", "acme.my_op"))
        found = [os.path.relpath(os.path.join(at, name), self.path(report["project"])) for at, _, names in os.walk(self.path(report["project"]))
                 for name in names]
        self.assertEqual(sorted(report["files"]), sorted(found))
        self.assertEqual(tenon("plugins", "new", "acme.other", "--lang", "c", "--open", cwd=self.folder).status, 2)
        self.assertFalse(os.path.exists(self.path("acme-other")))


class Doctor(PluginTest):
    def doctor(self, status, *arguments, **environment):
        """(text, report): both forms of what is said, which agree on the status."""
        text = tenon("plugins", "doctor", *arguments, **environment)
        self.assertEqual((text.status, text.err), (status, ""), text.out)
        told = tenon("plugins", "doctor", *arguments, "--json", **environment)
        self.assertEqual((told.status, told.err), (status, ""))
        report = told.json()
        self.check_schema("doctor", report)
        self.assertEqual(report["ok"], status == 0)
        return text.out, report

    def warnings(self, report):
        return [row["message"] for row in report["warnings"]]

    def test_a_machine_that_is_well(self):
        text, report = self.doctor(0)
        self.assertEqual((report["to_mend"], report["warnings"], report["environment"]), ([], [], []))
        self.assertEqual(report["plugin_api"], {"major": 1, "min_minor": 0, "max_minor": 0})
        self.assertTrue(os.path.samefile(report["library"], os.path.join(os.path.dirname(PACKS), "..", "libtenon.so.1")))
        self.assertRegex(text, r"(?m)^\d+ plugins are well, 0 to mend, 0 warnings$")
        self.assertEqual(self.run_ok("plugins", "doctor", "-q").out, "")

    def test_every_folder_of_the_search_order_is_told(self):
        _, report = self.doctor(0, XDG_DATA_HOME=self.folder)
        rows = {row["path"]: row for row in report["searched"]}
        self.assertEqual([row["tier"] for row in report["searched"]], sorted(row["tier"] for row in report["searched"]))
        self.assertEqual(rows[os.path.realpath(PACKS)]["note"], f"{report['well']} plugins")
        users = rows[os.path.join(self.folder, "tenon", "plugins-1")]
        self.assertIn("root's own folder" if os.geteuid() == 0 else "no such folder", users["note"])
        _, report = self.doctor(0, "--no-user-plugins", XDG_DATA_HOME=self.folder)
        self.assertIn("--no-user-plugins", next(row for row in report["searched"] if row["tier"] == 3)["note"])

    def test_variables_that_switch_folders_off(self):
        text, report = self.doctor(1, TENON_PLUGIN_PATH=self.folder)
        self.assertEqual(report["environment"][0]["name"], "TENON_PLUGIN_PATH")
        notes = {row["tier"]: row["note"] for row in report["searched"]}
        self.assertEqual(notes[2], "0 plugins")
        self.assertIn("TENON_PLUGIN_PATH replaces it", notes[5])
        self.assertIn("no plugin can be used\n  advice: ", text)
        _, report = self.doctor(0, TENON_SAFE_MODE="1", TENON_ADD_PLUGIN_PATH=self.folder)
        notes = {row["tier"]: row["note"] for row in report["searched"]}
        self.assertIn("unset TENON_SAFE_MODE", notes[2])
        self.assertRegex(notes[5], r"^\d+ plugins$")

    def test_a_misspelt_variable(self):
        text, report = self.doctor(0, TENON_PLUGINS_PATH=self.folder)
        self.assertEqual(len(report["warnings"]), 1)
        self.assertIn("TENON_PLUGINS_PATH is set, and means nothing", text)
        self.assertIn("did you mean TENON_PLUGIN_PATH?", text)

    def test_a_level_that_is_not_used(self):
        machine = self.doctor(0)[1]["machine"]
        if len(machine["levels"]) < 2:
            self.skipTest("this machine has one SIMD level")
        lower = machine["levels"][-1]
        text, report = self.doctor(0, TENON_ARCH=lower)
        self.assertIn(f"SIMD levels above {lower} are not used, because of TENON_ARCH={lower}; this machine has {machine['level']}", text)
        self.assertEqual(report["machine"]["level"], lower)
        self.assertIn(f"--arch {lower}", self.doctor(0, "--arch", lower)[0])
        self.assertEqual(self.doctor(0, TENON_ARCH=machine["level"])[1]["warnings"], [])

    def test_permissions(self):
        path = self.pack(folder="open")
        os.chmod(self.path("open"), 0o777)
        text, report = self.doctor(1, "--plugin-path", self.path("open"))
        self.assertEqual([row["code"] for row in report["to_mend"]], ["UNTRUSTED"])
        self.assertRegex(text, r"advice: .*chmod ")
        os.chmod(self.path("open"), 0o755)
        os.chmod(path.replace(".tenon.yaml", ".so"), 0o666)
        self.assertEqual([row["code"] for row in self.doctor(1, "--plugin-path", self.path("open"))[1]["to_mend"]], ["UNTRUSTED"])

    def test_shadowed_and_denied_plugins(self):
        path = self.pack()
        text, report = self.doctor(0, "--plugin-path", self.folder)
        self.assertEqual(len(report["warnings"]), 1)
        self.assertIn(f"is not used: version 0.1.0 in {os.path.realpath(path)} comes first", text)
        _, report = self.doctor(0, TENON_PLUGINS_DENY="tenon.shape")
        self.assertEqual(len(report["warnings"]), 1)
        self.assertIn("TENON_PLUGINS_DENY matches its name", self.warnings(report)[0])
        self.assertEqual(report["well"], self.doctor(0)[1]["well"] - 1)

    def test_a_stale_manifest(self):
        self.pack(changes=[("\n  version: 1\n", "\n  version: 2\n")])
        text, report = self.doctor(1, "--plugin-path", self.folder)
        self.assertEqual([row["code"] for row in report["to_mend"]], ["MANIFEST_MISMATCH"])
        self.assertIn("install the plugin again", text)

    def test_another_api_another_machine_a_library_that_is_missing(self):
        for change, code, words in [
            (("api: {major: 1, min_minor: 0, built_minor: 0}", "api: {major: 1, min_minor: 9, built_minor: 9}"), "INCOMPATIBLE", "1.9"),
            (("arch: ", "arch: not_"), "INCOMPATIBLE", "not_"),
            (("levels:", "requires: {libs: [libnothing.so.7]}\nlevels:"), "DEPENDENCY_MISSING", "libnothing.so.7"),
            (("library: shape.so", "library: gone.so"), "NOT_FOUND", "gone.so"),
        ]:
            with self.subTest(code=code, words=words):
                self.pack(changes=[change])
                text, report = self.doctor(1, "--plugin-path", self.folder)
                self.assertEqual([row["code"] for row in report["to_mend"]], [code])
                self.assertIn(words, text)
                self.assertIn("  advice: ", text)

    def test_a_library_without_a_manifest(self):
        shutil.copy(os.path.join(PACKS, "shape.so"), self.path("alone.so"))
        text, report = self.doctor(0, "--plugin-path", self.folder)
        self.assertEqual(len(report["warnings"]), 1)
        self.assertIn("alone.so has no manifest", text)

    def test_two_plugins_with_the_same_operator(self):
        head = "schema: 1\nname: org.example.twin\nversion: \"1\"\nkind: operators\nnamespace: tenon\nlicense: Apache-2.0\n"
        ops = "ops:\n- name: rms_norm\n  operands: [{name: input, type: float}]\n  results: [{name: output, like: input}]\n"
        pack = [sys.executable, os.path.join(ROOT, "cmake", "tenon_pack.py"), "build", "--manifest", self.write("twin.yaml", head + ops)]
        subprocess.run([*pack, "--out", self.path("twin.tenon.yaml"), "--note", self.path("note.c"), "--library", "twin", "--arch",
                        platform.machine(), "--include", os.path.join(ROOT, "capi", "include")], check=True)
        self.write("p.c", "int tenon_plugin_query_v1(void) { return 3; }\n")
        subprocess.run(["cc", "-shared", "-fPIC", self.path("p.c"), self.path("note.c"), "-o", self.path("twin.so")], check=True)
        text, report = self.doctor(0, "--plugin-path", self.folder)
        self.assertEqual(len(report["warnings"]), 1)
        self.assertIn("the operator tenon.rms_norm of tenon.normalization is not used: org.example.twin has it too, and comes first", text)
        _, report = self.doctor(1, "--plugin-path", self.folder, "--open")
        self.assertEqual([row["name"] for row in report["to_mend"]], ["org.example.twin"])

    def test_open_finds_what_only_running_shows(self):
        self.assertEqual(self.doctor(0, "--open")[1]["to_mend"], [])
        self.assertIn("ACTIVE", self.run_ok("plugins", "inspect", "tenon.shape", "--open").out)
        self.assertEqual(tenon("plugins", "--open").status, 2)


class Lint(PluginTest):
    def problems(self, path):
        """The problems of --json; the text has an `error:` for each."""
        told = tenon("plugins", "lint", path, "--json")
        self.assertEqual((told.status, told.out), (1, ""))
        error = told.error()
        self.check_schema("error", {"error": error})
        self.assertEqual({key: error[key] for key in ("code", "message")}, {key: error["problems"][0][key] for key in ("code", "message")})
        text = tenon("plugins", "lint", path)
        self.assertEqual((text.status, text.out), (1, ""))
        self.assertEqual(len([line for line in text.err.splitlines() if line.startswith("error: ")]), len(error["problems"]))
        for problem in error["problems"]:
            self.assertTrue(problem["message"] and problem["advice"], problem)
        return error["problems"]

    def test_a_good_plugin(self):
        path = self.pack()
        report = self.run_ok("plugins", "lint", path, "--json").json()
        self.check_schema("lint", report)
        self.assertEqual((report["advice"], report["exports"]), ([], ["tenon_plugin_query_v1"]))
        result = self.run_ok("plugins", "lint", path.replace(".tenon.yaml", ".so"))
        self.assertIn(": ok\n", result.out)
        self.assertIn("its code was not run", result.err)
        self.assertIn(": ok, opened too\n", self.run_ok("plugins", "lint", path, "--open").out)

    def test_all_problems_of_a_manifest_with_their_lines(self):
        path = self.pack(changes=[("license:", "licence:"), ("priority: 100", "priority: high"), ("threads: concurrent", "threads: many"),
                                  ("version: \"", "version: 1.10 #\""), ("\n  kernels:\n", "\n  kernel:\n")])
        with open(path, encoding="utf-8") as file:
            lines = [line.split(":")[0].strip(" -") for line in file]
        problems = self.problems(path)
        told = {lines[row["where"]["line"] - 1] for row in problems}
        self.assertLessEqual({"licence", "version"}, told)
        self.assertEqual({row["code"] for row in problems}, {"MANIFEST_INVALID"})
        messages = " ".join(row["message"] for row in problems)
        for words in ("unknown key \"licence\"", "version must be in quotes", "unknown key \"kernel\"", "priority"):
            self.assertIn(words, messages)
        self.assertIn("did you mean \"license\"?", " ".join(row["advice"] for row in problems))

    def test_each_operator_and_each_of_its_parts_is_told(self):
        self.write("p.tenon.yaml", """\
schema: 1
name: org.example.p
version: "1"
kind: operators
namespace: example
api: {major: 1, min_minor: 0, built_minor: 0}
arch: x86_64
library: p.so
ops:
- name: first
  operands: [{name: a, typ: f32}, {name: b, type: f33}, {name: c, like: a}]
  attributes: {x: {type: number}, y: {type: int, min: 3, max: 2}}
  results: [{name: r, like: a}]
- name: Second
  results: [{name: r, type: f32}]
- name: third
  operands: [{name: a, type: f32}]
  results: [{name: r, like: b}]
  infer: sam
""")
        messages = [row["message"] for row in self.problems(self.path("p.tenon.yaml"))]
        for words in ("operand a needs either type or like", "f33", "unknown type \"number\"", "no number is within its bounds", "\"Second\"",
                      "which is no operand", "unknown rule \"sam\""):
            self.assertTrue(any(words in message for message in messages), (words, messages))
        self.assertFalse(any("operand c" in message for message in messages), "c is only wrong because a is")
        self.assertEqual(len(messages), 7, messages)

    def test_all_problems_of_a_library(self):
        path = self.pack(changes=[("levels:", "requires: {libs: [libnothing.so.7, libnone.so.1]}\nlevels:"), ("\n  version: 1\n", "\n  version: 2\n"),
                                  ("arch: ", "sha256: {shape.so: \"" + 64 * "0" + "\"}\narch: ")])
        messages = [row["message"] for row in self.problems(path)]
        self.assertEqual(len(messages), 4, messages)
        for words in ("libnothing.so.7", "libnone.so.1", "another text of the manifest's ops", "SHA-256"):
            self.assertTrue(any(words in message for message in messages), (words, messages))
        with open(path.replace(".tenon.yaml", ".so"), "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        self.run_ok("plugins", "lint", self.pack(changes=[("arch: ", "sha256: {shape.so: \"" + digest + "\"}\narch: ")]))

    def test_advice_for_what_is_allowed_but_unwise(self):
        path = self.pack(changes=[("license: Apache-2.0\n", "")])
        os.remove(path.replace(".tenon.yaml", ".cases.yaml"))
        result = self.run_ok("plugins", "lint", path)
        self.assertIn("warning: the manifest names no license\n  advice: ", result.err)
        self.assertIn("warning: no cases", result.err)
        self.assertEqual(self.run_ok("plugins", "lint", path, "-q").err, "")
        report = self.run_ok("plugins", "lint", path, "--json").json()
        self.check_schema("lint", report)
        self.assertEqual(len(report["advice"]), 2)
        self.write("shape.cases.yaml", "- {op: reshape, name: x, operands: {input: [2]}, attributes: {shape: [2]}}\n")
        self.assertIn("for: ", self.run_ok("plugins", "lint", path).err)
        self.write("shape.cases.yaml", "- {op: reshape, nam: x}\n")
        self.assertIn("shape.cases.yaml", self.problems(path)[0]["where"]["file"])

    def build(self, name, source, note):
        """A library of two lines of C with another plugin's note, which lies in the section of that name."""
        path = self.path(name + ".so")
        subprocess.run(["objcopy", "--dump-section", ".note.tenon=" + self.path("note.bin"), note.replace(".tenon.yaml", ".so"), os.devnull],
                       check=True)
        self.write("p.c", source)
        self.write("note.s", '.section .note.tenon,"a",@note\n.balign 4\n.incbin "' + self.path("note.bin") + '"\n.balign 4\n.section .note.GNU-stack,"",@progbits\n')
        subprocess.run(["cc", "-shared", "-fPIC", self.path("p.c"), self.path("note.s"), "-o", path], check=True)

    def test_exports(self):
        path = self.pack(into="p")
        self.build("p", "int tenon_plugin_query_v1(void) { return 0; }\nint helper(void) { return 1; }\n", path)
        result = self.run_ok("plugins", "lint", path)
        self.assertIn("warning: the library exports 1 more name than tenon_plugin_query_v1: helper", result.err)
        self.pack(into="p")
        self.build("p", "int helper(void) { return 1; }\n", path)
        self.assertIn("does not export tenon_plugin_query_v1", self.problems(path)[0]["message"])

    def test_open_finds_what_only_running_shows(self):
        path = self.pack(into="p")
        self.build("p", "int tenon_plugin_query_v1(void) { return 0; }\n", path)
        self.run_ok("plugins", "lint", path)
        result = tenon("plugins", "lint", path, "--open")
        self.assertEqual((result.status, result.out), (1, ""))
        self.assertRegex(result.err, r"^error: [A-Z_]+: ")
        self.assertIn(json.dumps("tenon.shape"), result.err)
