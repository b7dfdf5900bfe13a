// dot_general: StableHLO's four lists, as labels.
#include <algorithm>

#include "plugins/linalg/product/kernels.h"

namespace tenon::linalg {
namespace {

using namespace plugin;

constexpr int kNone = -1;  // a dimension that no list has named yet

// The dimensions of `name` at that side get labels from `label` on.
void name_dimensions(const Node& node, const char* name, int label, Labels& labels) {
  const std::int64_t rank = static_cast<std::int64_t>(labels.size());
  for (std::int64_t value : node.ints(name)) {
    int& place = labels[static_cast<std::size_t>(node.axis(name, value, rank))];
    if (place != kNone)
      node.fail(TENON_INVALID_ARGUMENT, cat(name, " names dimension ", value, ", which is named before"),
                "a dimension is batching or contracting, and only once");
    place = label++;
  }
}

Product product_of(const Node& node) {
  Product product{Labels(node.operand(0).dims.size(), kNone), Labels(node.operand(1).dims.size(), kNone), {}};
  const struct {
    const char *left, *right, *what;
  } lists[] = {{"lhs_batching_dimensions", "rhs_batching_dimensions", "batching"},
               {"lhs_contracting_dimensions", "rhs_contracting_dimensions", "contracting"}};
  int label = 0;
  for (const auto& list : lists) {
    const std::size_t count = node.ints(list.left).size(), right_count = node.ints(list.right).size();
    if (count != right_count)
      node.fail(TENON_INVALID_ARGUMENT, cat("lhs and rhs must have as many ", list.what, " dimensions, got ", count, " and ", right_count));
    name_dimensions(node, list.left, label, product.a);
    name_dimensions(node, list.right, label, product.b);
    label += static_cast<int>(count);
  }
  const int batches = static_cast<int>(node.ints("lhs_batching_dimensions").size());
  for (int i = 0; i < batches; ++i) product.result.push_back(i);
  for (Labels* side : {&product.a, &product.b})
    for (int& place : *side) {
      if (place != kNone) continue;
      place = label++;
      product.result.push_back(place);
    }
  return product;
}

void infer(const Node& node) {
  const Type lhs = node.operand(0), rhs = node.operand(1);
  const Product product = product_of(node);
  for (std::size_t i = 0; i < product.a.size(); ++i) {
    const std::size_t at = static_cast<std::size_t>(std::find(product.b.begin(), product.b.end(), product.a[i]) - product.b.begin());
    if (at < product.b.size() && !compatible(lhs.dims[i], rhs.dims[at]))
      node.fail(TENON_INVALID_ARGUMENT, cat("dimension ", i, " of lhs ", text(lhs.dims), " must equal dimension ", at, " of rhs ",
                                            text(rhs.dims), ", got ", lhs.dims[i], " and ", rhs.dims[at]));
  }
  node.set_result(0, {result_dtype(node, lhs.dtype), result_dims(product, lhs, rhs)});
}

void lower(Builder& b) { finish_product(b, product_of(b.node())); }

Request request_of(const Node& node) { return {.product = product_of(node), .result = result_dtype(node, node.operand(0).dtype)}; }

constexpr char kName[] = "dot_general";
using Kernels = ProductKernels<request_of, kName>;

}  // namespace
}  // namespace tenon::linalg

using namespace tenon::plugin;
TENON_OPERATOR(dot_general) =
    Operator("dot_general").infer<tenon::linalg::infer>().lower<tenon::linalg::lower>().kernels(tenon::linalg::Kernels::kList.at);
