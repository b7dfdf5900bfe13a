#!/usr/bin/env python3
"""lazy.py BUILD: no library of a plugin is mapped before an operator of it is used, as the dynamic linker itself reports (LD_AUDIT)."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

GRAPH = """tenon: 1
name: lazy
inputs: [{name: x, dtype: f32, shape: [4, 8]}]
nodes: [{name: y, op: rms_norm, inputs: [x]}]
outputs: [y]
"""


def mapped(build, command, folder):
    """The plugins, and all libraries, that a command of `tenon` maps."""
    log = os.path.join(folder, "mapped.txt")
    pathlib.Path(log).unlink(missing_ok=True)
    environment = {**os.environ, "LD_AUDIT": str(build / "tests/abi/libabi_audit.so"), "TENON_TEST_AUDIT": log}
    result = subprocess.run([build / "bin/tenon", *command], env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"tenon {' '.join(command)}: status {result.returncode}\n{result.stderr}")
    libraries = pathlib.Path(log).read_text(encoding="utf-8").splitlines()
    return [os.path.basename(path) for path in libraries if "/tenon/plugins-1/" in path], libraries, result.stdout


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        graph = os.path.join(folder, "graph.yaml")
        pathlib.Path(graph).write_text(GRAPH, encoding="utf-8")
        for command in (["--version"], ["ops"], ["ops", "rms_norm"], ["ops", "--json"], ["plugins"], ["plugins", "--json"], ["targets"]):
            plugins, libraries, output = mapped(build, command, folder)
            if not any("libtenon.so" in path for path in libraries):
                problems.append(f"{command}: libtenon is not among what was mapped: the audit sees nothing")
            if plugins:
                problems.append(f"tenon {' '.join(command)} mapped {plugins}")
            if command == ["plugins", "--json"] and len(json.loads(output)["plugins"]) < 5:
                problems.append("fewer than five plugins were found: the check proves nothing")
        used, _, _ = mapped(build, ["lower", graph, "--target", "stablehlo"], folder)
        if "normalization.so" not in used:
            problems.append(f"a graph that uses rms_norm mapped {used}")
        unused = {"attention.so", "convolution.so", "quantization.so"} & set(used)
        if unused:
            problems.append(f"a graph of one rms_norm mapped {sorted(unused)} as well")
        if len(used) != len(set(used)):
            problems.append(f"mapped twice: {used}")
    print("\n".join(problems))
    print(f"lazy: {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
