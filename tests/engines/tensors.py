"""Element types and tensor files, for the driver and the workers alike."""
import json
import os
import struct

import ml_dtypes
import numpy as np

# Tenon's name of an element type -> (StableHLO's name, NumPy dtype in memory).
_TABLE = {
    "i1": ("i1", np.bool_), "i4": ("i4", ml_dtypes.int4), "i8": ("i8", np.int8), "i16": ("i16", np.int16), "i32": ("i32", np.int32),
    "i64": ("i64", np.int64), "ui4": ("ui4", ml_dtypes.uint4), "ui8": ("ui8", np.uint8), "ui16": ("ui16", np.uint16),
    "ui32": ("ui32", np.uint32), "ui64": ("ui64", np.uint64), "f8e4m3fn": ("f8E4M3FN", ml_dtypes.float8_e4m3fn),
    "f8e5m2": ("f8E5M2", ml_dtypes.float8_e5m2), "f16": ("f16", np.float16), "bf16": ("bf16", ml_dtypes.bfloat16),
    "f32": ("f32", np.float32), "f64": ("f64", np.float64),
}
DTYPES = {name: np.dtype(numpy) for name, (_, numpy) in _TABLE.items()}
TENON_NAME = {text: name for name, (text, _) in _TABLE.items()}  # StableHLO's spelling -> Tenon's
# One byte per element in files.
SUB_BYTE = {"i4": np.dtype(np.int8), "ui4": np.dtype(np.uint8)}
FLOATS = ("f8e4m3fn", "f8e5m2", "f16", "bf16", "f32", "f64")
_SAFETENSORS = {"i8": "I8", "i16": "I16", "i32": "I32", "i64": "I64", "ui8": "U8", "f16": "F16", "bf16": "BF16", "f32": "F32", "f64": "F64"}


class TensorError(Exception):
    """A file does not hold the tensor that is wanted."""


def write_npy(path, array, dtype):
    """NumPy's own types as such; bf16 as '<V2', 8-bit floats as '|V1', 4-bit integers as bytes. Version 1.0, C order."""
    array = np.asarray(array)
    if array.dtype != DTYPES[dtype]:
        raise TensorError(f"{path}: an array of {array.dtype} is no {dtype}")
    if dtype in SUB_BYTE:
        array = array.astype(SUB_BYTE[dtype])
    descr = array.dtype.str
    if array.dtype.type.__module__ == "ml_dtypes":
        descr = "<V2" if array.dtype.itemsize == 2 else "|V1"
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple(int(d) for d in array.shape)}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + array.tobytes())


def read_npy(path, dtype, shape=None):
    """The array in the file, which must have this element type (and shape, if given). Converts nothing."""
    try:
        raw = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise TensorError(f"{path}: {error}")
    want = DTYPES[dtype]
    if dtype in SUB_BYTE:
        if raw.dtype != SUB_BYTE[dtype]:
            raise TensorError(f"{path}: holds {raw.dtype}, expected {dtype} as {SUB_BYTE[dtype]}")
        raw = raw.astype(want)
    elif raw.dtype != want:
        if raw.dtype.kind != "V" or want.type.__module__ != "ml_dtypes" or raw.dtype.itemsize != want.itemsize:
            raise TensorError(f"{path}: holds {raw.dtype}, expected {dtype}")
        raw = raw.view(want)
    if shape is not None and tuple(shape) != raw.shape:
        raise TensorError(f"{path}: has shape {list(raw.shape)}, expected {list(shape)}")
    return raw


def write_safetensors(path, tensors):
    """tensors: name -> (array, dtype)."""
    header, data = {}, b""
    for name, (array, dtype) in tensors.items():
        content = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": _SAFETENSORS[dtype], "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def save_outputs(folder, arrays):
    """A worker's results, (array, StableHLO element type) each: writes folder/0.npy, .. and returns what they are."""
    os.makedirs(folder, exist_ok=True)
    described = []
    for i, (array, element) in enumerate(arrays):
        write_npy(os.path.join(folder, f"{i}.npy"), array, TENON_NAME[element])
        described.append({"dtype": TENON_NAME[element], "shape": list(array.shape)})
    return described
