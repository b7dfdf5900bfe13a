"""The request loop of a worker: one JSON request per line on stdin, one JSON answer per line on what was stdout.

Whatever a library prints to stdout goes to stderr instead. A worker may die in any request: the driver notices and starts another.
"""
import json
import os
import re
import sys
import traceback

from tensors import TensorError


class Problem(Exception):
    """A request that ends without results. status: "rejected" (no valid module for this consumer), "unsupported" (valid, but this engine
    cannot compile or run it) or "failed"; stage: "parse", "verify", "compile" or "run"."""

    def __init__(self, status, stage, message):
        super().__init__(message)
        self.status, self.stage, self.message = status, stage, str(message)


def parse_stage(message):
    """"verify" if the text is grammatical but breaks an operation's rule: MLIR reports both while it parses."""
    return "verify" if re.search(r"(error|:\d+):\s*'[\w.]+' op ", message) else "parse"


def read_text(request):
    try:
        with open(request["module"], "rb") as file:
            return file.read()
    except OSError as error:
        raise Problem("failed", "parse", error)


def first_lines(text, lines=6, chars=1200):
    return "\n".join([line for line in str(text).splitlines() if line.strip()][:lines])[:chars]


def serve(handlers):
    """handlers: request["do"] -> function(request) -> dict; they raise Problem."""
    reply = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(content):
        reply.write(json.dumps(content) + "\n")
        reply.flush()

    answer({"status": "ready"})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(dict({"status": "ok"}, **handlers[request["do"]](request)))
        except Problem as problem:
            answer({"status": problem.status, "stage": problem.stage, "message": first_lines(problem.message)})
        except TensorError as error:
            answer({"status": "failed", "stage": "run", "message": first_lines(error)})
        except Exception as error:  # an engine's own Python broke: say so and go on
            traceback.print_exc()
            answer({"status": "failed", "stage": "run", "message": first_lines(f"{type(error).__name__}: {error}")})
