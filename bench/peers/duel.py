"""One process per participant, of which only the one that is asked runs; rounds in changing order. Standard library only."""
import json
import os
import signal
import subprocess
import threading

# Libraries that allocate their results in every call would otherwise be timed on page faults: memory once freed stays with the process.
KEEP_PAGES = {"MALLOC_MMAP_MAX_": "0", "MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "268435456"}


class Ended(Exception):
    """A process ended, or did not answer in time."""


class Participant:
    """A process that speaks the protocol of bench/serve.h. It is stopped (SIGSTOP) whenever it is not asked, with its children: spinning
    pools of several libraries would fight over the CPUs."""

    def __init__(self, name, command, threads, environment=None, log=None):
        env = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads),
                   PYTHONDONTWRITEBYTECODE="1", PYTHONNOUSERSITE="1", TF_CPP_MIN_LOG_LEVEL="3", **KEEP_PAGES)
        env.update(environment or {})
        for unwanted in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
            env.pop(unwanted, None)
        self.name, self.stopped = name, False
        self.process = subprocess.Popen([*command, "--threads", str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=log or subprocess.DEVNULL, text=True, env=env, start_new_session=True)
        try:
            self.version = self._answer(120).get("version", "")
        except Ended:
            self.close()
            raise
        self._signal(signal.SIGSTOP)

    def _signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def _answer(self, limit):
        timer = threading.Timer(limit, lambda: self._signal(signal.SIGKILL))
        timer.start()
        try:
            for line in self.process.stdout:
                if line.startswith("{"):
                    return json.loads(line)
        finally:
            timer.cancel()
        raise Ended(f"{self.name} ended or did not answer within {limit:.0f} s")

    def ask(self, request, limit=300):
        """The answer. Raises Ended."""
        self._signal(signal.SIGCONT)
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            return self._answer(limit)
        except BrokenPipeError:
            raise Ended(f"{self.name} has ended") from None
        finally:
            self._signal(signal.SIGSTOP)

    def close(self):
        self._signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def stolen_seconds():
    """CPU time that the hypervisor gave to others so far, over all CPUs."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = file.readline().split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK") if len(fields) > 8 else 0.0


def rounds(askers, count):
    """askers: name -> function that takes one sample and returns microseconds, or None where it failed. Every round asks each once, in an
    order that moves on by one; a name that failed is not asked again. -> a list of {name: microseconds}, with "stolen" in seconds."""
    names, failed, out = list(askers), set(), []
    for number in range(count):
        shift = number % len(names)
        row, before = {}, stolen_seconds()
        for name in names[shift:] + names[:shift]:
            if name in failed:
                continue
            value = askers[name]()
            if value is None:
                failed.add(name)
            else:
                row[name] = value
        row["stolen"] = stolen_seconds() - before
        out.append(row)
    return out
