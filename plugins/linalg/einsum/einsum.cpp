// einsum: diagonals first, then one contraction.
#include <algorithm>

#include "plugins/linalg/einsum/equation.h"
#include "plugins/linalg/product/kernels.h"

namespace tenon::linalg {
namespace {

using namespace plugin;

Product product_of(const Node& node) {
  return parse_equation(node, node.string("equation"), node.operand(0).rank(), node.operand(1).rank());
}

// The sizes behind one label, wherever it stands.
void check_sizes(const Node& node, const Product& product) {
  struct Seen {
    int label;
    std::int64_t size;
  };
  std::vector<Seen> seen;
  for (std::size_t operand = 0; operand < 2; ++operand) {
    const Labels& labels = operand == 0 ? product.a : product.b;
    const Type type = node.operand(operand);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const int label = labels[i];
      const auto known = std::find_if(seen.begin(), seen.end(), [label](const Seen& s) { return s.label == label; });
      if (known == seen.end()) {
        seen.push_back({label, type.dims[i]});
        continue;
      }
      std::int64_t joined = 0;
      if (label >= kBroadcast ? !broadcast_size(known->size, type.dims[i], joined) : !compatible(known->size, type.dims[i]))
        node.fail(TENON_INVALID_ARGUMENT, cat("dimension ", i, " of ", operand == 0 ? "a " : "b ", text(type.dims), ", ",
                                              label >= kBroadcast ? "of \"...\"" : cat("letter ", std::string(1, static_cast<char>(label))),
                                              ", has size ", type.dims[i], " where that letter or dimension had ", known->size));
      if (known->size == TENON_DYNAMIC) known->size = type.dims[i];
    }
  }
}

void infer(const Node& node) {
  const Product product = product_of(node);
  check_sizes(node, product);
  node.set_result(0, {node.operand(0).dtype, result_dims(product, node.operand(0), node.operand(1))});
}

// A label that stands twice: what is off the diagonal is replaced by 0, then the second dimension summed over, which adds zeros only.
Value diagonals(Builder& b, Value value, Labels& labels) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto twice = std::find(labels.begin() + static_cast<std::ptrdiff_t>(i) + 1, labels.end(), labels[i]);
    if (twice == labels.end()) continue;
    const std::int64_t first = static_cast<std::int64_t>(i), second = twice - labels.begin();
    const Value row = b.iota_like(value, TENON_I32, first), column = b.iota_like(value, TENON_I32, second);
    const Value on = b.compare("EQ", row, column);
    value = b.reduce_add(b.select(on, value, b.splat_like(value, 0)), {second});
    labels.erase(twice);
    --i;  // it may stand there a third time
  }
  return value;
}

void lower(Builder& b) {
  const Node& node = b.node();
  const tenon_dtype dtype = node.operand(0).dtype;
  Product product = product_of(node);
  const Value left = diagonals(b, b.operand(0), product.a), right = diagonals(b, b.operand(1), product.b);
  b.finish({b.convert(contract(b, left, right, product, dtype), dtype)});
}

Request request_of(const Node& node) { return {.product = product_of(node), .result = node.operand(0).dtype}; }

constexpr char kName[] = "einsum";
using Kernels = ProductKernels<request_of, kName>;

}  // namespace
}  // namespace tenon::linalg

using namespace tenon::plugin;
TENON_OPERATOR(einsum) =
    Operator("einsum").infer<tenon::linalg::infer>().lower<tenon::linalg::lower>().kernels(tenon::linalg::Kernels::kList.at);
