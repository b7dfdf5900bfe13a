// reduce_sum and reduce_mean: one row each at the end of this file.
#include "plugins/reductions/reduce/axes.h"

namespace tenon::reductions {
namespace {

using namespace plugin;

enum class Finish { Nothing, DivideByCount };

// 16-bit floats are added up in f32: a narrow accumulator stops counting at 256 (bf16) or 2048 (f16).
tenon_dtype accumulator(tenon_dtype dtype) { return dtype == TENON_F16 || dtype == TENON_BF16 ? TENON_F32 : dtype; }

template <Finish kFinish>
void lower(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const Dims axes = reduced_axes(node, input);
  if (axes.empty()) return b.finish({b.operand(0)});  // a scalar, or empty_axes: none
  const Value x = b.convert(b.operand(0), accumulator(input.dtype));
  Value y = b.reduce_add(x, axes, node.flag("keepdims"));
  if (kFinish == Finish::DivideByCount) y = b.divide(y, b.count(x, axes, y));
  b.finish({b.convert(y, input.dtype)});
}

// The mean of nothing has no value; everything else is the stock rule `reduce`.
void infer_mean(const Node& node) {
  const Type input = node.operand(0);
  const Dims axes = reduced_axes(node, input);
  for (std::int64_t axis : axes)
    if (input.dims[static_cast<std::size_t>(axis)] == 0)
      node.fail(TENON_INVALID_ARGUMENT, cat("the mean of nothing: axis ", axis, " of input ", text(input.dims), " is empty"),
                "reduce_sum of nothing is 0");
  node.set_result(0, reduced_type(node, input, axes));
}

// Consumers that know reductions as calls read plain dimensions: not negative, ascending, all of them named.
void lower_as(Builder& b, std::string_view) {
  const Node& node = b.node();
  const Dims axes = reduced_axes(node, node.operand(0));
  if (axes.empty()) node.decline("reduces nothing, which a list of dimensions cannot say");
  b.finish(b.carrier(node.op(), {b.operand(0)}, {{"axes", axes}, {"keepdims", node.flag("keepdims")}}));
}

}  // namespace
}  // namespace tenon::reductions

using namespace tenon::plugin;
using namespace tenon::reductions;
TENON_OPERATOR(reduce_sum) = Operator("reduce_sum").lower<lower<Finish::Nothing>>().lower_as<lower_as>();
TENON_OPERATOR(reduce_mean) = Operator("reduce_mean").infer<infer_mean>().lower<lower<Finish::DivideByCount>>().lower_as<lower_as>();
