"""Reductions over axes from their definitions."""
import numpy as np
from bounds import Bounded


def axes_of(input, axes, empty_axes):
    if not axes:
        return () if empty_axes == "none" else tuple(range(input.ndim))
    return tuple(a % input.ndim for a in axes)


def within_range(value, dtypes):
    """What overflows in the type of computation, f32 or f64, is infinite."""
    largest = np.finfo(np.float64 if dtypes["input"] == "f64" else np.float32).max
    return np.where(np.abs(value) > largest, np.copysign(np.inf, value), value)


def total(input, axes, keepdims):
    """The sum, and n times the sum of magnitudes: each of n additions rounds."""
    count = int(np.prod([input.shape[a] for a in axes], dtype=np.int64))
    return np.sum(input, axis=axes, keepdims=keepdims), count * np.sum(np.abs(input), axis=axes, keepdims=keepdims), count


def is_integer(input):
    return input.dtype.kind in "iu"


def reduce_sum(input, *, axes, keepdims, empty_axes):
    axes = axes_of(input, axes, empty_axes)
    if is_integer(input):
        return np.sum(input, axis=axes, keepdims=keepdims, dtype=input.dtype)
    value, magnitude, _ = total(input, axes, keepdims)
    return Bounded(value, magnitude, steps=1)


def reduce_mean(input, *, axes, keepdims, empty_axes):
    value, magnitude, count = total(input, axes_of(input, axes, empty_axes), keepdims)
    return Bounded(value / count, magnitude / count + np.abs(value / count), steps=2)


def extreme(function, lowest):
    def reduce(input, *, axes, keepdims, empty_axes):
        axes = axes_of(input, axes, empty_axes)
        if is_integer(input):
            info = np.iinfo(input.dtype)
            return function(input, axis=axes, keepdims=keepdims, initial=info.min if lowest else info.max)
        if input.dtype == bool:
            return (np.any if lowest else np.all)(input, axis=axes, keepdims=keepdims)
        # Which of two zeros it is does not count.
        return Bounded(function(input, axis=axes, keepdims=keepdims, initial=-np.inf if lowest else np.inf), steps=0)
    return reduce


def reduce_prod(input, *, axes, keepdims, empty_axes):
    axes = axes_of(input, axes, empty_axes)
    if is_integer(input):
        return np.prod(input, axis=axes, keepdims=keepdims, dtype=input.dtype)
    count = int(np.prod([input.shape[a] for a in axes], dtype=np.int64))
    return Bounded(np.prod(input, axis=axes, keepdims=keepdims), steps=count)


def reduce_any(input, *, axes, keepdims, empty_axes):
    return np.any(input != 0, axis=axes_of(input, axes, empty_axes), keepdims=keepdims)


def reduce_all(input, *, axes, keepdims, empty_axes):
    return np.all(input != 0, axis=axes_of(input, axes, empty_axes), keepdims=keepdims)


def reduce_sum_square(input, *, axes, keepdims, empty_axes):
    axes = axes_of(input, axes, empty_axes)
    if is_integer(input):
        return np.sum(input * input, axis=axes, keepdims=keepdims, dtype=input.dtype)
    value, magnitude, _ = total(input * input, axes, keepdims)
    return Bounded(value, magnitude + value, steps=1)


def reduce_l1(input, *, axes, keepdims, empty_axes):
    axes = axes_of(input, axes, empty_axes)
    if is_integer(input):
        return np.sum(np.abs(input), axis=axes, keepdims=keepdims, dtype=input.dtype)
    value, magnitude, _ = total(np.abs(input), axes, keepdims)
    return Bounded(value, magnitude, steps=1)


def reduce_l2(input, *, axes, keepdims, empty_axes, dtypes):
    value, _, count = total(within_range(input * input, dtypes), axes_of(input, axes, empty_axes), keepdims)
    # Squares below the smallest number are lost: its root is what they could have been.
    tiny = np.sqrt(np.finfo(np.float64 if dtypes["input"] == "f64" else np.float32).tiny * max(count, 1))
    return Bounded(np.sqrt(within_range(value, dtypes)), steps=count / 2 + 2, absolute=tiny)


