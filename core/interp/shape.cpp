// Constants and shape: each operation is a part of one view copied to a part of another (Block in walk.h).
#include <algorithm>
#include <limits>

#include "core/interp/ops.h"
#include "core/interp/walk.h"
#include "core/type/convert.h"

namespace tenon::interp {
namespace {

// Compact row-major data with these dims.
Block compact(std::byte* data, std::span<const std::int64_t> dims, std::size_t size) {
  Block block;
  block.data = data;
  block.rank = static_cast<int>(dims.size());
  auto step = static_cast<std::ptrdiff_t>(size);
  for (int i = block.rank; i-- > 0;) {
    block.dims[i] = dims[i];
    block.steps[i] = step;
    step *= dims[i];
  }
  return block;
}

// One element everywhere.
void fill(const Block& to, const std::byte* element, std::size_t size) {
  Block from = to;
  from.data = const_cast<std::byte*>(element);  // only read
  std::fill_n(from.steps.begin(), from.rank, 0);
  copy(from, to, size);
}

}  // namespace

std::int64_t load_index(DType dtype, const std::byte* element) {
  const std::int64_t value = load_i64(dtype, element);
  return dtype == DType::UI64 && value < 0 ? std::numeric_limits<std::int64_t>::max() : value;
}

std::int64_t clamped_index(DType dtype, const std::byte* element, std::int64_t highest) {
  return std::max<std::int64_t>(0, std::min(load_index(dtype, element), highest));
}

Status run_constant(const Work& work) {
  const TensorView& to = work.results[0];
  const stablehlo::Constant& constant = *work.op.constant;
  const std::size_t size = storage_size(to.dtype);
  auto* bytes = const_cast<std::byte*>(constant.data().data());  // only read
  switch (constant.kind) {
    case stablehlo::Constant::Kind::Splat:
      fill(Block(to), bytes, size);
      return {};
    case stablehlo::Constant::Kind::Inline:
      copy(compact(bytes, to.dims, size), Block(to), size);
      return {};
    case stablehlo::Constant::Kind::External:
      break;
  }
  if (work.context.parameters == nullptr || !*work.context.parameters)
    return op_error(work.op, Code::FailedPrecondition, cat("parameter \"", constant.parameter, "\" has no value here"));
  TENON_ASSIGN(const TensorView value, (*work.context.parameters)(constant.parameter, work.func.types[work.op.results[0]]));
  if (value.dtype != to.dtype || !std::ranges::equal(value.dims, to.dims))
    return op_error(work.op, Code::InvalidArgument,
                    cat("parameter \"", constant.parameter, "\" must be ", name(to.dtype), dims_text(to.dims), ", got ", name(value.dtype),
                        dims_text(value.dims)));
  copy(value, to);
  return {};
}

Status run_iota(const Work& work) {
  const TensorView& to = work.results[0];
  const auto dim = static_cast<int>(get_int(work.op.attributes, "iota_dimension"));
  const std::int64_t count = to.dims[dim];
  const std::size_t size = storage_size(to.dtype);
  const ScratchScope scope(work.context.scratch);
  std::byte* values = work.context.scratch.take(static_cast<std::size_t>(count) * size);
  for (std::int64_t i = 0; i < count; ++i) {
    if (is_float(to.dtype))
      store_f64(to.dtype, values + i * static_cast<std::ptrdiff_t>(size), static_cast<double>(i));
    else
      store_i64(to.dtype, values + i * static_cast<std::ptrdiff_t>(size), i);
  }
  Block from(to);
  from.data = values;
  std::fill_n(from.steps.begin(), from.rank, 0);
  from.steps[dim] = static_cast<std::ptrdiff_t>(size);
  copy(from, Block(to), size);
  return {};
}

Status run_broadcast_in_dim(const Work& work) {
  const TensorView& to = work.results[0];
  const Block operand(work.operands[0]);
  const auto& at = get_ints(work.op.attributes, "broadcast_dimensions");
  Block from(to);
  from.data = operand.data;
  std::fill_n(from.steps.begin(), from.rank, 0);
  for (int i = 0; i < operand.rank; ++i)
    if (operand.dims[i] != 1) from.steps[at[i]] = operand.steps[i];
  copy(from, Block(to), storage_size(to.dtype));
  return {};
}

Status run_concatenate(const Work& work) {
  const TensorView& to = work.results[0];
  const auto dim = static_cast<int>(get_int(work.op.attributes, "dimension"));
  std::int64_t start = 0;
  for (const TensorView& operand : work.operands) {
    Block part(to);
    part.cut(dim, start, operand.dims[dim]);
    copy(Block(operand), part, storage_size(to.dtype));
    start += operand.dims[dim];
  }
  return {};
}

Status run_slice(const Work& work) {
  const auto& start = get_ints(work.op.attributes, "start_indices");
  const auto& strides = get_ints(work.op.attributes, "strides");
  const TensorView& to = work.results[0];
  Block from(work.operands[0]);
  for (int i = 0; i < from.rank; ++i) from.cut(i, start[i], to.dims[i], strides.empty() ? 1 : strides[i]);
  copy(from, Block(to), storage_size(to.dtype));
  return {};
}

// operands: the tensor, then one scalar start index per dimension; the start is clamped so that the slice lies inside.
Status run_dynamic_slice(const Work& work) {
  const TensorView& to = work.results[0];
  Block from(work.operands[0]);
  for (int i = 0; i < from.rank; ++i) {
    const TensorView& index = work.operands[1 + i];
    from.cut(i, clamped_index(index.dtype, index.data, from.dims[i] - to.dims[i]), to.dims[i]);
  }
  copy(from, Block(to), storage_size(to.dtype));
  return {};
}

Status run_dynamic_update_slice(const Work& work) {
  const TensorView& to = work.results[0];
  const TensorView& update = work.operands[1];
  copy(work.operands[0], to);
  Block part(to);
  for (int i = 0; i < part.rank; ++i) {
    const TensorView& index = work.operands[2 + i];
    part.cut(i, clamped_index(index.dtype, index.data, part.dims[i] - update.dims[i]), update.dims[i]);
  }
  copy(Block(update), part, storage_size(to.dtype));
  return {};
}

// Element i of a dimension lands at low + i * (interior + 1); negative low and high cut elements off.
Status run_pad(const Work& work) {
  const auto& lows = get_ints(work.op.attributes, "edge_padding_low");
  const auto& interiors = get_ints(work.op.attributes, "interior_padding");
  const TensorView& to = work.results[0];
  const std::size_t size = storage_size(to.dtype);
  Block from(work.operands[0]);
  Block part(to);
  fill(part, work.operands[1].data, size);
  for (int i = 0; i < part.rank; ++i) {
    const std::int64_t spread = (interiors.empty() ? 0 : interiors[i]) + 1, low = lows[i];
    const std::int64_t first = low >= 0 ? 0 : (-low + spread - 1) / spread;
    const std::int64_t room = part.dims[i] - 1 - low;  // the last place, seen from element 0
    const std::int64_t end = std::min(from.dims[i], room < 0 ? 0 : room / spread + 1);
    const std::int64_t count = std::max<std::int64_t>(0, end - first);
    from.cut(i, first, count);
    part.cut(i, low + first * spread, count, spread);
  }
  copy(from, part, size);
  return {};
}

Status run_reshape(const Work& work) {
  const TensorView& from = work.operands[0];
  const TensorView& to = work.results[0];
  const std::size_t size = storage_size(to.dtype);
  if (from.is_compact()) {
    copy(compact(from.data, to.dims, size), Block(to), size);
  } else if (to.is_compact()) {
    copy(Block(from), compact(to.data, from.dims, size), size);
  } else {
    const ScratchScope scope(work.context.scratch);
    std::byte* between = work.context.scratch.take(static_cast<std::size_t>(from.elements()) * size);
    copy(Block(from), compact(between, from.dims, size), size);
    copy(compact(between, to.dims, size), Block(to), size);
  }
  return {};
}

Status run_reverse(const Work& work) {
  const TensorView& to = work.results[0];
  Block from(work.operands[0]);
  for (const std::int64_t dim : get_ints(work.op.attributes, "dimensions")) {
    const auto i = static_cast<int>(dim);
    from.cut(i, std::max<std::int64_t>(from.dims[i] - 1, 0), from.dims[i], -1);
  }
  copy(from, Block(to), storage_size(to.dtype));
  return {};
}

Status run_transpose(const Work& work) {
  const auto& permutation = get_ints(work.op.attributes, "permutation");
  const TensorView& to = work.results[0];
  const Block operand(work.operands[0]);
  Block from = operand;
  for (int i = 0; i < from.rank; ++i) {
    from.dims[i] = operand.dims[permutation[i]];
    from.steps[i] = operand.steps[permutation[i]];
  }
  copy(from, Block(to), storage_size(to.dtype));
  return {};
}

}  // namespace tenon::interp
