"""Wrong outputs and silent failures of earlier systems, one test each: what went wrong there stands in the test's first line.

Values are compared with NumPy; where a text is looked at, the defect was in the text. TENON_COMMAND is the command; needs the packs and NumPy.
"""
import glob
import json
import os
import re
import shutil
import struct
import sys
import unittest

import numpy as np
from support import COMMAND, ROOT, GraphTest, attention, rms_norm, softmax


class PriorArt(GraphTest):
    def test_01_a_fusion_keeps_values_and_other_uses(self):
        """A pass deleted the relu of add+relu and left the add's other readers without a value."""
        x, y = self.normal(3, 5), self.normal(3, 5)
        total, relu, product = self.run_graph({"x": x, "y": y}, [("s", "add", ["x", "y"], {}), ("r", "relu", ["s"], {}), ("m", "multiply", ["s", "y"], {})],
                                              ["s", "r", "m"])
        self.close(total, x + y)
        self.close(relu, np.maximum(x + y, 0))
        self.close(product, (x + y) * y)

    def test_02_constants_that_are_not_finite(self):
        """Infinite and NaN constants became 0.0."""
        bits = {"f16": ("7C00", "FC00", "7E00"), "bf16": ("7F80", "FF80", "7FC0"), "f32": ("7F800000", "FF800000", "7FC00000"),
                "f64": ("7FF0000000000000", "FFF0000000000000", "7FF8000000000000")}
        for dtype, (inf, minus_inf, nan) in bits.items():
            path = self.graph({"x": np.ones(2, np.float32)}, [("a", "abs", ["x"], {})], ["a", "k", "n"],
                              constants=[f"{{name: k, dtype: {dtype}, shape: [2], value: [.inf, -.inf]}}", f"{{name: n, dtype: {dtype}, shape: [], value: .nan}}"])
            text = self.ok("lower", path)
            self.assertIn(f"dense<[0x{inf}, 0x{minus_inf}]> : tensor<2x{dtype}>", text)
            self.assertIn(f"dense<0x{nan}> : tensor<{dtype}>", text)
        a, k, n = self.run_graph({"x": np.ones(2, np.float32)}, [("a", "abs", ["x"], {})], ["a", "k", "n"],
                                 constants=["{name: k, dtype: f32, shape: [2], value: [.inf, -.inf]}", "{name: n, dtype: f32, shape: [], value: .nan}"])
        self.assertTrue(np.isposinf(k[0]) and np.isneginf(k[1]) and np.isnan(n) and a[0] == 1)

    def test_03_decoding_step_by_step_is_prefill(self):
        """With more keys than queries the causal mask let a query see key 0 alone."""
        q, k, v = self.normal(1, 2, 5, 4), self.normal(1, 2, 5, 4), self.normal(1, 2, 5, 4)
        whole = self.one("sdpa", {"query": q, "key": k, "value": v}, {"causal": True})
        self.close(whole, attention(q, k, v, np.tril(np.ones((5, 5), bool))))
        for t in range(5):
            step = self.one("sdpa", {"query": q[:, :, t:t + 1], "key": k[:, :, :t + 1], "value": v[:, :, :t + 1]}, {"causal": True})
            self.close(step, whole[:, :, t:t + 1])

    def test_04_epsilon_in_any_spelling(self):
        """An epsilon given as float was ignored and 1e-6 used."""
        x = (self.normal(2, 8) * 1e-2).astype(np.float32)
        for spelling in (1e-3, "0.001", "1.0e-3"):
            self.close(self.one("rms_norm", {"input": x}, {"epsilon": spelling}), rms_norm(x, 1e-3))
        self.assertGreater(np.abs(rms_norm(x, 1e-3) - rms_norm(x, 1e-6)).max(), 0.1)

    def test_05_gather_on_every_axis(self):
        """gather worked on axis 0 only."""
        x, i = self.normal(3, 5, 7), np.array([2, 0, 1], np.int64)
        for axis in (0, 1, 2, -1):
            self.close(self.one("gather", {"data": x, "indices": i}, {"axis": axis}), np.take(x, i, axis=axis), rtol=0, atol=0)

    def test_06_stack_has_a_new_axis(self):
        """stack did what concat does."""
        x, y = self.normal(2, 3), self.normal(2, 3)
        for axis in (0, 1, -1):
            got = self.run_graph({"x": x, "y": y}, [("s", "stack", ["x", "y"], {"axis": axis})], ["s"])[0]
            self.close(got, np.stack([x, y], axis=axis), rtol=0, atol=0)

    def test_07_aliases_of_attributes(self):
        """softmax's `dim` was ignored."""
        x = self.normal(3, 5)
        for name in ("dim", "axis"):
            self.close(self.one("softmax", {"input": x}, {name: 0}), softmax(x.astype(np.float64), 0))
        self.refused("lower", "op:softmax", "--dtype", "f32", "--shape", "3x5", "--attr", "axes=0", code="INVALID_ARGUMENT", words=["axes"])

    def test_08_unknown_dtype(self):
        """An unknown dtype became f32."""
        self.refused("lower", "op:softmax", "--dtype", "float23", "--shape", "3x5", code="INVALID_ARGUMENT", words=["float23"])

    def test_09_axes_out_of_range(self):
        """An axis out of range was clamped, and normalized_shape's size was used as an axis."""
        self.refused("lower", "op:softmax", "--dtype", "f32", "--shape", "3x5", "--attr", "axis=2", code="OUT_OF_RANGE", words=["axis 2"])
        self.refused("lower", "op:layer_norm", "--dtype", "f32", "--shape", "3x5", "--attr", "normalized_shape=3", code="INVALID_ARGUMENT",
                     words=["normalized_shape"])

    def test_10_transpose_swaps_the_last_two(self):
        """Without a permutation all axes were reversed at rank 3."""
        x = self.normal(2, 3, 5)
        self.close(self.one("transpose", {"input": x}), x.swapaxes(1, 2), rtol=0, atol=0)

    def test_11_every_result_has_its_value_and_type(self):
        """Only the first output of an operator was used."""
        x = self.normal(2, 7)
        got = self.run_graph({"x": x}, [("s", "split", ["x"], {"axis": 1, "sizes": [3, 2, 2]}), ("t", "top_k", ["x"], {"k": 3})],
                             ["s:0", "s:1", "s:2", "t:0", "t:1"])
        for part, want in zip(got, np.split(x, [3, 5], axis=1)):
            self.close(part, want, rtol=0, atol=0)
        order = np.argsort(-x, axis=1, kind="stable")[:, :3]
        self.assertEqual(got[4].dtype, np.int64)
        np.testing.assert_array_equal(got[4], order)
        self.close(got[3], np.take_along_axis(x, order, 1), rtol=0, atol=0)

    def test_12_an_operand_that_is_nobody(self):
        """An unresolved operand was dropped and the others moved up."""
        path = self.graph({"x": np.ones((2, 3), np.float32)}, [("y", "add", ["missing", "x"], {})], ["y"])
        self.refused("lower", path, code="NOT_FOUND", words=["missing"])

    def test_13_no_custom_calls_in_plain_text(self):
        """Reductions were custom calls in every profile."""
        for op in ("reduce_sum", "reduce_mean", "softmax", "rms_norm"):
            for target in ("stablehlo", "xla", "iree"):
                self.assertNotIn("custom_call", self.ok("lower", "op:" + op, "--dtype", "f32", "--shape", "2x8", "--target", target))

    def test_14_softmax_computes_its_maximum_and_sum(self):
        """softmax used constants for its maximum and its sum."""
        for x in (self.normal(3, 9), self.normal(3, 9) * 50 + 1000):
            self.close(self.one("softmax", {"input": x.astype(np.float32)}), softmax(x.astype(np.float32).astype(np.float64)))

    def test_15_the_cache_is_an_input(self):
        """36 zero tensors for keys and values were baked into the artifact."""
        path = self.graph({"c": self.normal(1, 2, 64, 16), "u": self.normal(1, 2, 1, 16), "s": np.array(3, np.int32)},
                          [("n", "kv_cache_update", ["c", "u", "s"], {})], ["n"])
        text = self.ok("lower", path)
        self.assertEqual(len(re.findall(r"%arg\d+:", text)), 3)
        self.assertNotRegex(text, r"constant dense<.*> : tensor<1x2x64x16xf32>")

    def test_16_large_values_in_16_bits(self):
        """Norms and softmax of f16 and bf16 were computed in 16 bits: x*x overflows above 255."""
        x = (self.normal(2, 16) * 1000).astype(np.float16)
        self.close(self.one("rms_norm", {"input": x}), rms_norm(x), rtol=1e-3, atol=1e-3)
        self.close(self.one("softmax", {"input": x}), softmax(x.astype(np.float64)), rtol=1e-3, atol=1e-3)

    def test_17_a_second_plugin_of_the_same_name(self):
        """The last registration won, silently."""
        library = os.path.join(os.path.dirname(os.path.dirname(COMMAND)), "lib", "tenon", "plugins-1")
        for file in glob.glob(os.path.join(library, "reductions.*")):
            shutil.copy(file, self.folder)
        plugins = json.loads(self.ok("plugins", "--json", "--plugin-path", self.folder))["plugins"]
        both = [p for p in plugins if p["name"] == "tenon.reductions"]
        self.assertEqual(len(both), 2)
        self.assertEqual(sorted(p["state"] for p in both)[0], "SHADOWED")
        self.assertEqual([os.path.dirname(p["library"]) for p in both if p["state"] != "SHADOWED"], [self.folder])

    def test_18_a_failure_is_no_module(self):
        """Failures were comments in the text, with exit status 0."""
        out = os.path.join(self.folder, "out.mlir")
        self.refused("lower", "op:softmax", "--dtype", "f32", "--shape", "3", "--attr", "axis=7", "-o", out, code="OUT_OF_RANGE")
        self.assertFalse(os.path.exists(out))

    def test_19_argmax_of_nan(self):
        """A row of NaN gave an index outside of it."""
        x = np.array([[np.nan] * 4, [1, np.nan, 3, np.nan], [1, 5, 3, 5]], np.float32)
        np.testing.assert_array_equal(self.one("argmax", {"input": x}), [0, 1, 1])

    def test_20_mask_and_causal(self):
        """A mask switched `causal` off."""
        q, k, v = self.normal(1, 1, 4, 8), self.normal(1, 1, 4, 8), self.normal(1, 1, 4, 8)
        mask = np.array([[1, 1, 0, 1], [1, 0, 1, 1], [0, 1, 1, 1], [1, 1, 0, 1]], bool)
        got = self.one("sdpa", {"query": q, "key": k, "value": v, "mask": mask}, {"causal": True})
        self.close(got, attention(q, k, v, mask & np.tril(np.ones((4, 4), bool))))

    def test_21_small_variance_around_a_large_mean(self):
        """The variance was E[x^2] - E[x]^2."""
        x = (10000 + self.normal(2, 64)).astype(np.float32)
        wide = x.astype(np.float64)
        want = (wide - wide.mean(-1, keepdims=True)) / np.sqrt(wide.var(-1, keepdims=True) + 1e-5)
        self.close(self.one("layer_norm", {"input": x}), want, rtol=1e-3, atol=1e-3)
        self.close(self.one("reduce_variance", {"input": x}, {"axes": [-1]}), wide.var(-1), rtol=1e-3)

    def test_22_the_default_scale_of_attention(self):
        """The default scale was 0, so attention was uniform."""
        q, k, v = self.normal(1, 2, 3, 16), self.normal(1, 2, 5, 16), self.normal(1, 2, 5, 8)
        every = np.ones((3, 5), bool)
        self.close(self.one("sdpa", {"query": q, "key": k, "value": v}), attention(q, k, v, every))
        self.close(self.one("sdpa", {"query": q, "key": k, "value": v}, {"scale": 0.0}), attention(q, k, v, every, 0.0))

    def test_23_a_block_lowered_is_the_block_executed(self):
        """Export and eager execution differed by a factor of 1.4 per block."""
        x = self.normal(1, 2, 6, 8)
        nodes = [("n", "rms_norm", ["x"], {}), ("r", "rope", ["n"], {}), ("a", "sdpa", ["r", "r", "n"], {"causal": True}), ("y", "add", ["x", "a"], {})]
        fast, = self.run_graph({"x": x}, nodes, ["y"])
        slow, = self.run_graph({"x": x}, nodes, ["y"], "--reference")
        self.close(fast, slow)
        report = json.loads(self.ok("verify", os.path.join(self.folder, "g.yaml"), "--json"))
        self.assertEqual((report["failed"], report["passed"]), (0, 4))

    def test_24_literals_have_their_type(self):
        """Integers were printed as 3.0, and dynamic shapes were splatted."""
        path = self.graph({"x": np.ones((2, 3), np.int32)}, [("y", "add", ["x", "k"], {})], ["y"],
                          constants=["{name: k, dtype: i32, shape: [2, 3], value: 3}"])
        self.assertIn("dense<3> : tensor<2x3xi32>", self.ok("lower", path))
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("[2, 3]}\nconstants", '["?", 3]}\nconstants').replace("op: add, inputs: [\"x\", \"k\"]", "op: add_scalar, inputs: [x]")
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"constants:\n.*\n", "", text).replace("attributes: {}", "attributes: {value: 3}"))
        text = self.ok("lower", path)
        self.assertIn("dynamic_broadcast_in_dim", text)
        self.assertNotRegex(text, r"constant dense<3> : tensor<\?")

    def test_25_data_that_is_missing(self):
        """Missing data became zeros."""
        x = {"x": np.ones((2, 3), np.float32)}
        path = self.graph(x, [("y", "add", ["x", "k"], {})], ["y"], constants=["{name: k, dtype: f32, shape: [2, 3], value: [[1, 2, 3], [4, 5]]}"])
        self.refused("lower", path, code="INVALID_ARGUMENT")
        path = self.graph(x, [("y", "add", ["x", "k"], {})], ["y"], params=["{name: k, dtype: f32, shape: [2, 3]}"])
        self.refused("run", path, "--random", 1, code="FAILED_PRECONDITION", words=["k"])

    def test_26_shapes_of_broadcasts_and_reductions(self):
        """keepdim was not honoured, group_norm had one group, batches of 1 were not broadcast, [4,1] x [1,3] had the wrong type."""
        x = self.normal(2, 6, 5)
        self.close(self.one("reduce_sum", {"input": x}, {"axes": [1], "keepdim": True}), x.astype(np.float64).sum(1, keepdims=True), atol=1e-5)
        groups = x.astype(np.float64).reshape(2, 3, -1)
        want = ((groups - groups.mean(-1, keepdims=True)) / np.sqrt(groups.var(-1, keepdims=True) + 1e-5)).reshape(x.shape)
        self.close(self.one("group_norm", {"input": x}, {"num_groups": 3}), want, rtol=1e-4, atol=1e-5)
        a, b = self.normal(4, 1), self.normal(1, 3)
        self.close(self.one("multiply", {"a": a, "b": b}), a * b)
        a, b = self.normal(1, 2, 3), self.normal(5, 3, 4)
        self.close(self.one("matmul", {"a": a, "b": b}), a.astype(np.float64) @ b, rtol=1e-4, atol=1e-5)

    def test_27_the_fallback_is_named(self):
        """A fallback a thousand times slower was silent."""
        steps = json.loads(self.ok("explain", "global_max_pool", "--dtype", "f32", "--shape", "2x3x8", "--json"))
        self.assertEqual({s["kernel"] for s in steps["steps"]}, {"interpreter"})
        self.assertEqual(steps["operators"][0]["candidates"][-1]["kernel"], "decomposition")
        self.refused("run", "op:global_max_pool", "--dtype", "f32", "--shape", "2x3x8", "--random", 1, "--strict", code="FAILED_PRECONDITION",
                     words=["global_max_pool"])

    def test_28_the_header_of_irpa(self):
        """The header of a parameter archive had 40 bytes."""
        weights = os.path.join(ROOT, "tests", "data", "quickstart", "weights.safetensors")
        graph = glob.glob(os.path.join(ROOT, "tests", "data", "quickstart", "*.yaml"))[0]
        out = os.path.join(self.folder, "w.irpa")
        self.ok("lower", graph, "--target", "iree", "--params", weights, "--params-out", out, "-o", os.path.join(self.folder, "g.mlir"))
        with open(out, "rb") as file:
            data = file.read()
        self.assertEqual(data[:4], b"IRPA")
        self.assertEqual(struct.unpack_from("<Q", data, 8)[0], 88)  # header_size, after magic and version
        self.assertEqual(len(data) % 4096, 0)

    def test_29_attributes_reach_the_carrier(self):
        """epsilon was never written."""
        text = self.ok("lower", "op:rms_norm", "--dtype", "f32", "--shape", "2x8,8", "--target", "custom-call", "--attr", "epsilon=0.25")
        self.assertRegex(text, r"custom_call @ai_edge_torch.rms_norm.*epsilon = 2\.5e-01 : f32|epsilon = 0\.25 : f32")

    def test_30_the_kernel_uses_the_attribute(self):
        """A kernel had epsilon 1e-6 in it."""
        x = self.normal(3, 67)
        got = self.one("rms_norm", {"input": x}, {"epsilon": 0.5}, "--strict")
        self.close(got, rms_norm(x, 0.5), rtol=1e-5)

    def test_31_a_decomposition_stands_alone(self):
        """A factor was captured in the body and lost where only operands and attributes arrived."""
        text = self.ok("lower", "op:rms_norm", "--dtype", "f32", "--shape", "2x8,8,2x8,8", "--target",
                       os.path.join(ROOT, "tests", "engines", "composites.yaml"), "--attr", "unit_offset=true")
        operands = re.search(r'composite "tenon.rms_norm" ([^{]*)\{', text).group(1)
        arguments = re.search(r"func private @rms_norm.impl\(([^)]*)\)", text).group(1)
        self.assertEqual(operands.count("%"), arguments.count("%"))
        self.assertIn("unit_offset = true", text)

    def test_32_matmul_broadcasts_both_ways(self):
        """The batched product took the sizes of its left side."""
        a, b = self.normal(1, 5, 2, 3), self.normal(4, 1, 3, 2)
        self.close(self.one("matmul", {"a": a, "b": b}), a.astype(np.float64) @ b, rtol=1e-4, atol=1e-5)
        self.close(self.one("matmul", {"a": b, "b": a}), b.astype(np.float64) @ a, rtol=1e-4, atol=1e-5)

    def test_33_causal_as_an_explicit_mask(self):
        """The consumer's composite has no causal attribute, so it attended to the future."""
        text = self.ok("lower", "op:sdpa", "--dtype", "f32", "--shape", "1x2x5x8,1x2x5x8,1x2x5x8", "--attr", "causal=true", "--target", "litert")
        call = re.search(r'composite "odml.scaled_dot_product_attention" ([^{]*)\{', text)
        self.assertIsNotNone(call, text)
        self.assertEqual(call.group(1).count("%"), 4)

    def test_34_a_norm_with_two_readers(self):
        """A fusion freed what a second reader still needed, and the scale's shape was not checked."""
        x, w = self.normal(3, 8), self.normal(8)
        n, a, b = self.run_graph({"x": x, "w": w}, [("n", "rms_norm", ["x", "w"], {}), ("a", "rms_norm", ["n", "w"], {}), ("b", "add", ["n", "a"], {})],
                                 ["n", "a", "b"])
        self.close(n, rms_norm(x) * w)
        self.close(a, rms_norm(rms_norm(x) * w) * w, rtol=1e-4)
        self.close(b, n + a)
        self.refused("lower", "op:rms_norm", "--dtype", "f32", "--shape", "3x8,3", code="INVALID_ARGUMENT", words=["scale"])

    def test_35_offset_and_strided_views(self):
        """A view's byte offset was ignored."""
        rows = json.loads(self.ok("verify", "rms_norm", "--cases", 40, "--json"))["rows"]
        layouts = [r for r in rows if "strided" in r["case"] or "misaligned" in r["case"]]
        self.assertGreaterEqual(len(layouts), 4)
        self.assertEqual({r["status"] for r in layouts}, {"ok"})

    def test_36_lengths_and_dtypes_are_checked(self):
        """A weight's length and an output's dtype were not checked."""
        path = self.graph({"x": np.ones((2, 8), np.float32)}, [("y", "rms_norm", ["x"], {})], ["y"])
        for wrong in (np.ones((2, 7), np.float32), np.ones((2, 8), np.float16)):
            file = os.path.join(self.folder, "wrong.npy")
            np.save(file, wrong)
            self.refused("run", path, "--input", f"x={file}", code="INVALID_ARGUMENT", words=["input x", "expected"])

    def test_37_sizes_are_integers(self):
        """A size was an f32, exact to 2^24 only."""
        self.assertIn("tensor<16777217xf32>", self.ok("lower", "op:abs", "--dtype", "f32", "--shape", "16777217"))

    def test_38_these_tests_assert(self):
        """Tests printed instead of comparing."""
        with open(__file__, encoding="utf-8") as file:
            bodies = re.split(r"\n    def (?=test_)", file.read())[1:]
        self.assertEqual([body[5:7] for body in bodies], [f"{i:02}" for i in range(1, 39)])
        for body in bodies:
            self.assertRegex(body, r"self\.(assert|close|refused)|np\.testing", body.splitlines()[0])


if __name__ == "__main__":
    sys.exit(unittest.main())
