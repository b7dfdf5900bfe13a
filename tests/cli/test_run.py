"""tenon run: values against NumPy in float64, where they come from and where they go."""
import json
import os
import re

import numpy as np
from support import (NORM, RESIDUAL, CommandTest, bf16_bits, bf16_values, read_safetensors, rms_norm, safetensors, tenon, ulps)


class Run(CommandTest):
    def norm_graph(self, dtype, extra=""):
        return self.write("g.yaml", NORM.replace("DTYPE", dtype) + extra)

    def data(self, seed=1):
        random = np.random.default_rng(seed)
        return random.standard_normal((4, 67)).astype(np.float32), random.standard_normal(67).astype(np.float32)

    def test_bf16_from_npy_and_safetensors(self):
        x, w = map(bf16_bits, self.data())
        np.save(self.path("x.npy"), x.view("V2"))  # NumPy has no bfloat16: raw items of two bytes
        safetensors(self.path("w.safetensors"), {"model.norm.weight": w})
        out = self.path("y.npy")
        result = self.run_ok("run", self.norm_graph("bf16"), "--input", "x=" + self.path("x.npy"), "--params", self.path("w.safetensors"),
                             "-o", out)
        self.assertEqual(result.out, "")
        self.assertIn("rms_norm", result.err)  # what ran where
        y = np.load(out)
        self.assertEqual((y.dtype.str, y.shape), ("|V2", (4, 67)))
        want = rms_norm(bf16_values(x), bf16_values(w), 1e-5)
        self.assertLessEqual(ulps(bf16_values(y.view(np.uint16)), want, 8), 0.51)

    def test_f32_kernel_and_reference(self):
        x, w = self.data(2)
        np.save(self.path("x.npy"), x)
        safetensors(self.path("w.safetensors"), {"model.norm.weight": w})
        want = rms_norm(x, w, 1e-5)
        for flags in ((), ("--reference",), ("--strict",), ("--threads", 1)):
            with self.subTest(flags=flags):
                out = self.path("y.npy")
                files = ("--input", "x=" + self.path("x.npy"), "--params", self.path("w.safetensors"), "-o", out)
                self.run_ok("run", self.norm_graph("f32"), *files, *flags)
                self.assertLessEqual(ulps(np.load(out), want, 24), 16)

    def test_sizes_come_from_the_inputs(self):
        graph = self.write("d.yaml", RESIDUAL.replace("[3, 8]", '["?rows", 8]'))
        out = self.path("out") + "/"
        for rows in (1, 4, 0):
            x = np.random.default_rng(rows).standard_normal((rows, 8)).astype(np.float32)
            np.save(self.path("x.npy"), x)
            self.run_ok("run", graph, "--input", "x=" + self.path("x.npy"), "--input", "r=" + self.path("x.npy"), "-o", out)
            np.testing.assert_array_equal(np.load(out + "norm_sum.npy"), x + x)
            if rows:
                self.assertLessEqual(ulps(np.load(out + "norm.npy"), rms_norm(x + x, 1, 1e-6), 24), 16)
        np.save(self.path("r.npy"), np.ones((3, 8), np.float32))
        np.save(self.path("x.npy"), np.ones((2, 8), np.float32))
        both = ("--input", "x=" + self.path("x.npy"), "--input", "r=" + self.path("r.npy"))
        self.check_error(tenon("run", graph, *both), 1, "INVALID_ARGUMENT", "input r", "?rows is 3 here and 2 in x")
        self.check_error(tenon("run", graph, "--random", 1), 1, "FAILED_PRECONDITION", "input x", "--input x=FILE.npy")

    def test_all_inputs_from_one_archive_by_name(self):
        random = np.random.default_rng(3)
        x, r = (random.standard_normal((3, 8)).astype(np.float32) for _ in range(2))
        safetensors(self.path("in.safetensors"), {"r": r, "x": x})
        path = self.write("g.yaml", RESIDUAL)
        out = self.path("out.safetensors")
        self.run_ok("run", path, "--input", self.path("in.safetensors"), "-o", out)
        results = read_safetensors(out)
        self.assertEqual(set(results), {"norm", "norm:sum"})
        np.testing.assert_array_equal(results["norm:sum"], x + r)
        self.assertLessEqual(ulps(results["norm"], rms_norm(x + r, np.ones(8), 1e-6), 24), 16)
        # What is named wins over the archive.
        np.save(self.path("zero.npy"), np.zeros((3, 8), np.float32))
        self.run_ok("run", path, "--input", self.path("in.safetensors"), "--input", "r=" + self.path("zero.npy"), "-o", out)
        np.testing.assert_array_equal(read_safetensors(out)["norm:sum"], x)

    def test_results_go_to_a_folder(self):
        path = self.write("g.yaml", RESIDUAL)
        self.run_ok("run", path, "--random", 1, "-o", self.path("results") + "/")
        self.assertEqual(sorted(os.listdir(self.path("results"))), ["norm.npy", "norm_sum.npy"])
        self.assertEqual(np.load(self.path("results", "norm.npy")).shape, (3, 8))

    def test_results_go_to_files_by_name(self):
        path = self.write("g.yaml", RESIDUAL)
        self.run_ok("run", path, "--random", 1, "-o", "norm:sum=" + self.path("s.npy"), "-o", "norm=" + self.path("n.npy"))
        self.assertEqual(np.load(self.path("s.npy")).shape, (3, 8))
        self.assertEqual(np.load(self.path("n.npy")).dtype, np.float32)

    def test_one_result_goes_to_stdout(self):
        result = self.run_ok("run", "op:rms_norm", "--dtype", "f32", "--shape", "2x3", "--random", 1, "-o", "-", text=False)
        with open(self.path("y.npy"), "wb") as file:
            file.write(result.out)
        self.assertEqual(np.load(self.path("y.npy")).shape, (2, 3))

    def test_without_o_first_values_are_printed(self):
        np.save(self.path("x.npy"), np.full((1, 4), 3.0))
        source = ("run", "op:reduce_sum", "--dtype", "f64", "--shape", "1x4", "--input", "input=" + self.path("x.npy"), "-q")
        result = self.run_ok(*source)
        self.assertRegex(result.out, r"^\S+: f64\[\] = 12\n$")
        self.assertEqual(result.err, "")
        report = self.run_ok(*source, "--json").json()
        self.assertEqual(report["outputs"][0]["values"], [12])

    def test_a_long_result_is_cut(self):
        out = self.run_ok("run", "op:rms_norm", "--dtype", "bf16", "--shape", "4x64", "--random", 0, "-q").out
        self.assertRegex(out, r"^\S+: bf16\[4,64\] =( -?[0-9.e+-]+){8} \.\. \(256 values\)\n$")

    def test_values_that_json_has_no_numbers_for(self):
        np.save(self.path("x.npy"), np.array([[np.nan, 1.0], [np.inf, 1.0]], np.float32))
        source = ("run", "op:reduce_sum", "--dtype", "f32", "--shape", "2x2", "--attr", "axes=1", "--input", "input=" + self.path("x.npy"))
        self.assertIn("= nan inf", self.run_ok(*source).out)
        self.assertEqual(self.run_ok(*source, "--json").json()["outputs"][0]["values"], ["nan", "inf"])

    def test_random_inputs_have_a_seed(self):
        source = ("run", "op:rms_norm", "--dtype", "f32", "--shape", "3x5,5", "-q")
        first = self.run_ok(*source, "--random", 5).out
        self.assertEqual(self.run_ok(*source, "--random", 5).out, first)
        self.assertNotEqual(self.run_ok(*source, "--random", 6).out, first)
        self.assertEqual(self.run_ok(*source, "--input", "input=random:5", "--input", "scale=random:6").out, first)
        unseeded = self.run_ok(*source, "--input", "input=random", "--input", "scale=random").out
        self.assertEqual(unseeded, self.run_ok(*source, "--random", 0).out)

    def test_params_file_that_the_graph_names(self):
        x, w = self.data(4)
        np.save(self.path("x.npy"), x)
        safetensors(self.path("w.safetensors"), {"model.norm.weight": w})
        text = NORM.replace("DTYPE", "f32").replace("as: w,", "as: w, file: w.safetensors,")
        path, out = self.write("g.yaml", text), self.path("y.npy")
        self.run_ok("run", path, "--input", "x=" + self.path("x.npy"), "-o", out, cwd="/")
        self.assertLessEqual(ulps(np.load(out), rms_norm(x, w, 1e-5), 24), 16)

    def test_report(self):
        path = self.write("g.yaml", RESIDUAL)
        report_path = self.path("report.json")
        result = self.run_ok("run", path, "--random", 1, "--repeat", 5, "--report", report_path)
        with open(report_path, encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual((report["tenon"], report["source"], report["time"]["repeat"]), ("0.1.0", path, 5))
        self.assertLessEqual(0, report["time"]["min_us"])
        self.assertLessEqual(report["time"]["min_us"], report["time"]["median_us"])
        for key in ("arch", "threads", "memory", "steps", "outputs"):
            self.assertIn(key, report)
        for step in report["steps"]:
            for key in ("index", "node", "op", "kernel", "plugin", "level", "dtype", "shapes", "median_us", "bytes", "flops"):
                self.assertIn(key, step)
        self.assertEqual([row["name"] for row in report["outputs"]], ["norm", "norm:sum"])
        self.assertNotIn("values", report["outputs"][0])
        self.assertIn("median of 5", result.err)
        for word in ("STEP", "NODE", "KERNEL", "TIME", "norm"):
            self.assertIn(word, result.err)

    def test_report_as_a_page(self):
        page = self.path("report.html")
        self.run_ok("run", self.write("a&b.yaml", RESIDUAL), "--random", 1, "--report", page)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertTrue(text.startswith("<!doctype html>"))
        self.assertIn("a&amp;b.yaml", text)
        self.assertIsNone(re.search(r"https?://|src=|href=", text), "the page is self-contained")

    def test_reference_runs_no_kernel(self):
        report = self.run_ok("run", "op:rms_norm", "--dtype", "f32", "--shape", "2x3", "--random", 1, "--reference", "--json").json()
        self.assertEqual({step["kernel"] for step in report["steps"]} - {"copy"}, {"interpreter"})

    def test_wrong_inputs_name_the_input(self):
        x, w = self.data()
        safetensors(self.path("w.safetensors"), {"model.norm.weight": w})
        graph = self.norm_graph("f32")
        for name, array, words in [
            ("f64.npy", x.astype(np.float64), ["f32", "<f8"]),
            ("rank.npy", x[0], ["f32[4,67]", "f32[67]"]),
            ("size.npy", x[:3], ["f32[4,67]", "f32[3,67]"]),
        ]:
            np.save(self.path(name), array)
            with self.subTest(name=name):
                result = tenon("run", graph, "--params", self.path("w.safetensors"), "--input", "x=" + self.path(name))
                self.check_error(result, 1, "INVALID_ARGUMENT", "input x: ", 'operand "x"', self.path(name), *words)
        safetensors(self.path("x.safetensors"), {"x": x.astype(np.float64)})
        result = tenon("run", graph, "--params", self.path("w.safetensors"), "--input", self.path("x.safetensors"))
        self.check_error(result, 1, "INVALID_ARGUMENT", "input x: expected f32[4,67], got f64[4,67]", self.path("x.safetensors"))
        safetensors(self.path("z.safetensors"), {"xx": x})
        result = tenon("run", graph, "--params", self.path("w.safetensors"), "--input", self.path("z.safetensors"))
        self.check_error(result, 1, "NOT_FOUND", "input x: no tensor of that name", "did you mean xx?")

    def test_inputs_that_are_not_there(self):
        x, w = self.data()
        np.save(self.path("x.npy"), x)
        safetensors(self.path("w.safetensors"), {"model.norm.weight": w})
        source = ("run", self.norm_graph("f32"), "--params", self.path("w.safetensors"))
        file = "=" + self.path("x.npy")
        self.check_error(tenon(*source), 1, "INVALID_ARGUMENT", "input x has no value", "--input x=FILE.npy")
        self.check_error(tenon(*source, "--input", "xx" + file), 1, "NOT_FOUND", "no input xx", "did you mean x?")
        self.check_error(tenon(*source, "--input", "x=" + self.path("no.npy")), 1, "NOT_FOUND", "input x: ")
        self.check_error(tenon(*source, "--input", "x=" + self.path("x.txt")), 1, "INVALID_ARGUMENT", "input x: ")
        self.check_error(tenon(*source, "--input", self.path("x.npy")), 2, "INVALID_ARGUMENT", "names no input")
        self.check_error(tenon(*source, "--input", "x" + file, "--input", "x=random"), 2, "INVALID_ARGUMENT", "given twice")
        self.check_error(tenon(*source, "--input", "x=random:q"), 2, "INVALID_ARGUMENT", "seed")

    def test_parameters_that_are_not_there(self):
        graph = self.norm_graph("f32")
        source = ("run", graph, "--random", 1)
        self.check_error(tenon(*source), 1, "FAILED_PRECONDITION", "model.norm.weight", "--params")
        safetensors(self.path("w.safetensors"), {"model.norm.weigth": np.zeros(67, np.float32)})
        self.check_error(tenon(*source, "--params", self.path("w.safetensors")), 1, "NOT_FOUND", "model.norm.weight")
        safetensors(self.path("w.safetensors"), {"model.norm.weight": np.zeros(66, np.float32)})
        self.check_error(tenon(*source, "--params", self.path("w.safetensors")), 1, "INVALID_ARGUMENT", "f32[67]", "f32[66]")

    def test_wrong_outputs(self):
        source = ("run", self.write("g.yaml", RESIDUAL), "--random", 1)
        self.check_error(tenon(*source, "-o", "nrm=" + self.path("y.npy")), 1, "NOT_FOUND", "no output nrm", "did you mean norm?")
        self.check_error(tenon(*source, "-o", self.path("y.npy")), 1, "INVALID_ARGUMENT", "takes one output", "norm:sum")
        self.check_error(tenon(*source, "-o", "-"), 1, "INVALID_ARGUMENT", "takes one output")
        self.check_error(tenon(*source, "-o", "norm=" + self.path("y.txt")), 2, "INVALID_ARGUMENT", ".npy")
        self.check_error(tenon(*source, "-o", self.path("y.txt")), 2, "INVALID_ARGUMENT", "no folder by its name")
        self.check_error(tenon(*source, "-o", "norm=" + self.path("no", "y.npy")), 1, "NOT_FOUND", "make the folder first")
        same = ("-o", "norm=" + self.path("y.npy"), "-o", "norm:sum=" + self.path("y.npy"))
        self.check_error(tenon(*source, *same), 2, "INVALID_ARGUMENT", "two results")
        self.assertEqual(os.listdir(self.folder), ["g.yaml"])
