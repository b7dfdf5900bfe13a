// One run of softmax or log_softmax: what kernel.cpp hands to a level's table in kernel.simd.cpp, or to the f64 kernel. Plain types only.
#pragma once

#include "plugins/support/columns.h"
#include "plugins/support/path.h"
#include "plugins/support/rows.h"

namespace tenon::softmax {

using columns::Columns;
using kernels::Path;

struct Job {
  tenon_dtype dtype;
  bool log;
  Path path;
  rows::Space space;
  rows::View x, y;
  Columns columns;  // where the rows lie side by side
  // For each thread's slot: f32 numbers of a row or of a tile, then a row of the dtype, for rows that are not contiguous.
  char* buffers;
  size_t slot_bytes;
  size_t wide_bytes;  // of the f32 numbers
};

struct Table {
  size_t vector_bytes;
  size_t unit;  // elements that are handled at once
  // Rows [begin, end); slot: which of the buffers to use.
  void (*rows)(const Job& job, size_t begin, size_t end, size_t slot);
  // Tiles [begin, end) of columns.
  void (*columns)(const Job& job, size_t begin, size_t end, size_t slot);
};

}  // namespace tenon::softmax
