// Kernels for tenon.silu_mul: what it means stays with the plugin that defines it. The kernel declines what it does not take with a reason,
// which `tenon explain silu_mul` shows.
#include "tenon/plugin.hpp"

#include <cstddef>

#include "kernel.h"

namespace {

using namespace tenon::plugin;

void supports(const Node& node, const tenon_kernel&) {
  const Type gate = node.operand(0), up = node.operand(1);
  if (gate.dims != up.dims) node.decline(cat("takes operands of one shape, not ", text(gate.dims), " and ", text(up.dims)));
}

void plan(const Node& node, const tenon_kernel&, tenon_kernel_plan& out) {
  std::size_t count = 1;
  for (int64_t size : node.operand(0).dims) count *= static_cast<std::size_t>(size);
  out.state = new std::size_t(count);
  out.result0_may_alias = 3;  // either operand's own memory will do for the result
  out.bytes = 12.0 * static_cast<double>(count);
  out.flops = 20.0 * static_cast<double>(count);
}

void destroy(void* state) { delete static_cast<std::size_t*>(state); }

int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t,
            const tenon_tensor_view* results, std::size_t, void*) {
  struct Task {
    const Level* level;
    Job job;
  };
  Task task{
      static_cast<const Level*>(self->table),
      {static_cast<const float*>(operands[0].data), static_cast<const float*>(operands[1].data), static_cast<float*>(results[0].data)}};
  const auto part = [](void* argument, std::size_t begin, std::size_t end, std::size_t) {
    const Task& t = *static_cast<const Task*>(argument);
    t.level->silu_mul(t.job, begin, end);
  };
  host().parallel_for(call, *static_cast<const std::size_t*>(state), 1 << 14, part, &task);
  return TENON_OK;
}

constexpr Kernel kernel(std::string_view level, const Level* functions) {
  return Kernel("fast_silu_mul", level, functions).supports<supports>().plan<plan>().run(run).destroy<destroy>();
}
#define DEFINE_KERNEL(level_namespace, level) constexpr Kernel kernel_##level_namespace = kernel(level, &level_namespace::kLevel);
#define KERNEL_POINTER(level_namespace, level) &kernel_##level_namespace,
TENON_SIMD_FOR_EACH_LEVEL(DEFINE_KERNEL)
constexpr const tenon_kernel* kKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(KERNEL_POINTER)};

constexpr tenon_operator kSiluMul = Operator("tenon.silu_mul").kernels(kKernels).kernels_only();
constexpr const tenon_operator* kOperators[] = {&kSiluMul};

}  // namespace

TENON_DEFINE_PLUGIN("fast.silu-mul", "0.1.0", kOperators)
