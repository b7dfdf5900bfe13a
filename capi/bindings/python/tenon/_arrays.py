"""NumPy arrays, DLPack tensors and numbers as the views that the library reads and writes. Nothing is copied that the library can read in
place."""

import ctypes as c

import numpy as np

from . import _structs as s
from ._errors import invalid
from ._types import BITS, NATIVE, NUMBERS, dtype_name, numpy_dtype, read_type


def view_of(array, expected=None, what="array"):
    """A TensorView of a NumPy array, which the view keeps alive. expected: the dtype's name where bits may stand for it."""
    if expected in BITS and array.dtype == np.dtype(BITS[expected]):
        dtype = expected
    else:
        try:
            dtype = dtype_name(array.dtype)
        except Exception as error:
            error.where.setdefault("operand", what)
            raise
    if array.ndim > s.MAX_RANK:
        raise invalid(f"{what}: rank {array.ndim} is above {s.MAX_RANK}", operand=what)
    size = array.itemsize
    if any(step % size for step in array.strides):  # a field of a structured array: no stride in elements says where it lies
        array = array.copy()
    rank = array.ndim
    view = s.TensorView()
    view.data = array.ctypes.data
    view.rank, view.dtype = rank, NUMBERS[dtype]
    if rank:
        view.dims = (c.c_int64 * rank)(*array.shape)
        view.strides = (c.c_int64 * rank)(*[step // size for step in array.strides])
    view.flags = 0 if array.flags.writeable else s.TENSOR_READ_ONLY
    view.array = array  # ctypes structs have a __dict__
    return view


def array_of(values, dtype, what):
    """Numbers, which have no dtype of their own, as an array of the declared one."""
    kind = numpy_dtype(dtype)
    if dtype in BITS and kind == np.dtype(BITS[dtype]) and dtype not in ("i4", "ui4"):
        raise invalid(
            f"{what}: NumPy alone has no {dtype} to convert numbers to",
            "install ml_dtypes, or give an array of the bits " f"({kind.name}); for bf16 bf16_from_float32 makes them",
            operand=what,
        )
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise invalid(f"{what}: {error}", "give a NumPy array, a DLPack tensor, or numbers", operand=what) from None
    if array.dtype.kind not in "biuf":
        raise invalid(
            f"{what}: {values!r} is no number, nor a list of numbers", "give a NumPy array, a DLPack tensor, or numbers", operand=what
        )
    with np.errstate(all="ignore"):
        result = array.astype(kind)
    if kind.kind in "biu" and not np.array_equal(array, result):
        raise invalid(f"{what}: {values!r} is not exact in {dtype}", operand=what)
    return result


class Memory:
    """Memory that a handle owns, as NumPy sees it: the array's base, which keeps the handle in use."""

    def __init__(self, handle, view):
        self._handle = handle
        name = s.DTYPES[view.dtype]
        kind = self._dtype = numpy_dtype(name)
        shape = read_type(view).shape
        plain = kind if name in NATIVE else np.dtype(BITS[name])  # ml_dtypes' types have no type string that NumPy reads
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": plain.str,
            "data": (view.data, bool(view.flags & s.TENSOR_READ_ONLY)),
            "strides": tuple(view.strides[i] * kind.itemsize for i in range(view.rank)) if view.strides else None,
        }
        handle.retain()

    def __del__(self):
        self._handle.release()

    def array(self):
        return np.asarray(self).view(self._dtype)


def memory_array(handle, view):
    """A NumPy array over memory that the handle owns."""
    shape = read_type(view).shape
    if 0 in shape:
        return np.empty(shape, numpy_dtype(s.DTYPES[view.dtype]))
    return Memory(handle, view).array()
