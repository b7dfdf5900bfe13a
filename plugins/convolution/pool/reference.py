"""The pools from their definitions: window by window, as lists of the indices that each sees."""
import itertools

import numpy as np
from bounds import Bounded


def windows(size, kernel, stride, dilation, low, high, auto_pad, ceil_mode):
    """For every position: the indices in the input, and how many of its elements lie in the input or the padding."""
    reach = (kernel - 1) * dilation + 1
    if auto_pad.startswith("same"):
        total = max(0, (-(-size // stride) - 1) * stride + reach - size)
        low, high = (total - total // 2, total // 2) if auto_pad == "same_lower" else (total // 2, total - total // 2)
    out, start = [], -low
    while start + reach <= size + high or (ceil_mode and start < size and start - stride + reach < size + high):
        taps = [start + tap * dilation for tap in range(kernel)]
        out.append(([tap for tap in taps if 0 <= tap < size], sum(1 for tap in taps if tap < size + high)))
        start += stride
    return out


def pooled(input, reduce, *, kernel, strides, padding, auto_pad, dilations, ceil_mode, layout):
    """reduce(elements [N, C, count], elements of the windows with padding) for every window."""
    if layout == "nhwc":
        input = np.moveaxis(input, -1, 1)
    spatial = input.ndim - 2

    def entries(values, count=spatial):
        return list(values) * count if len(values) == 1 else list(values)

    pads = entries(padding, 2 * spatial)
    axes = [windows(n, k, s, d, pads[2 * i], pads[2 * i + 1], auto_pad, ceil_mode) for i, (n, k, s, d) in
            enumerate(zip(input.shape[2:], entries(kernel), entries(strides), entries(dilations)))]
    results = []
    for place in itertools.product(*axes):
        seen = input
        for i, (indices, _) in enumerate(place):
            seen = np.take(seen, indices, axis=2 + i)
        results.append(reduce(seen.reshape(*input.shape[:2], int(np.prod(seen.shape[2:]))), int(np.prod([count for _, count in place]))))
    shape = (*input.shape[:2], *(len(axis) for axis in axes))

    def arranged(parts):
        out = np.stack(parts, axis=-1).reshape(shape)
        return np.moveaxis(out, 1, -1) if layout == "nhwc" else out

    return arranged([r[0] for r in results]), arranged([r[1] for r in results])


def lowest(dtype):
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def largest(seen, axis, keepdims=False):
    """NumPy's maximum of zeros takes either sign; here +0 is above -0."""
    value = np.max(seen, axis=axis, keepdims=keepdims, initial=lowest(seen.dtype)).astype(seen.dtype)
    if seen.dtype.kind != "f":
        return value
    positive = np.any((seen == 0) & ~np.signbit(seen), axis=axis, keepdims=keepdims)
    return np.where(value == 0, np.where(positive, 0.0, -0.0), value).astype(seen.dtype)


def max_pool(input, **attributes):
    return pooled(input, lambda seen, _: (largest(seen, -1),) * 2, **attributes)[0]


def avg_pool(input, *, count_include_pad, **attributes):
    def mean(seen, padded):
        count = max(1, padded if count_include_pad else seen.shape[-1])
        return np.sum(seen, axis=-1) / count, (seen.shape[-1] + 2) * np.sum(np.abs(seen), axis=-1) / count

    with np.errstate(all="ignore"):
        return Bounded(*pooled(input, mean, **attributes), steps=1)


def spatial_axes(input, layout):
    return tuple(range(1, input.ndim - 1)) if layout == "nhwc" else tuple(range(2, input.ndim))


def global_max_pool(input, *, layout):
    return largest(input, spatial_axes(input, layout), keepdims=True)


def global_avg_pool(input, *, layout):
    axes = spatial_axes(input, layout)
    count = int(np.prod([input.shape[axis] for axis in axes]))
    with np.errstate(all="ignore"):
        magnitude = (count + 2) * np.mean(np.abs(input), axis=axes, keepdims=True)
        return Bounded(np.mean(input, axis=axes, keepdims=True), magnitude, steps=1)


OPERATORS = {"max_pool": max_pool, "avg_pool": avg_pool, "global_max_pool": global_max_pool, "global_avg_pool": global_avg_pool}
