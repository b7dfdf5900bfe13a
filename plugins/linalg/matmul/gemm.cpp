// gemm: alpha * a @ b + beta * c, of matrices.
#include <cmath>

#include "plugins/linalg/matmul/matrices.h"
#include "plugins/linalg/product/kernels.h"

namespace tenon::linalg {
namespace {

using namespace plugin;

enum : std::size_t { kA = 0, kB = 1, kC = 2 };

Product product_of(const Node& node) {
  return {node.flag("transpose_a") ? Labels{kDepth, kRows} : Labels{kRows, kDepth},
          node.flag("transpose_b") ? Labels{kColumns, kDepth} : Labels{kDepth, kColumns},
          {kRows, kColumns}};
}

// [low, end) of an integer dtype, as the numbers that a factor must be among.
void check_factor(const Node& node, const char* name, tenon_dtype dtype) {
  const double value = node.real(name);
  if (is_float(dtype)) return;
  const bool is_unsigned = dtype >= TENON_UI8 && dtype <= TENON_UI64;
  const int bits = 8 << (dtype - (is_unsigned ? TENON_UI8 : TENON_I8));
  const double end = std::ldexp(1.0, is_unsigned ? bits : bits - 1);
  if (!(value >= (is_unsigned ? 0 : -end) && value < end) || std::trunc(value) != value)
    node.fail(TENON_INVALID_ARGUMENT, cat(name, " must be exact in the operands' dtype ", dtype_name(dtype), ", got ", value));
}

void infer(const Node& node) {
  const Type a = node.operand(kA), b = node.operand(kB), c = node.operand(kC);
  for (std::size_t i : {kA, kB})
    if (node.operand(i).rank() != 2)
      node.fail(TENON_INVALID_ARGUMENT, cat(i == kA ? "a" : "b", " must be a matrix, got shape ", text(node.operand(i).dims)),
                "matmul takes a batch of matrices");
  check_depth(node, a, node.flag("transpose_a") ? 0 : 1, b, node.flag("transpose_b") ? 1 : 0);
  check_factor(node, "alpha", a.dtype);
  check_factor(node, "beta", a.dtype);
  const Type out{a.dtype, result_dims(product_of(node), a, b)};
  bool fits = !c || c.rank() <= 2;
  for (std::int64_t i = 1; fits && i <= c.rank(); ++i) {
    const std::int64_t have = c.dims[static_cast<std::size_t>(c.rank() - i)];
    fits = have == 1 || compatible(have, out.dims[static_cast<std::size_t>(2 - i)]);
  }
  if (!fits) node.fail(TENON_INVALID_ARGUMENT, cat("c must broadcast to the result's shape ", text(out.dims), ", got ", text(c.dims)));
  node.set_result(0, out);
}

Value scaled(Builder& b, Value value, double factor) { return factor == 1 ? value : b.multiply(value, b.splat_like(value, factor)); }

void lower(Builder& b) {
  const Node& node = b.node();
  const tenon_dtype dtype = node.operand(kA).dtype;
  Value y = scaled(b, contract(b, b.operand(kA), b.operand(kB), product_of(node), dtype), node.real("alpha"));
  if (node.has(kC)) {
    const Value c = scaled(b, b.convert(b.operand(kC), b.type(y).dtype), node.real("beta"));
    y = b.add(y, b.broadcast_like(c, y));
  }
  b.finish({b.convert(y, dtype)});
}

Request request_of(const Node& node) {
  Request request{.product = product_of(node), .result = node.operand(kA).dtype, .alpha = node.real("alpha")};
  if (node.has(kC)) {
    request.added = kC;
    request.added_labels = {kRows, kColumns};
    while (static_cast<std::int64_t>(request.added_labels.size()) > node.operand(kC).rank())
      request.added_labels.erase(request.added_labels.begin());
    request.beta = node.real("beta");
  }
  return request;
}

constexpr char kName[] = "gemm";
using Kernels = ProductKernels<request_of, kName>;

}  // namespace
}  // namespace tenon::linalg

using namespace tenon::plugin;
TENON_OPERATOR(gemm) =
    Operator("gemm").infer<tenon::linalg::infer>().lower<tenon::linalg::lower>().kernels(tenon::linalg::Kernels::kList.at);
