// A plugin that is kept as a binary with each release: through plugin.hpp, with exceptions and the standard library.
#include <cstddef>
#include <new>
#include <string>

#include "tenon/plugin.hpp"

namespace {

using namespace tenon::plugin;

void lower(Builder& b) {
  const Value x = b.operand(0), y = b.operand(1);
  const Value w = b.splat_like(x, b.node().real("w"));
  b.finish({y ? b.add(x, b.multiply(w, y)) : b.multiply(x, w)});
}

struct Plan {
  std::size_t count;
  float w;
};

void supports(const Node& node, const tenon_kernel&) {
  if (node.operand(0).rank() > 2) node.decline("takes at most two dimensions, got " + std::to_string(node.operand(0).rank()));
}

void plan(const Node& node, const tenon_kernel&, tenon_kernel_plan& out) {
  std::size_t count = 1;
  for (int64_t size : node.operand(0).dims) count *= static_cast<std::size_t>(size);
  out.state = new Plan{count, static_cast<float>(node.real("w"))};
  out.bytes = 12.0 * static_cast<double>(count);
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

int32_t run(tenon_call*, const tenon_kernel*, const void* state, const tenon_tensor_view* operands, size_t operand_count,
            const tenon_tensor_view* results, size_t, void*) {
  const Plan& p = *static_cast<const Plan*>(state);
  const auto* x = static_cast<const float*>(operands[0].data);
  const bool given = operand_count > 1 && operands[1].dtype != TENON_DTYPE_INVALID;
  const auto* y = given ? static_cast<const float*>(operands[1].data) : nullptr;
  auto* z = static_cast<float*>(results[0].data);
  for (std::size_t i = 0; i < p.count; ++i) z[i] = given ? x[i] + p.w * y[i] : x[i] * p.w;
  return TENON_OK;
}

constexpr Kernel kKernel = Kernel("weighted").supports<supports>().plan<plan>().run(run).destroy<destroy>();
constexpr const tenon_kernel* kKernels[] = {&kKernel};

TENON_OPERATOR(weighted) = Operator("weighted").lower<lower>().kernels(kKernels);

constexpr const tenon_operator* kOperators[] = {&tenon_operator_weighted};

}  // namespace

TENON_DEFINE_PLUGIN("tests.travel-cpp", "1.0.0", kOperators)
