// argmax and argmin.
#include <limits>

#include "plugins/reductions/arg_reduce/kernel.h"

namespace tenon::reductions {
namespace {

using namespace plugin;

void infer(const Node& node) {
  const Type input = node.operand(0);
  const std::int64_t axis = node.axis("axis", input.rank());
  const std::int64_t size = input.dims[static_cast<std::size_t>(axis)];
  const tenon_dtype dtype = node.dtype("index_dtype");
  if (size == 0) node.fail(TENON_INVALID_ARGUMENT, cat("there is no index: axis ", axis, " of input ", text(input.dims), " is empty"));
  if (dtype == TENON_I32 && size != TENON_DYNAMIC && size - 1 > std::numeric_limits<std::int32_t>::max())
    node.fail(TENON_OUT_OF_RANGE, cat("i32 cannot index the ", size, " elements of axis ", axis), "leave index_dtype at i64");
  Type result{dtype, input.dims};
  if (node.flag("keepdims"))
    result.dims[static_cast<std::size_t>(axis)] = 1;
  else
    result.dims.erase(result.dims.begin() + axis);
  node.set_result(0, result);
}

// Elements with their indices. Of two the larger (argmin: smaller) one stays, before it NaN; of equal ones, NaN too, the one that the index
// decides. So the order in which an engine combines them does not matter, and the start, whose index loses to every other, never wins.
template <bool kLargest>
void lower(Builder& b) {
  const Node& node = b.node();
  const Value x = b.operand(0);
  const Type element{b.type(x).dtype, {}}, index{node.dtype("index_dtype"), {}};
  const std::int64_t axis = node.axis("axis", b.type(x).rank());
  const bool last = node.flag("select_last");
  const Value indices = b.iota_like(x, index.dtype, axis);
  const Value start = kLargest ? b.lowest(element.dtype) : b.highest(element.dtype);
  const Value nowhere = last ? b.scalar(index.dtype, -1) : b.highest(index.dtype);
  b.region({element, index, element, index}, [&](const Values& v) {
    const Value a = v[0], i = v[1], c = v[2], j = v[3];
    Value better = b.compare(kLargest ? "GT" : "LT", a, c);
    Value same = b.compare("EQ", a, c);
    if (is_float(element.dtype)) {
      const Value a_nan = b.compare("NE", a, a), c_nan = b.compare("NE", c, c);
      better = b.logical_or(better, b.logical_and(a_nan, b.logical_not(c_nan)));
      same = b.logical_or(same, b.logical_and(a_nan, c_nan));
    }
    const Value keep = b.logical_or(better, b.logical_and(same, b.compare(last ? "GT" : "LT", i, j)));
    return Values{b.select(keep, a, c), b.select(keep, i, j)};
  });
  const Value found = b.op("reduce", {x, indices, start, nowhere}, {{"dimensions", Dims{axis}}}).at(1);
  b.finish({node.flag("keepdims") ? b.keep_dimensions(found, x, {axis}) : found});
}

}  // namespace
}  // namespace tenon::reductions

using namespace tenon::plugin;
using namespace tenon::reductions;
TENON_OPERATOR(argmax) = Operator("argmax").infer<infer>().lower<lower<true>>().kernels(arg::List<false>::kernels);
TENON_OPERATOR(argmin) = Operator("argmin").infer<infer>().lower<lower<false>>().kernels(arg::List<true>::kernels);
