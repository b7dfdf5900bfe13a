// scatter and scatter_nd.
#include "plugins/shape/take.h"

namespace tenon::shape {
namespace {

constexpr std::size_t kData = 0, kIndices = 1, kUpdates = 2;

void check_common(const Node& node) {
  const tenon_dtype dtype = node.operand(kData).dtype;
  const bool small = dtype == TENON_I1 || dtype == TENON_I4 || dtype == TENON_UI4 || dtype == TENON_F8E4M3FN || dtype == TENON_F8E5M2;
  if (small && node.string("reduction") != "none")
    node.fail(TENON_INVALID_ARGUMENT, cat("reduction ", node.string("reduction"), " does not take ", dtype_name(dtype)),
              "put a cast before it");
}

bool has_elements(const Type& type) { return std::find(type.dims.begin(), type.dims.end(), 0) == type.dims.end(); }

// What is not known fits.
bool within(std::int64_t size, std::int64_t most) { return compatible(size, most) || size < most; }
bool same_sizes(const Dims& left, const Dims& right) {
  return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(), compatible);
}

// In a place that does not exist nothing can be put.
void check_target(const Node& node, std::int64_t size, std::int64_t axis) {
  if (size == 0 && has_elements(node.operand(kUpdates)))
    node.fail(TENON_INVALID_ARGUMENT, cat("data ", text(node.operand(kData).dims), " has no place along axis ", axis, " for the updates"));
}

// indices: coordinates in the last dimension, in range, for the first `count` dimensions of the data; the window is the rest.
void finish_scatter(Builder& b, Value indices, std::int64_t count) {
  const tenon_dtype dtype = b.type(b.operand(kData)).dtype;
  const std::string_view reduction = b.node().string("reduction");
  const bool widen = reduction != "none" && (dtype == TENON_F16 || dtype == TENON_BF16);
  const tenon_dtype wide = widen ? TENON_F32 : dtype;
  const Value data = b.convert(b.operand(kData), wide), updates = b.convert(b.operand(kUpdates), wide);
  const std::int64_t rank = b.type(data).rank(), last = b.type(indices).rank() - 1;
  Dims inserted, window;
  for (std::int64_t d = 0; d < count; ++d) inserted.push_back(d);
  for (std::int64_t d = count; d < rank; ++d) window.push_back(last + d - count);
  const Type element(wide, {});
  b.region({element, element}, [&](const Values& v) {
    return Values{reduction == "add"   ? b.add(v[0], v[1])
                  : reduction == "mul" ? b.multiply(v[0], v[1])
                  : reduction == "max" ? b.maximum(v[0], v[1])
                  : reduction == "min" ? b.minimum(v[0], v[1])
                                       : v[1]};
  });
  const Value out = b.op1("scatter", {data, indices, updates},
                          {{"update_window_dims", window},
                           {"inserted_window_dims", inserted},
                           {"scatter_dims_to_operand_dims", inserted},
                           {"index_vector_dim", last},
                           {"indices_are_sorted", false},
                           {"unique_indices", false}});
  b.finish({b.convert(out, dtype)});
}

// Nothing to put anywhere: also what spares the clamp an empty range.
bool finish_unchanged(Builder& b) {
  if (has_elements(b.node().operand(kUpdates))) return false;
  b.finish({b.operand(kData)});
  return true;
}

// ---- scatter ----

void infer_scatter(const Node& node) {
  const Type data = node.operand(kData), indices = node.operand(kIndices), updates = node.operand(kUpdates);
  check_common(node);
  const std::int64_t axis = node.axis("axis", data.rank());
  bool fits = indices.rank() == data.rank();
  for (std::int64_t d = 0; fits && d < data.rank(); ++d) fits = d == axis || within(indices.dims[at(d)], data.dims[at(d)]);
  if (!fits)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("indices must lie within data ", text(data.dims), " but for axis ", axis, ", got ", text(indices.dims)));
  if (!same_sizes(updates.dims, indices.dims))
    node.fail(TENON_INVALID_ARGUMENT, cat("updates must have the shape of indices, ", text(indices.dims), ", got ", text(updates.dims)));
  check_target(node, data.dims[at(axis)], axis);
  node.set_result(0, data);
}

void lower_scatter(Builder& b) {
  if (finish_unchanged(b)) return;
  const Value data = b.operand(kData), given = signed_indices(b, b.operand(kIndices));
  const std::int64_t axis = b.node().axis("axis", b.type(data).rank());
  const Value size = size_like(b, data, axis, given);
  const Value indices = from_the_front(b, given, size);
  const Type type = b.type(given);
  Extents column;
  for (std::int64_t d = 0; d < type.rank(); ++d) column.push_back(sized(b.node(), type, {d}));
  column.push_back(fixed(1));
  const Type component{type.dtype, dims_of(column)};
  Values coordinates;
  for (std::int64_t d = 0; d < type.rank(); ++d)
    if (d != axis && component.is_static())
      coordinates.push_back(b.iota(component, d));
    else
      coordinates.push_back(reshape_to(b, d == axis ? indices : b.iota_like(given, type.dtype, d), given, column));
  finish_scatter(b, b.concatenate(coordinates, b.type(data).rank()), b.type(data).rank());
}

// ---- scatter_nd ----

std::int64_t coordinate_count(const Node& node) {
  const Type data = node.operand(kData), indices = node.operand(kIndices), updates = node.operand(kUpdates);
  check_common(node);
  if (indices.rank() == 0)
    node.fail(TENON_INVALID_ARGUMENT, "indices must have a last dimension, which holds the coordinates, got a scalar");
  const std::int64_t count = indices.dims.back();
  if (count == TENON_DYNAMIC) no_dynamic(node, "indices", indices, ", and its last one says how many coordinates there are");
  if (count == 0) node.fail(TENON_INVALID_ARGUMENT, cat("indices must hold at least one coordinate, got shape ", text(indices.dims)));
  if (count > data.rank())
    node.fail(TENON_INVALID_ARGUMENT, cat("indices ", text(indices.dims), " hold ", count, " coordinates, data ", text(data.dims), " has ",
                                          data.rank(), " dimensions"));
  Dims want(indices.dims.begin(), indices.dims.end() - 1);
  want.insert(want.end(), data.dims.begin() + count, data.dims.end());
  if (!same_sizes(updates.dims, want))
    node.fail(TENON_INVALID_ARGUMENT, cat("updates must have shape ", text(want), ", got ", text(updates.dims)));
  for (std::int64_t d = 0; d < count; ++d) check_target(node, data.dims[at(d)], d);
  return count;
}

void infer_nd(const Node& node) {
  (void)coordinate_count(node);
  node.set_result(0, node.operand(kData));
}

void lower_nd(Builder& b) {
  const std::int64_t count = coordinate_count(b.node());
  if (finish_unchanged(b)) return;
  const Value given = signed_indices(b, b.operand(kIndices));
  const Type type = b.type(given);
  Values parts;
  for (std::int64_t d = 0; d < count; ++d) parts.push_back(b.reshape(size_like(b, b.operand(kData), d, b.scalar(type.dtype, 0)), {1}));
  const Value sizes = b.broadcast_like(b.concatenate(parts, 0), given, {type.rank() - 1});
  finish_scatter(b, from_the_front(b, given, sizes), count);
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(scatter) = Operator("scatter").infer<infer_scatter>().lower<lower_scatter>();
TENON_OPERATOR(scatter_nd) = Operator("scatter_nd").infer<infer_nd>().lower<lower_nd>();
