// gather and scatter: for each index vector, one window. The names are those of the specification.
#include <algorithm>
#include <limits>

#include "core/interp/ops.h"
#include "core/interp/walk.h"

namespace tenon::interp {
namespace {

using Ints = std::vector<std::int64_t>;

bool contains(const Ints& list, int value) { return std::find(list.begin(), list.end(), value) != list.end(); }

// An index can be any number; a window position is not negative.
std::int64_t saturated_sum(std::int64_t index, std::int64_t window) {
  return index > std::numeric_limits<std::int64_t>::max() - window ? std::numeric_limits<std::int64_t>::max() : index + window;
}

// Counts through the index vectors of start_indices: all its dimensions but index_vector_dim, in row-major order.
class IndexVectors {
 public:
  IndexVectors(const TensorView& indices, std::int64_t index_vector_dim) : block_(indices), dtype_(indices.dtype) {
    for (int i = 0; i < block_.rank; ++i)
      if (i != index_vector_dim) dims_[rank_++] = i;
    if (index_vector_dim < block_.rank) step_ = block_.steps[index_vector_dim];
    empty_ = false;
    for (int i = 0; i < rank_; ++i) empty_ = empty_ || block_.dims[dims_[i]] == 0;
  }
  bool empty() const { return empty_; }
  int rank() const { return rank_; }
  std::int64_t at(int batch_dim) const { return at_[dims_[batch_dim]]; }            // by position among the batch dimensions
  std::int64_t at_dim(std::int64_t indices_dim) const { return at_[indices_dim]; }  // by dimension of start_indices
  std::int64_t component(std::size_t k) const { return load_index(dtype_, data() + static_cast<std::ptrdiff_t>(k) * step_); }
  bool next() {
    for (int i = rank_; i-- > 0;) {
      const int dim = dims_[i];
      offset_ += block_.steps[dim];
      if (++at_[dim] < block_.dims[dim]) return true;
      offset_ -= block_.steps[dim] * block_.dims[dim];
      at_[dim] = 0;
    }
    return false;
  }

 private:
  const std::byte* data() const { return block_.data + offset_; }
  Block block_;
  DType dtype_;
  int rank_ = 0;
  bool empty_;
  std::ptrdiff_t step_ = 0, offset_ = 0;
  std::array<int, kMaxRank> dims_{};
  std::array<std::int64_t, kMaxRank> at_{};
};

}  // namespace

Status run_gather(const Work& work) {
  const Dict& a = work.op.attributes;
  const Ints& offset_dims = get_ints(a, "offset_dims");
  const Ints& collapsed = get_ints(a, "collapsed_slice_dims");
  const Ints& batching = get_ints(a, "operand_batching_dims");
  const Ints& indices_batching = get_ints(a, "start_indices_batching_dims");
  const Ints& start_index_map = get_ints(a, "start_index_map");
  const Ints& sizes = get_ints(a, "slice_sizes");
  const Block operand(work.operands[0]);
  const Block result(work.results[0]);
  const std::size_t size = storage_size(work.results[0].dtype);
  if (result.empty()) return {};

  IndexVectors vectors(work.operands[1], get_int(a, "index_vector_dim"));
  do {
    std::array<std::int64_t, kMaxRank> start{};
    for (std::size_t k = 0; k < start_index_map.size(); ++k) {
      const auto dim = start_index_map[k];
      start[dim] = std::max<std::int64_t>(0, std::min(vectors.component(k), operand.dims[dim] - sizes[dim]));
    }
    for (std::size_t k = 0; k < batching.size(); ++k) start[batching[k]] = vectors.at_dim(indices_batching[k]);

    Block from, to;
    from.data = operand.data;
    for (int i = 0; i < operand.rank; ++i) {
      from.data += start[i] * operand.steps[i];
      if (!contains(collapsed, i) && !contains(batching, i)) from.append(sizes[i], operand.steps[i]);
    }
    to.data = result.data;
    int batch = 0;
    for (int i = 0; i < result.rank; ++i) {
      if (contains(offset_dims, i))
        to.append(result.dims[i], result.steps[i]);
      else
        to.data += vectors.at(batch++) * result.steps[i];
    }
    copy(from, to, size);
  } while (vectors.next());
  return {};
}

// operands: N inputs, the indices, N updates. An update whose place lies outside the input is skipped.
Status run_scatter(const Work& work) {
  const Dict& a = work.op.attributes;
  const Ints& window_dims = get_ints(a, "update_window_dims");
  const Ints& inserted = get_ints(a, "inserted_window_dims");
  const Ints& batching = get_ints(a, "input_batching_dims");
  const Ints& indices_batching = get_ints(a, "scatter_indices_batching_dims");
  const Ints& to_operand = get_ints(a, "scatter_dims_to_operand_dims");
  const std::size_t n = work.results.size();
  for (std::size_t i = 0; i < n; ++i) copy(work.operands[i], work.results[i]);

  const ScratchScope scope(work.context.scratch);
  Body body(work.context, *work.frame, work.op.regions[0]);
  auto* updates = take<Block>(work.context.scratch, n);
  auto* results = take<Block>(work.context.scratch, n);
  for (std::size_t i = 0; i < n; ++i) {
    updates[i] = Block(work.operands[n + 1 + i]);
    results[i] = Block(work.results[i]);
  }
  if (updates[0].empty()) return {};
  const int rank = results[0].rank;

  IndexVectors vectors(work.operands[n], get_int(a, "index_vector_dim"));
  do {
    std::array<std::int64_t, kMaxRank> start{};
    for (std::size_t k = 0; k < to_operand.size(); ++k) start[to_operand[k]] = vectors.component(k);
    for (std::size_t k = 0; k < batching.size(); ++k) start[batching[k]] = vectors.at_dim(indices_batching[k]);

    std::array<std::int64_t, kMaxRank> window{};  // by dimension of updates; only window dimensions move
    int batch = 0;
    for (int i = 0; i < updates[0].rank; ++i)
      if (!contains(window_dims, i)) window[i] = vectors.at(batch++);
    for (bool more = true; more;) {
      std::array<std::int64_t, kMaxRank> at = start;
      std::size_t next_window = 0;
      bool inside = true;
      for (int i = 0; i < rank; ++i) {
        if (!contains(inserted, i) && !contains(batching, i)) at[i] = saturated_sum(at[i], window[window_dims[next_window++]]);
        inside = inside && at[i] >= 0 && at[i] < results[0].dims[i];
      }
      if (inside) {
        const auto place = [](const Block& block, const auto& index) {
          std::byte* data = block.data;
          for (int i = 0; i < block.rank; ++i) data += index[i] * block.steps[i];
          return data;
        };
        for (std::size_t k = 0; k < n; ++k) {
          const std::size_t size = storage_size(work.results[k].dtype);
          std::memcpy(body.argument(k), place(results[k], at), size);
          std::memcpy(body.argument(n + k), place(updates[k], window), size);
        }
        TENON_TRY(body.run());
        for (std::size_t k = 0; k < n; ++k) std::memcpy(place(results[k], at), body.result(k), storage_size(work.results[k].dtype));
      }
      more = false;
      for (std::size_t k = window_dims.size(); k-- > 0;) {
        const auto dim = window_dims[k];
        if (++window[dim] < updates[0].dims[dim]) {
          more = true;
          break;
        }
        window[dim] = 0;
      }
    }
  } while (vectors.next());
  return {};
}

}  // namespace tenon::interp
