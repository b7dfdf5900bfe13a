"""The suite: writes the cases, lowers and runs them with Tenon, has the engines execute the texts, compares, reports. Started by run.py."""
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import judges
import texts
from cases import all_cases
import suite_command
from engines import ENVIRONMENT, ask_all
from environments import HERE
from reference import MACHINES, difference, evaluate
from report import Report
from tensors import TensorError, read_npy

# Target -> the engines that its text is for, and whether they execute it or only parse and verify it.
TARGETS = {
    "stablehlo": {"xla": "run", "stablehlo": "run"},
    "xla": {"xla": "run", "stablehlo": "run"},
    "iree": {"iree": "run"},
    "litert": {"stablehlo": "run"},
    "composites": {"xla": "run", "stablehlo": "run", "iree": "run"},
    "custom-call": {"xla": "check", "iree": "check"},
    "reduction-calls": {"xla": "check", "iree": "check"},
}
PROFILES = {"composites": os.path.join(HERE, "composites.yaml")}  # others are built in


class Work:
    """A case on its way through the suite: its folder, and what Tenon made of it."""

    def __init__(self, case, root):
        self.case = case
        self.folder = os.path.join(root, re.sub(r"[^\w.-]", "_", case.name))
        self.lowered = {}   # target -> file
        self.results = {}   # output -> array, by `tenon run`

    def at(self, name):
        return os.path.join(self.folder, name)


