"""upsample from its definition: where every element of the result lies in the input, in fractions."""
import math
from fractions import Fraction

import numpy as np
from bounds import Bounded


def place(index, size, result, scale, coordinates):
    if coordinates == "align_corners":
        return Fraction(index * (size - 1), result - 1) if result > 1 else Fraction(0)
    if scale is None or size * scale == result:
        ratio = Fraction(size, result)
        return index * ratio if coordinates == "asymmetric" else (index + Fraction(1, 2)) * ratio - Fraction(1, 2)
    # A scale that the sizes do not say is a number of f64, and so are the places.
    return Fraction(index / scale) if coordinates == "asymmetric" else Fraction((index + 0.5) / scale - 0.5)


def upsample(input, *, scales, sizes, mode, coordinates, layout):
    axes = list(range(1, input.ndim - 1)) if layout == "nhwc" else list(range(2, input.ndim))
    value, magnitude = input, np.abs(input) if mode == "linear" else None
    for i, axis in enumerate(axes):
        size = input.shape[axis]
        scale = None if scales is None else float(scales[0 if len(scales) == 1 else i])
        result = math.floor(size * scale) if sizes is None else sizes[0 if len(sizes) == 1 else i]
        parts, magnitudes = [], []
        for index in range(result):
            at = place(index, size, result, scale, coordinates)
            if mode == "nearest":
                nearest = math.floor(at) if coordinates == "asymmetric" else math.ceil(at - Fraction(1, 2))
                parts.append(np.take(value, min(max(nearest, 0), size - 1), axis=axis))
                continue
            at = min(max(at, Fraction(0)), Fraction(size - 1))
            first, rest = math.floor(at), float(at - math.floor(at))
            a, b = (np.take(value, min(n, size - 1), axis=axis) for n in (first, first + 1))
            ma, mb = (np.take(magnitude, min(n, size - 1), axis=axis) for n in (first, first + 1))
            with np.errstate(all="ignore"):
                parts.append(a if rest == 0 else a * (1 - rest) + b * rest)
                magnitudes.append(ma if rest == 0 else ma * (1 - rest) + mb * rest)
        value = np.stack(parts, axis=axis)
        magnitude = np.stack(magnitudes, axis=axis) if magnitudes else None
    if mode == "nearest":
        return value
    return Bounded(value, magnitude, steps=4 * len(axes))


OPERATORS = {"upsample": upsample}
