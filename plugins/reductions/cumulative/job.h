// One run of cumsum: what kernel.cpp hands to a level's table. Plain types only.
#pragma once

#include "plugins/reductions/space.h"

namespace tenon::reductions::cumulative {

struct Job {
  tenon_dtype dtype;
  size_t element_bytes;
  bool exclusive, reverse;
  size_t length;               // of the axis
  int64_t x_stride, y_stride;  // of the axis
  size_t columns;              // how many of `inner` a task takes
  size_t strips;               // tasks of `inner`
  const char* x;
  char* y;
  Group kept, inner;
  char* buffers;  // for each slot: three arrays of length * columns sums
  size_t slot_bytes;
};

struct Table {
  void (*run)(const Job& job, size_t begin, size_t end, size_t slot);  // tasks of kept * strips
};

}  // namespace tenon::reductions::cumulative
