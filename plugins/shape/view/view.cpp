// The same elements under another shape: an operator is the sizes of its result. One row each at the end of this file.
#include "plugins/shape/move/moves.h"
#include "plugins/shape/sizes.h"

namespace tenon::shape {
namespace {

Extents reshape(const Node& node) {
  const Type input = node.operand(0);
  const Dims shape = node.ints("shape");
  Extents out;
  std::vector<bool> copied(input.dims.size(), false);
  bool nothing = false;  // a size of 0 was copied
  std::size_t open = shape.size();
  Dims given;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) {
      if (i >= input.dims.size())
        node.fail(TENON_OUT_OF_RANGE,
                  cat("shape ", text(shape), " copies size ", i, " of input ", text(input.dims), ", which is not there"));
      copied[i] = true;
      nothing = nothing || input.dims[i] == 0;
      out.push_back(sized(node, input, {static_cast<std::int64_t>(i)}));
      continue;
    }
    if (shape[i] == -1) {
      if (open < shape.size()) node.fail(TENON_INVALID_ARGUMENT, cat("shape ", text(shape), " has more than one -1"));
      open = i;
      out.emplace_back();
      continue;
    }
    given.push_back(shape[i]);
    out.push_back(fixed(shape[i]));
  }
  // What was not copied has as many elements on both sides.
  Dims rest;
  for (std::size_t i = 0; i < copied.size(); ++i)
    if (!copied[i]) rest.push_back(static_cast<std::int64_t>(i));
  Extent left = sized(node, input, rest);
  const std::int64_t divisor = product(node, given);
  const auto mismatch = [&] {
    node.fail(TENON_INVALID_ARGUMENT, cat("shape ", text(shape), " does not hold the elements of input ", text(input.dims)),
              "the sizes must multiply to the number of elements; 0 copies a size, -1 takes what is left");
  };
  if (open < shape.size()) {
    if (left.size != TENON_DYNAMIC) {
      if (left.size % divisor != 0) mismatch();
      out[open] = fixed(left.size / divisor);
    } else {
      const bool divides = left.times % divisor == 0;
      out[open] = {TENON_DYNAMIC, left.of, divides ? left.times / divisor : left.times, divides ? 1 : divisor};
    }
  } else if (left.size != TENON_DYNAMIC && left.size != divisor && !nothing) {
    mismatch();
  }
  return out;
}

Extents flatten(const Node& node) {
  const Type input = node.operand(0);
  const std::int64_t rank = std::max<std::int64_t>(input.rank(), 1);  // a scalar counts as one element
  const std::int64_t first = node.axis("start_axis", rank), last = node.axis("end_axis", rank);
  if (first > last) node.fail(TENON_INVALID_ARGUMENT, cat("start_axis ", first, " stands behind end_axis ", last));
  Extents out;
  Dims together;
  for (std::int64_t d = 0; d < input.rank(); ++d) {
    if (d >= first && d <= last) together.push_back(d);
    if (d == last) out.push_back(sized(node, input, together));
    if (d < first || d > last) out.push_back(sized(node, input, {d}));
  }
  if (input.rank() == 0) out.push_back(fixed(1));
  return out;
}

Extents squeeze(const Node& node) {
  const Type input = node.operand(0);
  const bool named = node.has_attribute("axes");
  if (!named && !input.is_static()) no_dynamic(node, "input", input, ", and without axes the rank would depend on its size");
  const Dims axes = named ? distinct_axes(node, "axes", node.ints("axes"), input.rank()) : Dims();
  Extents out;
  for (std::int64_t d = 0; d < input.rank(); ++d) {
    const std::int64_t size = input.dims[at(d)];
    const bool drop = named ? std::binary_search(axes.begin(), axes.end(), d) : size == 1;
    if (drop && !compatible(size, 1))
      node.fail(TENON_INVALID_ARGUMENT, cat("axis ", d, " of input ", text(input.dims), " has size ", size, ", only 1 can be dropped"));
    if (!drop) out.push_back(sized(node, input, {d}));
  }
  return out;
}

Extents unsqueeze(const Node& node) {
  const Type input = node.operand(0);
  const Dims given = node.ints("axes");
  const std::int64_t rank = input.rank() + static_cast<std::int64_t>(given.size());
  const Dims axes = distinct_axes(node, "axes", given, rank);
  Extents out;
  std::int64_t next = 0;
  for (std::int64_t d = 0; d < rank; ++d)
    out.push_back(std::binary_search(axes.begin(), axes.end(), d) ? fixed(1) : sized(node, input, {next++}));
  return out;
}

// A copy: that a reshaped tensor could be the same memory is for those to know who own it.
MoveList pieces(const Node&) {
  Piece piece;
  piece.flat = true;
  return {{piece}};
}

template <Extents (*kExtents)(const Node&)>
void infer(const Node& node) {
  node.set_result(0, {node.operand(0).dtype, dims_of(kExtents(node))});
}

template <Extents (*kExtents)(const Node&)>
void lower(Builder& b) {
  const Value x = b.operand(0);
  b.finish({reshape_to(b, x, x, kExtents(b.node()))});
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(reshape) = Operator("reshape").infer<infer<reshape>>().lower<lower<reshape>>().kernels(Moves<pieces>::kList);
TENON_OPERATOR(flatten) = Operator("flatten").infer<infer<flatten>>().lower<lower<flatten>>().kernels(Moves<pieces>::kList);
TENON_OPERATOR(squeeze) = Operator("squeeze").infer<infer<squeeze>>().lower<lower<squeeze>>().kernels(Moves<pieces>::kList);
TENON_OPERATOR(unsqueeze) = Operator("unsqueeze").infer<infer<unsqueeze>>().lower<lower<unsqueeze>>().kernels(Moves<pieces>::kList);
