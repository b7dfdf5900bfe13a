import numpy as np


def pad(input, *, low, high, value, mode):
    if mode != "constant":
        return np.pad(input, list(zip(low, high)), mode) if input.size else grown(input, low, high)
    # Negative numbers cut, which np.pad does not do.
    kept = input[tuple(slice(max(-a, 0), n - max(-b, 0)) for a, b, n in zip(low, high, input.shape))]
    output = np.full([n + a + b for a, b, n in zip(low, high, input.shape)], np.asarray(value).astype(input.dtype))
    if output.size:
        output[tuple(slice(max(a, 0), max(a, 0) + n) for a, n in zip(low, kept.shape))] = kept
    return output


def grown(input, low, high):
    return np.zeros([n + a + b for a, b, n in zip(low, high, input.shape)], input.dtype)


OPERATORS = {"pad": pad}
