"""Whole blocks of real size: the bundled graphs, with weights drawn from a seed, against the same blocks in NumPy in float64."""
import os
import sys
import unittest

import blocks
import numpy as np
from support import GraphTest

TARGETS = ("stablehlo", "xla", "iree", "custom-call", "reduction-calls", "litert")


class Blocks(GraphTest):
    def graph_file(self, *arguments, **options):
        path = os.path.join(self.folder, "block.yaml")
        text = blocks.graph(*arguments, **options)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path, text

    def run_block(self, block, path, weights, inputs):
        arguments = []
        for name, array in inputs.items():
            np.save(os.path.join(self.folder, name + ".npy"), array)
            arguments += ["--input", f"{name}={self.folder}/{name}.npy"]
        self.ok("run", path, "--params", weights, *arguments, "-o", self.folder + "/out/")
        return {name: np.load(f"{self.folder}/out/{name}.npy") for name in block.outputs}

    def check(self, name, dtype, batch):
        """Decoders: four tokens at once, then one over the cache that they gave."""
        block = blocks.BLOCKS[name]
        path, text = self.graph_file(name, dtype)
        weights = blocks.draw_weights(text, dtype)
        file = os.path.join(self.folder, "weights.safetensors")
        blocks.write_safetensors(file, weights, dtype)
        inputs = block.inputs(text, dtype, batch)
        for step in ("prefill", "decode") if block.decodes else ("whole",):
            if step == "decode":
                inputs = block.inputs(text, dtype, batch, first=4, count=1, caches=got)
            got, want = self.run_block(block, path, file, inputs), block.expected(weights, inputs)
            for output in block.outputs:
                self.assertIsNone(blocks.problem(blocks.load(got[output]), want[output], dtype), f"{step}, {output}")

    def test_values(self):
        for name in blocks.BLOCKS:
            for dtype in ("f32", "bf16"):
                with self.subTest(block=name, dtype=dtype):
                    self.check(name, dtype, batch=2)

    def test_every_target(self):
        """Real geometry; with the parameters in the text (litert), which are 240 MB, the smaller one."""
        for name, block in blocks.BLOCKS.items():
            for target in TARGETS:
                with self.subTest(block=name, target=target):
                    path, text = self.graph_file(name, sizes=block.small if target == "litert" else None)
                    options = []
                    if target == "litert":
                        blocks.write_safetensors(self.folder + "/weights.safetensors", blocks.draw_weights(text, "f32"), "f32")
                        options = ["--params", self.folder + "/weights.safetensors"]
                    lowered = self.ok("lower", path, "--target", target, *options)
                    self.assertIn("@main(%arg0: tensor<?x", lowered)
                    calls = target == "custom-call" or target == "reduction-calls" and name != "resnet_18_stage"  # reduces nothing
                    self.assertEqual("custom_call" in lowered, calls)

    def test_wrong_values_are_found(self):
        """The comparison refuses one wrong element in ten thousand, and small errors everywhere."""
        want = self.random.standard_normal((100, 100))
        for dtype, (most, average) in blocks.BOUNDS.items():
            self.assertIsNone(blocks.problem(want * (1 + average / 4), want, dtype))
            one, every = want.copy(), want * (1 + 2 * average)
            one[3, 5] += 2 * most
            nothing = np.where(np.arange(100) == 7, np.nan, want)
            for wrong in (one, every, nothing, want[:99]):
                self.assertIsNotNone(blocks.problem(wrong, want, dtype))


if __name__ == "__main__":
    sys.exit(unittest.main())
