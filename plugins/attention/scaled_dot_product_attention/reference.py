"""scaled_dot_product_attention from its definition: head by head, row by row."""
import numpy as np
from bounds import Bounded


def heads_first(tensor, layout):
    """[batch, heads, sequence, size]."""
    if tensor.ndim == 3:
        return tensor[:, None]
    return tensor if layout == "bnsh" else np.swapaxes(tensor, 1, 2)


def visible_keys(shape, lengths, causal, causal_alignment, window):
    batch, queries, keys = shape
    seen = np.ones((batch, queries, keys), bool)
    for b in range(batch):
        end = keys if lengths is None else min(max(int(lengths[b]), 0), keys)
        for i in range(queries):
            diagonal = i if causal_alignment == "top_left" else i + end - queries
            for j in range(keys):
                seen[b, i, j] = j < end and (not causal or j <= diagonal) and (window == 0 or j > diagonal - window)
    return seen


@np.errstate(all="ignore")
def scaled_dot_product_attention(query, key, value, mask, key_lengths, sinks, *, scale, causal, causal_alignment, window, softcap, layout,
                                 return_log_sum_exp):
    q, k, v = (heads_first(x, layout) for x in (query, key, value))
    batch, heads, queries, size = q.shape
    keys, value_size, group = k.shape[2], v.shape[3], heads // k.shape[1]
    scale = 1 / np.sqrt(q.dtype.type(size)) if scale is None else scale
    seen = visible_keys((batch, queries, keys), key_lengths, causal, causal_alignment, window)
    full = None
    if mask is not None:
        full = mask[:, None] if query.ndim == 3 and mask.ndim == 3 else mask
        full = np.broadcast_to(full, (batch, heads, queries, keys))

    smallest = 2.0**-1074 if q.dtype == np.longdouble else 2.0**-149
    output = np.zeros((batch, heads, queries, value_size), q.dtype)
    error = np.zeros_like(output)
    log_sum_exp = np.full((batch, heads, queries), -np.inf, q.dtype)
    log_error = np.zeros_like(log_sum_exp)
    for b, h, i in np.ndindex(batch, heads, queries):
        columns, values = k[b, h // group], v[b, h // group]
        if key_lengths is not None:
            values = np.where(np.arange(keys)[:, None] < int(key_lengths[b]), values, 0)
        allowed = seen[b, i] & (full[b, h, i] if full is not None and full.dtype == bool else True)
        scores = np.where(allowed, 0, -np.inf).astype(q.dtype)
        off = 0.0       # the largest error of a score, in roundings
        for j in np.flatnonzero(allowed):
            products = columns[j] * q[b, h, i]
            score = np.sum(products) * scale
            roundings = (size + 2) * np.sum(np.abs(products)) * abs(scale)
            if softcap != 0:
                score = softcap * np.tanh(score / softcap)
                roundings += 10 * abs(score)
            if full is not None and full.dtype != bool:
                score += full[b, h, i, j]
                roundings += abs(score) if np.isfinite(score) else 0
            scores[j] = score
            off = max(off, roundings)
        logits = scores if sinks is None else np.append(scores, sinks[h])
        most = np.max(logits, initial=-np.inf)
        if most == -np.inf:
            continue
        sum_ = np.sum(np.exp(logits - most))
        finite = logits[np.isfinite(logits)]
        off += np.max(np.abs(finite - most), initial=0)
        log_sum_exp[b, h, i] = np.log(sum_) + most
        log_error[b, h, i] = off + keys + 6 + abs(most) + abs(np.log(sum_))
        weights = np.exp(scores - most) / sum_
        weights[weights < smallest] = 0     # as in the type that is computed in: 0 times infinity is NaN there
        output[b, h, i] = weights @ values
        error[b, h, i] = (2 * off + 2 * keys + 10) * (weights @ np.abs(values))
    if query.ndim == 3:
        output, error, log_sum_exp, log_error = output[:, 0], error[:, 0], log_sum_exp[:, 0], log_error[:, 0]
    elif layout == "bsnh":
        output, error = np.swapaxes(output, 1, 2), np.swapaxes(error, 1, 2)
    result = Bounded(output, error, steps=1)
    # log_sum_exp is f32 in every case.
    return (result, Bounded(log_sum_exp, log_error, steps=1, absolute=0)) if return_log_sum_exp else result


OPERATORS = {"scaled_dot_product_attention": scaled_dot_product_attention}
