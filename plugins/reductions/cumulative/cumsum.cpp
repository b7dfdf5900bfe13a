// cumsum: log2(n) steps, each of which adds the tensor to itself, shifted by twice as much as before (Hillis and Steele 1986). No engine is
// asked for n windows of n elements, and the error of a sum of n terms grows with log2(n).
#include "plugins/reductions/cumulative/kernel.h"

namespace tenon::reductions {
namespace {

using namespace plugin;

void infer(const Node& node) {
  (void)node.axis("axis", node.operand(0).rank());
  node.set_result(0, node.operand(0));
}

// The same steps along an axis of any size, in a loop: x shifted by as much as the loop says is looked up.
Value in_a_loop(Builder& b, Value x, std::int64_t axis, double neutral) {
  const bool reverse = b.node().flag("reverse");
  const Type count{TENON_I64, {}}, type = b.type(x);
  const auto size = [&](Value y) { return b.convert(b.size(y, axis), TENON_I64); };
  const auto shifted = [&](Value y, Value fill, Value by) {
    const Value at = b.op1("dynamic_iota", {b.reshape(b.size(y, axis), {1})}, {{"iota_dimension", 0}}, {{TENON_I64, {TENON_DYNAMIC}}});
    const auto like_at = [&](Value scalar) { return b.broadcast_like(scalar, at, {}); };
    const Value end = b.subtract(size(y), by);
    const Value from = reverse ? b.add(at, like_at(by)) : b.subtract(at, like_at(by));
    const Value inside = reverse ? b.compare("LT", at, like_at(end)) : b.compare("GE", at, like_at(by));
    // Those that lie outside look up the first element, which is there if any is.
    const Value moved = b.use1("gather", {y, b.select(inside, from, b.splat_like(at, 0))}, {{"axis", axis}, {"mode", "clamp"}});
    return b.select(b.broadcast_like(inside, y, {axis}), moved, b.broadcast_like(fill, y, {}));
  };
  const Value one = b.scalar(TENON_I64, 1);
  b.region({count, type}, [&](const Values& v) { return Values{b.compare("LT", v[0], size(v[1]))}; });
  b.region({count, type}, [&](const Values& v) {
    // Not v[0] + v[0]: XLA takes a sum for a counter and looks for the constant in it.
    return Values{b.multiply(v[0], b.scalar(TENON_I64, 2)), b.add(v[1], shifted(v[1], b.scalar(type.dtype, neutral), v[0]))};
  });
  const Value sum = b.op("while", {one, x})[1];
  return b.node().flag("exclusive") ? shifted(sum, b.scalar(type.dtype, 0), one) : sum;
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const std::int64_t axis = node.axis("axis", input.rank());
  const std::int64_t size = input.dims[static_cast<std::size_t>(axis)];
  const bool narrow = input.dtype == TENON_F16 || input.dtype == TENON_BF16;
  Value y = b.convert(b.operand(0), narrow ? TENON_F32 : input.dtype);
  // x + -0 is x for every x, also for -0.
  const tenon_dtype dtype = b.type(y).dtype;
  const double zero = is_float(dtype) ? -0.0 : 0.0;
  if (size == TENON_DYNAMIC) return b.finish({b.convert(in_a_loop(b, y, axis, zero), input.dtype)});
  const Value neutral = b.scalar(dtype, zero);
  const auto shifted = [&](Value x, Value fill, std::int64_t by) {
    Dims forward(input.dims.size(), 0), backward(input.dims.size(), 0);
    forward[static_cast<std::size_t>(axis)] = by;
    if (!input.is_static()) {  // IREE cuts no dynamic tensor by padding below 0
      const bool reverse = node.flag("reverse");
      const Value longer = reverse ? b.pad(x, fill, backward, forward) : b.pad(x, fill, forward, backward);
      return b.use1("narrow", {longer}, {{"axis", axis}, {"start", reverse ? by : 0}, {"length", size}});
    }
    backward[static_cast<std::size_t>(axis)] = -by;
    return node.flag("reverse") ? b.pad(x, fill, backward, forward) : b.pad(x, fill, forward, backward);
  };
  for (std::int64_t step = 1; step < size; step *= 2) y = b.add(y, shifted(y, neutral, step));
  if (node.flag("exclusive") && size > 0) y = shifted(y, b.scalar(dtype, 0), 1);
  b.finish({b.convert(y, input.dtype)});
}

}  // namespace
}  // namespace tenon::reductions

using namespace tenon::plugin;
TENON_OPERATOR(cumsum) =
    Operator("cumsum").infer<tenon::reductions::infer>().lower<tenon::reductions::lower>().kernels(tenon::reductions::cumulative::kKernels);
