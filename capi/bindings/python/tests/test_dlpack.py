"""DLPack in and out, without copies: NumPy always, PyTorch and JAX where they are installed. And tensors in files."""

import ctypes
import gc
import os
import unittest

import numpy as np

import tenon
from tests.support import TenonTest

try:
    import torch
except ImportError:
    torch = None
try:
    import jax
except ImportError:
    jax = None


def address(array):
    return array.__array_interface__["data"][0]


class Import(TenonTest):
    def test_numpy_shares_its_memory(self):
        x = np.arange(24, dtype=np.float32).reshape(4, 6)[::2, ::-2]
        with self.context.from_dlpack(x) as tensor:
            self.assertEqual((tensor.dtype, tensor.shape), ("f32", (2, 3)))
            self.assertEqual(address(tensor.numpy()), address(x))
            np.testing.assert_array_equal(tensor.numpy(), x)
            x[0, 0] = 99
            self.assertEqual(tensor.numpy()[0, 0], 99)
            with self.fails("FAILED_PRECONDITION"):
                tensor.fill_random(1)

    def test_the_memory_lives_as_long_as_the_tensor(self):
        freed = []

        class Memory(np.ndarray):
            def __del__(self):
                freed.append(True)

        x = np.arange(4, dtype=np.int64).view(Memory)
        tensor = self.context.from_dlpack(x)
        view = tensor.numpy()
        del x
        gc.collect()
        self.assertEqual(freed, [])
        tensor.close()
        np.testing.assert_array_equal(view, np.arange(4))  # the array keeps it still
        self.assertEqual(freed, [])
        del view
        gc.collect()
        self.assertTrue(freed)

    def test_what_cannot_be_taken(self):
        class OnDevice:
            def __dlpack_device__(self):
                return (2, 0)

            def __dlpack__(self, **_):
                raise AssertionError("not to be asked")

        class Nothing:
            def __dlpack__(self, **_):
                return object()

        with self.fails("INVALID_ARGUMENT", "device (2, 0)"):
            self.context.from_dlpack(OnDevice())
        with self.fails("INVALID_ARGUMENT", "no capsule"):
            self.context.from_dlpack(Nothing())
        with self.fails("UNIMPLEMENTED", "dtype code 5"):
            self.context.from_dlpack(np.zeros(2, np.complex64))

        class Once:
            capsule = np.zeros(3).__dlpack__()

            def __dlpack__(self, **_):
                return self.capsule

        self.context.from_dlpack(Once()).close()
        with self.fails("INVALID_ARGUMENT", "each capsule once"):
            self.context.from_dlpack(Once())

    def test_a_run_takes_any_producer(self):
        class Producer:
            def __init__(self, array):
                self.array = array

            def __dlpack__(self, **options):
                return self.array.__dlpack__(**options)

        x, w = np.random.default_rng(1).standard_normal((2, 8), np.float32), np.ones(8, np.float32)
        self.assert_norm(x, w, self.norm().run(Producer(x), self.context.from_dlpack(w)))
        with self.fails("INVALID_ARGUMENT", "f64[2,8]"):
            self.norm().run(Producer(x.astype(np.float64)), w)


class Export(TenonTest):
    def test_numpy_takes_it_without_a_copy(self):
        tensor = self.context.tensor("f32", (2, 3))
        self.assertEqual(tensor.__dlpack_device__(), (1, 0))
        array = np.from_dlpack(tensor)
        self.assertEqual(address(array), address(tensor.numpy()))
        tensor.numpy()[1, 2] = 7
        tensor.close()
        gc.collect()
        self.assertEqual(array[1, 2], 7)  # the array keeps the memory

    def test_both_forms_come_back(self):
        for dtype in ("bf16", "i1", "f8e5m2", "ui64"):
            for version in (None, (0, 8), (1, 0), (1, 1)):
                with self.subTest(dtype=dtype, version=version), self.context.tensor(dtype, (2, 3)) as tensor:
                    capsule = tensor.__dlpack__(max_version=version)
                    self.assertIn('"dltensor_versioned"' if version and version[0] == 1 else '"dltensor"', repr(capsule))

                    class Once:
                        def __dlpack__(self, **_):
                            return capsule  # pylint: disable=cell-var-from-loop

                    with self.context.from_dlpack(Once()) as again:
                        self.assertEqual(again.type, tensor.type)
                        self.assertEqual(address(again.numpy()), address(tensor.numpy()))

    def test_a_copy_on_request(self):
        tensor = self.context.tensor("f32", (3,))
        copy = np.from_dlpack(self.Copying(tensor))
        tensor.numpy()[...] = 5
        np.testing.assert_array_equal(copy, 0)
        self.assertNotEqual(address(copy), address(tensor.numpy()))

    class Copying:
        def __init__(self, tensor):
            self.tensor = tensor

        def __dlpack_device__(self):
            return self.tensor.__dlpack_device__()

        def __dlpack__(self, **options):
            return self.tensor.__dlpack__(**{**options, "copy": True})

    def test_refusals(self):
        tensor = self.context.tensor("f32", (3,))
        with self.assertRaises(BufferError):
            tensor.__dlpack__(dl_device=(2, 0))
        with self.fails("INVALID_ARGUMENT", "stream"):
            tensor.__dlpack__(stream=1)
        with self.fails("UNIMPLEMENTED", "i4"):
            self.context.tensor("i4", (3,)).__dlpack__()

    def test_a_capsule_that_nobody_took_frees_its_tensor(self):
        info = _malloc_info()
        for batch in range(2):  # the first finds what is made once
            before = info()
            for _ in range(50):
                with self.context.tensor("f64", (1000,)) as tensor:
                    tensor.__dlpack__()
                    tensor.__dlpack__(max_version=(1, 0))
            grown = info() - before
        self.assertLess(grown, 50 * 8000 / 2)


