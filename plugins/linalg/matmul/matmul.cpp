// matmul: NumPy's rules in labels.
#include <algorithm>

#include "plugins/linalg/matmul/matrices.h"
#include "plugins/linalg/product/kernels.h"

namespace tenon::linalg {
namespace {

using namespace plugin;

Product product_of(const Node& node) {
  const std::int64_t a_rank = node.operand(0).rank(), b_rank = node.operand(1).rank();
  Product product;
  product.a = a_rank == 1                ? Labels{kDepth}
              : node.flag("transpose_a") ? matrix_labels(a_rank, kDepth, kRows)
                                         : matrix_labels(a_rank, kRows, kDepth);
  product.b = b_rank == 1                ? Labels{kDepth}
              : node.flag("transpose_b") ? matrix_labels(b_rank, kColumns, kDepth)
                                         : matrix_labels(b_rank, kDepth, kColumns);
  for (std::int64_t i = std::max(a_rank, b_rank) - 2; i > 0; --i) product.result.push_back(kBroadcast + static_cast<int>(i) - 1);
  if (a_rank > 1) product.result.push_back(kRows);
  if (b_rank > 1) product.result.push_back(kColumns);
  return product;
}

std::int64_t depth_axis(const Labels& labels) { return std::find(labels.begin(), labels.end(), kDepth) - labels.begin(); }

void infer(const Node& node) {
  const Type a = node.operand(0), b = node.operand(1);
  for (std::size_t i = 0; i < 2; ++i)
    if (node.operand(i).rank() == 0)
      node.fail(TENON_INVALID_ARGUMENT, cat(i == 0 ? "a" : "b", " must have at least one dimension, got a scalar"),
                "multiply takes scalars");
  const Product product = product_of(node);
  check_depth(node, a, depth_axis(product.a), b, depth_axis(product.b));
  for (std::int64_t i = 3; i <= std::min(a.rank(), b.rank()); ++i) {
    std::int64_t joined = 0;
    if (!broadcast_size(a.dims[static_cast<std::size_t>(a.rank() - i)], b.dims[static_cast<std::size_t>(b.rank() - i)], joined))
      node.fail(TENON_INVALID_ARGUMENT, cat("the batch dimensions of a ", text(a.dims), " and b ", text(b.dims),
                                            " do not broadcast: ", "dimensions ", -i, " must be equal, or one of them 1"));
  }
  node.set_result(0, {result_dtype(node, a.dtype), result_dims(product, a, b)});
}

void lower(Builder& b) { finish_product(b, product_of(b.node())); }

Request request_of(const Node& node) { return {.product = product_of(node), .result = result_dtype(node, node.operand(0).dtype)}; }

constexpr char kName[] = "matmul";
using Kernels = ProductKernels<request_of, kName>;

}  // namespace
}  // namespace tenon::linalg

using namespace tenon::plugin;
TENON_OPERATOR(matmul) =
    Operator("matmul").infer<tenon::linalg::infer>().lower<tenon::linalg::lower>().kernels(tenon::linalg::Kernels::kList.at);
