#!/usr/bin/env python3
"""discovery.py DISCOVERY ZOO: makes a hundred plugins out of the zoo's good one (other names, also in the library and its note), and prints
how long a new context takes to find and judge them, beside the same for Tenon's own packs. The count is judged, the time is not."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

COUNT = 100


def make(zoo, folder):
    """The manifest's bytes of one plugin."""
    manifest = (zoo / "good.tenon.yaml").read_text(encoding="utf-8")
    library = (zoo / "good.so").read_bytes()
    assert library.count(b"zoo.good") >= 2, "the name is in the note and in the answer to the query"
    for i in range(COUNT):
        name = f"g{i:03}"
        text = manifest.replace("zoo.good", f"zoo.{name}").replace("zoo_good", f"zoo_{name}").replace("good.so", f"{name}.so")
        (folder / f"{name}.tenon.yaml").write_text(text, encoding="utf-8")
        (folder / f"{name}.so").write_bytes(library.replace(b"zoo.good", f"zoo.{name}".encode()))
    return len(text)


def measure(program, path, rounds):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TENON_")}
    if path:
        environment["TENON_PLUGIN_PATH"] = str(path)
    done = subprocess.run([program, str(rounds)], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{program} ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def main():
    os.umask(0o022)  # the loader trusts no file that others can write to
    program, zoo = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "plugins"
        folder.mkdir(mode=0o755)
        size = make(zoo, folder)
        many = measure(program, folder, 21)
    own = measure(program, None, 21)
    print(f"{COUNT} plugins of {size} bytes of manifest each: median {many['median_us'] / 1000:.1f} ms, least {many['min_us'] / 1000:.1f} ms")
    print(f"Tenon's own {own['found']} packs: median {own['median_us'] / 1000:.1f} ms, least {own['min_us'] / 1000:.1f} ms")
    if many["found"] != COUNT or many["good"] != COUNT:
        sys.exit(f"expected {COUNT} good plugins: {many}")
    if own["found"] < 8 or own["good"] != own["found"]:
        sys.exit(f"expected Tenon's packs to be good: {own}")


main()
