// sort: a merge sort of indices, so that it is stable and safe whatever the comparator answers (NaN makes it inconsistent).
#include <algorithm>

#include "core/interp/ops.h"
#include "core/interp/walk.h"

namespace tenon::interp {
namespace {

// The slices that are sorted together: element i of input k is at row[k] + i * step[k].
struct Rows {
  std::size_t n = 0;
  const std::byte** row = nullptr;
  std::ptrdiff_t* step = nullptr;
  std::size_t* size = nullptr;
};

// Does element i come before element j? The region's arguments are lhs0, rhs0, lhs1, rhs1, ..
Result<bool> before(const Rows& rows, Body& body, std::int64_t i, std::int64_t j) {
  for (std::size_t k = 0; k < rows.n; ++k) {
    std::memcpy(body.argument(2 * k), rows.row[k] + i * rows.step[k], rows.size[k]);
    std::memcpy(body.argument(2 * k + 1), rows.row[k] + j * rows.step[k], rows.size[k]);
  }
  TENON_TRY(body.run());
  return *body.result(0) != std::byte{0};
}

// Sorts order[0, count) with `other` as second memory; returns the one of the two that holds the result.
Result<std::int64_t*> merge_sort(const Rows& rows, Body& body, std::int64_t* order, std::int64_t* other, std::int64_t count) {
  for (std::int64_t width = 1; width < count; width *= 2) {
    for (std::int64_t start = 0; start < count; start += 2 * width) {
      const std::int64_t middle = std::min(start + width, count), end = std::min(start + 2 * width, count);
      std::int64_t left = start, right = middle;
      for (std::int64_t out = start; out < end; ++out) {
        bool take_right = left == middle;
        if (!take_right && right < end) {
          TENON_ASSIGN(take_right, before(rows, body, order[right], order[left]));  // equal elements keep their order
        }
        other[out] = take_right ? order[right++] : order[left++];
      }
    }
    std::swap(order, other);
  }
  return order;
}

}  // namespace

Status run_sort(const Work& work) {
  Scratch& scratch = work.context.scratch;
  const ScratchScope scope(scratch);
  const std::size_t n = work.results.size();
  const Block shape(work.results[0]);
  if (shape.rank == 0 || shape.empty()) {
    for (std::size_t k = 0; k < n; ++k) copy(work.operands[k], work.results[k]);
    return {};
  }
  std::int64_t dim = get_int(work.op.attributes, "dimension", -1);
  if (dim < 0) dim += shape.rank;
  const std::int64_t count = shape.dims[dim];
  Body body(work.context, *work.frame, work.op.regions[0]);
  auto* first = take<std::int64_t>(scratch, static_cast<std::size_t>(count));
  auto* second = take<std::int64_t>(scratch, static_cast<std::size_t>(count));
  const Rows rows{n, take<const std::byte*>(scratch, n), take<std::ptrdiff_t>(scratch, n), take<std::size_t>(scratch, n)};
  auto* inputs = take<Block>(scratch, n);
  auto* outputs = take<Block>(scratch, n);
  for (std::size_t k = 0; k < n; ++k) {
    inputs[k] = Block(work.operands[k]);
    outputs[k] = Block(work.results[k]);
    rows.step[k] = inputs[k].steps[dim];
    rows.size[k] = storage_size(work.results[k].dtype);
  }

  std::array<std::int64_t, kMaxRank> at{};  // at[dim] stays 0
  for (bool more = true; more;) {
    for (std::size_t k = 0; k < n; ++k) {
      rows.row[k] = inputs[k].data;
      for (int i = 0; i < shape.rank; ++i) rows.row[k] += at[i] * inputs[k].steps[i];
    }
    for (std::int64_t i = 0; i < count; ++i) first[i] = i;
    TENON_ASSIGN(const std::int64_t* order, merge_sort(rows, body, first, second, count));
    for (std::size_t k = 0; k < n; ++k) {
      std::byte* to = outputs[k].data;
      for (int i = 0; i < shape.rank; ++i) to += at[i] * outputs[k].steps[i];
      for (std::int64_t i = 0; i < count; ++i)
        std::memcpy(to + i * outputs[k].steps[dim], rows.row[k] + order[i] * rows.step[k], rows.size[k]);
    }
    more = false;
    for (int i = shape.rank; i-- > 0;) {
      if (i == dim) continue;
      if (++at[i] < shape.dims[i]) {
        more = true;
        break;
      }
      at[i] = 0;
    }
  }
  return {};
}

}  // namespace tenon::interp
