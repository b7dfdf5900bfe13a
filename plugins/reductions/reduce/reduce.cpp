// All reductions over axes: one row each at the end of this file.
#include "plugins/reductions/reduce/axes.h"
#include "plugins/reductions/reduce/kernels.h"

namespace tenon::reductions {
namespace {

using namespace plugin;

// 16-bit floats are computed in f32: a narrow accumulator stops counting at 256 (bf16) or 2048 (f16).
tenon_dtype accumulator(tenon_dtype dtype) { return dtype == TENON_F16 || dtype == TENON_BF16 ? TENON_F32 : dtype; }

// That every dimension of `x` stands where it stood: where a size is dynamic, IREE must know that it does not grow.
Dims every_axis(Builder& b, Value x) {
  Dims axes;
  for (std::int64_t i = 0; i < b.type(x).rank(); ++i) axes.push_back(i);
  return axes;
}

// Another reduction over exactly these axes: of none, if there are none.
Value reduced(Builder& b, const char* op, Value x, const Dims& axes, bool keep) {
  return b.use1(op, {x}, {{"axes", axes}, {"keepdims", keep}, {"empty_axes", "none"}});
}

// ---- Reductions that are one StableHLO reduce. kFold(b, x, axes, keep); there is at least one axis.
template <auto kFold>
void lower_fold(Builder& b) {
  const Node& node = b.node();
  const Dims axes = reduced_axes(node, node.operand(0));
  if (axes.empty()) return b.finish({b.operand(0)});  // a scalar, or empty_axes: none
  b.finish({kFold(b, b.operand(0), axes, node.flag("keepdims"))});
}

Value add_up(Builder& b, Value x, const Dims& axes, bool keep) {
  const tenon_dtype dtype = b.type(x).dtype;
  return b.convert(b.reduce_add(b.convert(x, accumulator(dtype)), axes, keep), dtype);
}

Value mean(Builder& b, Value x, const Dims& axes, bool keep) {
  const tenon_dtype dtype = b.type(x).dtype;
  const Value sum = b.reduce_add(b.convert(x, accumulator(dtype)), axes, keep);
  return b.convert(b.divide(sum, b.count(x, axes, sum)), dtype);
}

Value product(Builder& b, Value x, const Dims& axes, bool keep) {
  const tenon_dtype dtype = b.type(x).dtype;
  const Value wide = b.convert(x, accumulator(dtype));
  return b.convert(b.reduce(wide, 1, axes, keep, [&](Value u, Value v) { return b.multiply(u, v); }), dtype);
}

Value largest(Builder& b, Value x, const Dims& axes, bool keep) {
  return b.reduce(x, b.lowest(b.type(x).dtype), axes, keep, [&](Value u, Value v) { return b.maximum(u, v); });
}

Value smallest(Builder& b, Value x, const Dims& axes, bool keep) {
  return b.reduce(x, b.highest(b.type(x).dtype), axes, keep, [&](Value u, Value v) { return b.minimum(u, v); });
}

// ---- any and all: of numbers, which are true unless they are 0.
template <bool kAll>
void lower_truth(Builder& b) {
  const Node& node = b.node();
  const Dims axes = reduced_axes(node, node.operand(0));
  Value x = b.operand(0);
  if (node.operand(0).dtype != TENON_I1) x = b.compare("NE", x, b.splat_like(x, 0));
  if (!axes.empty())
    x = b.reduce(x, kAll ? 1 : 0, axes, node.flag("keepdims"),
                 [&](Value u, Value v) { return kAll ? b.logical_and(u, v) : b.logical_or(u, v); });
  b.finish({x});
}

// ---- A function of the sum of a function of the elements.
Value same(Builder&, Value x) { return x; }
Value square(Builder& b, Value x) { return b.multiply(x, x); }
Value magnitude(Builder& b, Value x) {
  const tenon_dtype dtype = b.type(x).dtype;
  return dtype >= TENON_UI4 && dtype <= TENON_UI64 ? x : b.abs(x);
}
Value root(Builder& b, Value x) { return b.sqrt(x); }
Value logarithm(Builder& b, Value x) { return b.log(x); }

template <auto kBefore, auto kAfter>
void lower_sum_of(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const Value x = kBefore(b, b.convert(b.operand(0), accumulator(input.dtype)));
  const Value sum = reduced(b, "reduce_sum", x, reduced_axes(node, input), node.flag("keepdims"));
  b.finish({b.convert(kAfter(b, sum), input.dtype)});
}

// log(sum(exp(x - m))) + m with the largest element m, so that no exponential overflows; where m is infinite or NaN, it stays out.
void lower_log_sum_exp(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const Dims axes = reduced_axes(node, input);
  const Value x = b.convert(b.operand(0), accumulator(input.dtype));
  Value m = reduced(b, "reduce_max", x, axes, true);
  m = b.select(b.is_finite(m), m, b.splat_like(m, 0));
  const Value shifted = b.subtract(x, axes.empty() ? m : b.broadcast_like(m, x, every_axis(b, x)));
  Value y = b.add(b.log(reduced(b, "reduce_sum", b.exponential(shifted), axes, true)), m);
  if (!node.flag("keepdims")) y = reduced(b, "reduce_max", y, axes, false);  // every axis has size 1 now
  b.finish({b.convert(y, input.dtype)});
}

// The elements less their mean, over those axes.
Value centered(Builder& b, Value x, const Dims& axes) {
  const Value mean = reduced(b, "reduce_mean", x, axes, true);
  return b.subtract(x, axes.empty() ? mean : b.broadcast_like(mean, x, every_axis(b, x)));
}

// The difference of two large numbers, mean(x^2) - mean(x)^2, would have no correct digit for a large mean. Centering twice also takes out
// what the first mean's own rounding left.
template <auto kAfter>
void lower_variance(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const Dims axes = reduced_axes(node, input);
  const Value x = b.convert(b.operand(0), accumulator(input.dtype));
  const Value difference = centered(b, centered(b, x, axes), axes);
  const Value sum = reduced(b, "reduce_sum", b.multiply(difference, difference), axes, node.flag("keepdims"));
  Value count = b.count(x, axes, sum);
  if (const std::int64_t correction = node.integer("correction"); correction != 0)
    count = b.maximum(b.subtract(count, b.splat_like(count, static_cast<double>(correction))), b.splat_like(count, 0));
  b.finish({b.convert(kAfter(b, b.divide(sum, count)), input.dtype)});
}

// ---- What the stock rule `reduce` does not know: these have no value where there are too few elements.
void infer_mean(const Node& node) {
  const Type input = node.operand(0);
  const Dims axes = reduced_axes(node, input);
  for (std::int64_t axis : axes)
    if (input.dims[static_cast<std::size_t>(axis)] == 0)
      node.fail(TENON_INVALID_ARGUMENT, cat("the mean of nothing: axis ", axis, " of input ", text(input.dims), " is empty"),
                "reduce_sum of nothing is 0");
  node.set_result(0, reduced_type(node, input, axes));
}

void infer_variance(const Node& node) {
  const Type input = node.operand(0);
  const Dims axes = reduced_axes(node, input);
  const std::int64_t correction = node.integer("correction");
  double count = 1;
  bool known = true;
  for (std::int64_t axis : axes) {
    const std::int64_t size = input.dims[static_cast<std::size_t>(axis)];
    known = known && size != TENON_DYNAMIC;
    count *= static_cast<double>(size);
  }
  if (known && count <= static_cast<double>(correction))
    node.fail(TENON_INVALID_ARGUMENT,
              cat("the variance of ", static_cast<std::int64_t>(count), " elements of input ", text(input.dims), " with correction ",
                  correction, " divides by 0 or less"),
              "there must be more elements than the correction says");
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
TENON_OPERATOR(reduce_sum) = Operator("reduce_sum").lower<lower_fold<add_up>>().lower_as<lower_as>().kernels(List<Op::Sum>::kernels);
TENON_OPERATOR(reduce_mean) =
    Operator("reduce_mean").infer<infer_mean>().lower<lower_fold<mean>>().lower_as<lower_as>().kernels(List<Op::Mean>::kernels);
TENON_OPERATOR(reduce_max) = Operator("reduce_max").lower<lower_fold<largest>>().kernels(List<Op::Max>::kernels);
TENON_OPERATOR(reduce_min) = Operator("reduce_min").lower<lower_fold<smallest>>().kernels(List<Op::Min>::kernels);
TENON_OPERATOR(reduce_prod) = Operator("reduce_prod").lower<lower_fold<product>>().kernels(List<Op::Prod>::kernels);
TENON_OPERATOR(reduce_any) = Operator("reduce_any").lower<lower_truth<false>>().kernels(List<Op::Any>::kernels);
TENON_OPERATOR(reduce_all) = Operator("reduce_all").lower<lower_truth<true>>().kernels(List<Op::All>::kernels);
TENON_OPERATOR(reduce_sum_square) = Operator("reduce_sum_square").lower<lower_sum_of<square, same>>().kernels(List<Op::SumSquare>::kernels);
TENON_OPERATOR(reduce_l1) = Operator("reduce_l1").lower<lower_sum_of<magnitude, same>>().kernels(List<Op::L1>::kernels);
TENON_OPERATOR(reduce_l2) = Operator("reduce_l2").lower<lower_sum_of<square, root>>().kernels(List<Op::L2>::kernels);
TENON_OPERATOR(reduce_log_sum) = Operator("reduce_log_sum").lower<lower_sum_of<same, logarithm>>().kernels(List<Op::LogSum>::kernels);
TENON_OPERATOR(reduce_log_sum_exp) = Operator("reduce_log_sum_exp").lower<lower_log_sum_exp>().kernels(List<Op::LogSumExp>::kernels);
TENON_OPERATOR(reduce_variance) =
    Operator("reduce_variance").infer<infer_variance>().lower<lower_variance<same>>().kernels(List<Op::Variance>::kernels);
TENON_OPERATOR(reduce_std) = Operator("reduce_std").infer<infer_variance>().lower<lower_variance<root>>().kernels(List<Op::Std>::kernels);
