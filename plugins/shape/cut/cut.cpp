// slice, narrow and reverse: elements along axes from a start in equal steps.
#include "plugins/shape/move/moves.h"
#include "plugins/shape/take.h"

#include <limits>

namespace tenon::shape {
namespace {

using Ranges = std::vector<Range>;

// The dynamic sizes stay; of the others, `count` of the range.
Type cut_type(Type type, const Ranges& ranges) {
  for (const Range& r : ranges) type.dims[at(r.axis)] = r.count;
  return type;
}

// A range of a dynamic axis, by NumPy's rules.
struct OpenRange {
  std::int64_t axis = 0, start = 0, end = 0, step = 1;
};
struct Slices {
  Ranges ranges;
  std::vector<OpenRange> open;
};

Slices slices_of(const Node& node) {
  const Type input = node.operand(0);
  const Dims starts = node.ints("starts"), ends = node.ints("ends");
  Dims axes, steps(starts.size(), 1);
  if (node.has_attribute("axes")) {
    axes = node.ints("axes");
    (void)distinct_axes(node, "axes", axes, input.rank());
  } else {
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  }
  if (node.has_attribute("steps")) steps = node.ints("steps");
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    node.fail(TENON_INVALID_ARGUMENT, cat("starts, ends, axes and steps must be of one length, got ", text(starts), ", ", text(ends), ", ",
                                          text(axes), " and ", text(steps)));
  Slices out;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t axis = node.axis("axes", axes[i], input.rank()), size = input.dims[at(axis)], step = steps[i];
    if (step == 0) node.fail(TENON_INVALID_ARGUMENT, cat("steps must not be 0, got ", text(steps)));
    if (size == TENON_DYNAMIC) {
      if (starts[i] != 0 || ends[i] != std::numeric_limits<std::int64_t>::max() || step != 1)
        out.open.push_back({axis, starts[i], ends[i], step});
      continue;
    }
    // Backwards the places are -1 (before the first) to size - 1, forwards 0 to size.
    const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    const auto place = [&](std::int64_t given) { return std::clamp(given < 0 ? std::max(given, -size - 1) + size : given, low, high); };
    const std::int64_t start = place(starts[i]), end = place(ends[i]), distance = step > 0 ? end - start : start - end;
    // -(lowest integer) has no value; such a step takes one element, as every step beyond the size does.
    const std::int64_t stride =
        std::min(std::max<std::int64_t>(size, 1), step == std::numeric_limits<std::int64_t>::min() ? size : std::abs(step));
    const std::int64_t count = distance <= 0 ? 0 : (distance - 1) / std::max<std::int64_t>(stride, 1) + 1;
    out.ranges.push_back({axis, start, count, step > 0 ? stride : -stride});
  }
  return out;
}

// The positions of the range, as many as there are, from the axis' size `size`: what slices_of computes where sizes are known.
Value positions_of(Builder& b, Value size, const OpenRange& range) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();  // a size is an i32
  const auto number = [&](std::int64_t value) {
    return b.scalar(TENON_I32, static_cast<double>(std::clamp<std::int64_t>(value, -kMost, kMost)));
  };
  const bool forwards = range.step > 0;
  const Value low = number(forwards ? 0 : -1), high = forwards ? size : b.subtract(size, number(1));
  const auto place = [&](std::int64_t given) {
    return given < 0 ? b.maximum(b.add(number(given), size), low) : b.minimum(number(given), high);
  };
  const std::int64_t stride = range.step < -kMost ? kMost : std::abs(range.step);
  const Value start = place(range.start), end = place(range.end);
  const Value distance = b.maximum(forwards ? b.subtract(end, start) : b.subtract(start, end), number(0));
  Value count = distance;
  if (stride != 1) {  // (distance - 1) / stride + 1, and nothing of nothing
    const Value steps = b.add(b.divide(b.subtract(distance, number(1)), number(stride)), number(1));
    count = b.select(b.compare("GT", distance, number(0)), steps, number(0));
  }
  Value at = b.op1("dynamic_iota", {b.reshape(count, {1})}, {{"iota_dimension", 0}}, {{TENON_I32, {TENON_DYNAMIC}}});
  if (range.step != 1) at = b.multiply(at, b.broadcast_like(number(forwards ? stride : -stride), at, {}));
  return b.add(at, b.broadcast_like(start, at, {}));
}

