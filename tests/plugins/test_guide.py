"""Every command of the guide, in order, in one shell; behind a block of commands may stand one of text that its output must contain."""
import subprocess
import time

from support import PREFIX, SOURCE, PluginTest, blocks, run

GUIDE = SOURCE / "packaging" / "WRITING-A-PLUGIN.md"
MARK = "---- end of the block ----"


class Guide(PluginTest):
    def test_every_command(self):
        found = blocks(GUIDE.read_text(encoding="utf-8"))
        commands = [text for language, text in found if language == "sh"]
        self.assertGreater(len(commands), 8)
        self.assertEqual({language for language, _ in found}, {"sh", "text"})
        script = "set -eu\n" + "".join(f"{text}echo '{MARK}'\n" for text in commands)
        begin = time.monotonic()
        done = run("bash", "-c", script, cwd=self.folder, TENON_PREFIX=PREFIX, TENON_SOURCE=SOURCE, XDG_DATA_HOME=self.data)
        outputs = done.stdout.split(MARK)
        if done.returncode != 0:
            self.fail(f"this block of the guide failed:\n{commands[len(outputs) - 1]}\n{outputs[-1]}\n{done.stderr[-3000:]}")
        self.assertLess(time.monotonic() - begin, 600, "ten minutes")
        number = -1
        for language, text in found:
            if language == "sh":
                number += 1
                continue
            rest = outputs[number]
            for line in text.splitlines():
                self.assertIn(line, rest, f"block {number}:\n{commands[number]}")
                rest = rest.split(line, 1)[1]

    def test_the_command_that_the_guide_speaks_of_is_the_installed_one(self):
        done = subprocess.run(["which", "tenon"], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.strip(), str(PREFIX / "bin" / "tenon"))
