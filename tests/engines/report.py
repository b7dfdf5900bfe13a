"""Collects verdicts and prints the table."""
import threading


class Report:
    def __init__(self):
        self.rows, self.lock = {}, threading.Lock()

    def _row(self, target, engine):
        return self.rows.setdefault((target, engine), {"passed": 0, "failed": [], "skipped": [], "worst": None})

    def add(self, target, engine, case, problem, worst=None):
        """problem: None, or what is wrong. worst: the largest part of its bound that a value used."""
        with self.lock:
            row = self._row(target, engine)
            if problem is None:
                row["passed"] += 1
                if worst is not None and (row["worst"] is None or worst > row["worst"][0]):
                    row["worst"] = (worst, case)
            else:
                row["failed"].append((case, problem))

    def skip(self, target, engine, case, reason):
        with self.lock:
            self._row(target, engine)["skipped"].append((case, reason))

    def print(self):
        """The table, the failures, the reasons of what was skipped, and the sums. True if nothing failed."""
        for (target, engine), row in sorted(self.rows.items()):
            for case, problem in row["failed"]:
                print(f"FAILED {target} {engine}: {case}\n  " + problem.replace("\n", "\n  "))
        print(f"\n{'target':16} {'engine':16} {'passed':>6} {'failed':>6} {'skipped':>7}  largest part of a bound that was used")
        for (target, engine), row in sorted(self.rows.items()):
            worst = f"{row['worst'][0]:.2f} ({row['worst'][1]})" if row["worst"] else ""
            print(f"{target:16} {engine:16} {row['passed']:6} {len(row['failed']):6} {len(row['skipped']):7}  {worst}")
        reasons = {}
        for (target, engine), row in self.rows.items():
            for case, reason in row["skipped"]:
                reasons.setdefault(reason, []).append(f"{target}/{case}")
        for reason, where in sorted(reasons.items()):
            print(f"skipped {len(where)}: {reason}: {', '.join(sorted(where)[:6])}{' ..' if len(where) > 6 else ''}")
        passed = sum(row["passed"] for row in self.rows.values())
        failed = sum(len(row["failed"]) for row in self.rows.values())
        print(f"{passed} passed, {failed} failed")
        return failed == 0 and passed > 0
