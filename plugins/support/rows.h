// Tensors seen as rows: some neighbouring dimensions are the row (what a norm or a softmax runs over), the others count rows. For the
// kernels of operators that handle rows; SIMD sources may include it too, so everything is static: objects of two SIMD levels must not
// share a symbol.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tenon/plugin.h"

namespace tenon::rows {

// The sizes that all operands of one run share.
struct Space {
  int outer_rank, inner_rank;
  int64_t outer_sizes[TENON_MAX_RANK];  // row number r is their row-major index
  int64_t inner_sizes[TENON_MAX_RANK];
  size_t count;   // rows
  size_t length;  // elements of a row
};

// One tensor in that space; strides in elements. An absent one has data null.
struct View {
  char* data;
  bool contiguous;  // the elements of a row lie side by side
  int64_t outer[TENON_MAX_RANK];
  int64_t inner[TENON_MAX_RANK];
};

// Dimensions [first, first + inner) of `dims` are the row.
static inline Space make_space(const int64_t* dims, int rank, int first, int inner) {
  Space space;
  space.outer_rank = 0;
  space.inner_rank = inner;
  space.count = space.length = 1;
  for (int d = 0; d < rank; ++d) {
    const bool is_inner = d >= first && d < first + inner;
    (is_inner ? space.length : space.count) *= static_cast<size_t>(dims[d]);
    if (is_inner)
      space.inner_sizes[d - first] = dims[d];
    else
      space.outer_sizes[space.outer_rank++] = dims[d];
  }
  return space;
}

// Without the unused sizes, of which there are many.
static inline void copy(const Space& from, Space* to) {
  to->outer_rank = from.outer_rank;
  to->inner_rank = from.inner_rank;
  to->count = from.count;
  to->length = from.length;
  for (int d = 0; d < from.outer_rank; ++d) to->outer_sizes[d] = from.outer_sizes[d];
  for (int d = 0; d < from.inner_rank; ++d) to->inner_sizes[d] = from.inner_sizes[d];
}

static inline bool is_contiguous(const Space& space, const int64_t* inner_strides) {
  int64_t expected = 1;
  for (int d = space.inner_rank; d-- > 0;) {
    if (space.inner_sizes[d] != 1 && inner_strides[d] != expected) return false;
    expected *= space.inner_sizes[d];
  }
  return true;
}

// A tensor of the whole shape, or one that broadcasts to it by NumPy's rule. `rank`, `first`: as in make_space.
static inline void make_view(const Space& space, const tenon_tensor_view& tensor, int rank, int first, View* out) {
  out->data = static_cast<char*>(tensor.data);
  int outer = 0;
  for (int d = 0; d < rank; ++d) {
    const int own = d - (rank - tensor.rank);
    const int64_t stride = own < 0 || tensor.dims[own] == 1 ? 0 : tensor.strides[own];
    if (d >= first && d < first + space.inner_rank)
      out->inner[d - first] = stride;
    else
      out->outer[outer++] = stride;
  }
  out->contiguous = is_contiguous(space, out->inner);
}

// Merges outer dimensions that all the views step through evenly, so that mostly one remains; there is at least one afterwards.
static inline void collapse_outer(Space* space, View* const* views, int view_count) {
  int kept = 0;
  for (int d = 0; d < space->outer_rank; ++d) {
    const int64_t size = space->outer_sizes[d];
    if (size == 1) continue;
    bool even = kept > 0;
    for (int v = 0; even && v < view_count; ++v) even = views[v]->outer[kept - 1] == views[v]->outer[d] * size;
    if (!even) ++kept;
    space->outer_sizes[kept - 1] = even ? space->outer_sizes[kept - 1] * size : size;
    for (int v = 0; v < view_count; ++v) views[v]->outer[kept - 1] = views[v]->outer[d];
  }
  if (kept == 0) {
    space->outer_sizes[0] = 1;
    for (int v = 0; v < view_count; ++v) views[v]->outer[0] = 0;
    kept = 1;
  }
  space->outer_rank = kept;
}

// Where row number `row` begins, in elements.
static inline int64_t offset_of(const Space& space, const View& view, size_t row) {
  if (space.outer_rank == 1) return static_cast<int64_t>(row) * view.outer[0];
  int64_t offset = 0;
  for (int d = space.outer_rank; d-- > 0;) {
    const size_t size = static_cast<size_t>(space.outer_sizes[d]);
    offset += static_cast<int64_t>(row % size) * view.outer[d];
    row /= size;
  }
  return offset;
}

// visit(position in the row, offsets) for every element of a row, in order: the element's offset from the row's begin in each of the
// tensors whose inner strides are given.
template <int kTensors, class Visit>
static inline void walk(const Space& space, const int64_t* const (&strides)[kTensors], Visit visit) {
  int64_t index[TENON_MAX_RANK], offsets[kTensors], steps[kTensors];
  const int last = space.inner_rank - 1;
  const int64_t size = space.inner_sizes[last];
  for (int d = 0; d < last; ++d) index[d] = 0;
  for (int t = 0; t < kTensors; ++t) {
    offsets[t] = 0;
    steps[t] = strides[t][last];
  }
  for (size_t i = 0; i < space.length;) {
    for (int64_t j = 0; j < size; ++j) {
      visit(i++, offsets);
      for (int t = 0; t < kTensors; ++t) offsets[t] += steps[t];
    }
    for (int t = 0; t < kTensors; ++t) offsets[t] -= steps[t] * size;
    for (int d = last - 1; d >= 0; --d) {
      for (int t = 0; t < kTensors; ++t) offsets[t] += strides[t][d];
      if (++index[d] < space.inner_sizes[d]) break;
      for (int t = 0; t < kTensors; ++t) offsets[t] -= strides[t][d] * space.inner_sizes[d];
      index[d] = 0;
    }
  }
}

// A row's elements side by side, and back. Not inlined: a copy for each caller costs more than a call for each row.
template <class T>
__attribute__((noinline)) static void gather(const Space& space, const View& view, const T* from, T* to) {
  walk<1>(space, {view.inner}, [=](size_t i, const int64_t(&at)[1]) { to[i] = from[at[0]]; });
}
template <class T>
__attribute__((noinline)) static void scatter(const Space& space, const View& view, const T* from, T* to) {
  walk<1>(space, {view.inner}, [=](size_t i, const int64_t(&at)[1]) { to[at[0]] = from[i]; });
}

}  // namespace tenon::rows
