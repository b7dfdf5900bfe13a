// dynamic_slice and dynamic_update_slice: windows that start where scalars say.
#include "plugins/shape/move/moves.h"
#include "plugins/shape/take.h"

namespace tenon::shape {
namespace {

void check_starts(const Node& node, std::size_t first, const Type& input) {
  const std::size_t count = node.operand_count() - first;
  if (count != input.dims.size())
    node.fail(TENON_INVALID_ARGUMENT, cat("input ", text(input.dims), " needs ", input.rank(), " starts, one per dimension, got ", count));
  for (std::size_t i = 0; i < count; ++i)
    if (const Type start = node.operand(first + i); start.rank() != 0)
      node.fail(TENON_INVALID_ARGUMENT, cat("starts[", i, "] must be a scalar, got shape ", text(start.dims)));
}

// All of one signed type, as StableHLO asks.
Values starts(Builder& b, std::size_t first) {
  Values out;
  bool wide = false;
  for (std::size_t i = first; i < b.node().operand_count(); ++i) {
    out.push_back(signed_indices(b, b.operand(i)));
    wide = wide || b.type(out.back()).dtype == TENON_I64;
  }
  for (Value& start : out) start = b.convert(start, wide ? TENON_I64 : TENON_I32);
  return out;
}

void infer_slice(const Node& node) {
  const Type input = node.operand(0);
  check_starts(node, 1, input);
  const Dims sizes = node.ints("sizes");
  bool fits = sizes.size() == input.dims.size();
  for (std::size_t i = 0; fits && i < sizes.size(); ++i) fits = input.dims[i] == TENON_DYNAMIC || sizes[i] <= input.dims[i];
  if (!fits) node.fail(TENON_INVALID_ARGUMENT, cat("sizes must be within the input's, ", text(input.dims), ", got ", text(sizes)));
  node.set_result(0, {input.dtype, sizes});
}

void lower_slice(Builder& b) { b.finish({b.dynamic_slice(b.operand(0), starts(b, 1), b.node().ints("sizes"))}); }

void infer_update(const Node& node) {
  const Type input = node.operand(0), update = node.operand(1);
  check_starts(node, 2, input);
  bool fits = update.rank() == input.rank();
  for (std::size_t i = 0; fits && i < input.dims.size(); ++i)
    fits = input.dims[i] == TENON_DYNAMIC || update.dims[i] == TENON_DYNAMIC || update.dims[i] <= input.dims[i];
  if (!fits)
    node.fail(TENON_INVALID_ARGUMENT, cat("update must fit into the input's shape ", text(input.dims), ", got ", text(update.dims)));
  node.set_result(0, input);
}

void lower_update(Builder& b) { b.finish({b.dynamic_update_slice(b.operand(0), b.operand(1), starts(b, 2))}); }

MoveList slice_pieces(const Node& node) {
  Piece piece = whole_of(0, node.result(0), 0);
  piece.from_starts = 1;
  return {{piece}};
}

// In place only the update moves.
MoveList update_pieces(const Node& node) {
  Piece all = whole_of(0, node.operand(0), 0), update = whole_of(1, node.operand(1), 0);
  all.unless_same = true;
  update.to_starts = 2;
  MoveList moves{{all, update}};
  moves.may_alias = 1;
  return moves;
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(dynamic_slice) = Operator("dynamic_slice").infer<infer_slice>().lower<lower_slice>().kernels(Moves<slice_pieces>::kList);
TENON_OPERATOR(dynamic_update_slice) =
    Operator("dynamic_update_slice").infer<infer_update>().lower<lower_update>().kernels(Moves<update_pieces>::kList);
