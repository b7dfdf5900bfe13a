"""Engine processes: one request in, one answer out, whatever happens to the process in between."""
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading

from environments import HERE, clean_environment, environment

ENVIRONMENT = {"xla": "xla", "stablehlo": "xla", "iree": "iree"}  # engine -> the environment whose worker serves it
TIMEOUT = 300  # seconds for one request: a block compiles in 15, on a machine that is busy otherwise in 120
RENEW = 400    # requests after which a worker is replaced: engines keep memory for every program


class EngineError(Exception):
    """An engine's process does not start."""


class Worker:
    """One process of an environment. ask() always answers: a death or a time-out is the answer "failed" with `crashed`."""

    def __init__(self, name):
        self.name, self.python = name, environment(name)
        self.process = self.log = None
        self.served = 0

    def start(self):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([self.python, os.path.join(HERE, f"worker_{self.name}.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, env=clean_environment(), text=True)
        self.served = 0
        if not self.process.stdout.readline():
            self.process.wait()
            raise EngineError(f"the worker of '{self.name}' does not start:\n{self.tail(0)}")

    def tail(self, begin):
        self.log.seek(begin)
        return self.log.read().decode("utf-8", "replace").strip()[-2000:]

    def ask(self, request):
        if self.process is None or self.served >= RENEW:
            self.close()
            self.start()
        self.served += 1
        mark = os.fstat(self.log.fileno()).st_size
        late = threading.Event()

        def kill():
            late.set()
            self.process.kill()

        timer = threading.Timer(TIMEOUT, kill)
        timer.daemon = True
        timer.start()
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        timer.cancel()
        if line and not late.is_set():
            return json.loads(line)
        code = self.process.wait()
        self.process = None
        if late.is_set():
            message = f"no answer within {TIMEOUT} s"
        else:
            reason = signal.Signals(-code).name if code < 0 else f"exit status {code}"
            lines = [line for line in self.tail(mark).splitlines() if line.strip()]
            message = f"the engine's process died ({reason})\n" + "\n".join(lines[:6])
        return {"status": "failed", "stage": "run", "message": message, "crashed": not late.is_set()}

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


def ask_all(name, requests, jobs):
    """The answers of environment `name`, in the requests' order, by `jobs` processes."""
    todo, answers, errors = queue.Queue(), [None] * len(requests), []
    for item in enumerate(requests):
        todo.put(item)
    environment(name)

    def work():
        worker = Worker(name)
        try:
            while not errors:
                index, request = todo.get_nowait()
                answers[index] = worker.ask(request)
        except queue.Empty:
            pass
        except Exception as error:
            errors.append(error)
        finally:
            worker.close()

    threads = [threading.Thread(target=work) for _ in range(max(1, min(jobs, len(requests))))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return answers
