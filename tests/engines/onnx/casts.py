"""Casts and quantization."""
import numpy as np
from program import Skip, dtype_of, translates


@translates("Cast", "CastLike")
def cast(p):
    """ONNX's casts to 8-bit floats saturate unless told otherwise; ours round as StableHLO does, to infinity or NaN."""
    value, to = p.x(0), dtype_of(p.case.outputs[0])
    if to in LARGEST and p.attr("saturate", 1):
        value = p.node("clamp", value, min=-LARGEST[to], max=LARGEST[to])
    p.out(p.node("cast", value, to=to))


LARGEST = {"f8e4m3fn": 448.0, "f8e5m2": 57344.0}


@translates("BitCast")
def bitcast(p):
    raise Skip("no operator reads the bits of one dtype as another")


@translates("QuantizeLinear")
def quantize(p):
    to = dtype_of(p.case.outputs[0])
    p.out(p.node("quantize", p.x(0), p.x(1), zero_point(p), to=to, **channels(p)))


@translates("DequantizeLinear")
def dequantize(p):
    p.out(p.node("dequantize", p.x(0), p.x(1), zero_point(p), **channels(p)))


def zero_point(p):
    """In the scale's shape; 8-bit floats have none but 0."""
    point = p.array(2)
    if point is None or p.dtype(2).startswith("f8") and not np.any(point.astype(np.float32)):
        return None
    return p.x(2) if p.shape(2) == p.shape(1) else p.reshape(p.x(2), p.shape(1))


def channels(p):
    """Per tensor, per channel, or per block of one axis."""
    if p.array(1).ndim == 0 or p.array(1).size == 1 and not p.attr("block_size", 0):
        return {}
    return {"axis": p.attr("axis", 1), "block_size": p.attr("block_size", 0)}


@translates("DynamicQuantizeLinear")
def dynamic_quantize(p):
    zero, top = p.constant(0, "f32"), p.constant(255, "f32")
    low = p.node("minimum", p.node("reduce_min", p.x(0)), zero)
    high = p.node("maximum", p.node("reduce_max", p.x(0)), zero)
    scale = p.node("divide", p.node("subtract", high, low), top)
    point = p.node("round", p.node("divide", p.node("subtract", zero, low), scale))
    point = p.cast(p.node("clamp", point, min=0.0, max=255.0), "ui8")
    p.out(p.node("quantize", p.x(0), scale, point, to="ui8"), scale, point)
