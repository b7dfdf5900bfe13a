// For kernel.simd.cpp: attention by panels of rows. A task takes some panels of one key head through all blocks of keys that they see: a
// block is packed once, then for each panel scores, softmax, values.
#pragma once

#include "plugins/attention/scaled_dot_product_attention/pack.hpp"
#include "plugins/attention/scaled_dot_product_attention/softmax.hpp"

namespace {
namespace attend {

inline std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
inline std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

// Keys that a row of the batch has.
inline std::int64_t length_of(const Job& job, std::int64_t batch) {
  if (job.lengths.data == nullptr) return job.keys;
  const std::int64_t at = batch * job.lengths.step;
  const std::int64_t given = job.lengths.dtype == TENON_I64 ? reinterpret_cast<const std::int64_t*>(job.lengths.data)[at]
                                                            : reinterpret_cast<const std::int32_t*>(job.lengths.data)[at];
  return most(0, least(given, job.keys));
}

// One batch and key head, and what all its tasks share.
struct Head {
  std::int64_t batch, head, length;
  std::int64_t offset;  // the key on a query's diagonal is query + offset
  bool visit_all;
};
inline Head head_at(const Job& job, std::size_t index) {
  Head h;
  h.batch = static_cast<std::int64_t>(index) / job.heads;
  h.head = static_cast<std::int64_t>(index) % job.heads;
  h.length = length_of(job, h.batch);
  h.offset = job.bottom_right ? h.length - job.queries : 0;
  h.visit_all = job.visit_all != nullptr && job.visit_all[index] != 0;
  return h;
}

// Keys [low, high) that a query sees by position.
struct Range {
  std::int64_t low, high;
};
inline Range seen_by(const Job& job, const Head& h, std::int64_t query) {
  const std::int64_t diagonal = query + h.offset;
  Range seen{0, h.length};
  if (job.causal) seen.high = most(0, least(h.length, diagonal + 1));
  if (job.window > 0) seen.low = least(h.length, most(0, diagonal - job.window + 1));
  return seen;
}

void fill_ranges(const Job& job, const Head& h, PanelInfo& panel) {
  const Range first = seen_by(job, h, panel.first / job.group), last = seen_by(job, h, (panel.first + panel.count - 1) / job.group);
  panel.low = h.visit_all ? 0 : first.low;
  panel.high = h.visit_all ? h.length : last.high;
  panel.full_low = last.low;
  panel.full_high = first.high;
}

// What one thread works with.
struct Bench {
  PanelInfo* panels;
  float *query, *output, *maxima, *sums, *scores, *mask, *keys, *values, *rows;
};
inline Bench bench_of(const Job& job, std::size_t slot) {
  float* const base = job.memory + slot * job.layout.total;
  const Layout& l = job.layout;
  return {reinterpret_cast<PanelInfo*>(base + l.info),
          base + l.query,
          base + l.output,
          base + l.maxima,
          base + l.sums,
          base + l.scores,
          base + l.mask,
          base + l.keys,
          base + l.values,
          base + l.rows};
}

// Where a row's softmax begins: with the logit that joins the sum without a value, if there is one.
inline void begin_row(const Job& job, const Head& h, std::int64_t row, float& maximum, float& sum) {
  maximum = kLowest;
  sum = 0;
  if (job.sinks.data == nullptr) return;
  const float sink =
      read_one(job.sinks.dtype, job.sinks.data + bytes_of(job.sinks.dtype) * job.sinks.step * (h.head * job.group + row % job.group));
  if (sink == kNone) return;
  const bool finite = sink - sink == 0;
  maximum = finite ? sink : 0;
  sum = finite ? 1 : __builtin_nanf("");
}
void begin_softmax(const Job& job, const Head& h, const PanelInfo& panel, float* maxima, float* sums) {
  for (std::size_t lane = 0; lane < kPanel; ++lane)
    begin_row(job, h, panel.first + least(static_cast<std::int64_t>(lane), panel.count - 1), maxima[lane], sums[lane]);
}
inline void write_log_sum_exp(const Job& job, const Head& h, std::int64_t row, float maximum, float sum) {
  const LogSumExp& lse = job.log_sum_exp;
  if (lse.data == nullptr) return;
  lse.data[h.batch * lse.batch + h.head * lse.head + row % job.group * lse.group + row / job.group * lse.query] =
      sum == 0 ? kNone : __builtin_logf(sum) + maximum;
}

// Scores of keys whose products f32 may not hold, step by step as the text has them: with FMA, an overflow would not be one.
TENON_SIMD_NOINLINE bool rescore(const Job& job, const Head& h, const PanelInfo& panel, const float* keys, std::size_t count,
                                 float largest_key, Bench& b, float* query, float* scores) {
  const auto size = static_cast<std::size_t>(job.size);
  const float magnitude = job.scale < 0 ? -job.scale : job.scale;
  const float factor = panel.largest * static_cast<float>(size) * (magnitude > 1 ? magnitude : 1);
  if (factor * largest_key < 1e37f) return false;
  bool unscaled = false;
  for (std::size_t j = 0; j < count; ++j) {
    const float* key = keys + j * size;
    if (factor * largest(key, size) < 1e37f) continue;
    if (!unscaled) pack_query(job, h.batch, h.head, panel, 1, b.rows, query);
    unscaled = true;
    for (std::size_t v = 0; v < kVectors; ++v) {
      F sum(0.0f);
      for (std::size_t d = 0; d < size; ++d) sum = sum + load(query + d * kPanel + v * kLanes) * F(key[d]);
      store(scores + j * kPanel + v * kLanes, job.scale == 1 ? sum : sum * F(job.scale));
    }
  }
  if (unscaled) pack_query(job, h.batch, h.head, panel, job.scale, b.rows, query);
  return true;
}

// Hides what is outside the lanes' ranges; `first`: the scores' first key.
TENON_SIMD_NOINLINE void hide(const Job& job, const Head& h, const PanelInfo& panel, std::int64_t first, std::size_t count, float* scores) {
  const std::int64_t end = first + static_cast<std::int64_t>(count);
  alignas(64) float low[kPanel], high[kPanel];
  for (std::size_t lane = 0; lane < kPanel; ++lane) {
    const Range seen = seen_by(job, h, (panel.first + least(static_cast<std::int64_t>(lane), panel.count - 1)) / job.group);
    low[lane] = static_cast<float>(least(most(seen.low - first, 0), static_cast<std::int64_t>(count)));
    high[lane] = static_cast<float>(least(most(seen.high - first, 0), static_cast<std::int64_t>(count)));
  }
  const auto from_first = [&](std::int64_t key) { return static_cast<std::size_t>(least(most(key, first), end) - first); };
  const std::size_t before = from_first(panel.full_low), after = from_first(panel.full_high);
  if (before >= after) return hide_scores(scores, 0, count, low, high);
  hide_scores(scores, 0, before, low, high);
  hide_scores(scores, after, count, low, high);
}

// A packed block of keys and values.
struct Block {
  std::int64_t first, end;
  const float* keys;
  float largest;  // magnitude in the keys; NaN if one is not finite
};

// One panel against keys [begin, end) of a block.
void attend_block(const Job& job, const Head& h, Bench& b, std::size_t number, const Block& block, std::int64_t begin, std::int64_t end) {
  PanelInfo& panel = b.panels[number];
  const auto size = static_cast<std::size_t>(job.size), value_size = static_cast<std::size_t>(job.value_size);
  const auto skipped = static_cast<std::size_t>(begin - block.first), count = static_cast<std::size_t>(end - begin);
  float* query = b.query + number * size * kPanel;
  float* output = b.output + number * value_size * kPanel;
  float *maxima = b.maxima + number * kPanel, *sums = b.sums + number * kPanel;
  const float* keys = block.keys + skipped * size;
  alignas(64) float new_maxima[kPanel];
  for (std::size_t v = 0; v < kPanel; v += kLanes) store(new_maxima + v, load(maxima + v));
  score_block(query, keys, size, count, b.scores, new_maxima);
  bool special = rescore(job, h, panel, keys, count, block.largest, b, query, b.scores), changed = special;
  if (job.cap != 0) cap_scores(b.scores, count, job.cap);
  if (job.mask.data != nullptr) {
    const bool one_row = pack_mask(job, h.batch, h.head, panel, begin, count, b.rows, b.mask);
    mask_scores(b.scores, count, b.mask, one_row, job.mask.dtype == TENON_I1);
    special = special || job.mask.dtype != TENON_I1;
  }
  const bool hides = begin < panel.full_low || end > panel.full_high;
  if (hides) hide(job, h, panel, begin, count, b.scores);
  if (changed || hides || job.cap != 0 || job.mask.data != nullptr) find_most(b.scores, count, maxima, new_maxima);
  const std::size_t rescaled = panel.begun ? value_size : 0;
  panel.begun = true;
  if (special)
    soften<true>(b.scores, count, new_maxima, maxima, sums, output, rescaled);
  else
    soften<false>(b.scores, count, new_maxima, maxima, sums, output, rescaled);
  value_block(b.scores, b.values + skipped * kColumns, job.block_keys * kColumns + kPadding, value_size, count, output);
}

// Part `part` of `parts` of what the next block will be packed from, into the cache: its latency passes while a panel is computed.
inline void prefetch_rows(const Job& job, const Sheet& sheet, const Head& h, std::int64_t size, std::int64_t begin, std::int64_t end) {
  if (sheet.element != 1) return;
  const std::int64_t bytes = size * bytes_of(job.dtype);
  for (std::int64_t key = begin; key < end; ++key) {
    const char* row = key_of(job, sheet, h.batch, h.head, key);
    for (std::int64_t at = 0; at < bytes; at += 64) fetch(row + at);
  }
}
void prefetch_part(const Job& job, const Head& h, std::int64_t first, std::int64_t end, std::size_t part, std::size_t parts) {
  if (first >= end) return;
  const std::int64_t keys = end - first, whole = static_cast<std::int64_t>(parts), now = static_cast<std::int64_t>(part);
  const std::int64_t begin = first + keys * now / whole, stop = first + keys * (now + 1) / whole;
  prefetch_rows(job, job.k, h, job.size, begin, stop);
  prefetch_rows(job, job.v, h, job.value_size, begin, stop);
}

// Divides by the sums, turns the panel back into rows and rounds.
void finish(const Job& job, const Head& h, Bench& b, std::size_t number) {
  const PanelInfo& panel = b.panels[number];
  const auto n = static_cast<std::size_t>(job.value_size);
  float* output = b.output + number * n * kPanel;
  const float *maxima = b.maxima + number * kPanel, *sums = b.sums + number * kPanel;
  F factor[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) {
    const F sum = load(sums + v * kLanes);
    factor[v] = divide(F(1.0f), xsimd::select(sum == F(0.0f), F(1.0f), sum));
  }
  for (std::size_t c = 0; c < n; ++c)
    for (std::size_t v = 0; v < kVectors; ++v) {
      float* o = output + c * kPanel + v * kLanes;
      store(o, load(o) * factor[v]);
    }
  const Narrow narrow = narrow_of(job.dtype);
  for (std::size_t lane = 0; static_cast<std::int64_t>(lane) < panel.count; lane += 4) {
    transpose_to_4(output + lane, kPanel, n, b.rows, n);
    for (std::size_t i = 0; i < 4 && static_cast<std::int64_t>(lane + i) < panel.count; ++i)
      narrow(b.rows + i * n, row_of(job, job.o, h.batch, h.head, panel.first + static_cast<std::int64_t>(lane + i)), job.o.element, n);
  }
  for (std::int64_t lane = 0; lane < panel.count; ++lane) write_log_sum_exp(job, h, panel.first + lane, maxima[lane], sums[lane]);
}

// Task `number` of a key head: rows from its first panel on.
void run_task(const Job& job, const Head& h, std::size_t number, std::size_t slot) {
  Bench b = bench_of(job, slot);
  const std::int64_t rows = job.group * job.queries;
  const auto size = static_cast<std::size_t>(job.size), value_size = static_cast<std::size_t>(job.value_size);
  std::size_t panels = 0;
  std::int64_t low = job.keys, high = 0;
  for (; panels < job.block_panels; ++panels) {
    PanelInfo& panel = b.panels[panels];
    panel.first = static_cast<std::int64_t>((number * job.block_panels + panels) * kPanel);
    if (panel.first >= rows) break;
    panel.count = least(rows - panel.first, static_cast<std::int64_t>(kPanel));
    panel.begun = false;
    fill_ranges(job, h, panel);
    panel.largest = pack_query(job, h.batch, h.head, panel, job.scale, b.rows, b.query + panels * size * kPanel);
    begin_softmax(job, h, panel, b.maxima + panels * kPanel, b.sums + panels * kPanel);
    if (panel.low >= panel.high) continue;
    low = least(low, panel.low);
    high = most(high, panel.high);
  }
  for (std::size_t i = 0; i < panels * value_size * kPanel; i += kLanes) store(b.output + i, F(0.0f));
  const auto step = static_cast<std::int64_t>(job.block_keys);
  for (std::int64_t start = low / step * step; start < high; start += step) {
    Block block{most(start, low), least(start + step, high), nullptr, 0};
    const auto count = static_cast<std::size_t>(block.end - block.first);
    block.keys = pack_keys(job, h.batch, h.head, block.first, count, b.keys);
    pack_values(job, h.batch, h.head, block.first, count, b.rows, b.values);
    block.largest = largest(block.keys, count * size);
    for (std::size_t p = 0; p < panels; ++p) {
      prefetch_part(job, h, block.end, least(block.end + step, high), p, panels);
      const std::int64_t from = most(block.first, b.panels[p].low), to = least(block.end, b.panels[p].high);
      if (from < to) attend_block(job, h, b, p, block, from, to);
    }
  }
  for (std::size_t p = 0; p < panels; ++p) finish(job, h, b, p);
}

}  // namespace attend
}  // namespace
