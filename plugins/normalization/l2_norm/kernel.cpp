// How l2_norm becomes rows or columns: norm_plan.h has the rest.
#include "plugins/normalization/l2_norm/l2_norm.h"
#include "plugins/normalization/norm_plan.h"
#include "tenon_simd_levels.h"

namespace tenon::normalization {
TENON_SIMD_FOR_EACH_LEVEL(TENON_NORM_LEVEL)
namespace {

void plan(const plugin::Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const plugin::Type input = node.operand(0);
  auto plan = std::make_unique<Plan>();
  plan->rank = static_cast<int>(input.rank());
  plan->first = static_cast<int>(node.axis("axis", input.rank()));
  plan->space = rows::make_space(input.dims.data(), plan->rank, plan->first, 1);
  plan->dtype = input.dtype;
  plan->statistic = Statistic::Length;
  plan->unit = tables_of(kernel).rows->unit;
  const std::uint64_t second = kernels::machine_of(node).l2_bytes;
  if (plan->dtype != TENON_F64 && plan->first + 1 < plan->rank)
    plan->tile = columns::tile_width(plan->space.length, plan->unit, second != 0 ? second : 512u << 10);
  finish_plan(node, std::move(plan), 0, out);
}

std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  if (plan.space.count == 0 || plan.space.length == 0) return TENON_OK;
  Job job;
  begin_job(plan, job);
  rows::make_view(plan.space, operands[0], plan.rank, plan.first, &job.x);
  rows::make_view(plan.space, results[0], plan.rank, plan.first, &job.y);
  collapse(job);
  job.positions = plan.space.length;
  const Tables& tables = tables_of(*self);
  const bool in_rows = plan.tile == 0 || (job.x.contiguous && job.y.contiguous);
  const bool as_columns = !in_rows && columns::find_columns(job.space, job.x, job.y, plan.unit, plan.tile, &job.columns);
  return run_job(call, plan, tables, job, as_columns ? tables.columns->lengths : nullptr, workspace);
}

#define TENON_L2_NORM_KERNEL(space, level) TENON_NORM_KERNEL(space, level, "l2_norm")
TENON_SIMD_FOR_EACH_LEVEL(TENON_L2_NORM_KERNEL)
constexpr tenon_kernel kKernelF64 = complete<plan>(plugin::Kernel("l2_norm_f64", {}, &kTablesF64).supports<supports_f64>(), run);

}  // namespace

#define TENON_NORM_ENTRY(space, level) &kernel_##space,
constexpr const tenon_kernel* kL2NormKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_NORM_ENTRY) & kKernelF64};

}  // namespace tenon::normalization
