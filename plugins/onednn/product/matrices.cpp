#include "plugins/onednn/product/matrices.h"

#include <algorithm>

namespace tenon::onednn {
namespace {

using namespace plugin;

constexpr std::int64_t kNone = -1;

// The node's tensors with their strides, from which axes are made.
class Tensors {
 public:
  Tensors(const Node& node, int bias) {
    types_[kLeft] = node.operand(0);
    types_[kRight] = node.operand(1);
    if (bias >= 0) types_[kBias] = node.operand(static_cast<std::size_t>(bias));
    types_[kOutput] = node.result(0);
    for (int s = 0; s < kSides; ++s) {
      const Dims& dims = types_[s].dims;
      strides_[s].assign(dims.size(), 1);
      for (std::size_t d = dims.size(); d-- > 1;) strides_[s][d - 1] = strides_[s][d] * dims[d];
    }
  }
  const Dims& dims(Side side) const { return types_[side].dims; }
  // The axis that is these dimensions of the tensors; kNone where a tensor has it not. One of size 1 goes with any size.
  Axis axis(std::int64_t left, std::int64_t right, std::int64_t bias, std::int64_t output) const {
    const std::int64_t at[kSides] = {left, right, bias, output};
    Axis axis{1, {}};
    for (int s = 0; s < kSides; ++s) {
      if (at[s] == kNone) continue;
      const auto d = static_cast<std::size_t>(at[s]);
      const std::int64_t size = types_[s].dims[d];
      if (size == 1) continue;
      axis.size = size;
      axis.step[s] = strides_[s][d];
    }
    return axis;
  }

