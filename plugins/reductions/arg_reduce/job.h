// One run of argmax or argmin: what kernel.cpp hands to a level's table. Plain types only.
#pragma once

#include "plugins/reductions/space.h"

namespace tenon::reductions::arg {

constexpr size_t kBlock = 512;   // elements of a row whose largest one is taken at once
constexpr size_t kStrip = 1024;  // columns of one task

// In *columns* the axis is run through row by row, with `inner` beside it; in rows each result has its own run, and `inner` is empty.
struct Job {
  tenon_dtype dtype;
  size_t element_bytes;
  bool is_float, is_signed, smallest, last, wide_index, columns;
  size_t length;   // of the axis
  int64_t stride;  // of the axis
  size_t strips;
  const char* x;
  char* y;
  Group kept, inner;
  char* buffers;
  size_t slot_bytes;
};

// For each slot: a strip's keys and indices, and gathered elements.
constexpr size_t kSlotBytes = (8 + 8 + 8) * kStrip;
static_assert(kBlock <= kStrip);

struct Table {
  void (*run)(const Job& job, size_t begin, size_t end, size_t slot);  // tasks of kept * strips
};

}  // namespace tenon::reductions::arg