def _malloc_info():
    class Info(ctypes.Structure):
        _fields_ = [
            (name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
        ]

    function = ctypes.CDLL(None).mallinfo2
    function.restype = Info

    def in_use():
        gc.collect()
        info = function()
        return info.uordblks + info.hblkhd

    return in_use


class Others(TenonTest):
    @unittest.skipIf(torch is None, "PyTorch is not installed: DLPack with it is tested where it is")
    def test_pytorch(self):
        x = torch.arange(16, dtype=torch.bfloat16).reshape(2, 8)
        with self.context.from_dlpack(x) as tensor:
            self.assertEqual(tensor.dtype, "bf16")
            again = torch.from_dlpack(tensor)
        self.assertEqual(again.data_ptr(), x.data_ptr())
        y = self.norm(dtype="bf16").run(x.T.contiguous().T, torch.ones(8, dtype=torch.bfloat16))
        got = tenon.bf16_to_float32(y)
        self.assert_norm(x.float().numpy(), np.ones(8), got, rtol=2.0**-8)

    @unittest.skipIf(jax is None, "JAX is not installed: DLPack with it is tested where it is")
    def test_jax(self):
        x = jax.numpy.arange(16, dtype=jax.numpy.float32).reshape(2, 8)
        with self.context.from_dlpack(x) as tensor:
            np.testing.assert_array_equal(tensor.numpy(), np.asarray(x))
        self.assert_norm(np.asarray(x), np.ones(8), self.norm().run(x, jax.numpy.ones(8)))
        with self.context.tensor("bf16", (4,)) as tensor:
            self.assertEqual(str(jax.dlpack.from_dlpack(tensor).dtype), "bfloat16")


class Tensors(TenonTest):
    def test_files(self):
        folder = self.folder()
        path = os.path.join(folder, "x.npy")
        x = np.random.default_rng(1).standard_normal((3, 4))[:, ::2]
        tenon.save(path, x)
        np.testing.assert_array_equal(np.load(path), x)
        with self.context.load_tensor(path) as tensor:
            np.testing.assert_array_equal(tensor.numpy(), x)
            tensor.save(os.path.join(folder, "again.npy"))
        np.testing.assert_array_equal(np.load(os.path.join(folder, "again.npy")), x)
        with self.fails("INVALID_ARGUMENT", "f32"):
            self.context.load_tensor(path, "f32")
        bits = np.array([0x3F80, 0xC000], np.uint16)
        tenon.save(path, bits, dtype="bf16")
        with self.context.load_tensor(path, "bf16") as tensor:
            np.testing.assert_array_equal(np.asarray(tensor).view(np.uint16), bits)
        with self.fails("NOT_FOUND", "none.npy"):
            self.context.load_tensor("none.npy")

    def test_as_an_array(self):
        with self.context.tensor("i32", (2, 2)) as tensor:
            np.asarray(tensor)[...] = 3
            self.assertEqual(int(np.sum(tensor)), 12)
            self.assertEqual(np.asarray(tensor, np.float64).dtype, np.float64)
            self.assertEqual(repr(tensor), "<tenon.Tensor i32[2,2]>")
        for shape in ((0, 3), ()):
            with self.context.tensor("f32", shape) as tensor:
                self.assertEqual(tensor.numpy().shape, shape)
        with self.fails("INVALID_ARGUMENT", "dynamic"):
            self.context.tensor("f32", (None, 2))
        with self.context.tensor("f32", (1000,)) as first, self.context.tensor("f32", (1000,)) as second:
            self.assertEqual(first.fill_random(5).numpy().tobytes(), second.fill_random(5).numpy().tobytes())
            self.assertLess(abs(first.numpy().mean()), 0.2)
            self.assertEqual(address(first.numpy()) % 64, 0)
