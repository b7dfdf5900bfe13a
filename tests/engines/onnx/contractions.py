"""Matrix products, convolutions, pooling, resizing."""
import numpy as np
from program import Skip, translates

NEAREST = ("round_prefer_floor",)  # how upsample rounds to the nearest element


@translates("MatMul")
def matmul(p):
    p.out(p.node("matmul", p.x(0), p.x(1)))


@translates("Gemm")
def gemm(p):
    p.out(p.node("gemm", p.x(0), p.x(1), p.x(2), alpha=p.attr("alpha", 1.0), beta=p.attr("beta", 1.0),
                 transpose_a=bool(p.attr("transA", 0)), transpose_b=bool(p.attr("transB", 0))))


@translates("Einsum")
def einsum(p):
    if len(p.case.inputs) != 2:
        raise Skip("einsum takes two operands")
    p.out(p.node("einsum", p.x(0), p.x(1), equation=p.attr("equation").replace(" ", "")))


def shifted(p, index, zero, shape=None):
    """An integer operand as i32, less its zero point."""
    value = p.cast(p.x(index), "i32")
    if p.array(zero) is None:
        return value
    point = p.cast(p.x(zero), "i32")
    return p.node("subtract", value, point if shape is None else p.reshape(point, shape))


def per_output(p, zero):
    """The shape of a weight's zero points, one for each output channel; None where there is one for all."""
    return None if p.array(zero) is None or p.array(zero).ndim == 0 else [-1] + [1] * (p.array(0).ndim - 1)


@translates("MatMulInteger")
def matmul_integer(p):
    p.out(p.node("matmul", shifted(p, 0, 2), shifted(p, 1, 3)))


@translates("QLinearMatMul")
def qlinear_matmul(p):
    product = p.node("matmul", shifted(p, 0, 2), shifted(p, 3, 5))
    product = p.cast(product, p.dtype(6))
    product = p.node("multiply", product, p.node("multiply", p.x(1), p.x(4)))
    p.out(p.node("quantize", product, p.x(6), p.x(7), to=p.dtype(7)))


def spatial(p, kernel):
    """The attributes of a window over the last dimensions; ONNX lists all low ends first, then all high ones."""
    rank = len(kernel)
    pads = p.attr("pads", [0] * 2 * rank)
    auto = {"NOTSET": "none", "VALID": "valid", "SAME_UPPER": "same_upper", "SAME_LOWER": "same_lower"}[p.attr("auto_pad", "NOTSET")]
    return {"strides": p.attr("strides", [1] * rank), "dilations": p.attr("dilations", [1] * rank),
            "padding": [pads[i] if side == 0 else pads[rank + i] for i in range(rank) for side in (0, 1)]}, auto


@translates("Conv")
def conv(p):
    rank = p.array(1).ndim - 2
    window, auto = spatial(p, p.shape(1)[2:])
    p.out(p.node(f"conv{rank}d", p.x(0), p.x(1), p.x(2), groups=p.attr("group", 1), auto_pad=auto, **window))


@translates("ConvInteger")
def conv_integer(p):
    """In f32, which is exact for sums of products of bytes below 2^24."""
    window, auto = spatial(p, p.shape(1)[2:])
    x, w = (p.cast(value, "f32") for value in (shifted(p, 0, 2), shifted(p, 1, 3, per_output(p, 3))))
    p.out(p.cast(p.node(f"conv{p.array(1).ndim - 2}d", x, w, groups=p.attr("group", 1), auto_pad=auto, **window), "i32"))


@translates("QLinearConv")
def qlinear_conv(p):
    window, auto = spatial(p, p.shape(3)[2:])
    if p.array(8) is not None:
        raise Skip("a quantized convolution with bias")
    x, w = (p.cast(value, "f32") for value in (shifted(p, 0, 2), shifted(p, 3, 5, per_output(p, 5))))
    product = p.node(f"conv{p.array(3).ndim - 2}d", x, w, groups=p.attr("group", 1), auto_pad=auto, **window)
    product = p.node("multiply", product, p.node("multiply", p.x(1), p.x(4)))
    p.out(p.node("quantize", product, p.x(6), p.x(7), to=p.dtype(7)))


