"""COVERAGE.md: which operator, in which dtype, was executed by which engine."""
import os

from environments import HERE

PATH = os.path.join(HERE, "COVERAGE.md")
COLUMNS = ("run", "xla", "stablehlo", "iree", "composites")
TITLES = ("tenon run", "XLA", "StableHLO's interpreter", "IREE", "composites (interpreter)")
HEAD = """# Coverage

Cases of each operator that passed in a run of `tests/engines/run.py`, for each of these dtypes, and those that an engine is not asked
for: `4 -2 (1)` is four passed and two left out for reason 1. Written by `run.py --update-coverage`; the run fails if it differs. `--full`
runs more cases than are counted here.

"""


class Coverage:
    def __init__(self, limits):
        self.limits, self.rows = limits, {}

    def cell(self, case, column):
        return self.rows.setdefault((case.op, case.dtype), {}).setdefault(column, {"passed": 0, "skipped": 0, "reasons": set()})

    def passed(self, case, column):
        self.cell(case, column)["passed"] += 1

    def skipped(self, case, column, limit):
        cell = self.cell(case, column)
        cell["skipped"] += 1
        cell["reasons"].add(limit.number)

    def text(self):
        lines = [HEAD + "| operator | dtypes | " + " | ".join(TITLES) + " |", "|---|---|" + "---|" * len(TITLES)]
        groups = {}  # of an operator's dtypes with the same numbers
        for (op, dtype), row in sorted(self.rows.items()):
            cells = []
            for column in COLUMNS:
                cell = row.get(column)
                if cell is None:
                    cells.append("")
                    continue
                reasons = f" -{cell['skipped']} ({', '.join(map(str, sorted(cell['reasons'])))})" if cell["skipped"] else ""
                cells.append(f"{cell['passed']}{reasons}")
            groups.setdefault((op, tuple(cells)), []).append(dtype)
        lines += [f"| {op} | {' '.join(dtypes)} | " + " | ".join(cells) + " |" for (op, cells), dtypes in groups.items()]
        if self.limits:
            lines += ["", "| reason | engine | |", "|---|---|---|"]
            lines += [f"| {limit.number} | {limit.engine} | {limit.reason} |" for limit in self.limits]
        return "\n".join(lines) + "\n"

    def check(self, update):
        """None, or how the committed copy differs."""
        text = self.text()
        if update:
            with open(PATH, "w", encoding="utf-8") as file:
                file.write(text)
            return None
        try:
            with open(PATH, encoding="utf-8") as file:
                committed = file.read()
        except OSError:
            committed = ""
        if committed == text:
            return None
        old, new = committed.splitlines(), text.splitlines()
        first = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
        line = lambda lines: lines[first] if first < len(lines) else "(nothing)"
        return f"differs from line {first + 1}: it says\n{line(old)}\nthis run\n{line(new)}\nrun.py --update-coverage writes it"
