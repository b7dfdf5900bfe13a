"""Arrays in and out: dtypes, shapes, strides, nothing converted silently, nothing copied that need not be."""

import unittest

import numpy as np

import tenon
from tenon import _types
from tests.support import TenonTest, rms_norm

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None


def draw(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


class Inputs(TenonTest):
    def test_wrong_arrays_are_errors_and_the_program_works_on(self):
        program = self.norm()
        x, w = draw(2, 8), draw(8)
        for given, words in (
            (x.astype(np.float64), ["expected f32[2,8], got f64[2,8]"]),
            (x.ravel(), ["got f32[16]"]),
            (x.T, ["got f32[8,2]"]),
            (x.astype(np.complex64), ["none of ours", "astype"]),
            (x.astype(">f4"), ["none of ours"]),
            (x.view(np.uint32), ["ui32"]),
            (np.array(["a"]), ["none of ours"]),
            (np.zeros((1,) * 31, np.float32), ["expected f32[2,8]"]),
            ("text", ["x", "no number"]),
            (None, ["x"]),
            ([[1, 2], [3]], ["x"]),
            ([1.5, 2.5], ["got f32[2]"]),
            (object(), ["x"]),
        ):
            with self.subTest(given=repr(given)[:40]), self.fails("INVALID_ARGUMENT", *words):
                program.run(given, w)
        for arguments, named, words in (
            ((), {}, ["input x is missing"]),
            ((x,), {}, ["input w is missing"]),
            ((x, w, w), {}, ["2 inputs, got 3"]),
            ((x, w), {"x": x}, ["twice"]),
            ((x, w), {"z": x}, ["no input", "its inputs are x, w"]),
        ):
            with self.subTest(words=words), self.fails("INVALID_ARGUMENT", *words):
                program.run(*arguments, **named)
        self.assert_norm(x, w, program.run(x, w))
        np.testing.assert_array_equal(program.run(w=w, x=x), program.run(x, w=w))

    def test_strides(self):
        program = self.norm()
        wide, w = draw(20, 40), draw(8)
        read_only = draw(2, 8)
        read_only.flags.writeable = False
        packed = np.zeros((2, 8), np.dtype([("a", np.uint8), ("x", np.float32)]))  # 5 bytes from element to element, and no alignment
        packed["x"] = draw(2, 8, seed=4)
        unaligned = np.zeros(65, np.uint8)[1:].view(np.float32).reshape(2, 8)
        unaligned[...] = draw(2, 8, seed=5)
        for name, x in {
            "transposed": wide.T[3:5, 4:12],
            "steps": wide[::7, ::5][:2],
            "backwards": wide[5:3:-1, 20:12:-1],
            "broadcast": np.broadcast_to(wide[0, :8], (2, 8)),
            "one row": np.lib.stride_tricks.as_strided(wide, (2, 8), (4, 4)),
            "Fortran": np.asfortranarray(draw(2, 8)),
            "read-only": read_only,
            "a field": packed["x"],
            "unaligned": unaligned,
        }.items():
            with self.subTest(name):
                self.assert_norm(x, w, program.run(x, w[::-1][::-1]))

    def test_numbers_take_the_declared_dtype(self):
        graph = self.context.graph()
        x, n, flag = graph.input("x", "f32", (2,)), graph.input("n", "i32", ()), graph.input("flag", "i1", ())
        for name, value in (("x", x), ("n", n), ("flag", flag)):
            graph.output(name + "_out", graph.identity(value))
        x_out, n_out, flag_out = graph.compile().run([1, 2.5], 7, True)
        self.assertEqual((x_out.dtype, n_out.dtype, flag_out.dtype), (np.float32, np.int32, np.bool_))
        np.testing.assert_array_equal(x_out, [1, 2.5])
        self.assertEqual((n_out.shape, int(n_out), bool(flag_out)), ((), 7, True))
        for value in (7.5, 2**40, float("nan")):
            with self.fails("INVALID_ARGUMENT", "not exact in i32"):
                graph.compile().run([1, 2], value, False)

    def test_empty_and_dynamic(self):
        program = self.norm(rows=None)
        w = draw(8)
        self.assertEqual(program.inputs[0], ("x", tenon.Type("f32", (None, 8))))
        self.assertEqual(str(program.outputs[0][1]), "f32[?,8]")
        self.assertEqual(program.step_count, 0)
        with self.fails("FAILED_PRECONDITION", "bind"):
            program.plan  # pylint: disable=pointless-statement
        for rows in (3, 0, 1):
            x = draw(rows, 8)
            y = program.run(x, w)
            self.assertEqual(y.shape, (rows, 8))
            self.assert_norm(x, w, y)
        with program.bind((5, 8)) as bound, program.bind(x=(5, 8)) as again:
            self.assertEqual(bound.outputs, again.outputs)
            self.assertEqual(bound.outputs, [("y", tenon.Type("f32", (5, 8)))])
            self.assertIn("rms_norm", bound.plan)
            self.assert_norm(draw(5, 8), w, bound.run(draw(5, 8), w))
        with self.fails("INVALID_ARGUMENT"):
            program.run(draw(3, 9), w)
        with self.fails("INVALID_ARGUMENT", "no input"):
            program.bind(z=(1,))


class Outputs(TenonTest):
    def test_into_given_arrays(self):
        graph = self.context.graph()
        x = graph.input("x", "f32", (2, 8))
        graph.output("y", graph.rms_norm(x, epsilon=1e-5))
        graph.output("z", graph.negate(x))
        program = graph.compile()
        given, ones = draw(2, 8), np.ones(8)
        y = np.zeros((2, 16), np.float32)[:, ::2]  # strided
        got = program.run(given, out={"y": y})
        self.assertIs(got[0], y)
        self.assert_norm(given, ones, y)
        np.testing.assert_array_equal(got[1], -given)
        first, second = program.run(given, out=[None, y])
        self.assertIs(second, y)
        self.assert_norm(given, ones, first)
        self.assertEqual(self.norm().run(given, draw(8), out=np.zeros((2, 8), np.float32)).shape, (2, 8))
        frozen = np.zeros((2, 8), np.float32)
        frozen.flags.writeable = False
        packed = np.zeros((2, 8), np.dtype([("a", np.uint8), ("x", np.float32)]))["x"]
        for out, words in (
            ([frozen], ["read-only"]),
            ([np.zeros((2, 8))], ["expected f32[2,8], got f64"]),
            ({"q": y}, ["no output", "y, z"]),
            ([y] * 3, ["2 outputs"]),
            ([[1.0]], ["no array to write into"]),
            ([packed], ["strides"]),
        ):
            with self.subTest(words=words), self.fails("INVALID_ARGUMENT", *words):
                program.run(given, out=out)

    def test_in_place(self):
        graph = self.context.graph()
        graph.output("y", graph.negate(graph.input("x", "f32", (4,))))
        x = np.arange(4, dtype=np.float32)
        self.assertIs(graph.compile().run(x, out=x), x)
        np.testing.assert_array_equal(x, [0, -1, -2, -3])


class DTypes(TenonTest):
    def test_names(self):
        for name in _types.NUMBERS:
            self.assertEqual(tenon.dtype_name(name), name)
            tenon.numpy_dtype(name)
        for kind in (np.float32, np.dtype("float32"), "f32", float):
            self.assertEqual(tenon.dtype_name(kind), "f64" if kind is float else "f32")
        for wrong in ("float32", ">f4", np.complex64, np.dtype(">f4"), "f128", 3.5):
            with self.subTest(wrong=wrong), self.fails("INVALID_ARGUMENT"):
                tenon.dtype_name(wrong)

    def test_every_dtype_goes_through(self):
        for name in _types.NUMBERS:
            with self.subTest(name), self.context.graph() as graph:
                graph.output("y", graph.reshape(graph.input("x", name, (2, 3)), shape=[3, 2]))
                kind = tenon.numpy_dtype(name)
                x = np.array([[0, 1, 1], [1, 0, 1]]).astype(kind)
                y = graph.compile().run(x)
                self.assertEqual((y.dtype, y.shape), (kind, (3, 2)))
                np.testing.assert_array_equal(y.ravel().view(np.uint8), x.ravel().view(np.uint8))

    def test_bf16_bits(self):
        program = self.norm(dtype="bf16")
        x, w = tenon.bf16_from_float32(draw(2, 8)), tenon.bf16_from_float32(draw(8, seed=2))
        y = program.run(x, w)
        self.assertEqual(y.dtype, ml_dtypes.bfloat16 if ml_dtypes else np.uint16)
        self.assert_norm(tenon.bf16_to_float32(x), tenon.bf16_to_float32(w), tenon.bf16_to_float32(y), rtol=2.0**-8)
        if ml_dtypes is None:
            with self.fails("INVALID_ARGUMENT", "ml_dtypes", "bf16_from_float32"):
                program.run([[1.0] * 8] * 2, w)
        with self.fails("INVALID_ARGUMENT", "expected bf16[2,8], got f32[2,8]"):
            program.run(draw(2, 8), w)
        with self.fails("INVALID_ARGUMENT", "expected f32[2,8], got ui16[2,8]"):
            self.norm().run(x, draw(8))

    def test_bf16_rounding(self):
        # By the definition: the nearest of the 65536 values, ties to the even pattern.
        rows = {
            1.0: 0x3F80,
            1.00390625: 0x3F80,
            1.01171875: 0x3F82,
            -2.0: 0xC000,
            3.4e38: 0x7F80,
            -0.0: 0x8000,
            1e-40: 0x0001,
            0.1: 0x3DCD,
            np.inf: 0x7F80,
        }
        np.testing.assert_array_equal(tenon.bf16_from_float32(list(rows)), list(rows.values()))
        self.assertTrue(np.isnan(tenon.bf16_to_float32(tenon.bf16_from_float32(np.float32("nan")))))
        every = np.arange(65536, dtype=np.uint16)
        finite = (every & 0x7F80) != 0x7F80
        np.testing.assert_array_equal(tenon.bf16_from_float32(tenon.bf16_to_float32(every))[finite], every[finite])

    @unittest.skipIf(ml_dtypes is None, "ml_dtypes is not installed: its dtypes are tested where it is")
    def test_ml_dtypes(self):
        x, w = draw(2, 8).astype(ml_dtypes.bfloat16), np.ones(8, ml_dtypes.bfloat16)
        y = self.norm(dtype="bf16").run(x, w)
        self.assertEqual(y.dtype, ml_dtypes.bfloat16)
        self.assert_norm(x, w, y, rtol=2.0**-8)
        self.norm(dtype=ml_dtypes.bfloat16).run([[1.5] * 8] * 2, w)
        with self.context.tensor("f8e4m3fn", (3,)) as tensor:
            tensor.numpy()[...] = [1, 2, 3]
            self.assertEqual(tensor.numpy().dtype, ml_dtypes.float8_e4m3fn)

    def test_f16(self):
        x, w = draw(2, 8).astype(np.float16), np.ones(8, np.float16)
        y = self.norm(dtype="f16").run(x, w)
        self.assertEqual(y.dtype, np.float16)
        np.testing.assert_allclose(np.float64(y), rms_norm(x, w), rtol=2.0**-10)
