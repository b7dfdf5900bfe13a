// How layer_norm becomes rows: norm_plan.h has the rest.
#include "plugins/normalization/layer_norm/layer_norm.h"
#include "plugins/normalization/norm_plan.h"
#include "tenon_simd_levels.h"

namespace tenon::normalization {
TENON_SIMD_FOR_EACH_LEVEL(TENON_NORM_LEVEL)
namespace {

void plan(const plugin::Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const plugin::Type input = node.operand(kInput);
  auto plan = std::make_unique<Plan>();
  plan->rank = static_cast<int>(input.rank());
  plan->first = static_cast<int>(first_axis(node, input));
  plan->space = rows::make_space(input.dims.data(), plan->rank, plan->first, plan->rank - plan->first);
  plan->dtype = input.dtype;
  plan->statistic = Statistic::Moments;
  plan->unit = tables_of(kernel).rows->unit;
  finish_plan(node, std::move(plan), kernels::bytes_of(node.operand(kScale)) + kernels::bytes_of(node.operand(kBias)), out);
}

std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t count,
                 const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  if (plan.space.count == 0) return TENON_OK;
  Job job;
  begin_job(plan, job);
  rows::make_view(plan.space, operands[kInput], plan.rank, plan.first, &job.x);
  rows::make_view(plan.space, results[0], plan.rank, plan.first, &job.y);
  set_parameters(operands, count, job);
  collapse(job);
  return run_job(call, plan, tables_of(*self), job, nullptr, workspace);
}

#define TENON_LAYER_NORM_KERNEL(space, level) TENON_NORM_KERNEL(space, level, "layer_norm")
TENON_SIMD_FOR_EACH_LEVEL(TENON_LAYER_NORM_KERNEL)
constexpr tenon_kernel kKernelF64 = complete<plan>(plugin::Kernel("layer_norm_f64", {}, &kTablesF64).supports<supports_f64>(), run);

}  // namespace

#define TENON_NORM_ENTRY(space, level) &kernel_##space,
constexpr const tenon_kernel* kLayerNormKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_NORM_ENTRY) & kKernelF64};

}  // namespace tenon::normalization