void infer_slice(const Node& node) {
  const Slices slices = slices_of(node);
  node.set_result(0, cut_type(node.operand(0), slices.ranges));  // cut or not, a dynamic size is dynamic
}

void lower_slice(Builder& b) {
  const Slices slices = slices_of(b.node());
  Value x = cut(b, b.operand(0), slices.ranges);
  for (const OpenRange& range : slices.open) x = take(b, x, range.axis, positions_of(b, b.size(x, range.axis), range));
  b.finish({x});
}

// Where kernels run every size is known.
Ranges slice_ranges(const Node& node) { return slices_of(node).ranges; }

Ranges narrow_ranges(const Node& node) {
  const Type input = node.operand(0);
  const std::int64_t axis = node.axis("axis", input.rank()), size = input.dims[at(axis)], length = node.integer("length");
  std::int64_t start = node.integer("start");
  if (size == TENON_DYNAMIC) {
    if (start < 0)
      no_dynamic(node, "input", input, cat(", and start ", start, " counts from the end of axis ", axis),
                 "use slice, or give that dimension a size");
    return {{axis, start, length, 1}};
  }
  if (start < 0 && start >= -size) start += size;
  if (start < 0 || start > size || length > size - start)
    node.fail(TENON_OUT_OF_RANGE,
              cat("start ", node.integer("start"), " and length ", length, " reach beyond axis ", axis, " of input ", text(input.dims)));
  return {{axis, start, length, 1}};
}

void infer_narrow(const Node& node) { node.set_result(0, cut_type(node.operand(0), narrow_ranges(node))); }

void lower_narrow(Builder& b) { b.finish({cut(b, b.operand(0), narrow_ranges(b.node()))}); }

Piece cut_piece(const Node& node, const Ranges& ranges, int result) {
  Piece piece = whole_of(0, node.result(at(result)), result);
  piece.from_start.resize(piece.axes.size());
  for (const Range& r : ranges) {
    piece.from_start[at(r.axis)] = r.count == 0 ? 0 : r.start;
    piece.axes[at(r.axis)].from_step = r.step;
  }
  return piece;
}

template <Ranges (*kRanges)(const Node&)>
MoveList pieces(const Node& node) {
  return {{cut_piece(node, kRanges(node), 0)}};
}

Dims reversed_axes(const Node& node) { return distinct_axes(node, "axes", node.ints("axes"), node.operand(0).rank()); }

void infer_reverse(const Node& node) {
  (void)reversed_axes(node);
  node.set_result(0, node.operand(0));
}

void lower_reverse(Builder& b) {
  const Dims axes = reversed_axes(b.node());
  b.finish({axes.empty() ? b.operand(0) : reversed(b, b.operand(0), axes)});
}

MoveList reversed_pieces(const Node& node) {
  Ranges ranges;
  for (std::int64_t axis : reversed_axes(node))
    ranges.push_back({axis, node.operand(0).dims[at(axis)] - 1, node.operand(0).dims[at(axis)], -1});
  return {{cut_piece(node, ranges, 0)}};
}

}  // namespace
}  // namespace tenon::shape

using namespace tenon::plugin;
using namespace tenon::shape;
TENON_OPERATOR(slice) = Operator("slice").infer<infer_slice>().lower<lower_slice>().kernels(Moves<pieces<slice_ranges>>::kList);
TENON_OPERATOR(narrow) = Operator("narrow").infer<infer_narrow>().lower<lower_narrow>().kernels(Moves<pieces<narrow_ranges>>::kList);
TENON_OPERATOR(reverse) = Operator("reverse").infer<infer_reverse>().lower<lower_reverse>().kernels(Moves<reversed_pieces>::kList);