class Suite:
    def __init__(self, tenon, engines, jobs, root):
        self.tenon, self.engines, self.jobs, self.root = tenon, engines, jobs, root
        self.report = Report()

    def command(self, *arguments):
        """None, or what went wrong."""
        result = subprocess.run([self.tenon, *arguments], capture_output=True, text=True, timeout=120)
        if result.returncode == 0:
            return None
        return f"tenon {' '.join(arguments)}: exit status {result.returncode}\n{result.stderr.strip()[:1200]}"

    def targets(self):
        return {t: {e: how for e, how in uses.items() if e in self.engines} for t, uses in TARGETS.items()
                if any(e in self.engines for e in uses)}

    def lower(self, work, target):
        """The text for `target`, with the checks that need no engine."""
        case, output = work.case, work.at(target + ".mlir")
        arguments = ["lower", work.at("graph.yaml"), "--target", PROFILES.get(target, target), "-o", output]
        if case.params and target == "litert":
            arguments += ["--params", work.at("weights.safetensors")]
        if case.params and target == "iree":
            arguments += ["--params", work.at("weights.safetensors"), "--params-out", work.at("weights.irpa")]
        problem = self.command(*arguments)
        if problem is None:
            work.lowered[target] = output
            with open(output, encoding="utf-8") as file:
                problem = texts.problem(case, target, file.read())
        self.report.add(target, "(text)", case.name, problem)

    def run_here(self, work, how):
        """`tenon run` against NumPy: with kernels, and with the interpreter alone."""
        case, folder = work.case, work.at(how)
        os.makedirs(folder, exist_ok=True)
        arguments = ["run", work.at("graph.yaml"), "-o", folder]
        for tensor in case.inputs:
            arguments += ["--input", f"{tensor.name}={work.at(tensor.name + '.npy')}"]
        if case.params:
            arguments += ["--params", work.at("weights.safetensors")]
        problem, worst = self.command(*arguments, *(["--reference"] if how == "reference" else [])), None
        if problem is None:
            files = [os.path.join(folder, re.sub("[:/]", "_", name) + ".npy") for name, _ in case.outputs]
            problem, worst, arrays = self.compare(case, files, "tenon")
            if how == "run":
                work.results = arrays
        self.report.add("run" if how == "run" else "run --reference", "tenon", case.name, problem, worst)

    def compare(self, case, files, machine, ours=None):
        """Files of results against what NumPy says, and against `tenon run` where `ours` has its results."""
        expected, arrays, worst = evaluate(case, MACHINES[machine]), {}, 0.0
        for (name, _), path in zip(case.outputs, files):
            want = expected[name]
            try:
                arrays[name] = read_npy(path, want.dtype)
            except TensorError as error:
                return f"output {name}: {error}", worst, arrays
            problem, used = difference(arrays[name], want)
            if problem:
                return f"output {name} is not NumPy's: {problem}", used, arrays
            worst = max(worst, used)
            if ours is not None:
                if name not in ours:
                    return f"output {name}: tenon run gave nothing to compare with", worst, arrays
                problem = judges.apart(arrays[name], ours[name], want)
                if problem:
                    return f"output {name} is not that of tenon run: {problem}", worst, arrays
        return None, worst, arrays

    def prepare(self, work):
        work.case.write(work.folder)
        for target in self.targets():
            self.lower(work, target)
        self.run_here(work, "run")
        self.run_here(work, "reference")

    def requests(self, works, environment):
        """(work, target, engine, label, request) of everything that this environment executes."""
        for work in works:
            for target, uses in self.targets().items():
                for engine, how in uses.items():
                    if ENVIRONMENT[engine] != environment or target not in work.lowered:
                        continue
                    if engine in work.case.skip and how == "run":
                        self.report.skip(target, engine, work.case.name, work.case.skip[engine])
                        continue
                    request = {"do": how, "engine": engine, "module": work.lowered[target]}
                    if how == "check":
                        yield work, target, engine, work.case.name, request
                        continue
                    arguments = work.case.inputs + (work.case.params if target not in ("iree", "litert") else [])
                    request["inputs"] = [work.at(t.name + ".npy") for t in arguments]
                    archives = ["weights.irpa", "weights.safetensors"] if target == "iree" and work.case.params else [None]
                    for archive in archives:
                        label = work.case.name + (f" with {archive}" if archive else "")
                        params = [["model", work.at(archive)]] if archive else []
                        outputs = work.at(f"{target}-{engine}" + (archive or ""))
                        yield work, target, engine, label, dict(request, params=params, outputs=outputs)

    def judge(self, work, target, engine, label, request, answer):
        if request["do"] == "check":
            self.report.add(target, engine + " (verify)", label, texts.check_problem(request["module"], engine, answer))
            return
        if answer["status"] != "ok":
            self.report.add(target, engine, label, f"{answer['status']} at {answer['stage']}: {answer['message']}")
            return
        files = [os.path.join(request["outputs"], f"{i}.npy") for i in range(len(answer["outputs"]))]
        if len(files) != len(work.case.outputs):
            self.report.add(target, engine, label, f"{len(files)} results, expected {len(work.case.outputs)}")
            return
        problem, worst, _ = self.compare(work.case, files, engine, work.results)
        self.report.add(target, engine, label, problem, worst)

    def run(self, cases):
        works = [Work(case, self.root) for case in cases]
        begin = time.time()
        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(self.prepare, works))
        self.note(f"{len(works)} cases lowered and run by tenon", begin)
        for environment in sorted({ENVIRONMENT[engine] for engine in self.engines}):
            begin = time.time()
            todo = list(self.requests(works, environment))
            answers = ask_all(environment, [request for *_, request in todo], self.jobs)
            for item, answer in zip(todo, answers):
                self.judge(*item, answer)
            self.note(f"{len(todo)} requests to the environment {environment}", begin)
        begin = time.time()
        judges.check(self)
        self.note("the judges judged", begin)
        return self.report.print()

    @staticmethod
    def note(text, begin):
        print(f"engines: {text}: {time.time() - begin:.0f} s", file=sys.stderr, flush=True)


def main():
    tenon, engines, pattern, jobs, keep, what = sys.argv[1:]
    cases = [case for case in all_cases() if re.search(pattern, case.name)]
    if what == "list":
        print("\n".join(case.name for case in cases))
        return 0
    if not cases:
        print(f"engines: no case matches {pattern!r}\n0 passed, 1 failed")
        return 1
    with suite_command.folder(keep, "tenon-engines-") as root:
        return 0 if Suite(tenon, engines.split(","), int(jobs), root).run(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
