#!/usr/bin/env python3
"""tenon run --report FILE.html: the page holds the report's numbers, shows them, loads nothing, and no name in a graph becomes markup.

python3 tests/cli/test_report_html.py [TEST..]     the command is build/bin/tenon, or what TENON_COMMAND names
"""
import html.parser
import json
import os
import re
import sys
import unittest

import jsonschema

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import CommandTest  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HOSTILE = "</script><img src=x onerror=alert(1)>&\"'<b>" + "long" * 40


class Page(html.parser.HTMLParser):
    """Elements, tables as lists of rows of cell texts, and the scripts' contents by id."""
    VOID = {"meta", "img", "br", "link", "input"}

    def __init__(self, text):
        super().__init__()
        self.text, self.elements, self.scripts, self.tables, self.open = text, [], {}, [], []
        self.cell = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append((tag, attrs))
        if tag not in self.VOID:
            self.open.append((tag, attrs))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = []

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()
        if tag in ("td", "th"):
            self.tables[-1][-1].append("".join(self.cell))
            self.cell = None

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "script":
            self.scripts[self.open[-1][1]["id"]] = data
        elif self.cell is not None:
            self.cell.append(data)

    def count(self, tag):
        return sum(1 for name, _ in self.elements if name == tag)


def chain(length, name="step"):
    nodes = "\n".join(f"- {{name: '{name}{i}', op: add, inputs: ['{name + str(i - 1) if i else 'x'}', x]}}".replace("\\", "") for i in range(length))
    return f"tenon: 1\nname: chain\ninputs:\n- {{name: x, dtype: f32, shape: [64]}}\nnodes:\n{nodes}\noutputs: ['{name}{length - 1}']\n"


