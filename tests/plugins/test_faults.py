"""What authors get wrong: a kernel that computes something else, a header that is newer than the host, manifests and libraries that do not
belong together. Each is found, said in a sentence that names it, and disturbs no neighbour."""
import json
import shutil

from support import PREFIX, PluginTest, run, tenon

NAME = "acme.squared_relu"
LIBRARY = "acme-squared-relu"


class Faults(PluginTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good = cls.folder / "good"
        tenon("plugins", "new", NAME, "--lang", "c", "--dir", cls.good)
        done = run("./build.sh", cwd=cls.good, TENON_PREFIX=PREFIX)
        assert done.returncode == 0, done.stderr

    def setUp(self):
        """Each test has a project of its own that is built already, and an empty user's folder."""
        self.project = self.folder / self.id().rsplit(".", 1)[1]
        shutil.copytree(self.good, self.project)
        self.built = self.project / "build" / "tenon" / "plugins-1"
        self.manifest = self.built / f"{LIBRARY}.tenon.yaml"
        self.library = self.built / f"{LIBRARY}.so"
        shutil.rmtree(self.data, ignore_errors=True)

    def verify(self, *options, status=0):
        done = tenon("verify", NAME, "--plugin-path", self.built, *options)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def refused(self, code, *words):
        """The plugin, installed as it lies there, is refused with that code; words stand in the message or in the advice."""
        self.install(self.built)
        reports = json.loads(self.tenon("plugins", "--json"))["plugins"]
        plugin = next(p for p in reports if p["manifest"] == str(self.installed / self.manifest.name))
        self.assertEqual((plugin["state"], plugin["code"]), ("REJECTED", code), plugin)
        self.assertTrue(plugin["message"] and plugin["advice"], plugin)
        for word in words:
            self.assertIn(word, plugin["message"] + "\n" + plugin["advice"])
        listed = self.tenon("plugins")
        self.assertIn(plugin["message"].splitlines()[0], listed)
        self.assertIn(plugin["message"].splitlines()[0], self.fails("plugins", "doctor"))
        self.assertIn(NAME, self.fails("ops", NAME))
        self.tenon("run", "op:rms_norm", "--dtype", "f32", "--shape", "2x8", "--random", "1", "--strict")
        return plugin

    # ---- Numbers ----

    def test_a_wrong_kernel(self):
        self.replace(self.project / "src" / "kernel.simd.c", "v = v * v * scale;", "v = v * v * (scale + 1e-5f);")
        self.build(self.project)
        said = self.verify(status=1)
        self.assertIn("scaled", said)
        self.assertIn("failed", said)
        rows = json.loads(tenon("verify", NAME, "--plugin-path", self.built, "--json").stdout)["rows"]
        failed = {row["case"]: row for row in rows if row["status"] == "failed"}
        self.assertLessEqual({"scaled", "misaligned", "in_place"}, set(failed))  # those with a whole vector of any level
        self.assertTrue(all(row["dtype"] == "f32" and row["kernel"] != "interpreter" for row in failed.values()), failed)

    def test_a_wrong_end_of_rows(self):
        """Only the elements behind the last whole vector are wrong."""
        self.replace(self.project / "src" / "kernel.simd.c", "y[i] = v * v * scale;", "y[i] = v * v;")
        self.build(self.project)
        self.assertIn("scaled", self.verify("--dtype", "f32", status=1))

    def test_a_wrong_meaning(self):
        """Kernel and meaning agree with each other, and the numbers worked out by hand do not."""
        self.replace(self.project / "cases.yaml", "expected: {output: [0, 0, 2, 4.5]}", "expected: {output: [0, 0, 2, 4.25]}")
        self.build(self.project)
        self.assertIn("by_hand", self.verify(status=1))

    # ---- Versions of the plugin API ----

    def newer_header(self, minor):
        """An installation with a newer header: what a later release would have."""
        newer = self.project / "newer"
        for folder in ("include", "lib"):
            shutil.copytree(PREFIX / folder, newer / folder, ignore=shutil.ignore_patterns("*.so*", "*.a", "plugins-1"))
        macro = "#define TENON_PLUGIN_API_MINOR"
        self.replace(newer / "include" / "tenon" / "plugin.h", f"{macro} 0", f"{macro} {minor}")
        return newer

    def test_built_with_a_newer_header(self):
        self.build(self.project, TENON_PREFIX=self.newer_header(7))
        self.assertIn("built_minor: 7", self.manifest.read_text(encoding="utf-8"))
        self.verify("--cases", "20")

    def test_asks_for_a_newer_host(self):
        newer = self.newer_header(7)
        self.replace(self.project / "src" / "plugin.c", "api_minor_required = 0", "api_minor_required = 5")
        self.replace(self.project / "plugin.tenon.yaml", "ops:\n", "api: {major: 1, min_minor: 5, built_minor: 7}\nops:\n")
        self.build(self.project, TENON_PREFIX=newer)
        self.refused("INCOMPATIBLE", "built for plugin API 1.5-1.7, this libtenon has 1.0-1.0", "upgrade libtenon")

    # ---- One symbol ----

    def test_hidden_visibility_is_enough(self):
        """Without the version script too: the query function alone is exported."""
        self.replace(self.project / "build.sh", "-Wl,--version-script=build/exports.map ", "")
        self.build(self.project)
        listed = self.ok(run("nm", "-D", "--defined-only", self.library)).split()
        self.assertEqual(listed[2:], ["tenon_plugin_query_v1"])
        self.verify()

    def test_more_symbols_are_refused_when_it_is_built(self):
        self.replace(self.project / "build.sh", "-fvisibility=hidden ", "")
        self.replace(self.project / "build.sh", "-Wl,--version-script=build/exports.map ", "")
        done = run("./build.sh", cwd=self.project, TENON_PREFIX=PREFIX)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("exports more than tenon_plugin_query_v1: level_", done.stderr)

    def test_clang_builds_it_too(self):
        self.build(self.project, CC="clang", CFLAGS="-Werror")
        self.verify("--cases", "40")

    # ---- What is refused ----

    def test_a_key_that_no_manifest_has(self):
        self.replace(self.manifest, "  summary:", "  sumary:")
        plugin = self.refused("MANIFEST_INVALID", "sumary")
        self.assertEqual(plugin["line"], 1 + self.manifest.read_text(encoding="utf-8").split("  sumary:")[0].count("\n"))

    def test_a_version_without_quotes(self):
        self.replace(self.manifest, 'version: "0.1.0"', "version: 0.10")
        self.refused("MANIFEST_INVALID", "version", "quote")

    def test_a_stale_manifest(self):
        self.replace(self.manifest, "max: 1000", "max: 2000")
        self.refused("MANIFEST_MISMATCH")

    def test_a_library_for_another_processor(self):
        """Cross-compiled, with the levels of that processor."""
        here = run("uname", "-m").stdout.strip()
        if here == "aarch64":
            self.skipTest("the other processor of this test is this one")
        self.build(self.project, CC="aarch64-linux-gnu-gcc")
        self.assertIn("levels: [neon64]", self.manifest.read_text(encoding="utf-8"))
        self.refused("INCOMPATIBLE", "aarch64", here)

    def test_half_a_library(self):
        content = self.library.read_bytes()
        self.library.write_bytes(content[: len(content) // 2])
        plugin = self.refused("PLUGIN_REJECTED", "truncated", "install the library again")
        self.assertEqual(plugin["file"], str(self.installed / self.library.name))

    def test_no_library(self):
        self.library.unlink()
        self.refused("NOT_FOUND", self.library.name)

    def test_writable_by_others(self):
        files = self.install(self.built)
        next(f for f in files if f.suffix == ".so").chmod(0o666)
        plugin = self.plugins()[NAME.replace("_", "-")]
        self.assertEqual((plugin["state"], plugin["code"]), ("REJECTED", "UNTRUSTED"))
        self.assertIn("chmod", plugin["advice"])
        self.ok(run("sh", "-c", plugin["advice"][plugin["advice"].index("chmod"):].split("`")[0]))  # it can be typed as it stands
        self.assertEqual(self.plugins()[NAME.replace("_", "-")]["state"], "VALIDATED")

    def test_a_kernel_that_the_manifest_does_not_list(self):
        """Found when the library is opened: the manifest alone looks right."""
        self.replace(self.project / "plugin.tenon.yaml", "kernels: [{name: squared_relu,", "kernels: [{name: another,")
        self.build(self.project)
        self.install(self.built)
        said = self.fails("run", f"op:{NAME}", "--dtype", "f32", "--shape", "4", "--random", "1")
        self.assertIn("MANIFEST_MISMATCH", said)
        self.assertIn("a kernel squared_relu, which the manifest does not list", said)
        self.assertIn("advice:", said)
