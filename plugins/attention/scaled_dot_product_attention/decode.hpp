// For kernel.simd.cpp: attention of few rows against many keys. A lane is a place in the head, and keys are read where they lie, once for
// all rows that share them. A task takes one chunk of the keys and leaves what its softmax knows so far; merge() joins the chunks of a
// head.
#pragma once

#include "plugins/attention/scaled_dot_product_attention/prefill.hpp"
#include "plugins/support/simd_sums.hpp"

namespace {
namespace attend {

constexpr std::size_t kBlock = kDecodeBlock;               // keys between two looks at the maxima
constexpr std::size_t kPattern = kLanes > 8 ? kLanes : 8;  // scores are [key][rows]; a vector pattern of row numbers repeats after as many

// scores[key][row] = query[row] . key. `size`: whole units. The values of the same keys are fetched meanwhile.
template <class Row, std::size_t kRows>
TENON_SIMD_NOINLINE void score_keys(const char* keys, std::int64_t step, std::size_t count, const float* query, std::size_t size,
                                    float* scores, const char* next, std::int64_t next_step) {
  constexpr std::size_t kKeys = kPattern / kRows;
  for (std::size_t j = 0; j < count; j += kKeys) {
    const typename Row::T* row[kKeys];
    const char* fetched[kKeys];
#pragma GCC unroll 16
    for (std::size_t k = 0; k < kKeys; ++k) {
      const std::size_t key = j + k < count ? j + k : count - 1;  // the last one again instead of what lies behind it
      row[k] = reinterpret_cast<const typename Row::T*>(keys + static_cast<std::int64_t>(key) * step);
      fetched[k] = next + static_cast<std::int64_t>(key) * next_step;
    }
    F acc[kPattern];
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kPattern; ++i) acc[i] = F(0.0f);
    for (std::size_t d = 0; d < size; d += kUnit) {
      Pair key[kKeys];
#pragma GCC unroll 16
      for (std::size_t k = 0; k < kKeys; ++k) {
        key[k] = Row::load(row[k] + d);
#pragma GCC unroll 2
        for (std::size_t i = 0; i < kUnit * sizeof(typename Row::T); i += 64) fetch(fetched[k] + d * sizeof(typename Row::T) + i);
      }
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRows; ++r) {
        const Pair q = RowF32::load(query + r * size + d);
#pragma GCC unroll 16
        for (std::size_t k = 0; k < kKeys; ++k) {
          F& sum = acc[k * kRows + r];
          sum = fma(key[k].b, q.b, fma(key[k].a, q.a, sum));
        }
      }
    }
#pragma GCC unroll 2
    for (std::size_t i = 0; i < kPattern; i += kLanes) store(scores + j * kRows + i, sums_of(acc + i));
  }
}

// Rows that come next, to be fetched row by row.
struct Fetch {
  const char* data = nullptr;
  std::int64_t step = 0;
  std::size_t bytes = 0;
};

