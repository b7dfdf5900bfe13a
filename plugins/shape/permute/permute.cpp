// transpose and permute: dimensions in another order.
#include <numeric>

#include "plugins/shape/move/moves.h"
#include "plugins/shape/sizes.h"

namespace tenon::shape {
namespace {

Dims in_order(std::int64_t rank) {
  Dims order(at(rank));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  return order;
}

// Dimension i of the result is this dimension of the input.
Dims permutation(const Node& node) {
  const Type input = node.operand(0);
  if (!node.has_attribute("permutation")) {
    if (input.rank() < 2)
      node.fail(TENON_INVALID_ARGUMENT, cat("input must have at least two dimensions to swap, got ", text(input.dims)), "give permutation");
    Dims order = in_order(input.rank());
    std::swap(order[order.size() - 2], order.back());
    return order;
  }
  const Dims given = node.ints("permutation");
  Dims order;
  for (std::int64_t axis : given) order.push_back(node.axis("permutation", axis, input.rank()));
  Dims sorted = order;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != in_order(input.rank()))
    node.fail(TENON_INVALID_ARGUMENT, cat("permutation must name each of the ", input.rank(), " dimensions of input ", text(input.dims),
                                          " once, got ", text(given)));
  return order;
}

void infer(const Node& node) {
  const Type input = node.operand(0);
  Type out{input.dtype, {}};
  for (std::int64_t axis : permutation(node)) out.dims.push_back(input.dims[at(axis)]);
  node.set_result(0, out);
}

void lower(Builder& b) {
  const Dims order = permutation(b.node());
  const Value x = b.operand(0);
  b.finish({order == in_order(static_cast<std::int64_t>(order.size())) ? x : b.transpose(x, order)});
}

MoveList pieces(const Node& node) {
  const Dims order = permutation(node);
  Piece piece = whole_of(0, node.result(0), 0);
  for (std::size_t i = 0; i < order.size(); ++i) piece.axes[i].from = order[i];
  return {{piece}};
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(transpose) = Operator("transpose").infer<infer>().lower<lower>().kernels(Moves<pieces>::kList);
TENON_OPERATOR(permute) = Operator("permute").infer<infer>().lower<lower>().kernels(Moves<pieces>::kList);
