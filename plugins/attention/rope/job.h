// One run of the kernel: what kernel.cpp hands to a level's table in kernel.simd.cpp. Plain types only.
#pragma once

#include "plugins/support/path.h"
#include "plugins/support/rows.h"

namespace tenon::attention::rope {

using kernels::Path;

// Where the cosines and sines of a position come from.
enum class Source : uint8_t {
  Known,   // the plan has them, arranged
  Given,   // operands
  Turns,   // frequencies in units of 2^-32 turns and what is left of one
  Angles,  // frequencies in f32, which only the run knows
};

// A table that was given, [batch, sequence, pairs]; strides in elements, that of the batch 0 if all its rows share one table.
struct GivenTable {
  const char* data;
  tenon_dtype dtype;
  int64_t batch, sequence, pair;
};

// How a head lies in the tables of a position: [cosines, sines], `width` floats each, in the order in which rows are read.
struct Layout {
  tenon_dtype dtype;
  bool interleaved;
  size_t pairs, width;
};

struct Job {
  Layout layout;
  Path path;
  Source source;
  size_t size;  // elements of a row; the first 2 * pairs turn
  // Heads: all dimensions but the sequence and, with tables for each row of the batch, the batch.
  rows::Space heads;
  rows::View x, y;  // `inner`: strides of [batch, sequence, element]
  size_t batches, sequence;
  size_t block, head_parts;  // work items: (batch, block of positions, part of the heads)
  bool heads_inside;         // heads of a position lie closer together than positions of a head
  const float* known;        // [sequence, 2, width]
  GivenTable cos, sin;
  const char* positions;  // null: 0, 1, ..
  bool wide_positions;    // i64
  int64_t position_batch, position_step;
  const int32_t* units;  // [pairs], and room for a whole vector behind each of the three
  const float* rest;
  const float* frequencies;
  float attention_factor;
  char* buffers;  // slot_bytes of each slot: tables of a block, cosines and sines of a row, an element row each of x and y
  size_t slot_bytes, row_bytes;
};

struct Table {
  size_t vector_bytes;
  // Floats of a position's cosines or sines.
  size_t (*width)(const Layout& layout);
  // cosines and sines of one position, pair by pair, into [2, width].
  void (*arrange)(const Layout& layout, const float* cosines, const float* sines, float* out);
  // Work items [begin, end).
  void (*run)(const Job& job, size_t begin, size_t end, size_t slot);
};

}  // namespace tenon::attention::rope
