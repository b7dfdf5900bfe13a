"""No operator of a decoder is left to the interpreter: every step of the bundled decoder blocks, and of what stands around blocks, has a
kernel in f32, f16 and bf16, at every SIMD level. Environment: TENON_COMMAND, the built command; TENON_BUILT_LEVELS. --show lists the kernels."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BLOCKS = HERE.parent / "data" / "blocks"
GRAPHS = [BLOCKS / "llama_3_2_1b.yaml", BLOCKS / "gemma_3_1b.yaml", HERE / "decoder_ends.yaml"]
DTYPES = ("f32", "f16", "bf16")
COMMAND = os.environ.get("TENON_COMMAND", str(HERE.parents[1] / "build" / "bin" / "tenon"))


def as_plain(text, dtype):
    """The graph with parameters for inputs, every size known, and its floats of that dtype (casts stay)."""
    text = text.replace('"?batch"', "2").replace('"?seq"', "5")
    text = re.sub(r"\{name: [^,]+, as: (\w+),", r"{name: \1,", text).replace("params:\n", "")
    head, nodes = text.split("nodes:\n", 1)
    return head.replace("dtype: f32", f"dtype: {dtype}") + "nodes:\n" + nodes


def explain(path, level):
    done = subprocess.run([COMMAND, "explain", str(path), "--json", "--arch", level], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{path.name} at {level}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def usable_levels():
    built = os.environ.get("TENON_BUILT_LEVELS", "").split(",")
    usable = json.loads(subprocess.run([COMMAND, "explain", "rms_norm", "--dtype", "f32", "--shape", "4x64,64", "--json"],
                                       capture_output=True, text=True, check=True).stdout)["levels"]
    return [level for level in usable if level in built or built == [""]]


def main():
    problems, kernels, steps = [], {}, 0
    with tempfile.TemporaryDirectory() as folder:
        levels = usable_levels()
        if not levels:
            raise SystemExit("this machine has none of the levels that were built")
        for graph in GRAPHS:
            operators = set(re.findall(r"\bop: (\w+)", graph.read_text(encoding="utf-8")))
            for dtype in DTYPES:
                path = pathlib.Path(folder) / f"{graph.stem}.{dtype}.yaml"
                path.write_text(as_plain(graph.read_text(encoding="utf-8"), dtype), encoding="utf-8")
                for level in levels:
                    report = explain(path, level)
                    seen = {decision["op"].rsplit(".", 1)[-1] for decision in report["operators"]}
                    if operators - seen:
                        problems.append(f"{path.name}: {', '.join(sorted(operators - seen))} not in the plan")
                    for step in report["steps"]:
                        steps += 1
                        if step["kernel"] == "interpreter":
                            reasons = report["operators"][step["operator"]]["candidates"] if step["operator"] is not None else []
                            why = "; ".join(f"{c['kernel']} {c['level']}: {c['reason']}" for c in reasons)
                            problems.append(f"{path.name} at {level}: {step['node']} ({step['op']}, {dtype}) has no kernel: {why}")
                        kernels.setdefault((step["op"].rsplit(".", 1)[-1], dtype), set()).add(step["kernel"])
    if "--show" in sys.argv[1:]:
        for (op, dtype), names in sorted(kernels.items()):
            print(f"{op:32} {dtype:5} {', '.join(sorted(names))}")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(GRAPHS)} graphs, {', '.join(DTYPES)}, {', '.join(levels)}: {steps} steps, {len(problems)} problems")
    return 1 if problems or steps == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