@translates("ConvTranspose")
def conv_transpose(p):
    rank = p.array(1).ndim - 2
    window, auto = spatial(p, p.shape(1)[2:])
    extra = p.attr("output_padding", [0] * rank)
    if "output_shape" in p.case.attributes or auto != "none":
        # The padding follows from the size that is asked for: total = stride * (n - 1) + extra + span - size.
        sizes = p.attr("output_shape", [n * s for n, s in zip(p.shape()[2:], window["strides"])])[-rank:]
        window["padding"], given, extra = [], extra, []
        for n, k, s, d, e, size in zip(p.shape()[2:], p.shape(1)[2:], window["strides"], window["dilations"], given, sizes):
            total = s * (n - 1) + e + (k - 1) * d + 1 - size
            extra.append(e + max(0, -total))  # larger than what the window reaches
            total = max(0, total)
            low = total // 2 if auto == "same_upper" else total - total // 2
            window["padding"] += [low, total - low]
    p.out(p.node("conv_transpose", p.x(0), p.x(1), p.x(2), groups=p.attr("group", 1), output_padding=extra, **window))


@translates("Col2Im")
def col2im(p):
    raise Skip("no operator for col2im")


@translates("MaxUnpool")
def max_unpool(p):
    raise Skip("no operator for max_unpool")


def pooling(p):
    kernel = p.attr("kernel_shape")
    window, auto = spatial(p, kernel)
    if auto in ("same_upper", "same_lower"):
        window["padding"] = []
        for n, k, s, d in zip(p.shape()[2:], kernel, window["strides"], window["dilations"]):
            total = max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n)
            low = total // 2 if auto == "same_upper" else total - total // 2
            window["padding"] += [low, total - low]
    return dict(window, kernel=kernel, ceil_mode=bool(p.attr("ceil_mode", 0)))


@translates("MaxPool")
def max_pool(p):
    if p.wanted(1):
        raise Skip("max_pool gives no indices")
    p.out(p.node("max_pool", p.x(0), **pooling(p)))


@translates("AveragePool")
def avg_pool(p):
    p.out(p.node("avg_pool", p.x(0), count_include_pad=bool(p.attr("count_include_pad", 0)), **pooling(p)))


@translates("LpPool")
def lp_pool(p):
    """The mean of |x|^p over the window, padding included, times the window's size."""
    order, options = p.attr("p", 2), pooling(p)
    raised = p.node("power", p.node("abs", p.x(0)), p.constant(order, p.dtype()))
    mean = p.node("avg_pool", raised, count_include_pad=True, **options)
    total = p.node("multiply", mean, p.constant(int(np.prod(options["kernel"])), p.dtype()))
    p.out(p.node("power", total, p.constant(1.0 / order, p.dtype())))


@translates("GlobalAveragePool", "GlobalMaxPool")
def global_pool(p):
    p.out(p.node("global_avg_pool" if p.case.op == "GlobalAveragePool" else "global_max_pool", p.x(0)))


@translates("Resize", "Upsample")
def resize(p):
    scales, sizes = (p.array(2), p.ints(3)) if p.case.op == "Resize" else (p.array(1), None)
    rank = p.array(0).ndim
    axes = [axis % rank for axis in p.attr("axes", range(rank))]
    if p.attr("keep_aspect_ratio_policy", "stretch") != "stretch" or "axes" in p.case.attributes:
        # What is asked for in other words is a size for each axis.
        shape = p.shape()
        if sizes is not None and p.attr("keep_aspect_ratio_policy", "stretch") != "stretch":
            raise Skip("upsample does not keep aspect ratios")
        full = list(map(float, shape)) if sizes is not None else [1.0] * rank
        for axis, value in zip(axes, sizes if sizes is not None else np.ravel(scales)):
            full[axis] = float(value)
        sizes, scales = ([int(v) for v in full], None) if sizes is not None else (None, np.array(full))
    coordinates = {"half_pixel": "half_pixel", "align_corners": "align_corners", "asymmetric": "asymmetric"}.get(
        p.attr("coordinate_transformation_mode", "half_pixel" if p.case.op == "Resize" else "asymmetric"))
    if coordinates is None:
        raise Skip(f"upsample has no coordinates {p.attr('coordinate_transformation_mode')}")
    if p.attr("mode", "nearest") == "nearest" and p.case.op == "Resize" and p.attr("nearest_mode", "round_prefer_floor") not in NEAREST:
        raise Skip(f"upsample does not round to nearest by {p.attr('nearest_mode')}")
    if p.attr("exclude_outside", 0):
        raise Skip("upsample does not exclude what is outside")
    sizes_or_scales = {"sizes": sizes[2:]} if sizes is not None else {"scales": [float(v) for v in np.ravel(scales)[2:]]}
    p.out(p.node("upsample", p.x(0), mode=p.attr("mode", "nearest"), coordinates=coordinates, **sizes_or_scales))
