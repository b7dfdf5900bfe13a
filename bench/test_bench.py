#!/usr/bin/python3
"""The comparison's arithmetic, its verdicts, its pictures and its processes, without any peer. Numbers by hand.

python3 bench/test_bench.py [--bench build/bin/tenon_bench]       with --bench also the protocol with Tenon's own process
"""
import json
import math
import os
import signal
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ET

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "peers")]
import duel  # noqa: E402
import results  # noqa: E402
import svg  # noqa: E402
import tables  # noqa: E402

BENCH = ""
ECHO = [sys.executable, "-c", "import json, os, sys\nprint(json.dumps({'ready': 'echo', 'version': '1'}), flush=True)\n"
        "for line in sys.stdin:\n    request = json.loads(line)\n    if request['do'] == 'die': os._exit(3)\n"
        "    print('noise'); print(json.dumps({'us': request.get('n', 0), 'env': os.environ.get('MALLOC_MMAP_MAX_')}), flush=True)"]


def rounds_of(**columns):
    count = len(next(iter(columns.values())))
    return [{**{name: values[i] for name, values in columns.items()}, "stolen": 0.0, "seconds": 1.0} for i in range(count)]


class Ratios(unittest.TestCase):
    def test_median_of_the_ratios_of_each_round(self):
        # The machine is ten times slower in one round: for both. Ratios 2, 2, 3; the ratio of the medians would be 30 / 10 = 3.
        measured = rounds_of(ours=[10.0, 100.0, 10.0], theirs=[20.0, 200.0, 30.0])
        self.assertEqual(results.ratio(measured, "theirs", "ours"), 2.0)
        self.assertEqual(results.median(measured, "theirs") / results.median(measured, "ours"), 3.0)

    def test_rounds_that_lack_one_are_left_out(self):
        measured = rounds_of(ours=[10.0, 10.0, 10.0], theirs=[20.0, 40.0, 60.0])
        del measured[2]["theirs"]
        self.assertEqual(results.ratio(measured, "theirs", "ours"), 3.0)
        self.assertIsNone(results.ratio(measured, "nobody", "ours"))

    def test_rounds_with_stolen_time_do_not_count(self):
        measured = rounds_of(ours=[1.0] * 4, theirs=[2.0, 2.0, 2.0, 9.0])
        measured[3]["stolen"] = 0.5
        self.assertEqual(len(results.kept(measured)), 3)
        measured[2]["stolen"] = 0.5  # two are too few: all count
        self.assertEqual(len(results.kept(measured)), 4)

    def test_a_row(self):
        measured = rounds_of(avx2=[10.0, 20.0, 10.0], **{"ceiling:avx2": [5.0, 15.0, 8.0]}, xla=[30.0, 40.0, 20.0])
        row = results.row_of(measured, "avx2", ["xla", "absent"], {"bytes": 1e6, "flops": 5e5})
        self.assertEqual((row["us"], row["share"], row["gbps"], row["gflops"]), (10.0, 0.75, 100.0, 50.0))
        self.assertEqual(row["peers"], {"xla": {"us": 30.0, "x": 2.0}})
        self.assertEqual(results.best_peer({"peers": {"a": {"x": 2.0}, "b": {"x": 1.5}, "c": {"error": "no"}}}), ("b", 1.5))
        self.assertEqual(results.best_peer({"peers": {"c": {"error": "no"}}}), (None, None))


class Values(unittest.TestCase):
    def test_difference(self):
        ours = np.array([3.0, 4.0], np.float32)  # root mean square sqrt(12.5)
        self.assertAlmostEqual(results.difference(ours, ours + np.float32(0.5)), 0.5 / math.sqrt(12.5))
        self.assertEqual(results.difference(ours, ours), 0.0)
        self.assertEqual(results.difference(ours, ours[:1]), math.inf)
        self.assertEqual(results.difference(np.zeros(2), np.zeros(2)), 0.0)
        self.assertEqual(results.difference(np.zeros(2), np.ones(2)), math.inf)
        special = np.array([1.0, np.nan, np.inf])
        self.assertEqual(results.difference(special, special), 0.0)
        self.assertEqual(results.difference(special, np.array([1.0, 0.0, np.inf])), math.inf)
        self.assertEqual(results.difference(special, np.array([1.0, np.nan, -np.inf])), math.inf)
        self.assertEqual(results.difference(np.ones(2), np.array([1.0, np.nan])), math.inf)

    def test_indices_are_exact(self):
        self.assertEqual(results.difference(np.array([1, 2]), np.array([1, 2])), 0.0)
        self.assertEqual(results.difference(np.array([1, 2]), np.array([1, 3])), math.inf)


