"""IREE, llvm-cpu for this CPU: the very StableHLO text that Tenon writes for it, timed by iree-benchmark-module, so without Python."""
import json
import os
import subprocess
import sys
import tempfile

import iree.compiler.version
import numpy as np
from serving import Prepared, Unsupported, arguments, dtype_of, serve

TOOLS = os.path.dirname(sys.executable)
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
ELEMENT = {"f32": "f32", "f16": "f16", "bf16": "bf16", "i64": "i64", "i32": "i32"}
COMPILE = ["--iree-input-type=stablehlo", "--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu",
           "--iree-opt-level=O3", "--iree-input-demote-f64-to-f32=false"]


def call(tool, *words):
    done = subprocess.run([os.path.join(TOOLS, tool), *words], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{tool}: {done.stderr.strip()[-200:]}")
    return done.stdout


def typed(dtype, dims):
    return "x".join([*map(str, dims), ELEMENT[dtype]])


def prepare(case, threads, folder, cpu):
    if not case.text:
        raise Unsupported("no StableHLO text was given")
    module = os.path.join(folder, "module.vmfb")
    call("iree-compile", *COMPILE, *(cpu or ["--iree-llvmcpu-target-cpu=host"]), case.text, "-o", module)
    words = ["--module=" + module, "--function=main", "--device=" + ("local-sync" if threads == 1 else "local-task")]
    if threads > 1:
        words.append(f"--task_topology_group_count={threads}")
    words += [f"--input={typed(*kind)}=@{path}" for kind, path in zip(case.types, case.files)]

    def results():
        files = [os.path.join(folder, f"{i}.bin") for i in range(len(case.result_types))]
        call("iree-run-module", *words, *("--output=@" + path for path in files))
        return [np.fromfile(path, dtype_of(dtype)).reshape(dims) for path, (dtype, dims) in zip(files, case.result_types)]

    def measure(seconds):
        text = call("iree-benchmark-module", *words, "--benchmark_format=json", "--time_unit=ns", "--benchmark_repetitions=3",
                    f"--benchmark_min_time={max(seconds, 0.03) / 3:.3f}s")
        rows = [row for row in json.loads(text)["benchmarks"] if row.get("run_type") == "iteration"]
        times = sorted(row["real_time"] * SECONDS[row["time_unit"]] for row in rows)
        return times[len(times) // 2], times[0], sum(row["iterations"] for row in rows)
    return Prepared(None, results, measure)


def main():
    threads = arguments().threads
    cpu = os.environ.get("TENON_BENCH_IREE_CPU", "").split()
    with tempfile.TemporaryDirectory(prefix="tenon-bench-iree-") as folder:
        serve("iree", iree.compiler.version.VERSION, lambda case: prepare(case, threads, folder, cpu))


if __name__ == "__main__":
    main()
