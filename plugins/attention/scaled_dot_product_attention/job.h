// One run of the kernel: what kernel.cpp hands to a level's table in kernel.simd.cpp. Plain types only.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tenon/plugin.h"

namespace tenon::attention::sdpa {

// Query, key, value or output; strides in elements. Key and value have no group.
struct Sheet {
  char* data;
  int64_t batch, head, group, sequence, element;
};

// An operand that broadcasts: where it does, its stride is 0. data null: absent.
struct Mask {
  const char* data;
  tenon_dtype dtype;
  int64_t batch, head, group, query, key;
};
struct Line {  // key_lengths, sinks
  const char* data;
  tenon_dtype dtype;
  int64_t step;
};
struct LogSumExp {
  float* data;
  int64_t batch, head, group, query;
};

// The workspace of one thread, in floats from its beginning.
struct Layout {
  size_t info, query, output, maxima, sums, scores, mask, keys, values, rows, total;
};

// Rows are the queries of all heads that share a key: row number r is query r / group of head r % group. A task handles a few panels of
// rows.
struct Job {
  tenon_dtype dtype;
  int64_t batch, heads, group, queries, keys, size, value_size;
  bool causal, bottom_right;
  int64_t window;    // 0: none
  float scale, cap;  // cap 0: none
  Sheet q, k, v, o;
  Mask mask;
  Line lengths, sinks;
  LogSumExp log_sum_exp;

  // By panels of rows (prefill), or, with few rows, by chunks of keys (decode).
  size_t rows;          // decode: of one key head, rounded up to a power of two; 0: prefill
  size_t block_keys;    // prefill: keys that are packed at once; decode: keys of a chunk
  size_t block_panels;  // prefill: of a task
  size_t blocks;        // tasks of one key head
  // One per batch and key head, null where every key is visited anyway: whether values hold something that is not finite. Where they do,
  // no key is skipped: a value that a query may not see counts with weight 0, and 0 times that is NaN.
  uint8_t* visit_all;
  float* memory;    // `layout.total` floats for each slot
  float* partials;  // decode: `partial` floats for each task
  size_t partial;
  Layout layout;
};

struct Table {
  size_t panel;    // rows that are computed side by side
  size_t columns;  // of values that are computed together
  size_t lanes;
  // Key heads [begin, end), counted over the batch: fills visit_all.
  void (*inspect)(const Job& job, size_t begin, size_t end, size_t slot);
  // Tasks [begin, end).
  void (*prefill)(const Job& job, size_t begin, size_t end, size_t slot);
  void (*decode)(const Job& job, size_t begin, size_t end, size_t slot);
  void (*merge)(const Job& job, size_t begin, size_t end, size_t slot);  // key heads, after decode
};

constexpr size_t kDecodeRows = 8;    // at most: more fill a panel
constexpr size_t kDecodeBlock = 64;  // keys

// What a panel needs beside numbers.
struct PanelInfo {
  int64_t first, count;         // rows
  int64_t low, high;            // keys that some row sees
  int64_t full_low, full_high;  // keys that every row sees, as far as positions tell
  float largest;                // magnitude in the query; NaN if there is one
  bool begun;                   // some keys are done
};

constexpr size_t kPadding = 16;  // floats behind what whole vectors are read from or written to

struct Taker {
  size_t at = 0;
  size_t take(size_t floats) {
    const size_t begin = at;
    at += (floats + 15) / 16 * 16;
    return begin;
  }
};

static inline Layout decode_layout(const Job& job, const Table& table) {
  const size_t unit = 2 * table.lanes;
  const size_t d = (static_cast<size_t>(job.size) + unit - 1) / unit * unit,
               dv = (static_cast<size_t>(job.value_size) + unit - 1) / unit * unit;
  Layout layout{};
  Taker floats;
  layout.query = floats.take(job.rows * d);
  layout.scores = floats.take(kDecodeBlock * kDecodeRows + 4 * 16);
  layout.mask = floats.take(kDecodeBlock);
  layout.keys = floats.take(kDecodeBlock * d);
  layout.values = floats.take(kDecodeBlock * dv);
  layout.rows = floats.take(2 * (d > dv ? d : dv));
  layout.total = floats.at;
  return layout;
}
// Output [rows][whole units], maxima and sums [rows].
static inline size_t partial_floats(const Job& job, const Table& table) {
  const size_t unit = 2 * table.lanes, dv = (static_cast<size_t>(job.value_size) + unit - 1) / unit * unit;
  return (job.rows * (dv + 2) + 15) / 16 * 16;
}

static inline Layout prefill_layout(const Job& job, const Table& table) {
  const size_t d = static_cast<size_t>(job.size), dv = static_cast<size_t>(job.value_size), widest = d > dv ? d : dv;
  const size_t groups = (dv + table.columns - 1) / table.columns, line = widest > job.block_keys ? widest : job.block_keys;
  Layout layout;
  Taker floats;
  layout.info = floats.take(job.block_panels * sizeof(PanelInfo) / sizeof(float));
  layout.query = floats.take(job.block_panels * d * table.panel);
  layout.output = floats.take(job.block_panels * dv * table.panel);
  layout.maxima = floats.take(job.block_panels * table.panel);
  layout.sums = floats.take(job.block_panels * table.panel);
  layout.scores = floats.take(job.block_keys * table.panel);
  layout.mask = floats.take(job.mask.data != nullptr ? job.block_keys * table.panel : 0);
  layout.keys = floats.take(job.block_keys * d + kPadding);
  layout.values = floats.take(groups * (job.block_keys * table.columns + kPadding));
  layout.rows = floats.take(4 * (line + kPadding));
  layout.total = floats.at;
  return layout;
}

}  // namespace tenon::attention::sdpa
