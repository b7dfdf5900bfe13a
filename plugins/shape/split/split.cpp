// split and chunk: one result per part.
#include "plugins/shape/move/moves.h"
#include "plugins/shape/take.h"

namespace tenon::shape {
namespace {

std::int64_t split_axis(const Node& node) {
  const Type input = node.operand(0);
  const std::int64_t axis = node.axis("axis", input.rank());
  if (input.dims[at(axis)] == TENON_DYNAMIC && !node.has_attribute("sizes"))
    no_dynamic(node, "input", input, cat(", and axis ", axis, " is split without sizes"), "give that dimension a size, or use slice");
  return axis;
}

// Parts of one size, the last one shorter.
Dims in_steps(const Node& node, std::int64_t total, std::int64_t size) {
  if (total / size >= 4096) node.fail(TENON_INVALID_ARGUMENT, cat("size ", size, " gives ", total / size, " parts, at most 4096 are made"));
  Dims sizes;
  for (std::int64_t done = 0; done < total; done += size) sizes.push_back(std::min(size, total - done));
  return sizes;
}

Dims split_sizes(const Node& node) {
  const std::int64_t total = node.operand(0).dims[at(split_axis(node))];
  if (node.has_attribute("sizes")) {
    const Dims sizes = node.ints("sizes");
    std::int64_t sum = 0;
    for (std::int64_t size : sizes)
      if (__builtin_add_overflow(sum, size, &sum)) sum = -1;
    if ((sum != total && total != TENON_DYNAMIC) || sum < 0 || sizes.empty())
      node.fail(TENON_INVALID_ARGUMENT, cat("sizes must add up to ", total, ", got ", text(sizes)));
    return sizes;
  }
  if (node.has_attribute("parts")) {
    const std::int64_t parts = node.integer("parts");
    if (total % parts != 0)
      node.fail(TENON_INVALID_ARGUMENT, cat("parts must divide the size ", total, ", got ", parts), "chunk makes the last part shorter");
    return Dims(at(parts), total / parts);
  }
  if (!node.has_attribute("size")) node.fail(TENON_INVALID_ARGUMENT, "one of sizes, parts and size must be given");
  return total == 0 ? Dims{0} : in_steps(node, total, node.integer("size"));
}

Dims chunk_sizes(const Node& node) {
  const std::int64_t total = node.operand(0).dims[at(split_axis(node))], parts = node.integer("parts");
  return total == 0 ? Dims(at(parts), 0) : in_steps(node, total, (total - 1) / parts + 1);
}

template <Dims (*kSizes)(const Node&)>
void infer(const Node& node) {
  Type type = node.operand(0);
  const std::int64_t axis = split_axis(node);
  const Dims sizes = kSizes(node);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    type.dims[at(axis)] = sizes[i];
    node.set_result(i, type);
  }
}

template <Dims (*kSizes)(const Node&)>
void lower(Builder& b) {
  const std::int64_t axis = split_axis(b.node());
  Values parts;
  std::int64_t start = 0;
  for (std::int64_t size : kSizes(b.node())) {
    parts.push_back(cut(b, b.operand(0), {{axis, start, size, 1}}));
    start += size;
  }
  b.finish(parts);
}

template <Dims (*kSizes)(const Node&)>
MoveList pieces(const Node& node) {
  const std::int64_t axis = split_axis(node);
  MoveList moves;
  std::int64_t start = 0;
  for (std::int64_t size : kSizes(node)) {
    const auto number = moves.pieces.size();
    moves.pieces.push_back(whole_of(0, node.result(number), static_cast<int>(number)));
    moves.pieces.back().from_start.resize(node.operand(0).dims.size());
    moves.pieces.back().from_start[at(axis)] = start;
    start += size;
  }
  return moves;
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(split) =
    Operator("split").infer<infer<split_sizes>>().lower<lower<split_sizes>>().kernels(Moves<pieces<split_sizes>>::kList);
TENON_OPERATOR(chunk) =
    Operator("chunk").infer<infer<chunk_sizes>>().lower<lower<chunk_sizes>>().kernels(Moves<pieces<chunk_sizes>>::kList);
