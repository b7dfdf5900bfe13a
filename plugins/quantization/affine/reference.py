"""quantize and dequantize from their definitions."""
import ml_dtypes
import numpy as np
from bounds import Bounded

INTEGERS = {"i4": (np.int8, -8, 7), "ui4": (np.uint8, 0, 15), "i8": (np.int8, -128, 127), "ui8": (np.uint8, 0, 255),
            "i16": (np.int16, -32768, 32767), "ui16": (np.uint16, 0, 65535)}
FLOATS = {"f8e4m3fn": (ml_dtypes.float8_e4m3fn, 448.0), "f8e5m2": (ml_dtypes.float8_e5m2, 57344.0)}


def spread(scale, shape, axis, block_size):
    """The scale (or zero point) of every element."""
    if block_size:
        index = np.arange(shape[axis]) // block_size
        return np.take(scale, index, axis=axis)
    if scale.ndim < 2 and scale.size == 1:
        return np.broadcast_to(scale.reshape(()), shape)
    return np.broadcast_to(np.reshape(scale, [-1 if i == axis % len(shape) else 1 for i in range(len(shape))]), shape)


def quantize(input, scale, zero_point, *, to, axis, block_size, dtypes):
    # The quotient is defined to be rounded to the type of computation: what is then half way between two integers depends on it.
    number = np.float64 if dtypes["input"] == "f64" else np.float32
    with np.errstate(all="ignore"):
        quotient = input.astype(number) / spread(scale.astype(number), input.shape, axis, block_size)
        if to in FLOATS:
            dtype, largest = FLOATS[to]
            return np.clip(quotient, -largest, largest).astype(dtype)
        dtype, low, high = INTEGERS[to]
        whole = np.where(np.isnan(quotient), 0, np.rint(quotient))
        if zero_point is not None:
            whole = whole + spread(zero_point.astype(number), input.shape, axis, block_size)
        return np.clip(whole, low, high).astype(dtype)


def dequantize(input, scale, zero_point, *, axis, block_size):
    number = scale.dtype
    difference = input.astype(np.float64).astype(number)
    if zero_point is not None:
        difference = difference - spread(zero_point.astype(np.float64).astype(number), input.shape, axis, block_size)
    with np.errstate(all="ignore"):
        return Bounded(difference * spread(scale, input.shape, axis, block_size), steps=2)


OPERATORS = {"quantize": quantize, "dequantize": dequantize}
