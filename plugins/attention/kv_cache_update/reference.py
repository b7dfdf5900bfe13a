"""kv_cache_update from its definition: row by row."""
import numpy as np


def kv_cache_update(cache, update, start, *, mode):
    output = np.array(cache)
    capacity, length = cache.shape[2], update.shape[2]
    for b in range(cache.shape[0]):
        first = int(start[b] if start.ndim else start)
        if mode == "linear":
            first = min(max(first, 0), capacity - length)
        for i in range(length):
            output[b, :, (first + i) % capacity] = update[b, :, i]
    return output


OPERATORS = {"kv_cache_update": kv_cache_update}
