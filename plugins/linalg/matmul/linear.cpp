// linear: a matrix product with a stored weight, and a bias.
#include "plugins/linalg/matmul/matrices.h"
#include "plugins/linalg/product/kernels.h"

namespace tenon::linalg {
namespace {

using namespace plugin;

enum : std::size_t { kInput = 0, kWeight = 1, kBias = 2 };

Product product_of(const Node& node) {
  Product product{{}, {kColumns, kDepth}, {}};
  for (std::int64_t i = 1; i < node.operand(kInput).rank(); ++i) product.a.push_back(kBroadcast + static_cast<int>(i));
  product.result = product.a;
  product.a.push_back(kDepth);
  product.result.push_back(kColumns);
  return product;
}

// The shapes are in the schema.
void infer(const Node& node) {
  const Type input = node.operand(kInput);
  node.set_result(0, {input.dtype, result_dims(product_of(node), input, node.operand(kWeight))});
}

void lower(Builder& b) {
  const Node& node = b.node();
  const tenon_dtype dtype = node.operand(kInput).dtype;
  Value y = contract(b, b.operand(kInput), b.operand(kWeight), product_of(node), dtype);
  if (node.has(kBias)) y = b.add(y, b.broadcast_like(b.convert(b.operand(kBias), b.type(y).dtype), y));
  b.finish({b.convert(y, dtype)});
}

Request request_of(const Node& node) {
  Request request{.product = product_of(node), .result = node.operand(kInput).dtype};
  if (node.has(kBias)) {
    request.added = kBias;
    request.added_labels = {kColumns};
  }
  return request;
}

constexpr char kName[] = "linear";
using Kernels = ProductKernels<request_of, kName>;

}  // namespace
}  // namespace tenon::linalg

using namespace tenon::plugin;
TENON_OPERATOR(linear) =
    Operator("linear").infer<tenon::linalg::infer>().lower<tenon::linalg::lower>().kernels(tenon::linalg::Kernels::kList.at);
