// tril, triu and diagonal: where row and column numbers decide.
#include "plugins/shape/move/moves.h"
#include "plugins/shape/take.h"
#include "plugins/shape/triangle/kernel.h"

namespace tenon::shape {
namespace {

enum class Side { Lower, Upper };

void infer_triangle(const Node& node) {
  const Type input = node.operand(0);
  if (input.rank() < 2) node.fail(TENON_INVALID_ARGUMENT, cat("input must have at least two dimensions, got ", text(input.dims)));
  node.set_result(0, input);
}

template <Side kSide>
void lower_triangle(Builder& b) {
  const Value x = b.operand(0);
  const Type type = b.type(x);
  // Far beyond any matrix, and such that row + diagonal stays within i32 for up to 2^30 rows.
  const std::int64_t diagonal = std::clamp<std::int64_t>(b.node().integer("diagonal"), -(1 << 30), 1 << 30);
  const Value row = b.iota_like(x, TENON_I32, type.rank() - 2), column = b.iota_like(x, TENON_I32, type.rank() - 1);
  const Value limit = diagonal == 0 ? row : b.add(row, b.splat_like(row, static_cast<double>(diagonal)));
  const Value keep = b.compare(kSide == Side::Lower ? "LE" : "GE", column, limit);
  b.finish({b.select(keep, x, filled_like(b, x, type.dtype, 0))});
}

struct Diagonal {
  std::int64_t axis1 = 0, axis2 = 0, row = 0, column = 0, count = 0;  // from [row, column] on
};

Diagonal diagonal_of(const Node& node) {
  const Type input = node.operand(0);
  Diagonal d;
  d.axis1 = node.axis("axis1", input.rank());
  d.axis2 = node.axis("axis2", input.rank());
  if (d.axis1 == d.axis2) node.fail(TENON_INVALID_ARGUMENT, cat("axis1 and axis2 must differ, both are ", d.axis1));
  for (std::int64_t axis : {d.axis1, d.axis2})
    if (input.dims[at(axis)] == TENON_DYNAMIC)
      no_dynamic(node, "input", input, cat(", and how long the diagonal along axis ", axis, " is depends on it"));
  const std::int64_t rows = input.dims[at(d.axis1)], columns = input.dims[at(d.axis2)];
  const std::int64_t offset = std::clamp(node.integer("offset"), -rows, columns);
  d.row = std::max<std::int64_t>(-offset, 0);
  d.column = std::max<std::int64_t>(offset, 0);
  d.count = std::min(rows - d.row, columns - d.column);
  return d;
}

void infer_diagonal(const Node& node) {
  const Type input = node.operand(0);
  const Diagonal d = diagonal_of(node);
  Type out{input.dtype, {}};
  for (std::int64_t i = 0; i < input.rank(); ++i)
    if (i != d.axis1 && i != d.axis2) out.dims.push_back(input.dims[at(i)]);
  out.dims.push_back(d.count);
  node.set_result(0, out);
}

void lower_diagonal(Builder& b) {
  const Value x = b.operand(0);
  const Type type = b.type(x);
  const Diagonal d = diagonal_of(b.node());
  const Type out = b.node().result(0);
  if (d.count == 0 && out.is_static()) return b.finish({filled(b, out, 0)});
  if (!type.is_static()) {  // a gather takes no dimension as a whole that is dynamic: every (columns + 1)th element of the matrix as a row
    Dims order;
    Extents extents;
    for (std::int64_t i = 0; i < type.rank(); ++i)
      if (i != d.axis1 && i != d.axis2) order.push_back(i);
    order.insert(order.end(), {d.axis1, d.axis2});
    const Value rows = b.transpose(x, order);
    for (std::int64_t i = 0; i + 2 < type.rank(); ++i) extents.push_back(sized(b.node(), b.type(rows), {i}));
    const std::int64_t columns = type.dims[at(d.axis2)];
    extents.push_back(fixed(product(b.node(), {type.dims[at(d.axis1)], columns})));
    return b.finish({cut(b, reshape_to(b, rows, rows, extents), {{type.rank() - 2, d.row * columns + d.column, d.count, columns + 1}})});
  }
  const auto column_of = [&](std::int64_t first) {
    const Value i = b.iota({TENON_I32, {d.count, 1}}, 0);
    return first == 0 ? i : b.add(i, b.splat_like(i, static_cast<double>(first)));
  };
  Dims slice_sizes = type.dims, offset_dims;
  slice_sizes[at(d.axis1)] = slice_sizes[at(d.axis2)] = 1;
  for (std::int64_t i = 0; i + 2 < type.rank(); ++i) offset_dims.push_back(i);
  b.finish({b.op1("gather", {x, b.concatenate({column_of(d.row), column_of(d.column)}, 1)},
                  {{"offset_dims", offset_dims},
                   {"collapsed_slice_dims", Dims{std::min(d.axis1, d.axis2), std::max(d.axis1, d.axis2)}},
                   {"start_index_map", Dims{d.axis1, d.axis2}},
                   {"index_vector_dim", 1},
                   {"slice_sizes", slice_sizes}})});
}

MoveList diagonal_pieces(const Node& node) {
  const Diagonal d = diagonal_of(node);
  const Type input = node.operand(0), result = node.result(0);
  Piece piece = whole_of(0, result, 0);
  piece.from_start.resize(input.dims.size());
  piece.from_start[at(d.axis1)] = d.row;
  piece.from_start[at(d.axis2)] = d.column;
  std::size_t next = 0;
  for (std::int64_t i = 0; i < input.rank(); ++i)
    if (i != d.axis1 && i != d.axis2) piece.axes[next++].from = i;
  piece.axes.back().from = d.axis1;
  piece.axes.back().from_too = d.axis2;
  return {{piece}};
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(tril) = Operator("tril").infer<infer_triangle>().lower<lower_triangle<Side::Lower>>().kernels(kTriangleKernels);
TENON_OPERATOR(triu) = Operator("triu").infer<infer_triangle>().lower<lower_triangle<Side::Upper>>().kernels(kTriangleKernels);
TENON_OPERATOR(diagonal) = Operator("diagonal").infer<infer_diagonal>().lower<lower_diagonal>().kernels(Moves<diagonal_pieces>::kList);
