"""Graphs that do not know a size: what lowers, what is refused and how, and values for several sizes of one graph. (tests/engines executes the
texts.)"""
import os
import sys
import unittest

import numpy as np
from support import GraphTest

# Operator, shapes, attributes.
LOWERED = [
    ("slice", "?x4", ["starts=[-3]", "ends=[-1]"]), ("slice", "?x4", ["starts=[5]", "ends=[-9]", "steps=[-2]"]),
    ("narrow", "?x4", ["axis=0", "start=1", "length=2"]), ("split", "?x4", ["axis=1", "parts=2"]), ("split", "?x4", ["axis=0", "sizes=[3,2]"]),
    ("pad", "?x4", ["low=[2,0]", "high=[0,1]"]), ("pad", "?x4", ["low=[0,-1]", "high=[0,-1]"]),
    ("pad", "?x4", ["low=[0,1]", "high=[0,2]", "mode=edge"]), ("pad", "?x4", ["low=[0,1]", "high=[0,2]", "mode=reflect"]),
    ("cumsum", "?x4", ["axis=0"]), ("cumsum", "?x4", ["axis=0", "reverse=true", "exclusive=true"]), ("cumsum", "?x4", ["axis=1", "exclusive=true"]),
    ("top_k", "?x4", ["axis=1", "k=2"]), ("diagonal", "?x4x5", ["axis1=1", "axis2=2"]), ("quantize", "?x4,1", ["to=i8"]),
    ("conv2d", "?x4x9x9,6x4x3x3", []), ("conv_transpose", "?x4x9x9,4x6x3x3", ["padding=[3]", "strides=[2]"]),
    ("max_pool", "?x4x9x9", ["kernel=[3]", "padding=[1]"]), ("avg_pool", "?x4x9x9", ["kernel=[3]", "ceil_mode=true", "strides=[2]"]),
    ("global_avg_pool", "?x4x9x9", []), ("upsample", "?x4x9x9", ["sizes=[7]", "mode=linear"]), ("batch_norm", "?x4x9x9,4,4,4,4", []),
    ("group_norm", "?x4x9x9,4,4", ["num_groups=2"]), ("layer_norm", "?x?x8,8,8", []), ("rms_norm", "?x?x8,8", []), ("linear", "?x?x8,6x8", []),
    ("matmul", "?x4,4x5", []), ("softmax", "?x?x4", []), ("silu_mul", "?x4,?x4", []), ("gelu_mul", "?x4,?x4", []), ("add", "?x?x4,4", []),
    ("rope", "?x2x?x8", []), ("scaled_dot_product_attention", "?x4x?x8,?x2x?x8,?x2x?x8", ["causal=true"]), ("permute", "?x4x?", ["permutation=[2,0,1]"]),
    ("reshape", "?x?x8", ["shape=[0,0,2,4]"]), ("concat", "?x4,?x4", ["axis=0"]), ("reduce_mean", "?x?x4", ["axes=[0]"]), ("argmax", "?x?x4", ["axis=-1"]),
    ("one_hot", "?", ["depth=4"]),
]
# What depends on a size that is not known: how it is refused.
REFUSED = [
    ("pad", "?x4", ["low=[-1,0]", "high=[0,0]"], ["axis 0", "slice cuts it"]),
    ("pad", "?x4", ["low=[1,0]", "high=[0,0]", "mode=edge"], ["axis 0", "mode edge"]),
    ("split", "?x4", ["axis=0", "parts=2"], ["axis 0", "slice"]),
    ("chunk", "?x4", ["axis=0", "parts=2"], ["axis 0", "slice"]),
    ("narrow", "?x4", ["axis=0", "start=-2", "length=2"], ["axis 0", "start -2", "slice"]),
    ("top_k", "?x4", ["axis=0", "k=2"], ["axis 0", "2 elements"]),
    ("diagonal", "?x4", [], ["axis 0"]),
    ("squeeze", "?x1", [], ["without axes"]),
    ("conv2d", "2x4x?x9,6x4x3x3", [], ["dimension 2", "only the batch"]),
    ("conv2d", "2x?x9x9,6x4x3x3", [], ["dimension 1", "only the batch"]),
    ("max_pool", "2x4x?x9", ["kernel=[3]"], ["dimension 2", "only the batch"]),
    ("upsample", "2x4x?x9", ["sizes=[7]"], ["dimension 2", "only the batch"]),
    ("dequantize", "?x4,?x2", ["axis=1", "block_size=2"], ["block_size", "give every dimension a size"]),
]


class Dynamic(GraphTest):
    def lower(self, op, shape, attributes, target):
        dtype = "i8" if op == "dequantize" else "i32" if op == "one_hot" else "f32"
        return self.tenon("lower", "op:" + op, "--dtype", dtype, "--shape", shape, "--target", target,
                          *[word for attribute in attributes for word in ("--attr", attribute)])

    def test_lowered_for_every_engine(self):
        for op, shape, attributes in LOWERED:
            for target in ("stablehlo", "iree"):
                with self.subTest(op=op, shape=shape, attributes=attributes, target=target):
                    done = self.lower(op, shape, attributes, target)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIn("tensor<?", done.stdout)

    def test_refusals_name_operator_and_dimension(self):
        for op, shape, attributes, words in REFUSED:
            with self.subTest(op=op, shape=shape, attributes=attributes):
                done = self.lower(op, shape, attributes, "stablehlo")
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stdout, "")
                for word in (f"error: UNIMPLEMENTED: [{op}]", "?", "advice: ", *words):
                    self.assertIn(word, done.stderr)

    def test_one_graph_for_several_sizes(self):
        nodes = [("tail", "slice", ["x"], {"starts": [-3], "ends": [2**63 - 1]}), ("sums", "cumsum", ["tail"], {"axis": 0}),
                 ("padded", "pad", ["sums"], {"low": [1, 0], "high": [0, 2], "value": 7})]
        path = self.graph({"x": np.zeros((9, 4), np.float32)}, nodes, ["padded"])
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("[9, 4]", '["?rows", 4]'))
        for rows in (0, 1, 2, 3, 4, 11):
            x = self.normal(rows, 4)
            np.save(os.path.join(self.folder, "x.npy"), x)
            self.ok("run", path, "--input", f"x={self.folder}/x.npy", "-o", self.folder + "/y.npy")
            want = np.pad(np.cumsum(x[-3:], axis=0), ((1, 0), (0, 2)), constant_values=7)
            self.close(np.load(self.folder + "/y.npy"), want)


if __name__ == "__main__":
    sys.exit(unittest.main())
