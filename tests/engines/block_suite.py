"""The suite of whole blocks (tests/data/blocks): executed by the engines, compared with NumPy in float64 and with `tenon run`. Started by
run.py; README.md."""
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field

import numpy as np
import suite_command
from engines import ENVIRONMENT, ask_all
from environments import HERE
from report import Report
from tensors import TensorError, read_npy

sys.path.insert(0, os.path.join(os.path.dirname(HERE), "values"))
import blocks

TARGETS = {"xla": "xla", "stablehlo": "stablehlo", "iree": "iree"}  # engine -> target
OTHERS = ("litert", "custom-call", "reduction-calls")               # lowered, and parsed by jaxlib


@dataclass
class Step:
    """One run of a block: its inputs, what they give in float64, and what `tenon run` gives."""
    name: str
    folder: str
    sizes: dict
    inputs: dict
    want: dict
    ours: dict = field(default_factory=dict)

    def files(self):
        return [os.path.join(self.folder, name + ".npy") for name in self.inputs]


class Work:
    """A block in one dtype and geometry, with its steps."""

    def __init__(self, block, dtype, real, root):
        self.block, self.dtype, self.real = block, dtype, real
        self.name = f"{block.name}-{'real' if real else 'small'}-{dtype}"
        self.folder = os.path.join(root, self.name)
        self.text = self.graph()
        self.weights = blocks.draw_weights(self.text, dtype)
        self.steps = []
        os.makedirs(self.folder)
        for name, array in self.weights.items():
            np.save(self.at(name + ".npy"), array)
        blocks.write_safetensors(self.at("weights.safetensors"), self.weights, dtype)
        for name, batch, first, count in self.runs():
            caches = self.steps[-1].stored if first else None
            self.add_step(name, batch, first, count, caches)

    def runs(self):
        """(name, batch, first position, tokens): two sizes at least, and a step of decoding over the caches of the one before it."""
        if not self.block.decodes:
            return [("one", 1, 0, 0), ("three", 3, 0, 0)][:1 if self.real else 2]
        return [("prefill", 2, 0, 4), ("decode", 2, 4, 1), ("longer", 1, 0, 9)][:2 if self.real else 3]

    def at(self, name):
        return os.path.join(self.folder, name)

    def graph(self, bound=None):
        return blocks.graph(self.block.name, self.dtype, None if self.real else self.block.small, bound)

    def add_step(self, name, batch, first, count, caches):
        inputs = self.block.inputs(self.text, self.dtype, batch, first, count, caches)
        step = Step(name, self.at(name), {"batch": batch, "seq": count}, inputs, self.block.expected(self.weights, inputs))
        step.stored = {name: blocks.store(array, self.dtype) for name, array in step.want.items()}
        os.makedirs(step.folder)
        for name, array in inputs.items():
            np.save(os.path.join(step.folder, name + ".npy"), array)
        self.steps.append(step)


