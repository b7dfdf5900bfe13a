// Type rules of gather and scatter. The constraints are those of StableHLO's specification, in its order.
#include <algorithm>

#include "core/stablehlo/rules.h"

namespace tenon::stablehlo::rules {
namespace {

// How indices address a tensor: the same for gather's operand and scatter's inputs, under other attribute names.
struct IndexNames {
  std::string_view window_dims;    // dimensions of the result (gather) or the updates (scatter) that hold the window
  std::string_view dropped_dims;   // dimensions of the tensor that the window lacks
  std::string_view batching_dims;  // dimensions of the tensor that the indices' batch dimensions run along
  std::string_view index_batching_dims;
  std::string_view index_map;  // which dimension each index component moves along
};

Status check_indexing(const RuleInput& in, const IndexNames& names, const TensorType& tensor, const TensorType& indices) {
  const auto& window = get_ints(in.attributes, names.window_dims);
  const auto& dropped = get_ints(in.attributes, names.dropped_dims);
  const auto& batching = get_ints(in.attributes, names.batching_dims);
  const auto& index_batching = get_ints(in.attributes, names.index_batching_dims);
  const auto& map = get_ints(in.attributes, names.index_map);
  const std::int64_t vector_dim = get_int(in.attributes, "index_vector_dim");
  if (window.size() + dropped.size() + batching.size() != tensor.dims.size()) {
    return refuse(in, names.window_dims, ", ", names.dropped_dims, " and ", names.batching_dims, " together must name ", tensor.rank(),
                  " dimensions, one per dimension of ", to_string(tensor), ", got ", window.size() + dropped.size() + batching.size());
  }
  if (vector_dim < 0 || vector_dim > indices.rank()) {
    return refuse(in, "index_vector_dim must be from 0 to ", indices.rank(), ", got ", vector_dim);
  }
  TENON_TRY(expect_axes(in, names.dropped_dims, tensor.rank(), true));
  TENON_TRY(expect_axes(in, names.batching_dims, tensor.rank(), true));
  TENON_TRY(expect_axes(in, names.index_batching_dims, indices.rank()));
  TENON_TRY(expect_axes(in, names.index_map, tensor.rank()));
  for (const std::int64_t axis : batching) {
    if (contains(dropped, axis) || contains(map, axis)) {
      return refuse(in, "dimension ", axis, " in ", names.batching_dims, " must not be in ", names.dropped_dims, " or ", names.index_map);
    }
  }
  if (contains(index_batching, vector_dim)) return refuse(in, names.index_batching_dims, " must not name index_vector_dim");
  if (batching.size() != index_batching.size()) {
    return refuse(in, names.batching_dims, " and ", names.index_batching_dims, " must name as many dimensions");
  }
  for (std::size_t i = 0; i < batching.size(); ++i) {
    if (!compatible(tensor.dims[static_cast<std::size_t>(batching[i])], indices.dims[static_cast<std::size_t>(index_batching[i])])) {
      return refuse(in, "batching dimension ", batching[i], " of ", to_string(tensor), " must equal dimension ", index_batching[i], " of ",
                    to_string(indices));
    }
  }
  const std::int64_t components = vector_dim < indices.rank() ? indices.dims[static_cast<std::size_t>(vector_dim)] : 1;
  if (!compatible(components, static_cast<std::int64_t>(map.size()))) {
    return refuse(in, names.index_map, " must have ", components, " entries, one per component of an index, got ", map.size());
  }
  return {};
}

// `batch` sizes and `window` sizes in one shape: window sizes at window_dims, batch sizes at the other places, each in order.
Dims combine(const Dims& batch, const Dims& window, const std::vector<std::int64_t>& window_dims) {
  Dims out;
  std::size_t next_batch = 0, next_window = 0;
  for (std::size_t i = 0; i < batch.size() + window.size(); ++i) {
    out.push_back(contains(window_dims, static_cast<std::int64_t>(i)) ? window[next_window++] : batch[next_batch++]);
  }
  return out;
}

Dims batch_sizes(const TensorType& indices, std::int64_t vector_dim) {
  Dims out = indices.dims;
  if (vector_dim < indices.rank()) out.erase(out.begin() + vector_dim);
  return out;
}

}  // namespace

Types gather(const RuleInput& in) {
  const TensorType& tensor = in.operands[0];
  const TensorType& indices = in.operands[1];
  TENON_TRY(expect_kind(in, 1, kInteger));
  TENON_TRY(
      check_indexing(in, {"offset_dims", "collapsed_slice_dims", "operand_batching_dims", "start_indices_batching_dims", "start_index_map"},
                     tensor, indices));
  TENON_TRY(expect_count(in, "slice_sizes", tensor.dims.size()));
  const auto& sizes = get_ints(in.attributes, "slice_sizes");
  Dims window;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto axis = static_cast<std::int64_t>(i);
    const bool dropped =
        contains(get_ints(in.attributes, "collapsed_slice_dims"), axis) || contains(get_ints(in.attributes, "operand_batching_dims"), axis);
    if (sizes[i] < 0 || (tensor.dims[i] != kDynamic && sizes[i] > tensor.dims[i]) || (dropped && sizes[i] > 1)) {
      return refuse(in, "slice_sizes must be within ", to_string(tensor), " and at most 1 where a dimension is dropped, got ",
                    dims_text(sizes));
    }
    if (!dropped) window.push_back(sizes[i]);
  }
  const Dims batch = batch_sizes(indices, get_int(in.attributes, "index_vector_dim"));
  TENON_TRY(expect_axes(in, "offset_dims", static_cast<std::int64_t>(batch.size() + window.size()), true));
  return settle(in, {TensorType{tensor.dtype, combine(batch, window, get_ints(in.attributes, "offset_dims"))}});
}

