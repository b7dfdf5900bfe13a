// One run of a kernel: what kernel.cpp hands to a level's table in kernel.simd.cpp, or to the f64 kernel. Plain types only.
#pragma once

#include "plugins/support/path.h"
#include "plugins/support/rows.h"

namespace tenon::rms_norm {

enum Slot : int { kX, kR, kM, kY, kS, kSlots };  // input, residual, multiplicand, output, sum

using kernels::Path;

// In what form the second pass reads the scale.
enum class Weights : uint8_t {
  None,
  Wide,  // f32: the caller's own, or made by Table::prepare
  Own,   // in the rows' 16-bit type, as the caller gave it
};

struct Scale {
  const char* data;  // null: none
  tenon_dtype dtype;
  bool unit_offset;
  bool contiguous;
  int64_t strides[TENON_MAX_RANK];  // as Space::inner_sizes
};

struct Job {
  tenon_dtype dtype;
  Path path;
  double epsilon;
  rows::Space space;
  rows::View views[kSlots];
  Scale scale;
  // For the SIMD kernels: scale or 1 + scale. `prepared`: in the order in which rows are read, a whole unit for each incomplete one.
  Weights weights_form;
  bool prepared;
  const void* weights;
  size_t head;  // elements before the first aligned address of an output row (Stream only)
  // Rows that are not contiguous go through these: three for each thread's slot, each of row_bytes, a multiple of 64.
  char* buffers;
  size_t row_bytes;
};

struct Table {
  size_t vector_bytes;
  size_t unit;  // elements that are handled at once
  // The weights of job.scale, for job.dtype and job.head; out has room for length + 2 * unit.
  void (*prepare)(const Job& job, float* out);
  // Rows [begin, end); slot: which of the buffers to use.
  void (*run)(const Job& job, size_t begin, size_t end, size_t slot);
};

}  // namespace tenon::rms_norm