class BlockSuite:
    def __init__(self, tenon, engines, jobs, root):
        self.tenon, self.engines, self.jobs, self.root = tenon, engines, jobs, root
        self.report = Report()

    def command(self, *arguments):
        result = subprocess.run([self.tenon, *arguments], capture_output=True, text=True, timeout=300)
        return None if result.returncode == 0 else f"tenon {arguments[0]}: exit status {result.returncode}\n{result.stderr.strip()[:1200]}"

    def compare(self, work, step, folder, names, with_ours):
        for name, file in zip(work.block.outputs, names):
            try:
                got = read_npy(os.path.join(folder, file), work.dtype)
            except TensorError as error:
                return f"output {name}: {error}"
            got = got.astype(np.float64)
            wrong = blocks.problem(got, step.want[name], work.dtype)
            if wrong:
                return f"output {name} is not NumPy's: {wrong}"
            wrong = blocks.problem(got, step.ours[name], work.dtype) if with_ours else None
            if wrong:
                return f"output {name} is not that of tenon run: {wrong}"
            if not with_ours:
                step.ours[name] = got
        return None

    def run_here(self, work, step):
        graph, folder = work.at("graph.yaml"), os.path.join(step.folder, "tenon")
        bindings = [word for name, file in zip(step.inputs, step.files()) for word in ("--input", f"{name}={file}")]
        problem = self.command("run", graph, "--params", work.at("weights.safetensors"), *bindings, "-o", folder + "/")
        problem = problem or self.compare(work, step, folder, [name + ".npy" for name in work.block.outputs], False)
        self.report.add("run", "tenon", f"{work.name}, {step.name}", problem)

    def lower(self, work, text, target, label):
        """The file with the module, or None."""
        graph, output = work.at(f"{label}.yaml"), work.at(f"{label}-{target}.mlir")
        with open(graph, "w", encoding="utf-8") as file:
            file.write(text)
        params = ["--params", work.at("weights.safetensors")] if target == "litert" else []
        problem = self.command("lower", graph, "--target", target, "-o", output, *params)
        self.report.add(target, "(text)", f"{work.name}, {label}", problem)
        return None if problem else output

    def requests(self, work):
        """(engine, label, steps, request)."""
        for engine in self.engines:
            target = TARGETS[engine]
            if work.real and engine == "stablehlo":
                continue  # it would take minutes
            # With "?batch" and "?seq" one text serves all steps; else there is one per step.
            texts = [] if work.real else [("graph", work.text, work.steps)]
            if work.real or work.dtype == "f32":
                texts += [(step.name, work.graph(step.sizes), [step]) for step in work.steps[:2 if work.block.decodes else 1]]
            for label, text, steps in texts:
                module = self.lower(work, text, target, label)
                if module is None:
                    continue
                params = [] if target == "iree" else [work.at(name + ".npy") for name in work.weights]
                runs = [{"inputs": step.files() + params, "outputs": os.path.join(step.folder, f"{label}-{engine}")} for step in steps]
                request = {"do": "run", "engine": engine, "module": module, "runs": runs,
                           "params": [["model", work.at("weights.safetensors")]] if target == "iree" else []}
                yield engine, f"{work.name}, {'dynamic' if label == 'graph' else 'static'}", steps, request
        for target in OTHERS:
            module = self.lower(work, work.text, target, "graph") if not (work.real and target == "litert") else None
            if module and "xla" in self.engines:
                yield "xla", f"{work.name}, {target}", [], {"do": "check", "engine": "xla", "module": module}

    def run(self, works):
        begin = time.time()
        todo = []
        for work in works:
            with open(work.at("graph.yaml"), "w", encoding="utf-8") as file:
                file.write(work.text)
            for step in work.steps:
                self.run_here(work, step)
            todo += [(work, *item) for item in self.requests(work)]
        suite_command.note("blocks", f"{len(works)} blocks lowered and run by tenon", begin)
        for environment in sorted({ENVIRONMENT[engine] for engine in self.engines}):
            begin = time.time()
            items = [item for item in todo if ENVIRONMENT[item[1]] == environment]
            answers = ask_all(environment, [item[4] for item in items], self.jobs)
            for (work, engine, label, steps, request), answer in zip(items, answers):
                self.judge(work, engine, label, steps, request, answer)
            suite_command.note("blocks", f"{len(items)} requests to the environment {environment}", begin)

    def judge(self, work, engine, label, steps, request, answer):
        if answer["status"] != "ok":
            self.report.add(request["do"], engine, label, f"{answer['status']} at {answer['stage']}: {answer['message']}")
            return
        if not steps:
            self.report.add("check", engine, label, None)
        for step, one in zip(steps, request.get("runs", [])):
            names = [f"{i}.npy" for i in range(len(work.block.outputs))]
            self.report.add("run", engine, f"{label}, {step.name}", self.compare(work, step, one["outputs"], names, True))


def main():
    args = suite_command.parser().parse_args()
    with suite_command.folder(args.keep, "tenon-blocks-") as root:
        wanted = [(block, dtype, real) for block in blocks.BLOCKS.values() for dtype in ("f32", "bf16") for real in (False, True)
                  if not real or dtype == "f32" or args.full]
        works = [Work(block, dtype, real, root) for block, dtype, real in wanted
                 if re.search(args.pattern, f"{block.name}-{'real' if real else 'small'}-{dtype}")]
        suite = BlockSuite(args.tenon, args.engines, args.jobs, root)
        suite.run(works)
        return 0 if suite.report.print() else 1


if __name__ == "__main__":
    sys.exit(main())
