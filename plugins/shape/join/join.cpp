// concat and stack.
#include "plugins/shape/move/moves.h"
#include "plugins/shape/sizes.h"

namespace tenon::shape {
namespace {

// What all parts have in common, dynamic sizes made known where one part knows them. Dimension `except` may differ; -1: none.
Type common_type(const Node& node, std::int64_t except) {
  Type type = node.operand(0);
  for (std::size_t i = 1; i < node.operand_count(); ++i) {
    const Type next = node.operand(i);
    if (next.dtype != type.dtype)
      node.fail(TENON_INVALID_ARGUMENT,
                cat("inputs[", i, "] must have dtype ", dtype_name(type.dtype), " like inputs[0], got ", dtype_name(next.dtype)),
                "put a cast before it");
    bool fits = next.rank() == type.rank();
    for (std::int64_t d = 0; fits && d < type.rank(); ++d) {
      if (d == except) continue;
      fits = compatible(next.dims[at(d)], type.dims[at(d)]);
      if (type.dims[at(d)] == TENON_DYNAMIC) type.dims[at(d)] = next.dims[at(d)];
    }
    if (!fits)
      node.fail(TENON_INVALID_ARGUMENT, cat("inputs[", i, "] must have the shape of inputs[0], ", text(node.operand(0).dims),
                                            except < 0 ? std::string() : cat(", but for axis ", except), ", got ", text(next.dims)));
  }
  return type;
}

void infer_concat(const Node& node) {
  const std::int64_t axis = node.axis("axis", node.operand(0).rank());
  Type type = common_type(node, axis);
  std::int64_t size = 0;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const std::int64_t part = node.operand(i).dims[at(axis)];
    if (part == TENON_DYNAMIC || size == TENON_DYNAMIC)
      size = TENON_DYNAMIC;
    else if (__builtin_add_overflow(size, part, &size))
      node.fail(TENON_INVALID_ARGUMENT, "the sizes do not fit 64 bits together");
  }
  type.dims[at(axis)] = size;
  node.set_result(0, type);
}

Values operands(Builder& b) {
  Values parts;
  for (std::size_t i = 0; i < b.node().operand_count(); ++i) parts.push_back(b.operand(i));
  return parts;
}

void lower_concat(Builder& b) {
  const Values parts = operands(b);
  b.finish({parts.size() == 1 ? parts[0] : b.concatenate(parts, b.node().axis("axis", b.node().operand(0).rank()))});
}

std::int64_t stack_axis(const Node& node) { return node.axis("axis", node.operand(0).rank() + 1); }

void infer_stack(const Node& node) {
  const std::int64_t axis = stack_axis(node);
  Type type = common_type(node, -1);
  type.dims.insert(type.dims.begin() + axis, static_cast<std::int64_t>(node.operand_count()));
  node.set_result(0, type);
}

void lower_stack(Builder& b) {
  const Node& node = b.node();
  const std::int64_t axis = stack_axis(node);
  Values parts;
  for (Value x : operands(b)) {
    const Type type = b.type(x);
    Extents extents;
    for (std::int64_t d = 0; d < type.rank(); ++d) extents.push_back(sized(node, type, {d}));
    extents.insert(extents.begin() + axis, fixed(1));
    parts.push_back(reshape_to(b, x, x, extents));
  }
  b.finish({parts.size() == 1 ? parts[0] : b.concatenate(parts, axis)});
}

MoveList concat_pieces(const Node& node) {
  const std::int64_t axis = node.axis("axis", node.operand(0).rank());
  MoveList moves;
  std::int64_t start = 0;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Type type = node.operand(i);
    moves.pieces.push_back(whole_of(static_cast<int>(i), type, 0));
    moves.pieces.back().to_start.resize(type.dims.size());
    moves.pieces.back().to_start[at(axis)] = start;
    start += type.dims[at(axis)];
  }
  return moves;
}

MoveList stack_pieces(const Node& node) {
  const std::int64_t axis = stack_axis(node);
  MoveList moves;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    Piece piece = whole_of(static_cast<int>(i), node.operand(i), 0);
    for (Axis& a : piece.axes) a.to += a.to >= axis ? 1 : 0;
    piece.to_start.resize(piece.axes.size() + 1);
    piece.to_start[at(axis)] = static_cast<std::int64_t>(i);
    moves.pieces.push_back(std::move(piece));
  }
  return moves;
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(concat) = Operator("concat").infer<infer_concat>().lower<lower_concat>().kernels(Moves<concat_pieces>::kList);
TENON_OPERATOR(stack) = Operator("stack").infer<infer_stack>().lower<lower_stack>().kernels(Moves<stack_pieces>::kList);
