"""A decoder's loop: each step appends a key and a value to a cache and attends to all that is in it. Four query heads share two key and
value heads. Every step is compared with attention in float64 over the keys so far."""

import numpy as np

import tenon

HEADS, KV_HEADS, SIZE, CAPACITY, STEPS = 4, 2, 8, 16, 6


def build(context):
    graph = context.graph("decode")
    query = graph.input("query", "f32", (1, HEADS, 1, SIZE))
    key, value = (graph.input(name, "f32", (1, KV_HEADS, 1, SIZE)) for name in ("key", "value"))
    keys, values = (graph.input(name, "f32", (1, KV_HEADS, CAPACITY, SIZE)) for name in ("keys", "values"))
    start, length = graph.input("start", "i32", ()), graph.input("length", "i32", (1,))
    keys = graph.kv_cache_update(keys, key, start)
    values = graph.kv_cache_update(values, value, start)
    graph.output("y", graph.scaled_dot_product_attention(query, keys, values, key_lengths=length))
    graph.output("new_keys", keys)
    graph.output("new_values", values)
    return graph.compile()


def attention(query, keys, values):
    """One query per head, in float64: query [heads, size], keys and values [kv heads, length, size]."""
    result = np.empty_like(query)
    for head, row in enumerate(query):
        group = head * KV_HEADS // HEADS
        scores = keys[group] @ row / np.sqrt(SIZE)
        weights = np.exp(scores - scores.max())
        result[head] = weights / weights.sum() @ values[group]
    return result


def main():
    random = np.random.default_rng(1)
    worst = 0.0
    with tenon.Context() as context, build(context) as program:
        keys = np.zeros((1, KV_HEADS, CAPACITY, SIZE), np.float32)
        values = np.zeros_like(keys)
        seen_keys, seen_values = [], []
        for step in range(STEPS):
            query, key, value = (random.standard_normal((1, heads, 1, SIZE), np.float32) for heads in (HEADS, KV_HEADS, KV_HEADS))
            # The caches are inputs and outputs at once: they are updated in place, and nothing is copied.
            y, keys, values = program.run(
                query=query,
                key=key,
                value=value,
                keys=keys,
                values=values,
                start=step,
                length=[step + 1],
                out={"new_keys": keys, "new_values": values},
            )
            seen_keys.append(key[0, :, 0])
            seen_values.append(value[0, :, 0])
            want = attention(*(np.float64(part) for part in (query[0, :, 0], np.stack(seen_keys, 1), np.stack(seen_values, 1))))
            worst = max(worst, np.abs(y[0, :, 0] - want).max())
    assert worst < 1e-6, worst
    print(f"{STEPS} steps, all within 1e-6 of float64")


if __name__ == "__main__":
    main()