class Goals(unittest.TestCase):
    ROW = {"us": 2.0, "share": 0.8, "scaling": 1.7, "peers": {"xla": {"us": 4.0, "x": 2.0}, "numpy": {"error": "no"}}}

    def test_judgements(self):
        goal = {"share": 0.9, "us": 2.0, "scaling": 1.85, "peers": {"xla": 1.5, "numpy": 3}}
        self.assertEqual(results.judge(goal, self.ROW), [("share", 0.9, 0.8, False), ("us", 2.0, 2.0, True), ("scaling", 1.85, 1.7, False),
                                                         ("xla", 1.5, 2.0, True), ("numpy", 3, None, None)])

    def test_verdicts(self):
        self.assertEqual(tables.verdict(results.judge({"share": 0.8}, self.ROW), "x"), "met")
        self.assertEqual(tables.verdict(results.judge({"share": 0.9}, self.ROW), ""), "short: not analysed")
        self.assertEqual(tables.verdict(results.judge({"share": 0.9}, self.ROW), "rows are read twice"), "short: rows are read twice")
        self.assertEqual(tables.verdict(results.judge({"peers": {"xla": 3}}, self.ROW), "rows are read twice"), "short: not analysed")
        self.assertEqual(tables.verdict(results.judge({"peers": {"numpy": 3}}, self.ROW), ""), "not timed")
        self.assertEqual(tables.verdict(results.judge({"share": 0.5, "peers": {"numpy": 3}}, self.ROW), ""), "met where it was timed")

    def test_the_goals_name_cases_and_peers_that_exist(self):
        import registry
        with open(os.path.join(HERE, "goals.json"), encoding="utf-8") as file:
            rows = json.load(file)["rows"]
        with open(os.path.join(HERE, "cases.json"), encoding="utf-8") as file:
            labels = {f"{case['op']}/{dtype}/{case.get('name') or case['shape']}" for case in json.load(file)["cases"] for dtype in case["dtypes"]}
        for row in rows:
            self.assertLessEqual(set(row["cases"]), labels, row["title"])
            for level in ("avx2", "avx512"):
                self.assertLessEqual(set(row.get(level, {}).get("peers", {})), set(registry.NAMES), row["title"])
                self.assertLessEqual(set(row.get(level, {})), {"share", "us", "scaling", "peers"}, row["title"])


class Pictures(unittest.TestCase):
    def check(self, text):
        root = ET.fromstring(text)
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        self.assertIn("prefers-color-scheme: dark", text)
        return [element.tag.split("}")[1] for element in root.iter()]

    def test_roofline(self):
        points = [("a <b> & c", 0.5, 20.0, 0), ("dense", 100.0, 90.0, 1), ("nothing", 0.0, 0.0, 0)]
        tags = self.check(svg.roofline("T & <t>", points, [("memory", 20.0), ("cache", 200.0)], 100.0, ["a", "b"]))
        self.assertEqual(tags.count("circle"), 2)

    def test_a_point_on_a_roof_lies_on_its_line(self):
        root = ET.fromstring(svg.roofline("t", [("on the roof", 1.0, 20.0, 0)], [("memory", 20.0)], 100.0, ["a"]))
        circle = next(e for e in root.iter() if e.tag.endswith("circle"))
        roof = next(e for e in root.iter() if e.get("class") == "roof")
        x, y = float(circle.get("cx")), float(circle.get("cy"))
        x1, y1, x2, y2 = (float(roof.get(key)) for key in ("x1", "y1", "x2", "y2"))
        self.assertAlmostEqual(y, y1 + (x - x1) * (y2 - y1) / (x2 - x1), delta=0.5)

    def test_bars(self):
        rows = [("case <1>", [2.0, 0.5], ["2x & more", "0.5x"]), ("case 2", [None, 30.0], ["", "30x"])]
        tags = self.check(svg.bars("t", "n", rows, ["avx2", "avx512"]))
        self.assertEqual(tags.count("rect"), 1 + 2 + 3)  # page, legend, bars

    def test_the_page(self):
        row = {"case": "softmax/f32/x", "level": "avx2", "threads": 1, "kind": "copy", "bytes": 1e6, "flops": 1e5, "gbps": 20.0, "gflops": 2.0,
               "us": 50.0, "share": 0.5, "peers": {"xla": {"us": 100.0, "x": 2.0}, "numpy": {"error": "a <b> | c"}}}
        machine = {"cpu": "C", "cpus": 2, "memory_gib": 1.0, "caches": "L1", "kernel": "6"}
        data = {"rows": [row], "titles": {"xla": "XLA", "numpy": "NumPy"}, "levels": ["avx2"], "machine": machine, "date": "d", "command": "c",
                "tenon": "1", "compiler": "g", "fma_peak": {"avx2": 100.0}, "fma_peak_end": {"avx2": 99.0}, "rounds": 5, "seconds": 0.03,
                "stolen": 0.0, "wall": 1.0, "load": 0.0, "warnings": [], "peers": {"xla": {"version": "1", "state": "timed"}}, "peer_level": None,
                "from_python": ["xla"]}
        goals = [{"title": "softmax", "cases": ["softmax/f32/x"], "avx2": {"share": 0.9, "peers": {"xla": 1.5}}}, {"title": "gone", "cases": ["y"]}]
        text = tables.text(data, goals)
        self.assertIn("| softmax | 50.0 us | 20.0 GB/s | copy (50 %) | XLA 2.00 | **50 % of the ceiling (of 90)**; 2.00x XLA (of 1.5x) | "
                      "short: not analysed |", text)
        row["peers"]["xla"]["us"] = 40.0
        self.assertIn("| XLA 2.00* |", tables.text(data, goals))
        self.assertIn("| gone | - | - | - | - | - | not run |", text)
        self.assertIn("NumPy: a (b) / c: softmax/f32/x t1", text)
        for picture in tables.pictures(data).values():
            ET.fromstring(picture)


