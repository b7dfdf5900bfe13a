// cumsum: log2(n) steps, each of which adds the tensor to itself, shifted by twice as much as before (Hillis and Steele 1986). No engine is
// asked for n windows of n elements, and the error of a sum of n terms grows with log2(n).
#include "plugins/reductions/cumulative/kernel.h"

namespace tenon::reductions {
namespace {

using namespace plugin;

void infer(const Node& node) {
  const Type input = node.operand(0);
  const std::int64_t axis = node.axis("axis", input.rank());
  if (input.dims[static_cast<std::size_t>(axis)] == TENON_DYNAMIC)
    node.fail(TENON_UNIMPLEMENTED, cat("the number of steps is not known: axis ", axis, " of input ", text(input.dims), " is dynamic"));
  node.set_result(0, input);
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
  const Value neutral = b.scalar(dtype, is_float(dtype) ? -0.0 : 0.0);
  const auto shifted = [&](Value x, Value fill, std::int64_t by) {
    Dims forward(input.dims.size(), 0), backward(input.dims.size(), 0);
    forward[static_cast<std::size_t>(axis)] = by;
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
