// example.scaled_softsign(x) = x / (1 + |x|) * scale: a third party's operator in one file. Its meaning is `lower`; `run` is only its
// speed.
#include <cmath>
#include <cstddef>
#include <cstdlib>

#include "tenon/plugin.hpp"

namespace {

using namespace tenon::plugin;

void lower(Builder& b) {
  const Value x = b.operand(0);
  const Value softsign = b.divide(x, b.add(b.splat_like(x, 1), b.abs(x)));
  b.finish({b.multiply(softsign, b.splat_like(x, b.node().real("scale")))});
}

struct Plan {
  float scale;
  std::size_t count;
};

// The manifest's dtypes are all it asks for; a kernel that declines throws here, and `tenon explain` shows the reason.
void supports(const Node&, const tenon_kernel&) {}

void plan(const Node& node, const tenon_kernel&, tenon_kernel_plan& out) {
  std::size_t count = 1;
  for (int64_t size : node.operand(0).dims) count *= static_cast<std::size_t>(size);
  out.state = new Plan{static_cast<float>(node.real("scale")), count};
  out.result0_may_alias = 1;
  out.bytes = 8.0 * static_cast<double>(count);
  out.flops = 4.0 * static_cast<double>(count);
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

// Operand and result are compact row-major: the kernel does not say that it takes strides.
int32_t run(tenon_call*, const tenon_kernel*, const void* state, const tenon_tensor_view* operands, size_t,
            const tenon_tensor_view* results, size_t, void*) {
  const Plan& p = *static_cast<const Plan*>(state);
  const auto* x = static_cast<const float*>(operands[0].data);
  auto* y = static_cast<float*>(results[0].data);
  for (std::size_t i = 0; i < p.count; ++i) y[i] = x[i] / (1.0f + std::fabs(x[i])) * p.scale;
  return TENON_OK;
}

constexpr Kernel kKernel = Kernel("scaled_softsign").supports<supports>().plan<plan>().run(run).destroy<destroy>();
constexpr const tenon_kernel* kKernels[] = {&kKernel};

TENON_OPERATOR(scaled_softsign) = Operator("scaled_softsign").lower<lower>().kernels(kKernels);

constexpr const tenon_operator* kOperators[] = {&tenon_operator_scaled_softsign};

}  // namespace

TENON_DEFINE_PLUGIN("org.example.softsign", "1.0.0", kOperators)
