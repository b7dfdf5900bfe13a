// One run of a matrix product: what kernels.cpp hands to a level's table in product.simd.cpp. Plain types only.
//
// The two sides have roles that plan.cpp gives them: elements of the *rows* side are broadcast, those of the *lanes* side stand side by
// side in a vector. Which operand takes which is a matter of speed: a product of matrices may be computed as that of their transposes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tenon/plugin.h"

namespace tenon::linalg {

enum Tensor : int { kRowsSide, kLanesSide, kAdded, kOutput, kTensors };

// Dimensions that are walked together, as one row-major index; strides in elements, 0 where a tensor has not the dimension.
struct Group {
  int rank;
  size_t count;
  int64_t sizes[TENON_MAX_RANK];
  int64_t steps[kTensors][TENON_MAX_RANK];
};

static inline int64_t offset_of(const Group& group, int tensor, size_t index) {
  if (group.rank == 1) return static_cast<int64_t>(index) * group.steps[tensor][0];
  int64_t offset = 0;
  for (int d = group.rank; d-- > 0;) {
    const size_t size = static_cast<size_t>(group.sizes[d]);
    offset += static_cast<int64_t>(index % size) * group.steps[tensor][d];
    index /= size;
  }
  return offset;
}

enum class Method : uint8_t {
  Tiles,  // both sides are packed, and multiplied tile by tile
  Dots,   // a few rows with many lanes whose elements lie side by side along the depth: nothing of the large side is packed
};

// In what the sums are computed.
enum class Sum : uint8_t { F32, F64, Int32, Int64 };

// What the types decide. A *block* of the resident side is packed once for a chunk of the other side's tiles, which follow one another.
struct Shape {
  Method method;
  Sum sum;
  bool rows_resident;
  size_t resident_tiles;  // in a block
  size_t stream_tiles;    // in a chunk at most
  size_t resident_blocks;
  size_t stream_count;  // tiles (Tiles), or runs of lanes (Dots)
};

struct Job {
  Shape shape;
  tenon_dtype dtype, added_dtype, output_dtype;
  double alpha, beta;  // output = alpha * sum + beta * added
  const char* data[2];
  const char* added;  // null: none
  char* output;
  Group batch, rows, lanes, depth;
  char* workspace;  // of each slot: workspace_bytes, a multiple of 64
  size_t workspace_bytes;
};

// The tiles of a level, by Sum.
struct TileSize {
  size_t rows, lanes;
};

struct Table {
  TileSize tiles[4];
  size_t depth;      // of a panel
  size_t stride;     // elements that a packed row of a panel takes
  size_t dot_lanes;  // of one item of Dots
  size_t unit;       // elements that a dot product handles at once
  // Items [begin, end) of batch x resident block x streamed tile (Tiles), or batch x run of lanes (Dots).
  void (*run)(const Job& job, size_t begin, size_t end, size_t slot);
};

}  // namespace tenon::linalg