class ReportPage(CommandTest):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(ROOT, "configs", "schema", "reports.schema.json"), encoding="utf-8") as file:
            cls.schema = json.load(file)

    def page(self, *arguments):
        """The page of a run, and what --json said of the same run."""
        result = self.run_ok("run", *arguments, "--random", 1, "--json", "-o", self.path("out/"), "--report", self.path("page.html"))
        with open(self.path("page.html"), encoding="utf-8") as file:
            page = Page(file.read())
        self.assertEqual(page.open, [], "every element is closed")
        return page, result.json()

    def check_self_contained(self, page):
        for tag, attrs in page.elements:
            self.assertNotIn(tag, ("img", "link", "iframe", "object", "a", "base", "form"))
            for name in attrs:
                self.assertNotIn(name, ("src", "href", "xlink:href", "action"))
                self.assertFalse(name.startswith("on"), name)
            if tag == "script":
                self.assertEqual(attrs["type"], "application/json")
        style = page.text[page.text.index("<style>"):page.text.index("</style>")]
        self.assertNotRegex(style, r"url\(|@import")
        self.assertNotRegex(page.text, r"https?://")
        self.assertTrue(any(a.get("http-equiv") == "Content-Security-Policy" and "default-src 'none'" in a["content"] for _, a in page.elements))

    def check_data(self, page, report):
        self.assertEqual(json.loads(page.scripts["report"]), report)
        explain = json.loads(page.scripts["explain"])
        for name, document in (("run", report), ("explain", explain)):
            jsonschema.Draft202012Validator({**self.schema, "anyOf": [{"$ref": f"#/$defs/{name}"}]}).validate(document)
        rows = page.tables[1][1:]
        self.assertEqual([row[0] for row in rows], [str(step["index"]) for step in report["steps"]])
        total = sum(step["median_us"] for step in report["steps"])
        for row, step in zip(rows, report["steps"]):
            self.assertEqual(row[1:3], [step["node"], step["op"]])
            self.assertTrue(row[3].startswith(step["kernel"]))
            self.assertEqual(row[4], step["level"])
            self.assertAlmostEqual(float(row[7].rstrip(" %")), 100 * step["median_us"] / total, delta=0.051)
            for column, key in ((10, "bytes"), (11, "flops")):
                if step[key] > 0:
                    want = step[key] / (step["median_us"] * 1e-6) / 1e9
                    self.assertAlmostEqual(float(row[column]), want, delta=0.051 + 1e-9 * want)
                else:
                    self.assertEqual(row[column], "")

    def check_timeline(self, report):
        times, before = report["timeline"], 0
        self.assertEqual([entry["step"] for entry in times["steps"]], [step["index"] for step in report["steps"]])
        for entry in times["steps"]:
            self.assertLessEqual(before, entry["begin_us"] + 2e-3)
            self.assertLessEqual(entry["begin_us"], entry["end_us"])
            before = entry["end_us"]
        self.assertLessEqual(before, times["us"] + 2e-3)
        last_end = {}
        for part in sorted(times["parts"], key=lambda part: part["begin_us"]):
            step = times["steps"][part["step"]]
            self.assertLessEqual(step["begin_us"], part["begin_us"] + 2e-3)
            self.assertLessEqual(part["end_us"], step["end_us"] + 2e-3)
            self.assertIn(part["thread"], range(times["threads"]))
            self.assertLessEqual(last_end.get(part["thread"], 0), part["begin_us"] + 2e-3, "a thread does one thing at a time")
            last_end[part["thread"]] = part["end_us"]
        self.assertLessEqual(times["threads"], report["threads"])
        self.assertEqual(times["parts_left_out"], 0)
        if report["time"]["repeat"] == 1:
            for entry, step in zip(times["steps"], report["steps"]):
                self.assertAlmostEqual(entry["end_us"] - entry["begin_us"], step["median_us"], delta=0.002)

    def check(self, page, report):
        self.check_self_contained(page)
        self.check_data(page, report)
        self.check_timeline(report)

    def test_one_step(self):
        page, report = self.page("op:rms_norm", "--dtype", "f32", "--shape", "4x640,640", "--repeat", 3)
        self.check(page, report)
        self.assertEqual(len(report["steps"]), 1)
        self.assertIn("per run, median of 3", page.text)

    def test_two_hundred_steps(self):
        page, report = self.page(self.write("chain.yaml", chain(200)))
        self.check(page, report)
        self.assertEqual(len(report["steps"]), 200)
        rects = [attrs for tag, attrs in page.elements if tag == "rect"]
        self.assertGreaterEqual(len(rects), 200)
        for attrs in rects:
            self.assertLessEqual(float(attrs["x"]) + float(attrs["width"]), 70 + 1000 + 1)

    def test_parts_on_threads(self):
        page, report = self.page("op:rms_norm", "--dtype", "f32", "--shape", "512x4096,4096", "--threads", 2)
        self.check(page, report)
        self.assertGreaterEqual(len(report["timeline"]["parts"]), 2, "two threads split a norm of 512 rows")
        self.assertIn("thread 0", page.text)

    def test_one_thread_has_no_split(self):
        page, report = self.page("op:softmax", "--dtype", "f32", "--shape", "2x8", "--threads", 1)
        self.check(page, report)
        self.assertEqual(report["timeline"]["threads"], 1)

    def test_names_never_become_markup(self):
        name = HOSTILE.replace("'", "''")
        graph = (f"tenon: 1\nname: g\ninputs:\n- {{name: x, dtype: f32, shape: [2, 8]}}\nnodes:\n- {{name: '{name}', op: softmax, inputs: [x]}}\n"
                 f"outputs:\n- {{name: y, value: '{name}'}}\n")
        page, report = self.page(self.write("<i>&x.yaml", graph))
        self.check(page, report)
        self.assertEqual(report["steps"][0]["node"], HOSTILE)
        self.assertIn("&lt;i&gt;&amp;x.yaml", page.text)
        self.assertNotIn("<i>&x", page.text)
        self.assertNotIn("<img", page.text)

    def test_rejected_kernels_are_listed_with_their_reason(self):
        page, report = self.page("op:rms_norm", "--dtype", "f64", "--shape", "2x8")
        self.check(page, report)
        explain = json.loads(page.scripts["explain"])
        reasons = [c["reason"] for op in explain["operators"] for c in op["candidates"] if not c["chosen"]]
        self.assertTrue(reasons)
        cell = page.tables[1][1][3]
        for reason in reasons:
            self.assertIn(reason, cell)
        self.assertIn("rejected", cell)

    def test_the_json_report_has_no_timeline(self):
        self.run_ok("run", "op:softmax", "--dtype", "f32", "--shape", "2x8", "--random", 1, "--report", self.path("r.json"))
        with open(self.path("r.json"), encoding="utf-8") as file:
            self.assertNotIn("timeline", json.load(file))

    def test_sizes_that_are_known_late(self):
        graph = self.write("g.yaml", "tenon: 1\nname: g\ninputs:\n- {name: x, dtype: f32, shape: [\"?n\", 8]}\n"
                           "nodes:\n- {name: y, op: softmax, inputs: [x]}\noutputs: [y]\n")
        import numpy as np
        np.save(self.path("x.npy"), np.ones((3, 8), np.float32))
        self.run_ok("run", graph, "--input", "x=" + self.path("x.npy"), "--report", self.path("page.html"))
        with open(self.path("page.html"), encoding="utf-8") as file:
            page = Page(file.read())
        self.assertEqual(re.findall(r"f32\[[0-9, x]*\]|f32\[.*?\]", page.tables[1][1][5])[0], json.loads(page.scripts["report"])["steps"][0]["shapes"][0])


if __name__ == "__main__":
    unittest.main()
