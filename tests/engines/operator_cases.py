"""The suite of the operators' own cases: exported, evaluated by their references, executed by the engines. Started by run.py; README.md."""
import os
import re
import resource
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import coverage
import judges
import operator_judges
import suite_command
from engine_limits import DYNAMIC_LIMITS, LIMITS, limit_of, text_per_case
from engines import ENVIRONMENT, ask_all
from environments import HERE
from operator_export import export, operators, together
from operator_reference import call, expected, has_subnormals, load_references, wrong
from reference import MACHINES
from report import Report
from tensors import TensorError, read_npy

COMPOSITES = os.path.join(HERE, "composites.yaml")
TARGETS = {"stablehlo": "stablehlo", "xla": "xla", "iree": "iree", "composites": COMPOSITES}
BATCH = 48   # nodes in one graph
DYNAMIC = 2  # cases of an operator with a size that is not known


@dataclass
class Batch:
    """Cases of one operator in one graph."""
    name: str
    cases: list
    folder: str
    files: list = field(default_factory=list)    # of the inputs
    outputs: list = field(default_factory=list)  # per case: names
    texts: dict = field(default_factory=dict)    # target -> file
    problem: str = ""


def choose(cases, full):
    """Every case in full; else: all of f32 (or what the operator has instead), all of one 16-bit float, of each other dtype two, and those
    that exist for that dtype only. How inputs lie in memory is nothing to an engine. Compilers take time: of the dtypes but the main one
    XLA and IREE get a few."""
    if full or not cases:
        return cases
    # In an order of its own, so that a few cases are not those whose names begin with "a".
    cases = sorted((case for case in cases if case.layout == "compact"), key=lambda case: (zlib.crc32(case.name.encode()), case.dtype))
    dtypes = sorted({case.dtype for case in cases})
    main = next((d for d in ("f32", "i32", "i1") if d in dtypes), dtypes[0] if dtypes else "")
    halves = [d for d in ("bf16", "f16") if d in dtypes]
    half = halves[sum(cases[0].op.encode()) % len(halves)] if halves else ""
    known = {case.name for case in cases if case.dtype in (main, half)}
    chosen, count = [], {}
    for case in cases:
        if case.dtype == main:
            chosen.append(case)
            continue
        alone = case.name not in known
        number = count[case.dtype, alone] = count.get((case.dtype, alone), 0) + 1
        if case.dtype == half or alone or number <= 2:
            case.compiled = number <= (4 if case.dtype == half or alone else 1)
            chosen.append(case)
    return sorted(chosen, key=lambda case: case.label)


