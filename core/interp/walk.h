// Walks several strided views of one shape together, row by row. Lives on the stack: no allocation. Internal to this folder.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/type/tensor.h"

namespace tenon::interp {

// A view with steps in bytes, cheap to cut and turn: every shape operation is "a part of one, copied to a part of another".
struct Block {
  std::byte* data = nullptr;
  int rank = 0;
  std::array<std::int64_t, kMaxRank> dims;
  std::array<std::ptrdiff_t, kMaxRank> steps;

  Block() = default;
  explicit Block(const TensorView& view) : data(view.data), rank(view.rank()) {
    const auto size = static_cast<std::ptrdiff_t>(storage_size(view.dtype));
    for (int i = 0; i < rank; ++i) {
      dims[i] = view.dims[i];
      steps[i] = static_cast<std::ptrdiff_t>(view.strides[i]) * size;
    }
  }
  // Elements start, start + stride, .. (count of them) of one dimension.
  void cut(int dim, std::int64_t start, std::int64_t count, std::int64_t stride = 1) {
    if (count > 0) data += start * steps[dim];
    dims[dim] = count;
    steps[dim] *= stride;
  }
  void append(std::int64_t dim, std::ptrdiff_t step) {
    dims[rank] = dim;
    steps[rank++] = step;
  }
  bool empty() const {
    for (int i = 0; i < rank; ++i)
      if (dims[i] == 0) return true;
    return false;
  }
};

// The next index in row-major order; false, and all zero again, after the last.
template <class Dims>
bool advance(std::array<std::int64_t, kMaxRank>& at, const Dims& dims, int rank) {
  for (int i = rank; i-- > 0;) {
    if (++at[i] < dims[i]) return true;
    at[i] = 0;
  }
  return false;
}

// The shape is `dims`; each of the N pointers has its own steps (0 where an operand repeats).
template <int N>
class Walk {
 public:
  explicit Walk(std::span<const std::int64_t> dims) : rank_(static_cast<int>(dims.size())) {
    for (int i = 0; i < rank_; ++i) dims_[i] = dims[i];
  }
  void set(int k, std::byte* data, std::span<const std::ptrdiff_t> steps) {
    data_[k] = data;
    for (int i = 0; i < rank_; ++i) steps_[k][i] = steps[i];
  }
  // All steps 0: a scalar that repeats.
  void set_scalar(int k, std::byte* data) {
    data_[k] = data;
    for (int i = 0; i < rank_; ++i) steps_[k][i] = 0;
  }
  void set(int k, const TensorView& view) {
    const Block block(view);
    set(k, block.data, {block.steps.data(), static_cast<std::size_t>(block.rank)});
  }

  // Calls row(data, steps, n) for each run along the innermost dimension, outer dimensions in row-major order. Adjacent dimensions
  // that are one run in every view are joined first, so compact views give a single row.
  template <class Row>
  void rows(Row&& row) {
    for (int i = 0; i < rank_; ++i)
      if (dims_[i] == 0) return;
    join();
    std::array<std::ptrdiff_t, N> inner{};
    const std::int64_t n = rank_ == 0 ? 1 : dims_[rank_ - 1];
    if (rank_ > 0)
      for (int k = 0; k < N; ++k) inner[k] = steps_[k][rank_ - 1];
    std::array<std::int64_t, kMaxRank> at{};
    for (;;) {
      row(data_, inner, n);
      int i = rank_ - 2;
      for (; i >= 0; --i) {
        if (++at[i] < dims_[i]) {
          for (int k = 0; k < N; ++k) data_[k] += steps_[k][i];
          break;
        }
        at[i] = 0;
        for (int k = 0; k < N; ++k) data_[k] -= steps_[k][i] * (dims_[i] - 1);
      }
      if (i < 0) return;
    }
  }

 private:
  void join() {
    int out = 0;
    for (int i = 0; i < rank_; ++i) {
      if (dims_[i] == 1) continue;
      bool one_run = out > 0;
      for (int k = 0; k < N && one_run; ++k) one_run = steps_[k][out - 1] == steps_[k][i] * dims_[i];
      if (one_run) {
        dims_[out - 1] *= dims_[i];
        for (int k = 0; k < N; ++k) steps_[k][out - 1] = steps_[k][i];
      } else {
        dims_[out] = dims_[i];
        for (int k = 0; k < N; ++k) steps_[k][out] = steps_[k][i];
        ++out;
      }
    }
    rank_ = out;
  }

  int rank_;
  std::array<std::int64_t, kMaxRank> dims_;
  std::array<std::byte*, N> data_;
  std::array<std::array<std::ptrdiff_t, kMaxRank>, N> steps_;
};

// Copies n elements of `size` bytes between two runs.
inline void copy_run(std::byte* to, std::ptrdiff_t to_step, const std::byte* from, std::ptrdiff_t from_step, std::int64_t n,
                     std::size_t size) {
  const auto width = static_cast<std::ptrdiff_t>(size);
  if (to_step == width && from_step == width) {
    std::memcpy(to, from, static_cast<std::size_t>(n) * size);
    return;
  }
  const auto each = [&](auto constant) {
    for (std::int64_t i = 0; i < n; ++i) std::memcpy(to + i * to_step, from + i * from_step, constant());
  };
  switch (size) {
    case 1:
      each([] { return std::size_t{1}; });
      break;
    case 2:
      each([] { return std::size_t{2}; });
      break;
    case 4:
      each([] { return std::size_t{4}; });
      break;
    default:
      each([] { return std::size_t{8}; });
      break;
  }
}

// Copies `from` to `to`: equal dims, steps of any sign.
inline void copy(const Block& from, const Block& to, std::size_t size) {
  Walk<2> walk({to.dims.data(), static_cast<std::size_t>(to.rank)});
  walk.set(0, from.data, {from.steps.data(), static_cast<std::size_t>(from.rank)});
  walk.set(1, to.data, {to.steps.data(), static_cast<std::size_t>(to.rank)});
  walk.rows([&](const auto& data, const auto& steps, std::int64_t n) { copy_run(data[1], steps[1], data[0], steps[0], n, size); });
}

inline void copy(const TensorView& from, const TensorView& to) { copy(Block(from), Block(to), storage_size(to.dtype)); }

}  // namespace tenon::interp
