// One copy of a strided box to a strided box: what move.cpp hands to a level's table in move.simd.cpp. Plain types only.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tenon/plugin.h"

namespace tenon::shape {

// Strides in bytes. settle() brings a box into the form that tables take: no sizes of 1, target strides descending, neighbours that both
// sides step through evenly as one, and short runs as one wider element.
struct Box {
  const char* from;
  char* to;
  size_t element;  // 1, 2, 4, 8, after settle() also 16
  bool stream;     // targets go past the caches
  int rank;
  int64_t sizes[2 * TENON_MAX_RANK], from_steps[2 * TENON_MAX_RANK], to_steps[2 * TENON_MAX_RANK];
};

// False: there is nothing to copy.
bool settle(Box& box);

struct MoveTable {
  void (*run)(const Box& box);  // a settled one
};

}  // namespace tenon::shape