 private:
  Type types_[kSides];
  Dims strides_[kSides];
};

// Axes that all tensors step through evenly become one; those of size 1 go.
std::vector<Axis> merged(const std::vector<Axis>& axes) {
  std::vector<Axis> out;
  for (const Axis& axis : axes) {
    if (axis.size == 1) continue;
    bool even = !out.empty();
    for (int s = 0; even && s < kSides; ++s) even = out.back().step[s] == axis.step[s] * axis.size;
    if (!even) {
      out.push_back(axis);
      continue;
    }
    const std::int64_t size = out.back().size * axis.size;
    out.back() = axis;
    out.back().size = size;
  }
  return out;
}

struct Groups {
  std::vector<Axis> batch, rows, columns, depth;
};

// The innermost axes of the batch that one side does not have are rows, or columns, if they lie before those: then that side's matrix is
// multiplied once, not once for each.
void move_into(std::vector<Axis>& batch, std::vector<Axis>& group, Side without) {
  while (!batch.empty() && batch.back().step[without] == 0) {
    std::vector<Axis> more = group;
    more.insert(more.begin(), batch.back());
    more = merged(more);
    if (more.size() > 1) return;
    group = std::move(more);
    batch.pop_back();
  }
}

Axis single(const Node& node, const std::vector<Axis>& axes, const char* what) {
  if (axes.size() > 1) node.decline(cat("takes matrices: the dimensions of the ", what, " do not lie as one"));
  return axes.empty() ? Axis{1, {}} : axes.front();
}

Matrices settle(const Node& node, Groups groups, int bias) {
  Matrices out;
  out.bias = bias;
  groups.batch = merged(groups.batch);
  groups.rows = merged(groups.rows);
  groups.columns = merged(groups.columns);
  move_into(groups.batch, groups.rows, kRight);
  if (groups.rows.empty()) move_into(groups.batch, groups.columns, kLeft);
  out.batch = std::move(groups.batch);
  out.rows = single(node, groups.rows, "rows");
  out.columns = single(node, groups.columns, "columns");
  out.depth = single(node, merged(groups.depth), "depth");
  for (const Axis& axis : out.batch) out.batch_count *= axis.size;
  if (out.batch_count == 0 || out.rows.size == 0 || out.columns.size == 0 || out.depth.size == 0)
    node.decline("takes no product of nothing");
  if ((out.columns.size > 1 && out.columns.step[kOutput] != 1) || (out.rows.size > 1 && out.rows.step[kOutput] != out.columns.size))
    node.decline("writes compact matrices: here the output's lie among each other");
  return out;
}

std::int64_t position(const Dims& axes, std::int64_t axis) { return std::find(axes.begin(), axes.end(), axis) - axes.begin(); }

}  // namespace

Matrices matmul(const Node& node) {
  const Tensors tensors(node, -1);
  const auto rank = [&](Side side) { return static_cast<std::int64_t>(tensors.dims(side).size()); };
  const std::int64_t left = rank(kLeft), right = rank(kRight);
  const bool turn_left = node.flag("transpose_a"), turn_right = node.flag("transpose_b");
  // Without its dimension, a row or a column is a matrix all the same.
  const std::int64_t left_row = left == 1 ? kNone : turn_left ? left - 1 : left - 2;
  const std::int64_t left_depth = left == 1 ? 0 : turn_left ? left - 2 : left - 1;
  const std::int64_t right_column = right == 1 ? kNone : turn_right ? right - 2 : right - 1;
  const std::int64_t right_depth = right == 1 ? 0 : turn_right ? right - 1 : right - 2;
  std::int64_t last = rank(kOutput);
  Groups groups;
  if (right_column != kNone) groups.columns.push_back(tensors.axis(kNone, right_column, kNone, --last));
  if (left_row != kNone) groups.rows.push_back(tensors.axis(left_row, kNone, kNone, --last));
  groups.depth.push_back(tensors.axis(left_depth, right_depth, kNone, kNone));
  for (std::int64_t i = 0; i < last; ++i) {  // NumPy aligns the batches from the right
    const std::int64_t from_right = last - i + 2, a = left - from_right, b = right - from_right;
    groups.batch.push_back(tensors.axis(a < 0 ? kNone : a, b < 0 ? kNone : b, kNone, i));
  }
  return settle(node, std::move(groups), -1);
}

Matrices linear(const Node& node) {
  const int bias = node.has(2) ? 2 : -1;
  const Tensors tensors(node, bias);
  const auto last = static_cast<std::int64_t>(tensors.dims(kLeft).size()) - 1;
  Groups groups;
  for (std::int64_t i = 0; i < last; ++i) groups.rows.push_back(tensors.axis(i, kNone, kNone, i));
  groups.columns = {tensors.axis(kNone, 0, bias < 0 ? kNone : 0, last)};
  groups.depth = {tensors.axis(last, 1, kNone, kNone)};
  return settle(node, std::move(groups), bias);
}

Matrices gemm(const Node& node) {
  const int bias = node.has(2) ? 2 : -1;
  const Tensors tensors(node, bias);
  if (node.real("alpha") != 1 || (bias >= 0 && node.real("beta") != 1)) node.decline("takes no factors alpha and beta but 1");
  std::int64_t c = kNone;
  if (bias >= 0) {
    const Dims& dims = tensors.dims(kBias);
    c = static_cast<std::int64_t>(dims.size()) - 1;
    if (dims.empty() || dims.back() != tensors.dims(kOutput)[1] || (dims.size() == 2 && dims[0] != 1))
      node.decline(cat("takes c as one row for all, not as ", text(dims)));
  }
  const bool turn_a = node.flag("transpose_a"), turn_b = node.flag("transpose_b");
  Groups groups;
  groups.rows = {tensors.axis(turn_a ? 1 : 0, kNone, kNone, 0)};
  groups.columns = {tensors.axis(kNone, turn_b ? 0 : 1, c, 1)};
  groups.depth = {tensors.axis(turn_a ? 0 : 1, turn_b ? 1 : 0, kNone, kNone)};
  return settle(node, std::move(groups), bias);
}

Matrices dot_general(const Node& node) {
  const Tensors tensors(node, -1);
  const auto axes = [&](const char* name, Side side) {
    Dims out = node.ints(name);
    for (std::int64_t& axis : out) axis = node.axis(name, axis, static_cast<std::int64_t>(tensors.dims(side).size()));
    return out;
  };
  const Dims left_batch = axes("lhs_batching_dimensions", kLeft), right_batch = axes("rhs_batching_dimensions", kRight);
  const Dims left_depth = axes("lhs_contracting_dimensions", kLeft), right_depth = axes("rhs_contracting_dimensions", kRight);
  Groups groups;
  std::int64_t place = 0;
  for (std::size_t i = 0; i < left_batch.size(); ++i) groups.batch.push_back(tensors.axis(left_batch[i], right_batch[i], kNone, place++));
  for (std::size_t i = 0; i < left_depth.size(); ++i) groups.depth.push_back(tensors.axis(left_depth[i], right_depth[i], kNone, kNone));
  const auto is_free = [](std::int64_t axis, const Dims& batch, const Dims& depth) {
    return position(batch, axis) == static_cast<std::int64_t>(batch.size()) &&
           position(depth, axis) == static_cast<std::int64_t>(depth.size());
  };
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(tensors.dims(kLeft).size()); ++i)
    if (is_free(i, left_batch, left_depth)) groups.rows.push_back(tensors.axis(i, kNone, kNone, place++));
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(tensors.dims(kRight).size()); ++i)
    if (is_free(i, right_batch, right_depth)) groups.columns.push_back(tensors.axis(kNone, i, kNone, place++));
  return settle(node, std::move(groups), -1);
}

}  // namespace tenon::onednn
