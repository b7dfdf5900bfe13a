#include "plugins/reductions/reduce/axes.h"

#include <algorithm>

namespace tenon::reductions {

using namespace plugin;

Dims reduced_axes(const Node& node, const Type& input) {
  Dims axes;
  for (std::int64_t axis : node.ints("axes")) axes.push_back(node.axis("axes", axis, input.rank()));
  if (axes.empty() && node.string("empty_axes") == "all")
    for (std::int64_t i = 0; i < input.rank(); ++i) axes.push_back(i);
  std::sort(axes.begin(), axes.end());
  if (const auto twice = std::adjacent_find(axes.begin(), axes.end()); twice != axes.end())
    node.fail(TENON_INVALID_ARGUMENT, cat("axes names axis ", *twice, " twice"));
  return axes;
}

Type reduced_type(const Node& node, const Type& input, const Dims& axes) {
  Type type{input.dtype, {}};
  for (std::int64_t i = 0; i < input.rank(); ++i) {
    if (!std::binary_search(axes.begin(), axes.end(), i))
      type.dims.push_back(input.dims[static_cast<std::size_t>(i)]);
    else if (node.flag("keepdims"))
      type.dims.push_back(1);
  }
  return type;
}

}  // namespace tenon::reductions
