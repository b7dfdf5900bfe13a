"""tenon plugins new: names, what it writes and what it refuses. Whether the projects work is test_projects.py's."""
import json
import os
import stat

from support import PluginTest, tenon

LANGUAGES = ("c", "c++", "rust")
COMMON = {".gitignore", "README.md", "build.sh", "cases.yaml", "plugin.tenon.yaml"}


class New(PluginTest):
    def files(self, folder):
        return {str(f.relative_to(folder)): f.read_text(encoding="utf-8") for f in folder.rglob("*") if f.is_file()}

    def new_here(self, *arguments, status=0):
        done = tenon("plugins", "new", *arguments, cwd=self.folder)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_every_language(self):
        for language in LANGUAGES:
            with self.subTest(language):
                where = self.folder / f"every-{language}"
                done = self.new_here("acme.my_op", "--lang", language, "--dir", where)
                self.assertIn(f"tenon verify acme.my_op --plugin-path build/tenon/plugins-1", done.stderr)
                files = self.files(where)
                self.assertLessEqual(COMMON, set(files))
                for path, text in files.items():
                    self.assertNotRegex(text, r"@[A-Z_]+@", path)
                    self.assertTrue(text.endswith("\n") and not text.endswith("\n\n"), path)
                self.assertIn("name: acme.my-op\n", files["plugin.tenon.yaml"])
                self.assertTrue(os.access(where / "build.sh", os.X_OK))
                self.assertFalse(os.access(where / "README.md", os.X_OK))
                self.assertEqual([f.name for f in self.folder.iterdir() if f.name.startswith(".")], [])

    def test_names(self):
        for name, operator, plugin, library in [("acme.my_op", "acme.my_op", "acme.my-op", "acme-my-op"),
                                                ("my-plugin", "local.my_plugin", "local.my-plugin", "local-my-plugin"),
                                                ("org.acme2.v-3", "org.acme2.v_3", "org.acme2.v-3", "org-acme2-v-3")]:
            report = json.loads(self.new_here(name, "--lang", "c", "--json").stdout)
            self.assertEqual((report["operator"], report["plugin"], report["project"]), (operator, plugin, library))
            self.assertEqual(sorted(report["files"]), sorted(self.files(self.folder / library)))

    def test_what_is_no_name(self):
        for name, words in [("Acme.MyOp", "use acme.myop"), ("my op", "use my_op"), ("3d", "starting with a letter"),
                            ("a..b", "joined by dots"), (".a", "name"), ("a.", "name"), ("", "NAME"), ("tenon.rms_norm", "yours.rms_norm"), ("tenon.x.y", "yours.y"),
                            ("a" * 70, "64 bytes"), ("l" * 60, "too long"), ("../x", "name"), ("a/b", "use a_b"), ("a\nb", "name")]:
            with self.subTest(name):
                error = self.new_here(name, "--lang", "c", status=2).stderr
                self.assertIn(words, error)
        self.assertFalse((self.folder / "x").exists())

    def test_usage(self):
        self.assertIn("languages: c, c++, rust", self.new_here("acme.op", status=2).stderr)
        self.assertIn("unknown language cobol", self.new_here("acme.op", "--lang", "cobol", status=2).stderr)
        self.assertIn("belong to tenon plugins new", self.fails("plugins", "doctor", "--lang", "c", status=2))
        self.assertIn("NAME", self.fails("plugins", "new", "--lang", "c", status=2))

    def test_nothing_is_overwritten(self):
        where = self.folder / "taken"
        where.mkdir()
        (where / "README.md").write_text("mine", encoding="utf-8")
        error = self.new_here("acme.op", "--lang", "c", "--dir", where, status=1).stderr
        self.assertRegex(error, r"ALREADY_EXISTS: .*\n --> .*taken")
        self.assertEqual(self.files(where), {"README.md": "mine"})
        file = self.folder / "file"
        file.write_text("mine", encoding="utf-8")
        self.new_here("acme.op", "--lang", "c", "--dir", file, status=1)
        link = self.folder / "link"
        link.symlink_to(self.folder / "nowhere")
        self.new_here("acme.op", "--lang", "c", "--dir", link, status=1)
        self.assertTrue(link.is_symlink())
        error = self.new_here("acme.op", "--lang", "c", "--dir", self.folder / "no" / "op", status=1).stderr
        self.assertTrue(error.startswith("error: NOT_FOUND:"), error)
        closed = self.folder / "closed"
        closed.mkdir(mode=0o500)
        self.assertIn("PERMISSION_DENIED", self.new_here("acme.op", "--lang", "c", "--dir", closed / "op", status=1).stderr)
        self.assertEqual(list(closed.iterdir()), [])

    def test_an_empty_folder_is_filled(self):
        where = self.folder / "empty"
        where.mkdir()
        self.new_here("acme.op", "--lang", "c", "--dir", f"{where}/")
        self.assertLessEqual(COMMON, set(self.files(where)))
        self.assertEqual(stat.S_IMODE(where.stat().st_mode) & 0o022, 0)
