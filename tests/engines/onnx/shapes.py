"""Shapes, indices, and what is made of several of these."""
import numpy as np
from program import Skip, dtype_of, translates


@translates("Slice")
def slice_(p):
    starts, ends, axes, steps = (p.ints(i) for i in range(1, 5))
    p.out(p.node("slice", p.x(0), starts=starts, ends=ends, axes=axes if axes is not None else list(range(len(starts))),
                 steps=steps if steps is not None else [1] * len(starts)))


@translates("Split")
def split(p):
    axis, sizes = p.attr("axis", 0), p.ints(1) or p.attr("split")
    if sizes is None:
        parts, size = len(p.case.outputs), p.shape()[axis]
        each = -(-size // parts)
        sizes = [min(each, max(0, size - each * i)) for i in range(parts)]
    node = p.node("split", p.x(0), axis=axis, sizes=sizes)
    p.out(*(f"{node}:{i}" for i in range(len(sizes))))


@translates("Concat")
def concat(p):
    p.out(p.node("concat", *(p.x(i) for i in range(len(p.case.inputs))), axis=p.attr("axis")))


@translates("Transpose")
def transpose(p):
    p.out(p.node("permute", p.x(0), permutation=p.attr("perm", list(range(p.array(0).ndim))[::-1])))


@translates("Pad")
def pad(p):
    pads, rank = p.ints(1), p.array(0).ndim
    axes = p.ints(3)
    axes = list(range(rank)) if axes is None else [axis % rank for axis in axes]
    low, high = [0] * rank, [0] * rank
    for i, axis in enumerate(axes):
        low[axis], high[axis] = pads[i], pads[len(axes) + i]
    mode = p.attr("mode", "constant")
    if mode == "wrap":
        raise Skip("pad has no mode wrap")
    value = p.array(2)
    p.out(p.node("pad", p.x(0), low=low, high=high, mode=mode, value=float(np.ravel(value)[0]) if value is not None else None))


@translates("Trilu")
def trilu(p):
    p.out(p.node("triu" if p.attr("upper", 1) else "tril", p.x(0), diagonal=(p.ints(1) or [0])[0]))


@translates("Expand")
def expand(p):
    p.out(p.node("expand", p.x(0), shape=list(np.broadcast_shapes(tuple(p.shape()), tuple(p.ints(1))))))


@translates("Tile")
def tile(p):
    p.out(p.node("tile", p.x(0), repeats=p.ints(1)))


@translates("Reshape")
def reshape(p):
    shape = p.ints(1)
    if p.attr("allowzero", 0) and 0 in shape:
        # In our operator 0 copies a size; what is left over for -1 is 0.
        shape = [-1 if size == 0 else size for size in shape]
    p.out(p.node("reshape", p.x(0), shape=shape))


@translates("Squeeze")
def squeeze(p):
    axes = p.ints(1) if len(p.case.inputs) > 1 else p.attr("axes")
    p.out(p.node("squeeze", p.x(0), axes=[i for i, size in enumerate(p.shape()) if size == 1] if axes is None else axes))


@translates("Unsqueeze")
def unsqueeze(p):
    p.out(p.node("unsqueeze", p.x(0), axes=p.ints(1) if len(p.case.inputs) > 1 else p.attr("axes")))


@translates("Range")
def range_(p):
    start, stop, step = (float(np.ravel(p.array(i))[0]) for i in range(3))
    p.out(p.node("arange", start=start, stop=stop, step=step, dtype=p.dtype()))


@translates("Flatten")
def flatten(p):
    axis, shape = p.attr("axis", 1), p.shape()
    axis = axis + len(shape) if axis < 0 else axis
    p.out(p.reshape(p.x(0), [int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))]))


@translates("Shape", "Size")
def shape_of(p):
    raise Skip("shapes are known when a graph is made: the importer's work, no operator")


@translates("ConstantOfShape")
def constant_of_shape(p):
    value = p.attr("value", np.zeros(1, np.float32))
    p.out(p.node("constant_of_shape", shape=p.ints(0), value=float(np.ravel(value)[0]), dtype=dtype_of(value)))


@translates("EyeLike")
def eye_like(p):
    k = p.attr("k", 0)
    ones = p.node("constant_of_shape", shape=p.shape(), value=1.0, dtype=dtype_of(p.case.outputs[0]))
    p.out(p.node("tril", p.node("triu", ones, diagonal=k), diagonal=k))


