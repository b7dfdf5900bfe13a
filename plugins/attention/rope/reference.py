"""rope from its definition; the scalings as Hugging Face's modeling_rope_utils computes them."""
import numpy as np
from bounds import Bounded


def frequencies_of(size, length, base, scaling, p):
    """(frequency of each pair, attention factor)"""
    pairs = np.arange(0, size, 2, dtype=np.longdouble)
    base = np.longdouble(base)
    trained = p["original_max_position_embeddings"] or p["max_position_embeddings"]
    if scaling == "dynamic" and size > 2:
        longest = max(length, trained)
        base = base * (np.longdouble(p["factor"]) * longest / trained - (p["factor"] - 1)) ** (np.longdouble(size) / (size - 2))
    frequencies = 1 / base ** (pairs / size)
    if scaling == "linear":
        return frequencies / p["factor"], 1
    if scaling == "yarn":
        return yarn(frequencies, size, base, trained, p)
    if scaling == "llama3":
        wavelengths = 2 * np.pi / frequencies
        low, high = p["low_freq_factor"], p["high_freq_factor"]
        smooth = (trained / wavelengths - low) / (high - low)
        blended = (1 - smooth) * frequencies / p["factor"] + smooth * frequencies
        stretched = np.where(wavelengths > trained / low, frequencies / p["factor"], frequencies)
        between = (wavelengths >= trained / high) & (wavelengths <= trained / low)
        return np.where(between, blended, stretched), 1
    if scaling == "longrope":
        factors = p["long_factor"] if length > trained else p["short_factor"]
        attention = p["attention_factor"]
        if attention is None:
            factor = p["max_position_embeddings"] / trained if p["max_position_embeddings"] else p["factor"]
            attention = 1 if factor <= 1 else np.sqrt(1 + np.log(factor) / np.log(trained))
        return frequencies / np.array(factors), attention
    return frequencies, 1


def yarn(frequencies, size, base, trained, p):
    def scale(factor, mscale=1):
        return 1 if factor <= 1 else 0.1 * mscale * np.log(factor) + 1

    def turning_pair(turns):
        return size * np.log(trained / (turns * 2 * np.pi)) / (2 * np.log(base))

    low, high = turning_pair(p["beta_fast"] or 32), turning_pair(p["beta_slow"] or 1)
    if p["truncate"]:
        low, high = np.floor(low), np.ceil(high)
    low, high = max(low, 0), min(high, size - 1)
    ramp = np.clip((np.arange(size // 2) - low) / ((high - low) or 0.001), 0, 1)
    attention = p["attention_factor"]
    if attention is None:
        if p["mscale"] and p["mscale_all_dim"]:
            attention = scale(p["factor"], p["mscale"]) / scale(p["factor"], p["mscale_all_dim"])
        else:
            attention = scale(p["factor"])
    return frequencies / p["factor"] * ramp + frequencies * (1 - ramp), attention


def rope(input, positions, cos, sin, *, interleaved, base, rotary_dim, layout, scaling, **parameters):
    size = input.shape[-1] if rotary_dim is None else rotary_dim
    sequence_axis = 1 if layout == "bsnh" else input.ndim - 2
    sequence = input.shape[sequence_axis]
    off = 1.0       # the error of cos and sin, in roundings
    if cos is None:
        at = np.arange(sequence) if positions is None else positions
        length = sequence if positions is None else int(np.max(at, initial=-1)) + 1
        frequencies, attention = frequencies_of(size, length, base, scaling, parameters)
        angles = at[..., None].astype(np.longdouble) * frequencies
        cos, sin = (np.cos(angles) * attention).astype(input.dtype), (np.sin(angles) * attention).astype(input.dtype)
        if positions is not None:
            # Turns in f32, 2 pi, the engines' sine; with dynamic scaling the angle is rounded, and its frequency.
            off = 12.0 + (16 * np.max(np.abs(angles), initial=0) if scaling == "dynamic" else 0)
        if input.dtype == np.longdouble:
            off += 8 * np.max(np.abs(angles), initial=0)    # a frequency is a double, whatever it is multiplied by
        off *= attention

    def spread(table):
        """[sequence, pairs] or [batch, sequence, pairs] to the shape of half of the input."""
        shape = [1] * input.ndim
        shape[sequence_axis], shape[-1] = table.shape[-2], table.shape[-1]
        if table.ndim == 3:
            shape[0] = table.shape[0]
        return table.reshape(shape)

    cos, sin = spread(cos), spread(sin)
    turned = input[..., :size]
    first, second = (turned[..., 0::2], turned[..., 1::2]) if interleaved else (turned[..., :size // 2], turned[..., size // 2:])
    x, y = first * cos - second * sin, second * cos + first * sin
    terms = [np.abs(first * cos) + np.abs(second * sin), np.abs(second * cos) + np.abs(first * sin)]
    error = [2 * terms[0] + off * (np.abs(first) + np.abs(second)), 2 * terms[1] + off * (np.abs(first) + np.abs(second))]

    def joined(a, b, rest):
        pairs = np.stack([a, b], axis=-1).reshape(turned.shape) if interleaved else np.concatenate([a, b], axis=-1)
        return np.concatenate([pairs, rest], axis=-1)

    rest = input[..., size:]
    return Bounded(joined(x, y, rest), joined(error[0], error[1], np.zeros_like(rest)), steps=1)


OPERATORS = {"rope": rope}
