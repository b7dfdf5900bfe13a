"""conv1d, conv2d, conv3d and conv_transpose from their definitions: one kernel element after the other."""
import itertools

import numpy as np
from bounds import Bounded


def entries(values, count):
    return list(values) * count if len(values) == 1 else list(values)


def padding_pairs(padding, spatial):
    flat = entries(padding, 2 * spatial)
    return [tuple(flat[2 * i:2 * i + 2]) for i in range(spatial)]


def halves(total, auto_pad):
    """Padding of `total` in all: the odd one at the end, or for same_lower at the start. What is negative goes to the end."""
    part = max(total, 0)
    low = part - part // 2 if auto_pad == "same_lower" else part // 2
    return low, total - low


LARGEST = {np.dtype(np.longdouble): float(np.finfo(np.float64).max), np.dtype(np.float64): float(np.finfo(np.float32).max)}


def products(x, w):
    """[N, C, ..] and [O, C]: [N, O, ..] and the sums of magnitudes. A product that overflows where it is computed is infinite."""
    terms = x[:, None] * w.reshape(1, *w.shape, *[1] * (x.ndim - 2))
    terms = np.where(np.abs(terms) > LARGEST[x.dtype], np.copysign(np.inf, terms), terms)
    return np.sum(terms, axis=2), np.sum(np.abs(terms), axis=2)


def grouped(x, w, groups, transposed):
    """products() of every group; w is [O, C / groups], or transposed [C, O / groups]."""
    parts = [products(a, b.T if transposed else b) for a, b in zip(pieces(x, groups, 1), pieces(w, groups, 0))]
    return np.concatenate([p[0] for p in parts], axis=1), np.concatenate([p[1] for p in parts], axis=1)


def pieces(array, groups, axis):
    return np.split(array, groups, axis=axis)


def finish(value, magnitude, bias, layout, terms):
    if bias is not None:
        shape = [1, -1] + [1] * (value.ndim - 2)
        value, magnitude = value + bias.reshape(shape), magnitude + np.abs(bias).reshape(shape)
    if layout == "nhwc":
        value, magnitude = np.moveaxis(value, 1, -1), np.moveaxis(magnitude, 1, -1)
    return Bounded(value, (terms + 2) * magnitude, steps=1)


def convolution(input, weight, bias, *, strides, padding, auto_pad, dilations, groups, layout):
    if layout == "nhwc":
        input = np.moveaxis(input, -1, 1)
    kernel = weight.shape[2:]
    spatial = len(kernel)
    strides, dilations = entries(strides, spatial), entries(dilations, spatial)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    pads = padding_pairs(padding, spatial)
    if auto_pad.startswith("same"):
        sizes = [-(-n // s) for n, s in zip(input.shape[2:], strides)]
        pads = [halves(max(0, (m - 1) * s + r - n), auto_pad) for m, s, r, n in zip(sizes, strides, reach, input.shape[2:])]
    padded = np.pad(input, [(0, 0), (0, 0)] + pads)
    out = [(n - r) // s + 1 for n, r, s in zip(padded.shape[2:], reach, strides)]
    value = np.zeros((input.shape[0], weight.shape[0], *out), input.dtype)
    magnitude = np.zeros_like(value)
    with np.errstate(all="ignore"):
        for place in itertools.product(*(range(k) for k in kernel)):
            window = padded[(slice(None), slice(None)) + tuple(
                slice(p * d, p * d + (m - 1) * s + 1, s) for p, d, m, s in zip(place, dilations, out, strides))]
            sums = grouped(window, weight[(slice(None), slice(None)) + place], groups, transposed=False)
            value += sums[0]
            magnitude += sums[1]
    return finish(value, magnitude, bias, layout, weight[0].size)


def conv_transpose(input, weight, bias, *, strides, padding, output_padding, auto_pad, dilations, groups, layout):
    if layout == "nhwc":
        input = np.moveaxis(input, -1, 1)
    kernel, sizes = weight.shape[2:], input.shape[2:]
    spatial = len(kernel)
    strides, dilations, extra = entries(strides, spatial), entries(dilations, spatial), entries(output_padding, spatial)
    full = [(n - 1) * s + (k - 1) * d + 1 for n, s, k, d in zip(sizes, strides, kernel, dilations)]
    pads = padding_pairs(padding, spatial)
    if auto_pad.startswith("same"):
        pads = [halves(f + e - n * s, auto_pad) for f, e, n, s in zip(full, extra, sizes, strides)]
    value = np.zeros((input.shape[0], weight.shape[1] * groups, *full), input.dtype)
    magnitude = np.zeros_like(value)
    with np.errstate(all="ignore"):
        for place in itertools.product(*(range(k) for k in kernel)):
            at = (slice(None), slice(None)) + tuple(
                slice(p * d, p * d + (n - 1) * s + 1, s) for p, d, n, s in zip(place, dilations, sizes, strides))
            sums = grouped(input, weight[(slice(None), slice(None)) + place], groups, transposed=True)
            value[at] += sums[0]
            magnitude[at] += sums[1]
    # Zeros behind the end, as many as output_padding asks for; then the padding is cut off.
    more = [(0, 0), (0, 0)] + [(0, max(0, e - high)) for e, (_, high) in zip(extra, pads)]
    value, magnitude = np.pad(value, more), np.pad(magnitude, more)
    cut = (slice(None), slice(None)) + tuple(
        slice(low, low + f - low - high + e) for f, e, (low, high) in zip(full, extra, pads))
    terms = weight.shape[0] // groups * int(np.prod(kernel))
    return finish(value[cut], magnitude[cut], bias, layout, terms)


OPERATORS = {"conv1d": convolution, "conv2d": convolution, "conv3d": convolution, "conv_transpose": conv_transpose}
