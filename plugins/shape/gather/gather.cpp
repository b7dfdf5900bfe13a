// gather, take_along_axis and gather_nd.
#include "plugins/shape/gather/kernel.h"
#include "plugins/shape/take.h"

namespace tenon::shape {
namespace {

constexpr std::size_t kData = 0, kIndices = 1;

bool has_elements(const Type& type) { return std::find(type.dims.begin(), type.dims.end(), 0) == type.dims.end(); }

// Out of nothing comes nothing but fill_value.
void check_source(const Node& node, std::int64_t size, std::int64_t axis, const Type& result) {
  need_exact(node, "fill_value", node.real("fill_value"), result.dtype);
  if (size != 0 || !has_elements(result)) return;
  if (node.string("mode") != "fill")
    node.fail(TENON_INVALID_ARGUMENT, cat("data ", text(node.operand(kData).dims), " has nothing along axis ", axis, " to take"),
              "mode fill gives fill_value");
  need_static(node, "indices", node.operand(kIndices));
  need_static(node, "data", node.operand(kData));
}

// True if there is nothing to take: the result is made of fill_value, or empty.
bool finish_empty(Builder& b, std::int64_t size) {
  const Type result = b.node().result(0);
  if (size != 0 && has_elements(result)) return false;
  if (!result.is_static()) no_dynamic(b.node(), "data or indices", result, " in an empty result");
  b.finish({filled(b, result, b.node().real("fill_value"))});
  return true;
}

// Indices counted from the front, and which of them are in range (with mode fill only).
struct Checked {
  Value indices, valid;
};
Checked checked(Builder& b, Value indices, Value size) {
  Checked out;
  indices = from_the_front(b, indices, size);
  if (b.node().string("mode") == "fill")
    out.valid = b.logical_and(b.compare("GE", indices, b.splat_like(indices, 0)), b.compare("LT", indices, size));
  out.indices = indices;  // the builder clamps those of every gather and scatter, in every profile
  return out;
}

// `place`: where the dimensions of `valid` stand in the output.
void finish(Builder& b, Value output, Value valid, const Dims& place) {
  if (valid) {
    const Value fill = filled_like(b, output, b.type(output).dtype, b.node().real("fill_value"));
    const Dims dims = b.type(output).dims;
    const bool is_static = b.type(output).is_static() && b.type(valid).is_static();
    valid = is_static ? b.broadcast_in_dim(valid, dims, place) : dynamic_broadcast(b, valid, b.sizes(output), dims, place);
    output = b.select(valid, output, fill);
  }
  b.finish({output});
}

Dims counted(std::int64_t first, std::int64_t count) {
  Dims out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back(first + i);
  return out;
}

// ---- gather ----

void infer_gather(const Node& node) {
  const Type data = node.operand(kData), indices = node.operand(kIndices);
  const std::int64_t axis = node.axis("axis", data.rank());
  Type out = data;
  out.dims.erase(out.dims.begin() + axis);
  out.dims.insert(out.dims.begin() + axis, indices.dims.begin(), indices.dims.end());
  check_source(node, data.dims[at(axis)], axis, out);
  node.set_result(0, out);
}

void lower_gather(Builder& b) {
  const Value data = b.operand(kData);
  const Type type = b.type(data);
  const std::int64_t axis = b.node().axis("axis", type.rank());
  if (finish_empty(b, type.dims[at(axis)])) return;
  const Value given = signed_indices(b, b.operand(kIndices));
  const auto [indices, valid] = checked(b, given, size_like(b, data, axis, given));
  finish(b, take(b, data, axis, indices), valid, counted(axis, b.type(given).rank()));
}

// ---- take_along_axis ----

void infer_along(const Node& node) {
  const Type data = node.operand(kData), indices = node.operand(kIndices);
  const std::int64_t axis = node.axis("axis", data.rank());
  bool fits = indices.rank() == data.rank();
  for (std::int64_t d = 0; fits && d < data.rank(); ++d) fits = d == axis || compatible(indices.dims[at(d)], data.dims[at(d)]);
  if (!fits)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("indices must have the shape of data, ", text(data.dims), ", but for axis ", axis, ", got ", text(indices.dims)));
  check_source(node, data.dims[at(axis)], axis, {data.dtype, indices.dims});
  node.set_result(0, {data.dtype, indices.dims});
}

void lower_along(Builder& b) {
  const Value data = b.operand(kData);
  const Type type = b.type(data);
  const std::int64_t axis = b.node().axis("axis", type.rank());
  if (finish_empty(b, type.dims[at(axis)])) return;
  const Value given = signed_indices(b, b.operand(kIndices));
  const auto [indices, valid] = checked(b, given, size_like(b, data, axis, given));
  Dims batch = counted(0, type.rank());
  batch.erase(batch.begin() + axis);
  const Value output = b.op1("gather", {data, indices},
                             {{"collapsed_slice_dims", Dims{axis}},
                              {"operand_batching_dims", batch},
                              {"start_indices_batching_dims", batch},
                              {"start_index_map", Dims{axis}},
                              {"index_vector_dim", type.rank()},
                              {"slice_sizes", Dims(type.dims.size(), 1)}});
  finish(b, output, valid, counted(0, type.rank()));
}

// ---- gather_nd ----

struct Coordinates {
  std::int64_t batch = 0, count = 0;  // the data's dimensions batch to batch + count are indexed
};

Coordinates coordinates(const Node& node) {
  const Type data = node.operand(kData), indices = node.operand(kIndices);
  const std::int64_t batch = node.integer("batch_dims");
  if (indices.rank() == 0)
    node.fail(TENON_INVALID_ARGUMENT, "indices must have a last dimension, which holds the coordinates, got a scalar");
  if (batch >= indices.rank() || batch > data.rank())
    node.fail(TENON_OUT_OF_RANGE,
              cat("batch_dims ", batch, " is out of range for data ", text(data.dims), " and indices ", text(indices.dims)));
  for (std::int64_t d = 0; d < batch; ++d)
    if (!compatible(data.dims[at(d)], indices.dims[at(d)]))
      node.fail(TENON_INVALID_ARGUMENT,
                cat("the first ", batch, " sizes of data ", text(data.dims), " and indices ", text(indices.dims), " must be equal"));
  const std::int64_t count = indices.dims.back();
  if (count == TENON_DYNAMIC) no_dynamic(node, "indices", indices, ", and its last one says how many coordinates there are");
  if (count > data.rank() - batch)
    node.fail(TENON_INVALID_ARGUMENT, cat("indices ", text(indices.dims), " hold ", count, " coordinates, data ", text(data.dims), " has ",
                                          data.rank() - batch, " dimensions for them"));
  for (std::int64_t d = batch + count; d < data.rank(); ++d)
    if (data.dims[at(d)] == TENON_DYNAMIC) no_dynamic(node, "data", data, cat(", and all of dimension ", d, " is gathered"));
  return {batch, count};
}

// A size of 0 among the indexed dimensions; -1: none.
std::int64_t empty_dimension(const Type& data, Coordinates c) {
  for (std::int64_t d = c.batch; d < c.batch + c.count; ++d)
    if (data.dims[at(d)] == 0) return d;
  return -1;
}

void infer_nd(const Node& node) {
  const Type data = node.operand(kData), indices = node.operand(kIndices);
  const Coordinates c = coordinates(node);
  Type out{data.dtype, Dims(indices.dims.begin(), indices.dims.end() - 1)};
  out.dims.insert(out.dims.end(), data.dims.begin() + c.batch + c.count, data.dims.end());
  const std::int64_t empty = empty_dimension(data, c);
  check_source(node, empty < 0 ? 1 : 0, empty, out);
  node.set_result(0, out);
}

void lower_nd(Builder& b) {
  const Value data = b.operand(kData);
  const Type type = b.type(data);
  const Coordinates c = coordinates(b.node());
  if (finish_empty(b, empty_dimension(type, c) < 0 ? 1 : 0)) return;
  const Value given = signed_indices(b, b.operand(kIndices));
  const Type index_type = b.type(given);
  const std::int64_t last = index_type.rank() - 1;
  Values parts;
  for (std::int64_t d = c.batch; d < c.batch + c.count; ++d)
    parts.push_back(type.dims[at(d)] == TENON_DYNAMIC ? b.reshape(b.convert(b.size(data, d), index_type.dtype), {1})
                                                      : b.splat({index_type.dtype, {1}}, static_cast<double>(type.dims[at(d)])));
  const Value sizes = parts.empty() ? b.splat_like(given, 0) : b.broadcast_like(b.concatenate(parts, 0), given, {last});
  auto [indices, valid] = checked(b, given, sizes);
  if (valid) valid = b.reduce(valid, 1, {last}, false, [&](Value x, Value y) { return b.logical_and(x, y); });
  Dims slice_sizes = type.dims;
  for (std::int64_t d = 0; d < c.batch + c.count; ++d) slice_sizes[at(d)] = 1;
  const Value output = b.op1("gather", {data, indices},
                             {{"offset_dims", counted(last, type.rank() - c.batch - c.count)},
                              {"collapsed_slice_dims", counted(c.batch, c.count)},
                              {"operand_batching_dims", counted(0, c.batch)},
                              {"start_indices_batching_dims", counted(0, c.batch)},
                              {"start_index_map", counted(c.batch, c.count)},
                              {"index_vector_dim", last},
                              {"slice_sizes", slice_sizes}});
  finish(b, output, valid, counted(0, last));
}

// ---- As slices at indices, for the kernel ----

Slices gather_slices(const Node& node) {
  const Type data = node.operand(kData), indices = node.operand(kIndices);
  const std::int64_t axis = node.axis("axis", data.rank());
  Slices out;
  out.indexed = {axis};
  for (std::int64_t d = 0; d < axis; ++d) out.places.push_back({data.dims[at(d)], -1, d, d});
  for (std::int64_t d = 0; d < indices.rank(); ++d) out.places.push_back({indices.dims[at(d)], d, axis + d, -1});
  for (std::int64_t d = axis + 1; d < data.rank(); ++d) out.slice.push_back({data.dims[at(d)], d, d + indices.rank() - 1});
  return out;
}

Slices along_slices(const Node& node) {
  const Type indices = node.operand(kIndices);
  const std::int64_t axis = node.axis("axis", indices.rank());
  Slices out;
  out.indexed = {axis};
  for (std::int64_t d = 0; d < indices.rank(); ++d) out.places.push_back({indices.dims[at(d)], d, d, d == axis ? -1 : d});
  return out;
}

Slices nd_slices(const Node& node) {
  const Type data = node.operand(kData), indices = node.operand(kIndices);
  const Coordinates c = coordinates(node);
  const std::int64_t last = indices.rank() - 1;
  Slices out;
  out.indexed = counted(c.batch, c.count);
  out.coordinate_axis = last;
  for (std::int64_t d = 0; d < last; ++d) out.places.push_back({indices.dims[at(d)], d, d, d < c.batch ? d : -1});
  for (std::int64_t d = c.batch + c.count; d < data.rank(); ++d) out.slice.push_back({data.dims[at(d)], d, last + d - c.batch - c.count});
  return out;
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(gather) = Operator("gather").infer<infer_gather>().lower<lower_gather>().kernels(Gathers<gather_slices>::kList);
TENON_OPERATOR(take_along_axis) =
    Operator("take_along_axis").infer<infer_along>().lower<lower_along>().kernels(Gathers<along_slices>::kList);
TENON_OPERATOR(gather_nd) = Operator("gather_nd").infer<infer_nd>().lower<lower_nd>().kernels(Gathers<nd_slices>::kList);
