"""One bash for all commands of a document, so that `cd`, variables and $? carry over; and the comparison of what a command prints with what
a document shows."""
import os
import re
import selectors
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
END = "--end of the command--"


class Shell:
    """Runs in `folder`, with the command of the build folder first in PATH, this Python, no variable of Tenon's, and an
    empty home."""

    def __init__(self, folder, build, **variables):
        self.scratch = tempfile.TemporaryDirectory(prefix="tenon-docs-")
        home = os.path.join(self.scratch.name, "home")
        bin_folder = os.path.join(self.scratch.name, "bin")
        for path in (home, bin_folder):
            os.mkdir(path)
        os.symlink(sys.executable, os.path.join(bin_folder, "python3"))  # the one that has NumPy
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("TENON_", "XDG_"))}
        environment.update(HOME=home, PATH=os.pathsep.join([os.path.join(build, "bin"), bin_folder, environment["PATH"]]), LC_ALL="C.UTF-8", **variables)
        self.bash = subprocess.Popen(["bash", "--norc", "--noprofile"], cwd=folder, env=environment, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(self.bash.stdout.fileno(), False)
        self.status = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bash.kill()
        self.bash.communicate()
        self.scratch.cleanup()

    def run(self, command, seconds=60):
        """(exit status, output); the command finds the status of the one before in $?."""
        path = os.path.join(self.scratch.name, "command")
        with open(path, "w", encoding="utf-8") as file:
            file.write(command + "\n")
        self.bash.stdin.write(f"(exit {self.status}); . {path} </dev/null; printf '%s %d\\n' '{END}' $?\n".encode())
        self.bash.stdin.flush()
        output, deadline = b"", time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self.bash.stdout, selectors.EVENT_READ)
            while True:
                found = re.search(re.escape(END).encode() + rb" (\d+)\n\Z", output)
                if found:
                    break
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"no end after {seconds} s; printed so far:\n{output.decode(errors='replace')}")
                if selector.select(left):
                    part = self.bash.stdout.read()
                    if not part:
                        raise EOFError(f"the command ended the shell; it printed:\n{output.decode(errors='replace')}")
                    output += part
        self.status = int(found.group(1))
        return self.status, output[:found.start()].decode(errors="replace")


def matches(shown, printed):
    """Whether a document shows what was printed: `..` in a line stands for any text, a line `..` for any number of lines. Blanks at the ends
    of lines do not count."""
    pattern = ""
    for line in shown:
        if line.strip() == "..":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.rstrip().split("..")) + r"\n"
    text = "".join(line.rstrip() + "\n" for line in printed.splitlines())
    return re.fullmatch(pattern, text) is not None


def check_command(shell, command, shown, follows_status):
    """Runs one command; the complaint, or None. shown: None where a document shows no output. A status other than 0 must be shown by an
    `echo $?` that follows."""
    try:
        status, printed = shell.run(command)
    except (TimeoutError, EOFError) as error:
        return str(error)
    if status != 0 and not follows_status:
        return f"exit status {status}\n{printed}"
    if shown is not None and not matches(shown, printed):
        return "shown:\n" + "".join(f"  {line}\n" for line in shown) + "printed:\n" + "".join(f"  {line}\n" for line in printed.splitlines())
    return None
