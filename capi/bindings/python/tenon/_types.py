"""dtypes and tensor types: Tenon's names, NumPy's dtypes, C's structs.

bf16 and the two f8 are dtypes of ml_dtypes where that package is installed, and else their bits: uint16 and uint8. i4 and ui4 are one
int8 or uint8 per element. Bits are always accepted where a graph declares such a dtype.
"""

import ctypes as c
from typing import NamedTuple, Optional, Tuple

import numpy as np

from . import _structs as s
from ._errors import invalid

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None

NATIVE = {
    "i1": np.bool_,
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "ui8": np.uint8,
    "ui16": np.uint16,
    "ui32": np.uint32,
    "ui64": np.uint64,
    "f16": np.float16,
    "f32": np.float32,
    "f64": np.float64,
}
BITS = {"bf16": np.uint16, "f8e4m3fn": np.uint8, "f8e5m2": np.uint8, "i4": np.int8, "ui4": np.uint8}
_EXTENDED = {} if ml_dtypes is None else {"bf16": ml_dtypes.bfloat16, "f8e4m3fn": ml_dtypes.float8_e4m3fn, "f8e5m2": ml_dtypes.float8_e5m2}
NUMBERS = {name: number for number, name in enumerate(s.DTYPES) if number > 0}
_NUMPY = {name: np.dtype({**BITS, **NATIVE, **_EXTENDED}[name]) for name in NUMBERS}
_NAMES = {np.dtype(kind): name for table in (NATIVE, _EXTENDED) for name, kind in table.items()}


class Type(NamedTuple):
    """A tensor's type. In shape, None is a size that is not known yet."""

    dtype: str
    shape: Tuple[Optional[int], ...]

    def __str__(self):
        return f"{self.dtype}[{','.join('?' if n is None else str(n) for n in self.shape)}]"


def numpy_dtype(name):
    """NumPy's dtype for one of ours: "bf16" -> ml_dtypes.bfloat16, or uint16 where ml_dtypes is not installed."""
    return _NUMPY[dtype_name(name)]


def dtype_name(dtype):
    """Our name for a dtype: "f32" for "f32", numpy.float32, numpy.dtype("float32"), ml_dtypes' types."""
    if isinstance(dtype, str):
        if dtype in NUMBERS:
            return dtype
        raise invalid(f'unknown dtype "{dtype}"', f"use one of: {', '.join(NUMBERS)}")
    try:
        given = np.dtype(dtype)
    except TypeError:
        raise invalid(f"{dtype!r} is no dtype", f"use one of: {', '.join(NUMBERS)}") from None
    name = _NAMES.get(given)
    if name is None or not given.isnative:
        raise invalid(f"NumPy's dtype {given.str} is none of ours", "convert it: array.astype(numpy.float32)")
    return name


def type_view(dtype, shape):
    """The C struct, which keeps its dims alive."""
    try:
        dims = [s.DYNAMIC if n is None else _index(n) for n in shape]
    except TypeError:
        raise invalid(f"{shape!r} is no shape", "give a tuple of sizes; None is a size that is not known yet") from None
    if len(dims) > s.MAX_RANK:
        raise invalid(f"rank {len(dims)} is above {s.MAX_RANK}")
    view = s.TypeView((c.c_int64 * len(dims))(*dims) if dims else None, len(dims), NUMBERS[dtype_name(dtype)])
    return view


def _index(number):
    value = number.__index__() if hasattr(number, "__index__") else None
    if value is None or not -(2**63) < value < 2**63:
        raise TypeError
    if value < 0:
        raise invalid(f"size {value} is negative", "None is a size that is not known yet")
    return value


def read_type(view):
    """From tenon_type_view or tenon_tensor_view."""
    return Type(s.DTYPES[view.dtype], tuple(None if view.dims[i] == s.DYNAMIC else view.dims[i] for i in range(view.rank)))


def bf16_from_float32(values):
    """The bits (uint16) of the bfloat16 nearest to each value, ties to even; for use without ml_dtypes."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = ((bits.astype(np.uint64) + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    quiet = ((bits >> 16) | 0x40).astype(np.uint16)
    return np.where((bits & 0x7FFFFFFF) > 0x7F800000, quiet, rounded).reshape(np.shape(values))


def bf16_to_float32(bits):
    """The values (float32, exact) of bfloat16 bits (uint16, or ml_dtypes' bfloat16)."""
    array = np.ascontiguousarray(bits)
    return (array.view(np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(np.shape(bits))
