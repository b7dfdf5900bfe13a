"""Graphs: building, what is wrong with them, lowering, reports."""

import os

import numpy as np

import tenon
from tests.support import TenonTest

FILE = """\
tenon: 1
name: norm
inputs:
- {name: x, dtype: f32, shape: [2, 4]}
params:
- {name: model.norm.weight, as: w, dtype: f32, shape: [4]}
nodes:
- {name: y, op: rms_norm, inputs: [x, w], attributes: {epsilon: 1.0e-5}}
outputs: [y]
"""


class Building(TenonTest):
    def test_operators_are_found_by_name(self):
        graph = self.context.graph()
        x = graph.input("x", "f32", (2, 8))
        self.assertEqual(graph.RmsNorm(x).type, tenon.Type("f32", (2, 8)))  # case and underscores do not count
        self.assertIn("rms_norm", dir(graph))
        self.assertIn("x / sqrt", graph.rms_norm.__doc__)
        self.assertEqual(str(graph.where_(graph.not_(graph.input("c", "i1", (2, 8))), x, x).type), "f32[2,8]")
        self.assertFalse(hasattr(graph, "rms_nrom"))
        with self.fails("NOT_FOUND", "did you mean", "rms_norm") as caught:
            graph.rms_nrom(x)
        self.assertIsInstance(caught.error, tenon.UnknownOperator)
        with self.assertRaises(AttributeError):
            graph._anything  # pylint: disable=pointless-statement

    def test_results(self):
        graph = self.context.graph()
        x = graph.input("x", "f32", (2, 8))
        self.assertIsInstance(graph.rms_norm(x), tenon.Value)
        output, total = graph.rms_norm(x, residual=x, name="with_sum")
        self.assertEqual(graph.value("with_sum:sum")._number, total._number)
        self.assertEqual(graph.value("with_sum")._number, output._number)
        parts = graph.split(x, axis=1, parts=4)
        self.assertEqual([part.shape for part in parts], [(2, 2)] * 4)
        self.assertEqual(graph.value("rms_norm").dtype, "f32")

    def test_names_are_made_and_do_not_clash(self):
        graph = self.context.graph()
        x = graph.input("exp", "f32", (2,))
        first, second = graph.exp(x), graph.exp(x)
        self.assertEqual([graph.value("exp_1")._number, graph.value("exp_2")._number], [first._number, second._number])
        with self.fails("INVALID_ARGUMENT"):
            graph.log(x, wrong=1)
        graph.log(x)
        graph.value("log")  # the failed node has not taken the name

    def test_operands_by_order_by_name_and_both(self):
        graph = self.context.graph()
        x, w, r = graph.input("x", "f32", (2, 8)), graph.input("w", "f32", (8,)), graph.input("r", "f32", (2, 8))
        for number, values in enumerate(
            (
                graph.rms_norm(x, w, r),
                graph.rms_norm(input=x, scale=w, residual=r),
                graph.rms_norm(x, w, residual=r),
                graph.rms_norm(x, residual=r, scale=w),
            )
        ):
            self.assertEqual(len(values), 2)
            graph.output(f"y{number}", values[0])
        program = graph.compile()
        draw = np.random.default_rng(1)
        outputs = program.run(*(draw.standard_normal(kind.shape, np.float32) for _, kind in program.inputs))
        for other in outputs[1:]:
            np.testing.assert_array_equal(outputs[0], other)
        with self.fails("INVALID_ARGUMENT", "given by order and by name"):
            graph.concat(x, x, inputs=x)
        with self.fails("INVALID_ARGUMENT", "did you mean scale?"):
            graph.rms_norm(input=x, sclae=w)

    def test_attributes_of_every_kind(self):
        graph = self.context.graph()
        k = graph.constant("k", np.array([[0.5, 0.25], [2, 4]], np.float32))
        x = graph.input("x", "f32", (2, 2))
        y = graph.permute(graph.multiply(x, k), permutation=(1, 0))
        y = graph.cast(y, to=np.float64)
        y = graph.upsample(graph.reshape(y, shape=np.array([1, 1, 2, 2])), scales=[1.0, 1])
        y = graph.reduce_sum(y, axes=[0, 1, np.int32(3)], keepdims=np.bool_(True), attributes={"empty_axes": None})
        graph.output("y", y)
        got = graph.compile().run(np.array([[1, 2], [3, 4]], np.float32))
        np.testing.assert_array_equal(got.ravel(), [6.5, 16.5])  # x * k = [[0.5, 0.5], [6, 16]]; sums of its columns
        for value, code, words in (
            (object(), "INVALID_ARGUMENT", ["no attribute's value"]),
            ([1, "a"], "INVALID_ARGUMENT", ["one kind"]),
            (2**70, "INVALID_ARGUMENT", ["64 bits"]),
            (["f32"], "INVALID_ARGUMENT", ["to"]),
            ({"a": 1}, "INVALID_ARGUMENT", ["to"]),
            ([True], "INVALID_ARGUMENT", ["to"]),
            (np.complex64, "INVALID_ARGUMENT", ["<c8"]),
        ):
            with self.subTest(value=value), self.fails(code, *words):
                graph.cast(x, to=value)

    def test_wrong_calls_are_errors_and_the_graph_works_on(self):
        graph, other = self.context.graph(), self.context.graph()
        x = graph.input("x", "f32", (2, 8))
        with self.fails("INVALID_ARGUMENT", "another graph"):
            graph.rms_norm(other.input("x", "f32", (2, 8)))
        with self.fails("INVALID_ARGUMENT", "no value of a graph"):
            graph.rms_norm(np.ones((2, 8), np.float32))
        with self.fails("OUT_OF_RANGE", "epsilon"):
            graph.rms_norm(x, epsilon=-1)
        with self.fails("INVALID_ARGUMENT", "scale"):
            graph.rms_norm(x, graph.constant("w", np.ones(7, np.float32)))
        with self.fails("ALREADY_EXISTS", "x"):
            graph.input("x", "f32", (1,))
        with self.fails("INVALID_ARGUMENT", "bf17", "bf16"):
            graph.input("z", "bf17", (1,))
        with self.fails("INVALID_ARGUMENT", "negative"):
            graph.input("z", "f32", (-1,))
        with self.fails("INVALID_ARGUMENT", "is no shape"):
            graph.input("z", "f32", 3)
        with self.fails("INVALID_ARGUMENT", "is no shape"):
            graph.input("z", "f32", (2.5,))
        with self.fails("INVALID_ARGUMENT", "rank 40"):
            graph.input("z", "f32", (1,) * 40)
        with self.fails("INVALID_ARGUMENT", "numbers have no dtype"):
            graph.constant("k", [1, 2])
        with self.fails("INVALID_ARGUMENT", "nothing is converted"):
            graph.constant("k", np.zeros(2), dtype="f32")
        with self.fails("INVALID_ARGUMENT", "not exact"):
            graph.constant("k", [0.5], dtype="i32")
        with self.fails("NOT_FOUND"):
            graph.value("y")
        graph.output("y", graph.rms_norm(x, epsilon=1e-5))
        graph.output("k", graph.constant("k", [[1, 2]], dtype="i32"))
        y, k = graph.compile().run(np.ones((2, 8), np.float32))
        self.assert_norm(np.ones((2, 8)), np.ones(8), y)
        np.testing.assert_array_equal(k, [[1, 2]])

    def test_a_misspelt_attribute(self):
        graph = self.context.graph()
        x = graph.input("x", "f32", (2, 8))
        with self.fails("INVALID_ARGUMENT") as caught:
            graph.rms_norm(x, epsilom=1e-5, name="first")
        error = caught.error
        self.assertEqual(
            (error.number, error.message, error.where, error.advice, error.domain, error.cause),
            (3, '[rms_norm] has no attribute "epsilom"', {"node": "first", "operand": "epsilom"}, "did you mean epsilon?", "core", None),
        )
        self.assertIn("advice: did you mean epsilon?", str(error))