class OperatorSuite:
    def __init__(self, args, root):
        self.tenon, self.engines, self.jobs, self.root = args.tenon, args.engines, args.jobs, root
        self.full, self.pattern, self.drawn = args.full, args.pattern, args.cases
        self.report, self.coverage = Report(), coverage.Coverage(LIMITS)
        self.references, broken = load_references()
        for path, why in broken.items():
            self.report.add("operators", "reference", path, why)
        self.schemas = operators(self.tenon)
        self.wants = {}      # (label, machine) -> expectations per result, or None
        self.ours = {}       # label -> arrays by `tenon run`
        self.texts = {}      # label -> its text
        self.proofs = {}     # limit -> cases that must show that it still holds

    # ---- export and expectations

    def collect(self, op):
        """The cases of one operator that have an expectation."""
        cases, problem = export(self.tenon, self.schemas[op], os.path.join(self.root, "cases"), self.drawn)
        self.report.add("operators", "verify", op, problem)
        cases = [case for case in choose(cases, self.full) if re.search(self.pattern, case.label)]
        if op not in self.references:
            if cases:
                self.report.add("operators", "reference", op, "no plugins/*/*/reference.py has it in OPERATORS")
            return []
        return [case for case in cases if self.evaluate(case)]

    def evaluate(self, case):
        function, schema = self.references[case.op], self.schemas[case.op]
        try:
            readings = [call(function, case, schema)]
            flushed = [call(function, case, schema, flush=True)] if has_subnormals(case) else []
            for machine in MACHINES.values():
                self.wants[case.label, machine.name] = [
                    [expected(reading[i], dtype, shape, machine) for reading in readings + (flushed if machine.flushes else [])]
                    for i, (_, dtype, shape) in enumerate(case.results)]
        except Exception as error:
            self.report.add("operators", "reference", case.label, f"{type(error).__name__}: {error}")
            return False
        self.report.add("operators", "reference", case.label, None)
        return True

    # ---- lower and run

    def command(self, *arguments):
        result = subprocess.run([self.tenon, *arguments], capture_output=True, text=True, timeout=300)
        return "" if result.returncode == 0 else f"tenon {arguments[0]}: exit status {result.returncode}\n{result.stderr.strip()[:1200]}"

    def batch(self, name, cases, targets=tuple(TARGETS)):
        folder = os.path.join(self.root, "batches", re.sub(r"[^\w.-]", "_", name))
        os.makedirs(folder, exist_ok=True)
        batch = Batch(name, cases, folder)
        graph, batch.files, batch.outputs = together(name, cases)
        path = os.path.join(folder, "graph.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(graph.graph())
        for target in targets:
            text = os.path.join(folder, target + ".mlir")
            batch.problem = self.command("lower", path, "--target", TARGETS[target], "-o", text)
            if batch.problem:
                return batch
            batch.texts[target] = text
        if "composites" not in targets:
            return batch
        with open(batch.texts["composites"], encoding="utf-8") as file:
            found = text_per_case(file.read())
        if len(found) != len(cases):
            batch.problem = f"{len(found)} composites in the text of {len(cases)} nodes"
            return batch
        self.texts.update({case.label: text for case, text in zip(cases, found)})
        return batch

    def run_here(self, batch):
        """`tenon run` of a batch: its arrays, compared with the references."""
        folder = os.path.join(batch.folder, "tenon")
        os.makedirs(folder, exist_ok=True)
        bindings = [word for i, file in enumerate(batch.files) for word in ("--input", f"x{i}={file}")]
        batch.problem = self.command("run", os.path.join(batch.folder, "graph.yaml"), "-o", folder + "/", *bindings)
        if batch.problem:
            return
        for case, names in zip(batch.cases, batch.outputs):
            self.judge(case, "tenon", "run", [os.path.join(folder, name + ".npy") for name in names])

    def prepare(self, name, cases):
        """Batches that lower and run, made smaller until the case that does not is alone."""
        batch = self.batch(name, cases)
        if not batch.problem:
            self.run_here(batch)
        if not batch.problem:
            return [batch]
        if len(cases) == 1:
            self.report.add("operators", "lower, run", cases[0].label, batch.problem)
            return []
        half = len(cases) // 2
        return self.prepare(name + "a", cases[:half]) + self.prepare(name + "b", cases[half:])

    # ---- dynamic sizes

    def dynamic(self, collected):
        """Some cases of every operator in graphs that do not know a size, which the engines are not told before they run (XLA: compile)
        them. What an operator does not lower then is no failure, if it says so."""
        todo = []
        for cases in collected:
            able = [case for case in cases if case.dtype in ("f32", "i32", "i1") and case.compiled and self.leading(case) > 1]
            able.sort(key=lambda case: zlib.crc32(("dynamic " + case.name).encode()))
            todo += [replace(case, dynamic=True) for case in (able if self.full else able[:DYNAMIC])]

        def lowers(case):
            problem = self.batch("dynamic-" + case.label, [case], ("stablehlo",)).problem
            if problem and "error: UNIMPLEMENTED: [" in problem and "advice:" in problem:
                self.report.skip("dynamic", "lower", case.label, "a size must be known")
            else:
                self.report.add("dynamic", "lower", case.label, problem or None)
            return case if not problem else None

        with ThreadPoolExecutor(self.jobs) as pool:
            able = [case for case in pool.map(lowers, todo) if case]
        parts = []
        for row, engine in (("xla", "xla"), ("iree", "iree")):
            here = []
            for case in able if engine in self.engines else []:
                limit = limit_of(engine, self.texts[case.label], dynamic=True)
                if limit is None:
                    here.append(case)
                    continue
                self.report.skip("operators", f"dynamic, {row}", case.label, f"{engine}: {limit.reason}")
                if limit in DYNAMIC_LIMITS:
                    self.proofs.setdefault((f"dynamic, {row}", engine, engine, limit.number), []).append(case)
            for first in range(0, len(here), BATCH):
                parts.append((f"dynamic, {row}", engine, engine, f"dynamic-{row}-{first // BATCH}", here[first:first + BATCH]))
        self.rounds(self.lowered(parts), self.verdict)

    @staticmethod
    def leading(case):
        return next((array.shape[0] for rows in case.operands.values() for _, array, _ in rows if array.ndim), 0)

    # ---- the engines

    def compare(self, case, machine, files):
        """None or what is wrong, the largest part of a bound, the arrays."""
        worst, arrays = 0.0, []
        for (name, dtype, shape), path, wants in zip(case.results, files, self.wants[case.label, machine]):
            try:
                arrays.append(read_npy(path, dtype, shape))
            except TensorError as error:
                return f"{name}: {error}", worst, arrays
            problem, used = wrong(arrays[-1], wants, MACHINES[machine])
            if problem:
                return f"{name} is not the reference's: {problem}", worst, arrays
            worst = max(worst, used)
            if case.label in self.ours and len(wants) == 1:
                problem = judges.apart(arrays[-1], self.ours[case.label][len(arrays) - 1], wants[0])
                if problem:
                    return f"{name} is not that of tenon run: {problem}", worst, arrays
        return None, worst, arrays

    def judge(self, case, machine, row, files):
        problem, worst, arrays = self.compare(case, machine, files)
        self.report.add("operators", row, case.label, problem, worst)
        if problem is None and not case.dynamic:
            self.coverage.passed(case, row)
            if machine == "tenon":
                self.ours[case.label] = arrays

    def uses(self):
        """(row of the report, engine, target)."""
        rows = [("xla", "xla", "xla"), ("stablehlo", "stablehlo", "stablehlo"), ("iree", "iree", "iree"),
                ("composites", "stablehlo", "composites")]
        if self.full:
            rows += [("composites, xla", "xla", "composites"), ("composites, iree", "iree", "composites")]
        return [row for row in rows if row[1] in self.engines]

    def execute(self, batches):
        """Every batch in every engine. Batches that an engine refuses are halved until the case that it refuses is alone."""
        todo, parts = [], []
        for row, engine, target in self.uses():
            for batch in batches:
                able, limits = [], {}
                for case in batch.cases:
                    if not case.compiled and engine != "stablehlo":
                        continue
                    limit = limit_of(engine, self.texts[case.label])
                    if limit is None:
                        able.append(case)
                        continue
                    limits.setdefault(limit.number, []).append(case)
                    self.coverage.skipped(case, row, limit)
                    self.report.skip("operators", row, case.label, f"{engine}: {limit.reason}")
                for number, cases in limits.items():
                    self.proofs.setdefault((row, engine, target, number), []).extend(cases)
                if len(able) == len(batch.cases):
                    todo.append((row, engine, target, batch))
                elif able:
                    parts.append((row, engine, target, f"{batch.name}-{row}", able))
        self.rounds(todo + self.lowered(parts), self.verdict)

    def lowered(self, parts):
        """(row, engine, target, name, cases) of graphs that one engine gets, as `rounds` takes them. Each lowered before, among others."""
        with ThreadPoolExecutor(self.jobs) as pool:
            batches = pool.map(lambda part: self.batch(part[3], part[4], (part[2],)), parts)
            return [(row, engine, target, batch) for (row, engine, target, *_), batch in zip(parts, batches)]

    def rounds(self, todo, verdict):
        """verdict(row, engine, target, batch, answer): whether the batch is to be halved."""
        while todo:
            again = []
            for environment in sorted({ENVIRONMENT[engine] for _, engine, _, _ in todo}):
                items = [item for item in todo if ENVIRONMENT[item[1]] == environment]
                # The long ones first, so that no process is left alone with one at the end.
                items.sort(key=lambda item: -len(item[3].cases))
                requests = [{"do": "run", "engine": engine, "module": batch.texts[target], "inputs": batch.files,
                             "outputs": os.path.join(batch.folder, row)} for row, engine, target, batch in items]
                begin, used = time.time(), resource.getrusage(resource.RUSAGE_CHILDREN)
                answers = ask_all(environment, requests, self.jobs)
                now = resource.getrusage(resource.RUSAGE_CHILDREN)
                suite_command.note("operators", f"{len(requests)} graphs in the environment {environment}, "
                                  f"{now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime:.0f} s of processor time", begin)
                for (row, engine, target, batch), answer in zip(items, answers):
                    if verdict(row, engine, target, batch, answer):
                        half = len(batch.cases) // 2
                        for mark, cases in (("a", batch.cases[:half]), ("b", batch.cases[half:])):
                            again.append((row, engine, target, f"{batch.name}-{row}{mark}", cases))
            todo = self.lowered(again)

    def verdict(self, row, engine, target, batch, answer):
        del target
        if answer["status"] != "ok":
            if len(batch.cases) > 1:
                return True
            self.report.add("operators", row, batch.cases[0].label, f"{answer['status']} at {answer['stage']}: {answer['message']}")
            return False
        number = 0
        for case, names in zip(batch.cases, batch.outputs):
            self.judge(case, engine, row, [os.path.join(batch.folder, row, f"{number + i}.npy") for i in range(len(names))])
            number += len(names)
        return False

    def check_limits(self):
        """A limit must still hold: one case of it per engine (in full: all) is executed and must fail. And each must be met somewhere."""
        todo, held = [], {}
        for (row, engine, target, number), cases in self.proofs.items():
            for case in cases if self.full else cases[:1]:
                todo.append((row, engine, target, f"limit-{number}-{row}-{case.label}", [case]))
                held[todo[-1][3]] = number

        def verdict(row, engine, _, batch, answer):
            problem, case = None, batch.cases[0]
            if answer["status"] == "ok":
                files = [os.path.join(batch.folder, row, f"{i}.npy") for i in range(len(case.results))]
                if self.compare(case, engine, files)[0] is None:
                    problem = f"{engine} passes what limit {held[batch.name]} of engine_limits.py says it cannot do: remove or narrow it"
            self.report.add("limits", row, case.label, problem)
            return False

        self.rounds(self.lowered(todo), verdict)
        if self.full and not self.pattern:
            met = {number for *_, number in self.proofs}
            for limit in LIMITS + DYNAMIC_LIMITS:
                if limit.engine in self.engines:
                    self.report.add("limits", limit.engine, f"limit {limit.number}",
                                    None if limit.number in met else "no case meets this limit of engine_limits.py: remove it")

    def run(self):
        begin = time.time()
        operator_judges.check(self.report)
        with ThreadPoolExecutor(self.jobs) as pool:
            only = re.match(r"\^([a-z0-9_]+)/", self.pattern)  # of one operator: the others need no export
            collected = list(pool.map(self.collect, [op for op in sorted(self.schemas) if only is None or op == only.group(1)]))
            groups = []
            for cases in collected:
                for first in range(0, len(cases), BATCH):
                    groups.append((f"{cases[0].op}-{first // BATCH}", cases[first:first + BATCH]))
            suite_command.note("operators", f"{sum(map(len, collected))} cases of {len(self.schemas)} operators exported and evaluated",
                                begin)
            begin = time.time()
            batches = [batch for found in pool.map(lambda group: self.prepare(*group), groups) for batch in found]
        suite_command.note("operators", f"{len(batches)} graphs lowered and run by tenon", begin)
        begin = time.time()
        self.execute(batches)
        suite_command.note("operators", "executed by the engines", begin)
        begin = time.time()
        self.dynamic(collected)
        suite_command.note("operators", "dynamic sizes", begin)
        begin = time.time()
        self.check_limits()
        suite_command.note("operators", "the limits checked", begin)


def main():
    parser = suite_command.parser()
    parser.add_argument("--cases", type=int, default=0)
    parser.add_argument("--update-coverage", action="store_true")
    args = parser.parse_args()
    with suite_command.folder(args.keep, "tenon-operators-") as root:
        suite = OperatorSuite(args, root)
        suite.run()
        if not args.pattern and len(args.engines) == 3 and not args.full and not args.cases:
            suite.report.add("coverage", "COVERAGE.md", "committed copy", suite.coverage.check(args.update_coverage))
        return 0 if suite.report.print() else 1


if __name__ == "__main__":
    sys.exit(main())
