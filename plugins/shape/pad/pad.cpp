// pad.
#include "plugins/shape/move/moves.h"
#include "plugins/shape/take.h"

namespace tenon::shape {
namespace {

enum class Mode { Constant, Edge, Reflect };

Mode mode_of(const Node& node) {
  const std::string_view mode = node.string("mode");
  return mode == "edge" ? Mode::Edge : mode == "reflect" ? Mode::Reflect : Mode::Constant;
}

void check_dimension(const Node& node, Mode mode, std::int64_t axis, std::int64_t size, std::int64_t low, std::int64_t high) {
  std::int64_t padded = 0;
  const bool fits = !__builtin_add_overflow(size, low, &padded) && !__builtin_add_overflow(padded, high, &padded) && padded >= 0;
  if (mode == Mode::Constant) {
    if (!fits || size + low < 0 || size + high < 0)
      node.fail(TENON_INVALID_ARGUMENT,
                cat("low ", low, " and high ", high, " cut more from axis ", axis, " than its ", size, " elements"));
    return;
  }
  if (low < 0 || high < 0)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("mode ", node.string("mode"), " cuts nothing off, got low ", low, " and high ", high, " for axis ", axis));
  const std::int64_t most = mode == Mode::Edge ? (size > 0 ? std::int64_t{1} << 40 : 0) : std::max<std::int64_t>(size - 1, 0);
  if (!fits || std::max(low, high) > most)
    node.fail(TENON_INVALID_ARGUMENT, cat("mode ", node.string("mode"), " adds at most ", most, " elements on a side of axis ", axis,
                                          ", which has ", size, ", got low ", low, " and high ", high));
}

void infer(const Node& node) {
  Type type = node.operand(0);
  const Dims low = node.ints("low"), high = node.ints("high");
  if (low.size() != type.dims.size() || high.size() != type.dims.size())
    node.fail(TENON_INVALID_ARGUMENT, cat("low and high must have an entry for each dimension of input ", text(type.dims), ", got ",
                                          text(low), " and ", text(high)));
  need_exact(node, "value", node.real("value"), type.dtype);
  for (std::size_t i = 0; i < type.dims.size(); ++i) {
    const auto axis = static_cast<std::int64_t>(i);
    if (type.dims[i] == TENON_DYNAMIC) {
      // What is cut, repeated or mirrored depends on how much there is.
      if (low[i] < 0 || high[i] < 0 || (mode_of(node) != Mode::Constant && (low[i] > 0 || high[i] > 0)))
        no_dynamic(node, "input", node.operand(0),
                   cat(", and axis ", axis, " gets low ", low[i], " and high ", high[i], " in mode ", node.string("mode")),
                   "give that dimension a size; slice cuts it, mode constant pads it");
      continue;
    }
    check_dimension(node, mode_of(node), axis, type.dims[i], low[i], high[i]);
    type.dims[i] += low[i] + high[i];
  }
  node.set_result(0, type);
}

// `count` times the element at `position` along the axis.
Value repeated(Builder& b, Value x, std::int64_t axis, std::int64_t position, std::int64_t count) {
  const Value one = cut(b, x, {{axis, position, 1, 1}});
  const Type type = b.type(one);
  Extents extents;
  Dims place;
  for (std::int64_t d = 0; d < type.rank(); ++d) {
    extents.push_back(d == axis ? fixed(count) : sized(b.node(), type, {d}));
    place.push_back(d);
  }
  return broadcast_to(b, one, one, extents, place);
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Mode mode = mode_of(node);
  Dims low = node.ints("low"), high = node.ints("high");
  Value x = b.operand(0);
  if (const Type type = b.type(x); mode == Mode::Constant && !type.is_static()) {
    // IREE cuts no dynamic tensor by padding below 0: what is cut off goes first.
    std::vector<Range> kept;
    for (std::size_t i = 0; i < low.size(); ++i) {
      const std::int64_t before = std::max<std::int64_t>(-low[i], 0), after = std::max<std::int64_t>(-high[i], 0);
      if (before + after > 0) kept.push_back({static_cast<std::int64_t>(i), before, type.dims[i] - before - after, 1});
      low[i] = std::max<std::int64_t>(low[i], 0);
      high[i] = std::max<std::int64_t>(high[i], 0);
    }
    x = cut(b, x, kept);
  }
  if (mode == Mode::Constant) return b.finish({b.pad(x, scalar_of(b, b.type(x).dtype, node.real("value")), low, high)});
  for (std::size_t i = 0; i < low.size(); ++i) {
    const auto axis = static_cast<std::int64_t>(i);
    const std::int64_t size = b.type(x).dims[i];
    Values parts;
    // Mirrored at 0: low, .., 2, 1; mirrored at size - 1: size - 2, size - 3, ..
    if (low[i] > 0) parts.push_back(mode == Mode::Edge ? repeated(b, x, axis, 0, low[i]) : cut(b, x, {{axis, low[i], low[i], -1}}));
    parts.push_back(x);
    if (high[i] > 0)
      parts.push_back(mode == Mode::Edge ? repeated(b, x, axis, size - 1, high[i]) : cut(b, x, {{axis, size - 2, high[i], -1}}));
    if (parts.size() > 1) x = b.concatenate(parts, axis);
  }
  b.finish({x});
}

// ---- As moves ----

// Positions of the result from `start` on that come from equal steps of the input; from < 0: from nowhere.
struct Stretch {
  std::int64_t start, count, from, step;
};
using Stretches = std::vector<Stretch>;

Stretches stretches_of(Mode mode, std::int64_t size, std::int64_t low, std::int64_t high) {
  Stretches all;
  const auto add = [&](std::int64_t start, std::int64_t count, std::int64_t from, std::int64_t step) {
    if (count > 0) all.push_back({start, count, from, step});
  };
  if (mode == Mode::Constant) {
    const std::int64_t first = std::max<std::int64_t>(-low, 0), end = size + std::min<std::int64_t>(high, 0),
                       kept = std::max(low, std::int64_t{0});
    const std::int64_t count = std::max<std::int64_t>(end - first, 0), total = size + low + high;
    if (count == 0) return add(0, total, -1, 0), all;
    add(0, kept, -1, 0);
    add(kept, count, first, 1);
    add(kept + count, total - kept - count, -1, 0);
    return all;
  }
  const bool edge = mode == Mode::Edge;
  add(0, low, edge ? 0 : low, edge ? 0 : -1);
  add(low, size, 0, 1);
  add(low + size, high, edge ? size - 1 : size - 2, edge ? 0 : -1);
  return all;
}

// Every combination of stretches is a box. Where one comes from nowhere, so do all places behind it: later dimensions are taken whole.
void add_boxes(const Type& result, const std::vector<Stretches>& stretches, Piece piece, MoveList& moves) {
  const std::size_t d = piece.axes.size();
  if (d == stretches.size() || piece.from == kFill) {
    for (std::size_t e = d; e < stretches.size(); ++e) piece.axes.push_back({result.dims[e], -1, 1, static_cast<std::int64_t>(e), 1});
    piece.to_start.resize(stretches.size());
    moves.pieces.push_back(std::move(piece));
    return;
  }
  for (const Stretch& s : stretches[d]) {
    Piece next = piece;
    const auto axis = static_cast<std::int64_t>(d);
    next.axes.push_back({s.count, s.from < 0 || s.step == 0 ? -1 : axis, s.step, axis, 1});
    next.to_start.push_back(s.start);
    next.from_start.push_back(std::max<std::int64_t>(s.from, 0));
    if (s.from < 0) next.from = kFill;
    add_boxes(result, stretches, std::move(next), moves);
  }
}

MoveList pieces(const Node& node) {
  const Type input = node.operand(0), result = node.result(0);
  const Dims low = node.ints("low"), high = node.ints("high");
  MoveList moves;
  set_fill(node, input.dtype, node.real("value"), moves);
  std::vector<Stretches> stretches;
  for (std::size_t d = 0; d < low.size(); ++d) stretches.push_back(stretches_of(mode_of(node), input.dims[d], low[d], high[d]));
  add_boxes(result, stretches, {}, moves);
  // A source that is empty has no boxes of its own, and a box from nowhere has its earlier dimensions from nowhere too.
  for (Piece& piece : moves.pieces)
    if (piece.from == kFill)
      for (Axis& axis : piece.axes) axis.from = -1;
  return moves;
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(pad) = Operator("pad").infer<infer>().lower<lower>().kernels(Moves<pieces>::kList);
