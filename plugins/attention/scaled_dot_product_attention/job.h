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

  size_t block_keys;    // keys that are packed at once
  size_t block_panels;  // of a task
  size_t blocks;        // tasks of one key head
  // One per batch and key head, null where every key is visited anyway: whether values hold something that is not finite. Where they do,
  // no key is skipped: a value that a query may not see counts with weight 0, and 0 times that is NaN.
  uint8_t* visit_all;
  float* memory;  // `layout.total` floats for each slot
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
};

// What a panel needs beside numbers.
struct PanelInfo {
  int64_t first, count;         // rows
  int64_t low, high;            // keys that some row sees
  int64_t full_low, full_high;  // keys that every row sees, as far as positions tell
  float largest;                // magnitude in the query; NaN if there is one
};

constexpr size_t kPadding = 16;  // floats behind what whole vectors are read from or written to

static inline Layout make_layout(const Job& job, const Table& table) {
  const size_t d = static_cast<size_t>(job.size), dv = static_cast<size_t>(job.value_size), widest = d > dv ? d : dv;
  const size_t groups = (dv + table.columns - 1) / table.columns, line = widest > job.block_keys ? widest : job.block_keys;
  Layout layout;
  size_t at = 0;
  const auto take = [&at](size_t floats) {
    const size_t begin = at;
    at += (floats + 15) / 16 * 16;
    return begin;
  };
  layout.info = take(job.block_panels * sizeof(PanelInfo) / sizeof(float));
  layout.query = take(job.block_panels * d * table.panel);
  layout.output = take(job.block_panels * dv * table.panel);
  layout.maxima = take(job.block_panels * table.panel);
  layout.sums = take(job.block_panels * table.panel);
  layout.scores = take(job.block_keys * table.panel);
  layout.mask = take(job.mask.data != nullptr ? job.block_keys * table.panel : 0);
  layout.keys = take(job.block_keys * d + kPadding);
  layout.values = take(groups * (job.block_keys * table.columns + kPadding));
  layout.rows = take(4 * (line + kPadding));
  layout.total = at;
  return layout;
}

}  // namespace tenon::attention::sdpa