Types scatter(const RuleInput& in) {
  const std::size_t count = in.operands.size() / 2;  // inputs, indices, updates
  if (in.operands.size() != 2 * count + 1)
    return refuse(in, "needs N inputs, the indices and N updates, got ", in.operands.size(), " operands");
  const TensorType& tensor = in.operands[0];
  const TensorType& indices = in.operands[count];
  const TensorType& updates = in.operands[count + 1];
  TENON_TRY(expect_kind(in, count, kInteger));
  std::vector<TensorType> scalars;
  for (std::size_t i = 0; i < count; ++i) {
    if (!compatible(in.operands[i], TensorType{in.operands[i].dtype, tensor.dims})) {
      return refuse(in, "input ", i, " must have the shape of input 0, ", to_string(tensor), ", got ", to_string(in.operands[i]));
    }
    if (!compatible(in.operands[count + 1 + i], TensorType{in.operands[i].dtype, updates.dims})) {
      return refuse(in, "update ", i, " must have the element type of input ", i, " and the shape of update 0, got ",
                    to_string(in.operands[count + 1 + i]));
    }
    scalars.push_back(TensorType{in.operands[i].dtype, {}});
  }
  TENON_TRY(check_indexing(in,
                           {"update_window_dims", "inserted_window_dims", "input_batching_dims", "scatter_indices_batching_dims",
                            "scatter_dims_to_operand_dims"},
                           tensor, indices));
  TENON_TRY(expect_axes(in, "update_window_dims", updates.rank(), true));
  const auto& window_dims = get_ints(in.attributes, "update_window_dims");
  Dims window;
  for (std::size_t i = 0, next = 0; i < tensor.dims.size(); ++i) {
    const auto axis = static_cast<std::int64_t>(i);
    if (contains(get_ints(in.attributes, "inserted_window_dims"), axis) || contains(get_ints(in.attributes, "input_batching_dims"), axis)) {
      continue;
    }
    const std::int64_t size = updates.dims[static_cast<std::size_t>(window_dims[next++])];
    if (size != kDynamic && tensor.dims[i] != kDynamic && size > tensor.dims[i]) {
      return refuse(in, "the update window has ", size, " elements along dimension ", i, " of ", to_string(tensor));
    }
    window.push_back(size);
  }
  const Dims batch = batch_sizes(indices, get_int(in.attributes, "index_vector_dim"));
  if (updates.dims.size() != batch.size() + window.size()) {
    return refuse(in, "the updates must have rank ", batch.size() + window.size(), ", got ", to_string(updates));
  }
  const Dims want = combine(batch, window, window_dims);
  if (!compatible(updates, TensorType{updates.dtype, want})) {
    return refuse(in, "the updates must have shape ", dims_text(want), ", got ", to_string(updates));
  }
  std::vector<TensorType> arguments = scalars;
  arguments.insert(arguments.end(), scalars.begin(), scalars.end());
  TENON_TRY(expect_region(in, 0, arguments, scalars));
  return settle(in, {in.operands.begin(), in.operands.begin() + static_cast<std::ptrdiff_t>(count)});
}

}  // namespace tenon::stablehlo::rules
