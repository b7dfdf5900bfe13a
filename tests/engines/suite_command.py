"""The command line that the suites started by run.py share: options, a folder for their files, the exit status."""
import argparse
import contextlib
import shutil
import sys
import tempfile
import time


def parser():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tenon", required=True)
    parser.add_argument("--engines", type=lambda text: text.split(","), required=True)
    parser.add_argument("--pattern", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", default="")
    parser.add_argument("--full", action="store_true")
    return parser


@contextlib.contextmanager
def folder(keep, prefix):
    """The folder `keep`; without one, a temporary folder that goes away."""
    root = keep or tempfile.mkdtemp(prefix=prefix)
    try:
        yield root
    finally:
        if not keep:
            shutil.rmtree(root, ignore_errors=True)


def note(suite, text, begin):
    """Progress on stderr: what is done, and the time it took."""
    print(f"{suite}: {text}: {time.time() - begin:.0f} s", file=sys.stderr, flush=True)
