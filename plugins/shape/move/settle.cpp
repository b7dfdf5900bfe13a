// A box in the form that the copying loops take.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "plugins/shape/move/box.h"

namespace tenon::shape {
namespace {

void swap_dimensions(Box& box, int a, int b) {
  std::swap(box.sizes[a], box.sizes[b]);
  std::swap(box.from_steps[a], box.from_steps[b]);
  std::swap(box.to_steps[a], box.to_steps[b]);
}

// Denser targets stand further back; between equal ones, denser sources do.
bool before(const Box& box, int a, int b) {
  const std::int64_t to_a = std::abs(box.to_steps[a]), to_b = std::abs(box.to_steps[b]);
  return to_a != to_b ? to_a > to_b : std::abs(box.from_steps[a]) > std::abs(box.from_steps[b]);
}

void merge(Box& box) {
  int kept = 0;
  for (int d = 0; d < box.rank; ++d) {
    const bool even = kept > 0 && box.from_steps[kept - 1] == box.from_steps[d] * box.sizes[d] &&
                      box.to_steps[kept - 1] == box.to_steps[d] * box.sizes[d];
    if (!even) ++kept;
    box.sizes[kept - 1] = even ? box.sizes[kept - 1] * box.sizes[d] : box.sizes[d];
    box.from_steps[kept - 1] = box.from_steps[d];
    box.to_steps[kept - 1] = box.to_steps[d];
  }
  box.rank = kept;
}

}  // namespace

bool settle(Box& box) {
  int rank = 0;
  for (int d = 0; d < box.rank; ++d) {
    if (box.sizes[d] == 0) return false;
    if (box.sizes[d] == 1) continue;
    swap_dimensions(box, rank, d);
    ++rank;
  }
  box.rank = rank;
  for (int d = 1; d < rank; ++d)  // few: by insertion
    for (int e = d; e > 0 && before(box, e, e - 1); --e) swap_dimensions(box, e, e - 1);
  merge(box);
  // A short run that is contiguous on both sides is one element, of a size that loops know.
  const auto size = static_cast<std::int64_t>(box.element);
  if (box.rank > 1 && box.from_steps[box.rank - 1] == size && box.to_steps[box.rank - 1] == size) {
    const std::int64_t bytes = box.sizes[box.rank - 1] * size;
    if (bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16) {
      box.element = static_cast<std::size_t>(bytes);
      --box.rank;
    }
  }
  return true;
}

}  // namespace tenon::shape
