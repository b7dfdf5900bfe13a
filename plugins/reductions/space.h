// A tensor's dimensions in up to three groups, which a kernel of this pack runs through in nested loops. Dimensions of a group that lie
// evenly in memory are merged, so that mostly one remains. Plain types and static functions: SIMD sources include it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tenon/plugin.h"

namespace tenon::reductions {

// Strides in elements: x of the input, y of the result (0 in dimensions that it does not have).
struct Group {
  int rank;
  size_t count;
  int64_t sizes[TENON_MAX_RANK], x[TENON_MAX_RANK], y[TENON_MAX_RANK];
};

static inline void clear(Group* group) {
  group->rank = 0;
  group->count = 1;
}

// One more dimension, inside those that are there.
static inline void push(Group* group, int64_t size, int64_t x, int64_t y) {
  group->count *= static_cast<size_t>(size);
  if (size == 1) return;
  const int last = group->rank - 1;
  const bool even = last >= 0 && group->x[last] == x * size && group->y[last] == y * size;
  const int at = even ? last : group->rank++;
  group->sizes[at] = even ? group->sizes[at] * size : size;
  group->x[at] = x;
  group->y[at] = y;
}

static inline bool x_is_contiguous(const Group& group) { return group.rank == 0 || (group.rank == 1 && group.x[0] == 1); }
static inline bool y_is_contiguous(const Group& group) { return group.rank == 0 || (group.rank == 1 && group.y[0] == 1); }

namespace {
// Runs through a group in row-major order; x and y: where its current element lies. Without linkage: objects of two SIMD levels must not
// share a symbol.
class Cursor {
 public:
  Cursor(const Group& group, size_t at) : group_(group), x(0), y(0) {
    for (int d = group.rank; d-- > 0;) {
      const auto size = static_cast<size_t>(group.sizes[d]);
      index_[d] = static_cast<int64_t>(size == 0 ? 0 : at % size);
      if (size != 0) at /= size;
      x += index_[d] * group.x[d];
      y += index_[d] * group.y[d];
    }
  }
  void next() {
    for (int d = group_.rank; d-- > 0;) {
      x += group_.x[d];
      y += group_.y[d];
      if (++index_[d] < group_.sizes[d]) return;
      x -= group_.x[d] * group_.sizes[d];
      y -= group_.y[d] * group_.sizes[d];
      index_[d] = 0;
    }
  }
  // Elements of the innermost dimension from here to its end.
  size_t left() const { return group_.rank == 0 ? 1 : static_cast<size_t>(group_.sizes[group_.rank - 1] - index_[group_.rank - 1]); }
  void skip(size_t count) {  // at most left()
    if (group_.rank == 0) return;
    const int d = group_.rank - 1;
    const auto steps = static_cast<int64_t>(count) - 1;
    index_[d] += steps;
    x += steps * group_.x[d];
    y += steps * group_.y[d];
    next();
  }

 private:
  const Group& group_;
  int64_t index_[TENON_MAX_RANK];

 public:
  int64_t x, y;
};
}  // namespace

// Elements [from, from + count) of a group, side by side.
template <class T>
static inline void gather(const Group& group, const T* data, size_t from, size_t count, T* to) {
  const int64_t step = group.rank == 0 ? 0 : group.x[group.rank - 1];
  Cursor at(group, from);
  for (size_t done = 0; done < count;) {
    size_t n = at.left();
    if (n > count - done) n = count - done;
    const T* const source = data + at.x;
    for (size_t i = 0; i < n; ++i) to[done + i] = source[static_cast<int64_t>(i) * step];
    done += n;
    at.skip(n);
  }
}
// And back, by the result's strides.
template <class T>
static inline void scatter(const Group& group, const T* from, size_t first, size_t count, T* data) {
  const int64_t step = group.rank == 0 ? 0 : group.y[group.rank - 1];
  Cursor at(group, first);
  for (size_t done = 0; done < count;) {
    size_t n = at.left();
    if (n > count - done) n = count - done;
    T* const target = data + at.y;
    for (size_t i = 0; i < n; ++i) target[static_cast<int64_t>(i) * step] = from[done + i];
    done += n;
    at.skip(n);
  }
}

}  // namespace tenon::reductions
