"""Laws that operators obey whatever their values, on shapes and values drawn from a seed that a failure prints. TENON_SEED repeats one."""
import os
import sys
import unittest

import numpy as np
from support import GraphTest, attention

SEED = int(os.environ.get("TENON_SEED", np.random.SeedSequence().entropy % 2**32))
ROUNDS = 4


class Properties(GraphTest):
    def setUp(self):
        super().setUp()
        self.random = np.random.default_rng([SEED, sum(map(ord, self.id()))])

    def shape(self, rank, low=1, high=9):
        return [int(n) for n in self.random.integers(low, high + 1, rank)]

    def chain(self, x, *nodes):
        """Operators one after the other on x: (op, attributes)."""
        rows, last = [], "x"
        for number, (op, attributes) in enumerate(nodes):
            rows.append((f"n{number}", op, [last], attributes))
            last = f"n{number}"
        return self.run_graph({"x": x}, rows, [last])[0]

    def test_split_then_concat(self):
        for _ in range(ROUNDS):
            x = self.normal(*self.shape(3, 2, 7))
            axis = int(self.random.integers(0, 3))
            first = int(self.random.integers(1, x.shape[axis]))
            got = self.run_graph({"x": x}, [("s", "split", ["x"], {"axis": axis, "sizes": [first, x.shape[axis] - first]}),
                                            ("c", "concat", ["s:0", "s:1"], {"axis": axis - 3})], ["c"])[0]
            self.close(got, x, rtol=0, atol=0)

    def test_permute_then_its_inverse(self):
        for _ in range(ROUNDS):
            x = self.normal(*self.shape(4))
            p = [int(i) for i in self.random.permutation(4)]
            self.close(self.chain(x, ("permute", {"permutation": p})), x.transpose(p), rtol=0, atol=0)
            self.close(self.chain(x, ("permute", {"permutation": p}), ("permute", {"permutation": [int(i) for i in np.argsort(p)]})), x, rtol=0, atol=0)

    def test_reshape_there_and_back(self):
        for _ in range(ROUNDS):
            x = self.normal(*self.shape(3))
            self.close(self.chain(x, ("reshape", {"shape": [-1]}), ("reshape", {"shape": list(x.shape)})), x, rtol=0, atol=0)

    def test_reductions_over_permuted_axes(self):
        for _ in range(ROUNDS):
            x = self.normal(*self.shape(3))
            axes = [int(i) for i in self.random.permutation(3)[:2]]
            for op in ("reduce_sum", "reduce_max", "reduce_log_sum_exp", "reduce_variance"):
                self.close(self.one(op, {"input": x}, {"axes": axes}), self.one(op, {"input": x}, {"axes": axes[::-1]}), rtol=0, atol=0)

    def heads(self, kv_heads=None):
        b, h, s, d = self.shape(4, 2, 6)
        kv = h if kv_heads is None else kv_heads
        keys = s + int(self.random.integers(0, 4))
        return self.normal(b, h * (1 if kv_heads is None else kv), s, 2 * d), self.normal(b, kv, keys, 2 * d), self.normal(b, kv, keys, d)

    def test_causal_attention_is_attention_with_the_mask(self):
        for _ in range(ROUNDS):
            q, k, v = self.heads()
            rows, keys = q.shape[2], k.shape[2]
            for alignment, offset in (("bottom_right", keys - rows), ("top_left", 0)):
                mask = np.tril(np.ones((rows, keys), bool), offset)
                causal = self.one("sdpa", {"query": q, "key": k, "value": v}, {"causal": True, "causal_alignment": alignment})
                self.close(causal, self.one("sdpa", {"query": q, "key": k, "value": v, "mask": mask}), rtol=1e-6)
                self.close(causal, attention(q.astype(np.float64), k, v, mask))

    def test_a_window_is_a_mask(self):
        for _ in range(ROUNDS):
            q, k, v = self.heads()
            rows, keys = q.shape[2], k.shape[2]
            window = int(self.random.integers(1, keys + 1))
            key, query = np.arange(keys), np.arange(rows)[:, None] + keys - rows
            mask = (key <= query) & (key > query - window)
            got = self.one("sdpa", {"query": q, "key": k, "value": v}, {"causal": True, "window": window})
            self.close(got, self.one("sdpa", {"query": q, "key": k, "value": v, "mask": mask}), rtol=1e-6)

    def test_decoding_one_by_one_is_prefill(self):
        q, k, v = self.normal(2, 4, 6, 8), self.normal(2, 2, 6, 8), self.normal(2, 2, 6, 8)
        whole = self.one("sdpa", {"query": q, "key": k, "value": v}, {"causal": True, "window": 4})
        for t in range(6):
            step = {"query": q[:, :, t:t + 1], "key": k[:, :, :t + 1], "value": v[:, :, :t + 1]}
            self.close(self.one("sdpa", step, {"causal": True, "window": 4}), whole[:, :, t:t + 1], rtol=1e-6)

    def test_grouped_heads_are_repeated_keys_and_values(self):
        for _ in range(ROUNDS):
            q, k, v = self.heads(kv_heads=int(self.random.integers(1, 4)))
            times = q.shape[1] // k.shape[1]
            grouped = self.one("sdpa", {"query": q, "key": k, "value": v})
            self.close(grouped, self.one("sdpa", {"query": q, "key": k.repeat(times, 1), "value": v.repeat(times, 1)}), rtol=1e-6)

    def test_rows_of_softmax_sum_to_one(self):
        for _ in range(ROUNDS):
            x = self.normal(*self.shape(3)) * np.float32(30)
            axis = int(self.random.integers(-3, 3))
            got = self.one("softmax", {"input": x}, {"axis": axis})
            self.close(got.sum(axis=axis), np.ones(np.delete(x.shape, axis)), rtol=1e-6)

    def test_rope_preserves_norms(self):
        for _ in range(ROUNDS):
            b, h, s, d = self.shape(4, 1, 5)
            x = self.normal(b, h, s, 2 * d)
            for interleaved in (False, True):
                got = self.one("rope", {"input": x}, {"interleaved": interleaved})
                self.close(np.linalg.norm(got, axis=-1), np.linalg.norm(x.astype(np.float64), axis=-1), rtol=1e-5)
                self.close(got[:, :, 0], x[:, :, 0], rtol=1e-6)  # position 0 turns nothing


if __name__ == "__main__":
    print(f"TENON_SEED={SEED}", flush=True)
    sys.exit(unittest.main())