class Files(TenonTest):
    def test_graph_files(self):
        path = os.path.join(self.folder(), "norm.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(FILE)
        graph = self.context.load(path)
        self.assertEqual(graph.params_file, "")
        self.assertEqual(self.context.parse(graph.to_yaml()).to_yaml(), graph.to_yaml())
        with self.fails("INVALID_ARGUMENT", "bad.yaml:8", "did you mean epsilon?") as caught:
            self.context.parse(FILE.replace("epsilon", "epsilom"), file="bad.yaml")
        self.assertEqual((caught.error.where["file"], caught.error.where["line"], caught.error.where["node"]), ("bad.yaml", 8, "y"))
        with self.fails("NOT_FOUND", "none.yaml"):
            self.context.load("none.yaml")
        with self.fails("INVALID_ARGUMENT"):
            self.context.parse("")
        unused = FILE.replace("outputs:", "- {name: z, op: exp, inputs: [x]}\noutputs:")
        with self.fails("INVALID_ARGUMENT", "z"):
            self.context.parse(unused)
        self.assertNotIn("exp", self.context.parse(unused, prune=True).to_yaml())

    def test_parameters(self):
        folder = self.folder()
        path = os.path.join(folder, "w.safetensors")
        w = np.array([1, 2, 3, 0.5], np.float32)
        bits = np.array([[0x3F80, 0xC000]], np.uint16)
        tenon.save_safetensors(path, {"model.norm.weight": w, "b": bits, "n": np.arange(3)}, {"b": "bf16"})
        with self.context.params(path) as params:
            self.assertEqual(list(params), ["b", "model.norm.weight", "n"])
            self.assertEqual(params.type("b"), tenon.Type("bf16", (1, 2)))
            np.testing.assert_array_equal(np.asarray(params["b"]).view(np.uint16), bits)
            np.testing.assert_array_equal(params["n"], np.arange(3))
            self.assertFalse(params["n"].flags.writeable)
            with self.assertRaises(KeyError):
                params["none"]  # pylint: disable=pointless-statement
            graph = self.context.parse(FILE)
            with self.fails("FAILED_PRECONDITION", "model.norm.weight"):
                graph.compile()
            program = graph.compile(params=params)
            self.assertIn("dense<", graph.lower("litert", params=params))
            params.write(graph, os.path.join(folder, "w.irpa"))
            kept = params["n"]
        np.testing.assert_array_equal(kept, np.arange(3))  # the array keeps the file
        x = np.array([[1, 2, 3, 4], [-1, 0, 1, 0]], np.float32)
        self.assert_norm(x, w, program.run(x))  # and the program too
        with self.context.params(os.path.join(folder, "w.irpa")) as irpa:
            self.assertEqual(list(irpa), ["model.norm.weight"])
            self.assertEqual(irpa.type("model.norm.weight").dtype, "invalid")  # the format does not say
            with self.fails("UNIMPLEMENTED", "does not say"):
                irpa["model.norm.weight"]  # pylint: disable=pointless-statement
        with self.fails("NOT_FOUND", "none.safetensors"):
            self.context.params(os.path.join(folder, "none.safetensors"))
        with open(path, "wb") as file:
            file.write(b"\x05")
        with self.fails("DATA_LOSS"):
            self.context.params(path)


class Lowering(TenonTest):
    def test_text_for_targets(self):
        graph = self.context.operator("rms_norm", "bf16", [(4, 640), (640,)], epsilon=1e-5)
        self.assertIn("stablehlo.", graph.lower())
        self.assertEqual(graph.lower("iree"), graph.lower("iree"))
        with self.context.target("custom-call") as target, graph.module(target) as module:
            self.assertIn("custom_call", str(module))
            self.assertEqual(module.decisions()["decisions"][0]["node"], "rms_norm")
            self.assertIn("custom-call", target.yaml)
        with self.fails("NOT_FOUND", "iree"):
            graph.lower("iere")

    def test_reports(self):
        context = self.context
        self.assertEqual(context.ops("rms_norm")["operators"][0]["name"], "rms_norm")
        self.assertGreater(len(context.ops()["operators"]), 50)
        self.assertTrue(context.plugins()["plugins"])
        self.assertIn("iree", str(context.targets()))
        self.assertIn("level", context.machine())
        self.assertEqual(tenon.version(), context.ops("rms_norm")["tenon"])
        explained = context.explain("rms_norm", "f32", "4x640,640", epsilon=1e-5)
        self.assertIn("rms_norm", str(explained["steps"]))
        report = context.verify("rms_norm", dtype="f32", seed=1, cases=3)
        self.assertEqual(report["failed"], 0)
        self.assertTrue(report["rows"])
        with self.fails("NOT_FOUND"):
            context.verify("no_such_operator")
        with context.operator("rms_norm", "f32", "4x640") as graph:
            self.assertEqual(graph.verify(seed=1)["failed"], 0)
            with graph.compile() as program:
                self.assertIn("rms_norm", program.plan)
                self.assertEqual(program.step_count, len(program.report()["steps"]))
        path = os.path.join(self.folder(), "x.npy")
        tenon.save(path, np.zeros((2, 3), np.float32))
        self.assertIn("f32", str(context.inspect(path)))

    def test_options(self):
        with self.fails("CPU_UNSUPPORTED", "pentium"):
            tenon.Context(arch="pentium")
        with self.assertRaises(TypeError):
            tenon.Context(no_such_flag=True)
        with self.assertRaises(ValueError):
            tenon.Context(log_level="loud")
        folder = self.folder()
        with open(os.path.join(folder, "broken.tenon.yaml"), "w", encoding="utf-8") as file:
            file.write("schema: [\n")
        lines = []
        with tenon.Context(plugin_paths=folder, log=lambda *line: lines.append(line), log_level="debug", no_user_dir=True) as context:
            states = {plugin["manifest"]: plugin["state"] for plugin in context.plugins()["plugins"]}
            self.assertEqual(states[os.path.join(folder, "broken.tenon.yaml")], "REJECTED")
            with self.fails("MANIFEST_INVALID"):
                context.lint(os.path.join(folder, "broken.tenon.yaml"))
        self.assertIn(("warning", "loader"), [line[:2] for line in lines])
        with tenon.Context(deny=["tenon.normalization"]) as context, context.graph() as graph:
            with self.fails("NOT_FOUND"):
                graph.rms_norm(graph.input("x", "f32", (2,)))
        with self.context.operator("rms_norm", "f64", "2x8") as graph:
            with graph.compile(reference=True) as program:
                self.assertIn("interpreter", str(program.report()))
        with self.context.operator("acosh", "f64", "2x8") as graph:
            with self.fails("FAILED_PRECONDITION", "acosh"):
                graph.compile(strict=True, max_ulp=0.001)
