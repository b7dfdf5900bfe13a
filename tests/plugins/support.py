"""Runs the installed command and projects' build scripts as a user would; the folders that tests/plugins/run has made."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

PREFIX = pathlib.Path(os.environ["TENON_TEST_PREFIX"])
SOURCE = pathlib.Path(os.environ["TENON_TEST_SOURCE"])
PROJECTS = SOURCE / "packaging" / "plugin-projects"


def run(*command, cwd=None, timeout=300, **environment):
    env = {**os.environ, **{key: str(value) for key, value in environment.items()}}
    return subprocess.run([str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, check=False)


def tenon(*arguments, **options):
    return run(PREFIX / "bin" / "tenon", *arguments, **options)


def levels():
    """SIMD levels that this machine can run, best first."""
    return json.loads(tenon("explain", "rms_norm", "--dtype", "f32", "--shape", "1x8", "--json").stdout)["levels"]


class PluginTest(unittest.TestCase):
    """A temporary folder for each class, and one user's data folder in it."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="test-"))
        cls.data = cls.folder / "data"
        cls.installed = cls.data / "tenon" / "plugins-1"

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def ok(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def tenon(self, *arguments, **options):
        """The command as the user whose data folder this is; must succeed."""
        return self.ok(tenon(*arguments, XDG_DATA_HOME=self.data, **options))

    def fails(self, *arguments, status=1, **options):
        done = tenon(*arguments, XDG_DATA_HOME=self.data, **options)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def new(self, name, language, folder):
        self.ok(tenon("plugins", "new", name, "--lang", language, "--dir", self.folder / folder))
        return self.folder / folder

    def build(self, project, *arguments, **environment):
        done = run("./build.sh", *arguments, cwd=project, **{"TENON_PREFIX": PREFIX, **environment})
        self.ok(done)
        self.assertEqual(done.stderr, "", "a warning")
        return project / "build" / "tenon" / "plugins-1"

    def install(self, built):
        """What the project's README says; gives the files, to remove them again."""
        self.installed.mkdir(parents=True, exist_ok=True)
        files = []
        for file in sorted(built.iterdir()):
            files.append(self.installed / file.name)
            shutil.copyfile(file, files[-1])
            files[-1].chmod(0o644)
        return files

    def plugins(self, **options):
        return {p["name"]: p for p in json.loads(self.tenon("plugins", "--json", **options))["plugins"]}

    def replace(self, file, old, new, count=1):
        text = file.read_text(encoding="utf-8")
        self.assertIn(old, text)
        file.write_text(text.replace(old, new, count), encoding="utf-8")


def blocks(text):
    """The fenced blocks of a Markdown text: (language, content)."""
    return re.findall(r"^```([a-z]*)\n(.*?)^```$", text, re.M | re.S)
