// How group_norm becomes rows, or columns where channels are last: norm_plan.h has the rest.
//
// A row is a group of one sample, channel by channel, wherever the channels lie: [channels of a group, positions..].
#include "plugins/normalization/group_norm/group_norm.h"
#include "plugins/normalization/norm_plan.h"
#include "tenon_simd_levels.h"

namespace tenon::normalization {
TENON_SIMD_FOR_EACH_LEVEL(TENON_NORM_LEVEL)
namespace {

void plan(const plugin::Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const Groups g = read_groups(node);
  auto plan = std::make_unique<Plan>();
  plan->rank = static_cast<int>(g.input.rank());
  plan->channel_axis = static_cast<int>(g.channel_axis);
  plan->groups = static_cast<std::size_t>(g.groups);
  plan->channels = static_cast<std::size_t>(g.channels() / g.groups);
  plan->dtype = g.input.dtype;
  plan->statistic = Statistic::Moments;
  plan->unit = tables_of(kernel).rows->unit;
  rows::Space& space = plan->space;
  space.outer_rank = 2;
  space.outer_sizes[0] = g.input.dims[0];
  space.outer_sizes[1] = g.groups;
  space.inner_rank = 1;
  space.inner_sizes[0] = g.channels() / g.groups;
  plan->run = 1;
  for (int d = 1; d < plan->rank; ++d) {
    if (d == plan->channel_axis) continue;
    const std::int64_t size = g.input.dims[static_cast<std::size_t>(d)];
    space.inner_sizes[space.inner_rank++] = size;
    plan->run *= static_cast<std::size_t>(size);
  }
  space.count = static_cast<std::size_t>(g.input.dims[0] * g.groups);
  space.length = plan->channels * plan->run;
  // Whole groups in a tile, one that is wider than a tile in a tile of its own.
  const std::size_t most = std::max<std::size_t>(1, 128 / plan->channels) * plan->channels;
  if (plan->dtype != TENON_F64 && plan->run > 1 && plan->channels * plan->groups >= plan->unit) plan->tile = most;
  finish_plan(node, std::move(plan), kernels::bytes_of(node.operand(kScale)) + kernels::bytes_of(node.operand(kBias)), out);
}

void set_view(const Plan& plan, const tenon_tensor_view& tensor, rows::View& out) {
  const std::int64_t channel = tensor.strides[plan.channel_axis];
  out.data = static_cast<char*>(tensor.data);
  out.outer[0] = tensor.strides[0];
  out.outer[1] = channel * static_cast<std::int64_t>(plan.channels);
  out.inner[0] = channel;
  int next = 1;
  for (int d = 1; d < plan.rank; ++d)
    if (d != plan.channel_axis) out.inner[next++] = tensor.strides[d];
  out.contiguous = rows::is_contiguous(plan.space, out.inner);
}

// Whether channels lie side by side and positions evenly apart.
bool find_channels(const Plan& plan, Job& job) {
  rows::Space positions;
  rows::View x, y;
  positions.inner_rank = plan.space.inner_rank - 1;
  for (int d = 0; d < positions.inner_rank; ++d) {
    positions.inner_sizes[d] = plan.space.inner_sizes[d + 1];
    x.inner[d] = job.x.inner[d + 1];
    y.inner[d] = job.y.inner[d + 1];
  }
  if (plan.tile == 0 || job.x.inner[0] != 1 || job.y.inner[0] != 1) return false;
  if (!columns::even_step(positions, x, &job.columns.step[0]) || !columns::even_step(positions, y, &job.columns.step[1])) return false;
  job.columns.count = plan.groups * plan.channels;
  job.columns.tile = plan.tile;
  job.columns.tiles = columns::tile_count(job.columns.count, plan.tile);
  job.positions = plan.run;
  return true;
}

std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t count,
                 const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  if (plan.space.count == 0) return TENON_OK;
  Job job;
  begin_job(plan, job);
  set_view(plan, operands[kInput], job.x);
  set_view(plan, results[0], job.y);
  set_parameters(operands, count, job);
  const Tables& tables = tables_of(*self);
  const bool as_columns = !(job.x.contiguous && job.y.contiguous) && find_channels(plan, job);
  collapse(job);
  return run_job(call, plan, tables, job, as_columns ? tables.columns->moments : nullptr, workspace);
}

#define TENON_GROUP_NORM_KERNEL(space, level) TENON_NORM_KERNEL(space, level, "group_norm")
TENON_SIMD_FOR_EACH_LEVEL(TENON_GROUP_NORM_KERNEL)
constexpr tenon_kernel kKernelF64 = complete<plan>(plugin::Kernel("group_norm_f64", {}, &kTablesF64).supports<supports_f64>(), run);

}  // namespace

#define TENON_NORM_ENTRY(space, level) &kernel_##space,
constexpr const tenon_kernel* kGroupNormKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_NORM_ENTRY) & kKernelF64};

}  // namespace tenon::normalization
