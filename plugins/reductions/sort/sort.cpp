// sort, argsort and top_k.
#include "plugins/reductions/sort/kernel.h"

namespace tenon::reductions {
namespace {

using namespace plugin;

// Does a come before c? NaN counts as larger than every number.
Value before(Builder& b, Value a, Value c, bool descending) {
  const Value decided = b.compare(descending ? "GT" : "LT", a, c);
  if (!is_float(b.type(a).dtype)) return decided;
  const Value large = descending ? a : c, other = descending ? c : a;
  return b.logical_or(decided, b.logical_and(b.compare("NE", large, large), b.compare("EQ", other, other)));
}

// Sorted values with the indices that they had. The index decides among equal values: not every engine's sort is stable.
Values sort_with_indices(Builder& b, Value x, std::int64_t axis, bool descending) {
  const Type element{b.type(x).dtype, {}}, index{TENON_I64, {}};
  const Value indices = b.iota_like(x, index.dtype, axis);
  b.region({element, element, index, index}, [&](const Values& v) {
    const Value after = before(b, v[1], v[0], descending);
    const Value earlier = b.logical_and(b.compare("LT", v[2], v[3]), b.logical_not(after));
    return Values{b.logical_or(before(b, v[0], v[1], descending), earlier)};
  });
  return b.op("sort", {x, indices}, {{"dimension", axis}, {"is_stable", true}});
}

void lower_sort(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const Type element{input.dtype, {}};
  b.region({element, element}, [&](const Values& v) { return Values{before(b, v[0], v[1], node.flag("descending"))}; });
  b.finish({b.op1("sort", {b.operand(0)}, {{"dimension", node.axis("axis", input.rank())}, {"is_stable", node.flag("stable")}})});
}

void lower_argsort(Builder& b) {
  const Node& node = b.node();
  b.finish({sort_with_indices(b, b.operand(0), node.axis("axis", node.operand(0).rank()), node.flag("descending"))[1]});
}

void lower_top_k(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const std::int64_t axis = node.axis("axis", input.rank());
  Dims none(input.dims.size(), 0), cut = none;
  cut[static_cast<std::size_t>(axis)] = node.integer("k") - input.dims[static_cast<std::size_t>(axis)];
  Values out;
  for (Value sorted : sort_with_indices(b, b.operand(0), axis, node.flag("largest")))
    out.push_back(input.is_static() ? b.pad(sorted, b.scalar(b.type(sorted).dtype, 0), none, cut)
                                    : b.use1("narrow", {sorted}, {{"axis", axis}, {"start", 0}, {"length", node.integer("k")}}));
  b.finish(out);
}

void infer_sort(const Node& node) {
  (void)node.axis("axis", node.operand(0).rank());
  node.set_result(0, node.operand(0));
}
void infer_argsort(const Node& node) {
  (void)node.axis("axis", node.operand(0).rank());
  node.set_result(0, {TENON_I64, node.operand(0).dims});
}
void infer_top_k(const Node& node) {
  Type type = node.operand(0);
  const std::int64_t axis = node.axis("axis", type.rank()), k = node.integer("k");
  std::int64_t& size = type.dims[static_cast<std::size_t>(axis)];
  if (size == TENON_DYNAMIC)
    node.fail(TENON_UNIMPLEMENTED,
              cat("whether there are ", k, " elements is not known: axis ", axis, " of input ", text(node.operand(0).dims), " is dynamic"),
              "give that dimension a size, or use sort and slice");
  if (k > size) node.fail(TENON_OUT_OF_RANGE, cat("k must be at most ", size, ", the size of axis ", axis, ", got ", k));
  size = k;
  node.set_result(0, type);
  type.dtype = TENON_I64;
  node.set_result(1, type);
}

}  // namespace
}  // namespace tenon::reductions

using namespace tenon::plugin;
using namespace tenon::reductions;
TENON_OPERATOR(sort) = Operator("sort").infer<infer_sort>().lower<lower_sort>().kernels(sorting::kSort);
TENON_OPERATOR(argsort) = Operator("argsort").infer<infer_argsort>().lower<lower_argsort>().kernels(sorting::kArgsort);
TENON_OPERATOR(top_k) = Operator("top_k").infer<infer_top_k>().lower<lower_top_k>().kernels(sorting::kTopK);
