#!/usr/bin/env python3
"""travel.py BUILD: the binaries kept with every release (released/VERSION, made by make-release) with those of this build, in all pairs
that are promised: programs run with a library that is as new as they are or newer; plugins work with every library, older or newer."""
import lzma
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

RELEASED = pathlib.Path(__file__).resolve().parent / "released"
PLUGINS = ("travel-c", "travel-cpp")
NOW = "this build"


def number(version):
    return tuple(int(part) for part in version.split("."))


def unpack(folder, build, versions):
    """Per version: host, the library's folder, the plugins' folder. In copies: the loader refuses files that others may write to."""
    sets = {}
    for version in [*versions, NOW]:
        place = folder / version.replace(" ", "-")
        (place / "plugins").mkdir(parents=True)
        source = RELEASED / version
        if version == NOW:
            sets[version] = (build / "bin/abi_travel_host", build / "lib", place / "plugins")
            source = build / "tests/abi/kept/tenon/plugins-1"
        else:
            shutil.copy(source / "host", place / "host")
            (place / "host").chmod(0o755)
            kept = source / "libtenon.so.1.xz"
            if kept.is_file():
                (place / "libtenon.so.1").write_bytes(lzma.decompress(kept.read_bytes()))
            else:
                print(f"{version}: its library is not kept: only its program and its plugins are tried")
            sets[version] = (place / "host", place if kept.is_file() else None, place / "plugins")
        for plugin in PLUGINS:
            for suffix in (".so", ".tenon.yaml"):
                copy = shutil.copy(source / (plugin + suffix), place / "plugins")
                os.chmod(copy, 0o644)
    return sets


def library_of(host, environment):
    traced = subprocess.run([host], env={**environment, "LD_TRACE_LOADED_OBJECTS": "1"}, capture_output=True, text=True, check=False).stdout
    return next((line.split("=>")[1].split("(")[0].strip() for line in traced.splitlines() if "libtenon" in line), "none")


def run(sets, host, library, plugins):
    environment = {**os.environ, "LD_LIBRARY_PATH": str(sets[library][1])}
    command = [sets[host][0], sets[plugins][2]] + (["packs"] if library == NOW else [])
    found = library_of(sets[host][0], environment)
    if os.path.dirname(os.path.realpath(found)) != os.path.realpath(sets[library][1]):
        return f"would use {found}"
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    if result.returncode == 0 and result.stdout.startswith("host: all right"):
        return ""
    return f"status {result.returncode}: {(result.stdout + result.stderr).strip()}"


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    if platform.machine() != "x86_64":
        print(f"left out: the kept binaries are for x86_64, this is {platform.machine()}")
        return 77
    versions = sorted((p.name for p in RELEASED.iterdir() if (p / "host").is_file()), key=number)
    if not versions:
        print(f"{RELEASED} keeps no release: tests/abi/make-release makes one")
        return 1
    order = [*versions, NOW]
    pairs = failures = 0
    with tempfile.TemporaryDirectory() as folder:
        sets = unpack(pathlib.Path(folder), build, versions)
        for library in [version for version in order if sets[version][1] is not None]:
            for host in order[: order.index(library) + 1]:
                for plugins in order:
                    problem = run(sets, host, library, plugins)
                    pairs += 1
                    failures += problem != ""
                    print(f"program of {host}, library of {library}, plugins of {plugins}: {problem or 'all right'}")
    print(f"travel: {pairs} combinations of {len(versions)} releases and this build, {failures} failed")
    return 1 if failures else 0


sys.exit(main())