// output[row] = output[row] * factors[row] + sum over keys of weights[key][row] * value, for kUnits units of columns.
template <class Row, std::size_t kRows, std::size_t kUnits>
inline void add_strip(const char* values, std::int64_t step, std::size_t count, const float* weights, std::size_t rows,
                      const float* factors, std::size_t stride, float* output, const Fetch& next) {
  F acc[kRows][2 * kUnits];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 8
    for (std::size_t u = 0; u < 2 * kUnits; ++u) acc[r][u] = F(0.0f);
  for (std::size_t j = 0; j < count; ++j) {
    const auto* value = reinterpret_cast<const typename Row::T*>(values + static_cast<std::int64_t>(j) * step);
    for (std::size_t i = 0; i < next.bytes; i += 64) fetch(next.data + static_cast<std::int64_t>(j) * next.step + i);
    F v[2 * kUnits];
#pragma GCC unroll 4
    for (std::size_t u = 0; u < kUnits; ++u) {
      const Pair pair = Row::load(value + u * kUnit);
      v[2 * u] = pair.a;
      v[2 * u + 1] = pair.b;
    }
#pragma GCC unroll 4
    for (std::size_t r = 0; r < kRows; ++r) {
      const F p(weights[j * rows + r]);
#pragma GCC unroll 8
      for (std::size_t u = 0; u < 2 * kUnits; ++u) acc[r][u] = fma(p, v[u], acc[r][u]);
    }
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 8
    for (std::size_t u = 0; u < 2 * kUnits; ++u) {
      float* o = output + r * stride + u * kLanes;
      store(o, fma(load(o), F(factors[r]), acc[r][u]));
    }
}

// The same for all columns, `size` in whole units, and kRows of `rows`.
template <class Row, std::size_t kRows>
TENON_SIMD_NOINLINE void add_values(const char* values, std::int64_t step, std::size_t count, const float* weights, std::size_t rows,
                                    const float* factors, std::size_t size, float* output, Fetch next) {
  constexpr std::size_t kUnits = 4 / kRows;
  std::size_t c = 0;
  for (; size - c >= kUnits * kUnit; c += kUnits * kUnit)
    add_strip<Row, kRows, kUnits>(values + c * sizeof(typename Row::T), step, count, weights, rows, factors, size, output + c,
                                  c == 0 ? next : Fetch{});
  for (; c < size; c += kUnit)
    add_strip<Row, kRows, 1>(values + c * sizeof(typename Row::T), step, count, weights, rows, factors, size, output + c,
                             c == 0 ? next : Fetch{});
}

using ScoreKeys = void (*)(const char*, std::int64_t, std::size_t, const float*, std::size_t, float*, const char*, std::int64_t);
using AddValues = void (*)(const char*, std::int64_t, std::size_t, const float*, std::size_t, const float*, std::size_t, float*, Fetch);

template <class Row>
ScoreKeys score_of(std::size_t rows) {
  return rows == 1 ? score_keys<Row, 1> : rows == 2 ? score_keys<Row, 2> : rows == 4 ? score_keys<Row, 4> : score_keys<Row, 8>;
}
template <class Row>
AddValues add_of(std::size_t rows) {
  return rows == 1 ? add_values<Row, 1> : rows == 2 ? add_values<Row, 2> : add_values<Row, 4>;
}
inline ScoreKeys score_of(tenon_dtype dtype, std::size_t rows) {
  return dtype == TENON_F32 ? score_of<RowF32>(rows) : dtype == TENON_F16 ? score_of<RowF16>(rows) : score_of<RowBF16>(rows);
}
inline AddValues add_of(tenon_dtype dtype, std::size_t rows) {
  return dtype == TENON_F32 ? add_of<RowF32>(rows) : dtype == TENON_F16 ? add_of<RowF16>(rows) : add_of<RowBF16>(rows);
}

// Rows that are read where they lie, or in f32 copies with whole units.
struct Source {
  bool direct;
  bool interleaved;  // units are read even elements first
  std::size_t size;  // of a row, in whole units
  tenon_dtype dtype;
};
inline Source source_of(const Job& job, const Sheet& sheet, std::int64_t size) {
  Source s;
  s.direct = sheet.element == 1 && static_cast<std::size_t>(size) % kUnit == 0;
  s.dtype = s.direct ? job.dtype : tenon_dtype{TENON_F32};
  s.interleaved = s.dtype == TENON_BF16;
  s.size = (static_cast<std::size_t>(size) + kUnit - 1) / kUnit * kUnit;
  return s;
}
// Between the order of elements and that in which units are read.
inline void interleave(const float* from, float* to, std::size_t size, bool back) {
  for (std::size_t u = 0; u < size; u += kUnit)
    for (std::size_t i = 0; i < kLanes; ++i) {
      const std::size_t a = u + i, b = u + kLanes + i, even = u + 2 * i, odd = even + 1;
      to[back ? even : a] = from[back ? a : even];
      to[back ? odd : b] = from[back ? b : odd];
    }
}
// Copies rows of keys [first, first + count) to f32.
TENON_SIMD_NOINLINE void copy_rows(const Job& job, const Sheet& sheet, const Head& h, std::int64_t size, std::int64_t first,
                                   std::size_t count, std::size_t padded, float* to) {
  const Widen widen = widen_of(job.dtype);
  for (std::size_t j = 0; j < count; ++j, to += padded) {
    for (std::size_t i = padded - kUnit; i < padded; ++i) to[i] = 0;
    widen(key_of(job, sheet, h.batch, h.head, first + static_cast<std::int64_t>(j)), sheet.element, to, static_cast<std::size_t>(size));
  }
}

// What one thread works with, and what a chunk leaves: output [rows][size], then maxima and sums [rows].
struct DecodeBench {
  float *query, *scores, *keys, *values, *rows, *mask;
};
inline DecodeBench decode_bench(const Job& job, std::size_t slot) {
  float* const base = job.memory + slot * job.layout.total;
  const Layout& l = job.layout;
  return {base + l.query, base + l.scores, base + l.keys, base + l.values, base + l.rows, base + l.mask};
}

// One score, step by step as the text has it.
float rescore_one(const Job& job, const Head& h, std::int64_t row, std::int64_t key, float* buffer) {
  const auto n = static_cast<std::size_t>(job.size);
  const Widen widen = widen_of(job.dtype);
  widen(row_of(job, job.q, h.batch, h.head, row), job.q.element, buffer, n);
  widen(key_of(job, job.k, h.batch, h.head, key), job.k.element, buffer + n, n);
  float sum = 0;
  for (std::size_t d = 0; d < n; ++d) sum = sum + buffer[d] * buffer[n + d];
  return job.scale == 1 ? sum : sum * job.scale;
}

// What stands between the products: overflow, cap, mask, position. Returns whether a score may be NaN.
TENON_SIMD_NOINLINE bool adjust(const Job& job, const Head& h, std::size_t rows, std::int64_t first, std::size_t count, DecodeBench& b) {
  const std::int64_t given = job.group * job.queries, end = first + static_cast<std::int64_t>(count);
  F spoiled(0.0f);
  for (std::size_t i = 0; i < count * rows; i += kLanes) {
    const F s = load(b.scores + i);
    spoiled = spoiled + (s - s);
  }
  bool special = xsimd::any(xsimd::isnan(spoiled));
  if (special)
    for (std::size_t i = 0; i < count * rows; ++i)
      if (const auto row = static_cast<std::int64_t>(i % rows); row < given && b.scores[i] - b.scores[i] != 0)
        b.scores[i] = rescore_one(job, h, row, first + static_cast<std::int64_t>(i / rows), b.rows);
  if (job.cap != 0) {
    const F limit(job.cap);
    for (std::size_t i = 0; i < count * rows; i += kLanes) store(b.scores + i, tanh(load(b.scores + i) / limit) * limit);
  }
  for (std::int64_t row = 0; row < given; ++row) {
    float* scores = b.scores + row;
    if (job.mask.data != nullptr) {
      const Mask& mask = job.mask;
      const bool select = mask.dtype == TENON_I1;
      special = special || !select;
      widen_of(mask.dtype)(mask.data + bytes_of(mask.dtype) * (h.batch * mask.batch + h.head * mask.head + first * mask.key +
                                                               row % job.group * mask.group + row / job.group * mask.query),
                           mask.key, b.mask, count);
      for (std::size_t j = 0; j < count; ++j) {
        float& s = scores[j * rows];
        s = !select ? s + b.mask[j] : b.mask[j] != 0 ? s : kNone;
      }
    }
    const Range seen = seen_by(job, h, row / job.group);
    for (std::int64_t key = first; key < least(seen.low, end); ++key) scores[static_cast<std::size_t>(key - first) * rows] = kNone;
    for (std::int64_t key = most(seen.high, first); key < end; ++key) scores[static_cast<std::size_t>(key - first) * rows] = kNone;
  }
  return special;
}

// Scores become weights; maxima and sums in the pattern of the rows, factors: what earlier outputs are to be multiplied with.
template <bool kSpecial>
TENON_SIMD_NOINLINE void soften_few(float* scores, std::size_t count, std::size_t rows, float* maxima, float* sums, float* factors) {
  constexpr std::size_t kVectorsOfPattern = kPattern / kLanes;
  const std::size_t n = count * rows, whole = (n + kPattern - 1) / kPattern * kPattern;
  for (std::size_t i = n; i < whole; ++i) scores[i] = kNone;
  alignas(64) float lanes[kPattern];
  F top[kVectorsOfPattern], sum[kVectorsOfPattern];
  for (std::size_t v = 0; v < kVectorsOfPattern; ++v) {
    top[v] = load(maxima + v * kLanes);
    sum[v] = F(0.0f);
  }
  for (std::size_t i = 0; i < whole; i += kPattern)
    for (std::size_t v = 0; v < kVectorsOfPattern; ++v) top[v] = xsimd::max(load(scores + i + v * kLanes), top[v]);
  for (std::size_t v = 0; v < kVectorsOfPattern; ++v) store(lanes + v * kLanes, top[v]);
  for (std::size_t half = kPattern / 2; half >= rows; half /= 2)
    for (std::size_t i = 0; i < half; ++i) lanes[i] = lanes[i + half] > lanes[i] ? lanes[i + half] : lanes[i];
  for (std::size_t i = rows; i < kPattern; ++i) lanes[i] = lanes[i - rows];
  for (std::size_t v = 0; v < kVectorsOfPattern; ++v) {
    const F old = load(maxima + v * kLanes);
    top[v] = load(lanes + v * kLanes);
    store(factors + v * kLanes, xsimd::select(top[v] > old, weight<true>(old - top[v]), F(1.0f)));
    store(maxima + v * kLanes, top[v]);
  }
  for (std::size_t i = 0; i < whole; i += kPattern)
    for (std::size_t v = 0; v < kVectorsOfPattern; ++v) {
      const F p = weight<kSpecial>(load(scores + i + v * kLanes) - top[v]);
      store(scores + i + v * kLanes, p);
      sum[v] = sum[v] + p;
    }
  for (std::size_t v = 0; v < kVectorsOfPattern; ++v) store(lanes + v * kLanes, sum[v]);
  for (std::size_t half = kPattern / 2; half >= rows; half /= 2)
    for (std::size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  for (std::size_t i = 0; i < kPattern; ++i) sums[i] = sums[i] * factors[i] + lanes[i % rows];
}

// The rows' queries, scaled, in the order in which keys are read; absent rows are zero.
void pack_few(const Job& job, const Head& h, const Source& keys, std::size_t rows, float* buffer, float* to) {
  const Widen widen = widen_of(job.dtype);
  const auto n = static_cast<std::size_t>(job.size);
  for (std::size_t r = 0; r < rows; ++r, to += keys.size) {
    for (std::size_t d = 0; d < keys.size; ++d) buffer[d] = 0;
    if (static_cast<std::int64_t>(r) < job.group * job.queries)
      widen(row_of(job, job.q, h.batch, h.head, static_cast<std::int64_t>(r)), job.q.element, buffer, n);
    for (std::size_t d = 0; d < n; ++d) buffer[d] *= job.scale;
    if (keys.interleaved) {
      interleave(buffer, to, keys.size, false);
    } else {
      for (std::size_t d = 0; d < keys.size; ++d) to[d] = buffer[d];
    }
  }
}

// Chunk `chunk` of a key head.
void run_chunk(const Job& job, const Head& h, std::size_t index, std::size_t chunk, std::size_t slot) {
  DecodeBench b = decode_bench(job, slot);
  const Source key_source = source_of(job, job.k, job.size), value_source = source_of(job, job.v, job.value_size);
  const std::size_t rows = job.rows;
  float* const output = job.partials + (index * job.blocks + chunk) * job.partial;
  alignas(64) float maxima[kPattern], sums[kPattern], factors[kPattern];
  for (std::size_t i = 0; i < kPattern; ++i) {
    maxima[i] = kLowest;
    sums[i] = 0;
  }
  for (std::size_t i = 0; i < rows * value_source.size; ++i) output[i] = 0;
  const Range from = seen_by(job, h, 0), to = seen_by(job, h, job.queries - 1);
  const auto length = static_cast<std::int64_t>(job.block_keys), start = static_cast<std::int64_t>(chunk) * length;
  const std::int64_t low = most(start, h.visit_all ? 0 : from.low), high = least(start + length, h.visit_all ? h.length : to.high);
  if (low < high) pack_few(job, h, key_source, rows, b.rows, b.query);
  const ScoreKeys score = score_of(key_source.dtype, rows);
  const AddValues add = add_of(value_source.dtype, rows);
  const std::size_t together = rows < 4 ? rows : 4;
  for (std::int64_t first = low; first < high;) {
    const std::int64_t end =
        least(start + ((first - start) / static_cast<std::int64_t>(kBlock) + 1) * static_cast<std::int64_t>(kBlock), high);
    const auto count = static_cast<std::size_t>(end - first);
    const char *keys = key_of(job, job.k, h.batch, h.head, first), *values = key_of(job, job.v, h.batch, h.head, first);
    std::int64_t key_step = job.k.sequence * bytes_of(job.dtype), value_step = job.v.sequence * bytes_of(job.dtype);
    if (!key_source.direct) {
      copy_rows(job, job.k, h, job.size, first, count, key_source.size, b.keys);
      keys = reinterpret_cast<const char*>(b.keys);
      key_step = static_cast<std::int64_t>(key_source.size * sizeof(float));
    }
    if (!value_source.direct) {
      copy_rows(job, job.v, h, job.value_size, first, count, value_source.size, b.values);
      values = reinterpret_cast<const char*>(b.values);
      value_step = static_cast<std::int64_t>(value_source.size * sizeof(float));
    }
    score(keys, key_step, count, b.query, key_source.size, b.scores, values, value_step);
    if (adjust(job, h, rows, first, count, b))
      soften_few<true>(b.scores, count, rows, maxima, sums, factors);
    else
      soften_few<false>(b.scores, count, rows, maxima, sums, factors);
    Fetch next;
    if (key_source.direct && end < high)
      next = {keys + static_cast<std::int64_t>(count) * key_step, key_step,
              key_source.size * static_cast<std::size_t>(bytes_of(job.dtype))};
    for (std::size_t r = 0; r < rows; r += together)
      add(values, value_step, count, b.scores + r, rows, factors + r, value_source.size, output + r * value_source.size,
          r == 0 ? next : Fetch{});
    first = end;
  }
  float* const state = output + rows * value_source.size;
  for (std::size_t r = 0; r < rows; ++r) {
    state[r] = maxima[r];
    state[rows + r] = sums[r];
  }
}

inline float weight_of(float x) {
  alignas(64) float lanes[kLanes];
  store(lanes, weight<true>(F(x)));
  return lanes[0];
}

// Joins the chunks of a key head, in order.
void merge(const Job& job, std::size_t index, std::size_t slot) {
  const Head h = head_at(job, index);
  DecodeBench b = decode_bench(job, slot);
  const Source source = source_of(job, job.v, job.value_size);
  const auto n = static_cast<std::size_t>(job.value_size);
  const std::size_t rows = job.rows, size = source.size;
  const float* const partials = job.partials + index * job.blocks * job.partial;
  for (std::int64_t row = 0; row < job.group * job.queries; ++row) {
    const auto r = static_cast<std::size_t>(row);
    float top, sum;
    begin_row(job, h, row, top, sum);
    const float sink = top;
    for (std::size_t c = 0; c < job.blocks; ++c) {
      const float own = partials[c * job.partial + rows * size + r];
      top = own > top ? own : top;
    }
    if (sum != 0) sum *= top == sink ? 1 : weight_of(sink - top);
    float* const total = b.rows;
    for (std::size_t i = 0; i < size; ++i) total[i] = 0;
    for (std::size_t c = 0; c < job.blocks; ++c) {
      const float* chunk = partials + c * job.partial;
      const float own = chunk[rows * size + r], factor = own == top ? 1 : weight_of(own - top);
      sum += factor * chunk[rows * size + rows + r];
      for (std::size_t i = 0; i < size; i += kLanes) store(total + i, fma(load(chunk + r * size + i), F(factor), load(total + i)));
    }
    const F divisor(sum == 0 ? 1 : sum);
    for (std::size_t i = 0; i < size; i += kLanes) store(total + i, load(total + i) / divisor);
    float* ordered = total;
    if (source.interleaved) interleave(total, ordered = total + size, size, true);
    narrow_of(job.dtype)(ordered, row_of(job, job.o, h.batch, h.head, row), job.o.element, n);
    write_log_sum_exp(job, h, row, top, sum);
  }
}

}  // namespace attend
}  // namespace
