"""Tensors whose memory the library owns or shares: files, random values, DLPack. For everything else NumPy arrays do."""

import ctypes as c

import numpy as np

from . import _structs as s
from ._arrays import memory_array, view_of
from ._dlpack import check_request, export_capsule, import_capsule
from ._errors import call, call_out
from ._handle import Handle, Owner
from ._library import encode, lib
from ._types import NUMBERS, dtype_name, read_type, type_view


class Tensor(Owner):
    """A tensor of the library. Made by Context.tensor, load_tensor and from_dlpack; numpy() is its memory, without a copy."""

    def __init__(self, context, pointer):
        self._context = context
        self._handle = Handle(pointer, lib.tenon_tensor_destroy, "tensor", (context,))
        self.type = read_type(self._view())

    def _view(self):
        view = s.TensorView()
        with self._handle as tensor:
            call(lib.tenon_tensor_get_view, tensor, c.byref(view))
        return view

    @property
    def dtype(self):
        return self.type.dtype

    @property
    def shape(self):
        return self.type.shape

    def numpy(self):
        """The tensor's memory as a NumPy array, which keeps the memory alive: also after close()."""
        return memory_array(self._handle, self._view())

    def fill_random(self, seed):
        """Draws values: floats N(0, 1), integers small, booleans even odds. Equal seeds, equal bytes, on every machine."""
        with self._handle as tensor:
            call(lib.tenon_tensor_fill_random, tensor, seed)
        return self

    def save(self, path):
        """Writes a .npy file, by temporary file and rename."""
        with self._handle:
            call(lib.tenon_view_save, c.byref(self._view()), *encode(path))

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        check_request(stream, dl_device)
        tensor = self._copy() if copy else self
        with tensor._handle as pointer:
            return export_capsule(pointer, max_version is not None and tuple(max_version)[0] >= 1)

    def _copy(self):
        tensor = make_tensor(self._context, self.dtype, self.shape)
        tensor.numpy()[...] = self.numpy()
        return tensor

    def __repr__(self):
        return f"<tenon.Tensor {self.type}>"


def make_tensor(context, dtype, shape):
    view = type_view(dtype, shape)
    with context as pointer:
        return Tensor(context, call_out(lib.tenon_tensor_create, pointer, c.byref(view)))


def load_tensor(context, path, dtype=None):
    number = 0 if dtype is None else NUMBERS[dtype_name(dtype)]
    with context as pointer:
        return Tensor(context, call_out(lib.tenon_tensor_load, pointer, *encode(path), number))


def tensor_from_dlpack(context, given):
    with context as pointer:
        return Tensor(context, import_capsule(pointer, given))


def save(path, array, dtype=None):
    """Writes an array to a .npy file. dtype: its name where the array holds bits, as "bf16"."""
    view = view_of(np.asarray(array), dtype)
    call(lib.tenon_view_save, c.byref(view), *encode(path))


def save_safetensors(path, arrays, dtypes=None):
    """Writes a dict of arrays to a .safetensors file. dtypes: names for those that hold bits, {"weight": "bf16"}."""
    views = [view_of(np.asarray(array), (dtypes or {}).get(name), name) for name, array in arrays.items()]
    names = [name.encode() for name in arrays]
    call(lib.tenon_views_save, (s.TensorView * len(views))(*views), (c.c_char_p * len(names))(*names), len(names), *encode(path))