def reduce_log_sum(input, *, axes, keepdims, empty_axes):
    value, magnitude, _ = total(input, axes_of(input, axes, empty_axes), keepdims)
    result = np.log(value)
    # The sum's relative error is the logarithm's absolute one.
    share = np.where(value > 0, magnitude / np.where(value > 0, value, 1), 0)
    return Bounded(result, np.where(np.isfinite(result), 2 * np.abs(result) + share, 0), steps=1)


def reduce_log_sum_exp(input, *, axes, keepdims, empty_axes):
    axes = axes_of(input, axes, empty_axes)
    largest = np.max(input, axis=axes, keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, 0)
    sums = np.sum(np.exp(input - largest), axis=axes, keepdims=True)
    value = np.log(sums) + largest
    count = int(np.prod([input.shape[a] for a in axes], dtype=np.int64))
    spread = np.max(np.where(np.isfinite(input), np.abs(input - largest) * np.exp(input - largest), 0), axis=axes, keepdims=True, initial=0)
    # The exponentials are off by 2 ulp and by the rounding of input - largest, their sum by one rounding per term.
    magnitude = np.where(np.isfinite(value), count + 4 + count * spread + 3 * np.abs(value) + np.abs(largest), 0)
    if not keepdims:
        value, magnitude = np.squeeze(value, axes), np.squeeze(magnitude, axes)
    return Bounded(value, magnitude, steps=1)


def variance_parts(input, axes, keepdims, correction, dtypes):
    count = int(np.prod([input.shape[a] for a in axes], dtype=np.int64))
    mean = within_range(np.sum(input, axis=axes, keepdims=True), dtypes) / count
    difference = input - mean
    squares = within_range(difference * difference, dtypes)
    value = within_range(np.sum(squares, axis=axes, keepdims=keepdims), dtypes) / (count - correction)
    # The first mean is off by count roundings of the largest magnitude. Centering twice leaves of that what one more rounding adds to
    # each difference.
    largest = np.max(np.abs(input), axis=axes, keepdims=keepdims, initial=0)
    unit = 2.0**-53 if dtypes["input"] == "f64" else 2.0**-24
    rounding = 4 * count * unit * largest
    return value, count, 2 * np.sqrt(value) * unit * largest * 4 + rounding * rounding * 4


def reduce_variance(input, *, axes, keepdims, empty_axes, correction, dtypes):
    value, count, absolute = variance_parts(input, axes_of(input, axes, empty_axes), keepdims, correction, dtypes)
    return Bounded(value, steps=2 * count + 6, absolute=np.where(np.isfinite(absolute), absolute, 0))


def reduce_std(input, *, axes, keepdims, empty_axes, correction, dtypes):
    value, count, absolute = variance_parts(input, axes_of(input, axes, empty_axes), keepdims, correction, dtypes)
    root = np.sqrt(value)
    absolute = np.where(np.isfinite(absolute), np.sqrt(value + absolute) - root, 0)
    return Bounded(root, steps=count + 6, absolute=absolute)


OPERATORS = {
    "reduce_sum": reduce_sum,
    "reduce_mean": reduce_mean,
    "reduce_max": extreme(np.max, True),
    "reduce_min": extreme(np.min, False),
    "reduce_prod": reduce_prod,
    "reduce_any": reduce_any,
    "reduce_all": reduce_all,
    "reduce_sum_square": reduce_sum_square,
    "reduce_l1": reduce_l1,
    "reduce_l2": reduce_l2,
    "reduce_log_sum": reduce_log_sum,
    "reduce_log_sum_exp": reduce_log_sum_exp,
    "reduce_variance": reduce_variance,
    "reduce_std": reduce_std,
}