@translates("DepthToSpace")
def depth_to_space(p):
    n, c, h, w = p.shape()
    b = p.attr("blocksize")
    columns_first = p.attr("mode", "DCR") == "DCR"
    value = p.reshape(p.x(0), [n, b, b, c // (b * b), h, w] if columns_first else [n, c // (b * b), b, b, h, w])
    value = p.node("permute", value, permutation=[0, 3, 4, 1, 5, 2] if columns_first else [0, 1, 4, 2, 5, 3])
    p.out(p.reshape(value, [n, c // (b * b), h * b, w * b]))


@translates("SpaceToDepth")
def space_to_depth(p):
    n, c, h, w = p.shape()
    b = p.attr("blocksize")
    value = p.node("permute", p.reshape(p.x(0), [n, c, h // b, b, w // b, b]), permutation=[0, 3, 5, 1, 2, 4])
    p.out(p.reshape(value, [n, c * b * b, h // b, w // b]))


@translates("CenterCropPad")
def center_crop_pad(p):
    shape, rank = p.shape(), p.array(0).ndim
    axes = [axis % rank for axis in p.attr("axes", range(rank))]
    cut, low, high = {}, [0] * rank, [0] * rank
    for axis, want in zip(axes, p.ints(1)):
        more = want - shape[axis]
        if more < 0:
            cut[axis] = (-more // 2, -more // 2 + want)
        low[axis], high[axis] = max(0, more) // 2, max(0, more) - max(0, more) // 2
    value = p.x(0)
    if cut:
        value = p.node("slice", value, starts=[begin for begin, _ in cut.values()], ends=[end for _, end in cut.values()], axes=list(cut),
                       steps=[1] * len(cut))
    p.out(p.node("pad", value, low=low, high=high))


# ---- indices

@translates("Gather")
def gather(p):
    p.out(p.node("gather", p.x(0), p.x(1), axis=p.attr("axis", 0)))


@translates("GatherElements")
def gather_elements(p):
    p.out(p.node("take_along_axis", p.x(0), p.x(1), axis=p.attr("axis", 0)))


@translates("GatherND")
def gather_nd(p):
    p.out(p.node("gather_nd", p.x(0), p.x(1), batch_dims=p.attr("batch_dims", 0)))


@translates("Scatter", "ScatterElements")
def scatter(p):
    p.out(p.node("scatter", p.x(0), p.x(1), p.x(2), axis=p.attr("axis", 0), reduction=p.attr("reduction", "none")))


@translates("ScatterND")
def scatter_nd(p):
    p.out(p.node("scatter_nd", p.x(0), p.x(1), p.x(2), reduction=p.attr("reduction", "none")))


@translates("Compress")
def compress(p):
    # How many are kept is part of the result's type, so the condition has to be known.
    value, axis = p.x(0), p.attr("axis")
    if axis is None:
        value, axis = p.reshape(value, [-1]), 0
    kept = np.flatnonzero(p.array(1))
    p.out(p.node("gather", value, p.constant(kept, "i64"), axis=axis))


@translates("NonZero")
def non_zero(p):
    raise Skip("the result's shape depends on values")


@translates("OneHot")
def one_hot(p):
    depth = int(np.ravel(p.array(1))[0])
    off, on = np.ravel(p.array(2))
    indices = p.cast(p.x(0), "i64", p.dtype(0))
    # Negative ones count from the end; what is out of range is nowhere on.
    lower = p.node("less", indices, p.constant(0, "i64"))
    indices = p.node("where", lower, p.node("add", indices, p.constant(depth, "i64")), indices)
    hot = p.node("one_hot", indices, depth=depth, axis=p.attr("axis", -1), dtype="i1")
    p.out(p.node("where", hot, p.constant(on, p.dtype(2)), p.constant(off, p.dtype(2))))


@translates("ReverseSequence")
def reverse_sequence(p):
    batch, time, shape = p.attr("batch_axis", 1), p.attr("time_axis", 0), p.shape()
    steps = np.arange(shape[time])
    rows = np.stack([np.where(steps < n, n - 1 - steps, steps) for n in p.ints(1)])  # [batch, time]
    at = np.expand_dims(rows if batch < time else rows.T, tuple(range(2, len(shape))))
    p.out(p.node("take_along_axis", p.x(0), p.constant(np.broadcast_to(at, shape), "i64"), axis=time))
