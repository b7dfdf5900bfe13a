// expand, tile and repeat_interleave: a broadcast to more dimensions, then a reshape to those of the result.
#include "plugins/shape/move/moves.h"
#include "plugins/shape/sizes.h"

namespace tenon::shape {
namespace {

struct Repetition {
  Extents wide;   // what the input is broadcast to
  Dims place;     // where its dimensions stand there
  Extents final;  // the result: neighbours in `wide` as one
};

Repetition expand(const Node& node) {
  const Type input = node.operand(0);
  const Dims shape = node.ints("shape");
  const std::int64_t more = static_cast<std::int64_t>(shape.size()) - input.rank();
  Repetition out;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t d = static_cast<std::int64_t>(i) - more;  // the input's dimension
    const std::int64_t have = d < 0 ? 1 : input.dims[at(d)];
    const bool keep = shape[i] == -1;
    if (more < 0 || (keep && d < 0) || (!keep && have != 1 && !compatible(have, shape[i])))
      node.fail(TENON_INVALID_ARGUMENT, cat("input ", text(input.dims), " does not broadcast to shape ", text(shape)),
                "sizes count from the last dimension and must be equal, or 1 in the input; -1 keeps the input's");
    out.final.push_back(keep ? sized(node, input, {d}) : fixed(shape[i]));
    if (d >= 0) out.place.push_back(static_cast<std::int64_t>(i));
  }
  if (shape.empty() && more < 0) node.fail(TENON_INVALID_ARGUMENT, cat("input ", text(input.dims), " does not broadcast to a scalar"));
  out.wide = out.final;
  return out;
}

Repetition tile(const Node& node) {
  const Type input = node.operand(0);
  Dims repeats = node.ints("repeats");
  const std::int64_t more = static_cast<std::int64_t>(repeats.size()) - input.rank();
  if (more < 0) repeats.insert(repeats.begin(), at(-more), 1);
  Repetition out;
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    const std::int64_t d = static_cast<std::int64_t>(i) - std::max<std::int64_t>(more, 0);
    if (d < 0) {
      out.wide.push_back(fixed(repeats[i]));
      out.final.push_back(fixed(repeats[i]));
      continue;
    }
    if (repeats[i] != 1) out.wide.push_back(fixed(repeats[i]));
    out.place.push_back(static_cast<std::int64_t>(out.wide.size()));
    out.wide.push_back(sized(node, input, {d}));
    out.final.push_back(sized(node, input, {d}, repeats[i]));
  }
  return out;
}

Repetition repeat_interleave(const Node& node) {
  const Type input = node.operand(0);
  const std::int64_t axis = node.axis("axis", input.rank()), repeats = node.integer("repeats");
  Repetition out;
  for (std::int64_t d = 0; d < input.rank(); ++d) {
    out.place.push_back(static_cast<std::int64_t>(out.wide.size()));
    out.wide.push_back(sized(node, input, {d}));
    if (d == axis) out.wide.push_back(fixed(repeats));
    out.final.push_back(sized(node, input, {d}, d == axis ? repeats : 1));
  }
  return out;
}

template <Repetition (*kRepetition)(const Node&)>
void infer(const Node& node) {
  node.set_result(0, {node.operand(0).dtype, dims_of(kRepetition(node).final)});
}

template <Repetition (*kRepetition)(const Node&)>
void lower(Builder& b) {
  const Value x = b.operand(0);
  const Repetition repetition = kRepetition(b.node());
  b.finish({reshape_to(b, broadcast_to(b, x, x, repetition.wide, repetition.place), x, repetition.final)});
}

// ---- As moves: an axis of the source is read again for every repeat ----

MoveList expand_pieces(const Node& node) {
  const Type input = node.operand(0), output = node.result(0);
  const std::int64_t more = output.rank() - input.rank();
  Piece piece;
  for (std::int64_t i = 0; i < output.rank(); ++i) {
    const std::int64_t d = i - more;
    piece.axes.push_back({output.dims[at(i)], d < 0 || input.dims[at(d)] == 1 ? -1 : d, 1, i, 1});
  }
  return {{piece}};
}

MoveList tile_pieces(const Node& node) {
  const Type input = node.operand(0), output = node.result(0);
  const std::int64_t more = output.rank() - input.rank();
  Piece piece;
  for (std::int64_t i = 0; i < output.rank(); ++i) {
    const std::int64_t d = i - more, size = d < 0 ? 1 : input.dims[at(d)];
    piece.axes.push_back({size == 0 ? 0 : output.dims[at(i)] / size, -1, 1, i, size});
    if (d >= 0) piece.axes.push_back({size, d, 1, i, 1});
  }
  return {{piece}};
}

MoveList interleave_pieces(const Node& node) {
  const std::int64_t axis = node.axis("axis", node.operand(0).rank()), repeats = node.integer("repeats");
  Piece piece = whole_of(0, node.operand(0), 0);
  piece.axes[at(axis)].to_step = repeats;
  piece.axes.push_back({repeats, -1, 1, axis, 1});
  return {{piece}};
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(expand) = Operator("expand").infer<infer<expand>>().lower<lower<expand>>().kernels(Moves<expand_pieces>::kList);
TENON_OPERATOR(tile) = Operator("tile").infer<infer<tile>>().lower<lower<tile>>().kernels(Moves<tile_pieces>::kList);
TENON_OPERATOR(repeat_interleave) = Operator("repeat_interleave")
                                        .infer<infer<repeat_interleave>>()
                                        .lower<lower<repeat_interleave>>()
                                        .kernels(Moves<interleave_pieces>::kList);