class Processes(unittest.TestCase):
    def test_rounds_rotate_and_drop_what_fails(self):
        order = []

        def asker(name, value):
            def ask():
                order.append(name)
                return value
            return ask
        measured = duel.rounds({"a": asker("a", 1.0), "b": asker("b", None), "c": asker("c", 3.0)}, 3)
        self.assertEqual(order, ["a", "b", "c", "c", "a", "c", "a"])
        self.assertEqual([set(row) for row in measured], [{"a", "c", "stolen"}] * 3)

    def state(self, participant):
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with open(f"/proc/{participant.process.pid}/stat", encoding="ascii") as file:
                state = file.read().rsplit(")", 1)[1].split()[0]
            if state == "T":
                break
            time.sleep(0.01)
        return state

    def test_only_who_is_asked_runs(self):
        participant = duel.Participant("echo", ECHO, 1)
        self.addCleanup(participant.close)
        self.assertEqual((participant.version, self.state(participant)), ("1", "T"))
        self.assertEqual(participant.ask({"do": "x", "n": 7}), {"us": 7, "env": "0"})
        self.assertEqual(self.state(participant), "T")

    def test_a_process_that_ends_is_an_error(self):
        participant = duel.Participant("echo", ECHO, 1)
        self.addCleanup(participant.close)
        with self.assertRaises(duel.Ended):
            participant.ask({"do": "die"})

    def test_a_process_that_does_not_answer_is_ended(self):
        silent = [sys.executable, "-c", "import sys, time\nprint('{\"ready\": 1}', flush=True)\nsys.stdin.readline(); time.sleep(60)"]
        participant = duel.Participant("silent", silent, 1)
        self.addCleanup(participant.close)
        begin = time.monotonic()
        with self.assertRaises(duel.Ended):
            participant.ask({"do": "x"}, limit=0.2)
        self.assertLess(time.monotonic() - begin, 10)

    def test_the_protocol_with_tenon(self):
        if not BENCH:
            self.skipTest("no --bench was given")
        case = {"op": "softmax", "dtype": "f32", "shape": "3x17", "ceiling": "copy", "attributes": ["axis=0"]}
        ours = duel.Participant("tenon", [BENCH, "--serve", "--levels", ""], 1)
        self.addCleanup(ours.close)
        with tempfile.TemporaryDirectory() as folder:
            inputs, outputs = [os.path.join(folder, "in")], [os.path.join(folder, "out")]
            facts = ours.ask({"do": "prepare", "case": case, "write_inputs": inputs, "outputs": outputs})
            self.assertTrue(facts["ok"], facts)
            self.assertEqual(facts["inputs"], [{"dtype": "f32", "dims": [3, 17]}])
            x = np.fromfile(inputs[0], np.float32).reshape(3, 17).astype(np.float64)
            self.assertGreater(np.std(x), 0.5, "the inputs are random, not zeros")
            want = np.exp(x) / np.exp(x).sum(0)
            self.assertLess(np.abs(np.fromfile(outputs[0], np.float32).reshape(3, 17) - want).max(), 1e-6)
            for what in ("sample", "ceiling"):
                self.assertGreater(ours.ask({"do": what, "seconds": 0.001})["us"], 0)
            self.assertIn("error", ours.ask({"do": "prepare", "case": dict(case, shape="3xx"), "outputs": outputs}))
            self.assertIn("error", ours.ask({"do": "dance"}))
            peer = duel.Participant("numpy", ["/usr/bin/python3", os.path.join(HERE, "peers", "peer_numpy.py")], 1)
            self.addCleanup(peer.close)
            given = dict(case, inputs=facts["inputs"], outputs=facts["outputs"])
            self.assertEqual(peer.ask({"do": "prepare", "case": given, "inputs": inputs, "outputs": outputs}), {"ok": True})
            self.assertLess(np.abs(np.fromfile(outputs[0], np.float32).reshape(3, 17) - want).max(), 1e-6)
            self.assertGreater(peer.ask({"do": "sample", "seconds": 0.001})["us"], 0)
            self.assertTrue(peer.ask({"do": "prepare", "case": dict(given, op="rope"), "inputs": inputs, "outputs": outputs})["unsupported"])


if __name__ == "__main__":
    if "--bench" in sys.argv:
        at = sys.argv.index("--bench")
        BENCH = sys.argv[at + 1]
        del sys.argv[at:at + 2]
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    unittest.main(verbosity=1)
