// What the kernel of cumsum needs outside the SIMD loop.
#include "plugins/reductions/cumulative/kernel.h"

#include <memory>

#include "plugins/reductions/cumulative/job.h"
#include "plugins/support/planning.h"

namespace tenon::reductions::cumulative {
namespace {

using namespace plugin;
using namespace kernels;

struct Plan {
  bool exclusive = false, reverse = false;
  tenon_dtype dtype{};
  std::size_t rank = 0, axis = 0;
  Dims dims;
  std::size_t before = 1, length = 1, after = 1, columns = 1, strips = 1, slot_bytes = 0;
  Split split;
  Note note;
};

constexpr std::size_t kTaskElements = 8192;  // their sums and the shifted ones stay in the second-level cache

}  // namespace

void supports(const Node& node, const tenon_kernel&) {
  const tenon_dtype dtype = node.operand(0).dtype;
  const bool taken = dtype == TENON_F16 || dtype == TENON_BF16 || dtype == TENON_F32 || dtype == TENON_F64 ||
                     (dtype >= TENON_I8 && dtype <= TENON_I64) || (dtype >= TENON_UI8 && dtype <= TENON_UI64);
  if (!taken) node.decline(cat("takes whole-byte integers, f16, bf16, f32 and f64, not ", dtype_name(dtype)));
}

void plan(const Node& node, const tenon_kernel&, tenon_kernel_plan& out) {
  const Type input = node.operand(0);
  auto plan = std::make_unique<Plan>();
  plan->exclusive = node.flag("exclusive");
  plan->reverse = node.flag("reverse");
  plan->dtype = input.dtype;
  plan->dims = input.dims;
  plan->rank = input.dims.size();
  plan->axis = static_cast<std::size_t>(node.axis("axis", input.rank()));
  for (std::size_t d = 0; d < plan->rank; ++d)
    (d < plan->axis ? plan->before : d == plan->axis ? plan->length : plan->after) *= static_cast<std::size_t>(input.dims[d]);
  const std::size_t length = std::max<std::size_t>(plan->length, 1);
  plan->columns = std::min(plan->after, std::max<std::size_t>(kTaskElements / length, plan->after > 1 ? 16 : 1));
  if (plan->columns != 0) plan->strips = (plan->after + plan->columns - 1) / plan->columns;
  const std::size_t tasks = plan->before * plan->strips;
  out.bytes = bytes_of(input) * 2;
  out.flops = static_cast<double>(element_count(input.dims));
  double steps = 1;
  for (std::size_t step = 1; is_float(plan->dtype) && step < plan->length; step *= 2) ++steps;
  plan->split = split_of(machine_of(node), tasks, out.flops * (0.2 + 0.1 * steps) + static_cast<double>(tasks) * 30);
  // Sums of 16-bit floats are f32.
  plan->slot_bytes = 3 * round_up(length * plan->columns * std::max<std::size_t>(element_bytes(plan->dtype), 4), 64);
  out.workspace_bytes = plan->split.threads * plan->slot_bytes;
  out.workspace_align = 64;
  out.result0_may_alias = 1;  // a task reads all that it writes before it writes
  plan->note.set("%zu of %zu, %zu beside each other, %s", plan->before * plan->after, plan->length, plan->columns, name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const std::size_t tasks = plan.before * plan.strips;
  if (tasks == 0 || plan.length == 0 || plan.after == 0) return TENON_OK;
  Job job;
  job.dtype = plan.dtype;
  job.element_bytes = element_bytes(plan.dtype);
  job.exclusive = plan.exclusive;
  job.reverse = plan.reverse;
  job.length = plan.length;
  job.x_stride = operands[0].strides[plan.axis];
  job.y_stride = results[0].strides[plan.axis];
  job.columns = plan.columns;
  job.strips = plan.strips;
  job.x = static_cast<const char*>(operands[0].data);
  job.y = static_cast<char*>(results[0].data);
  clear(&job.kept);
  clear(&job.inner);
  for (std::size_t d = 0; d < plan.rank; ++d)
    if (d != plan.axis) push(d > plan.axis ? &job.inner : &job.kept, plan.dims[d], operands[0].strides[d], results[0].strides[d]);
  job.buffers = static_cast<char*>(workspace);
  job.slot_bytes = plan.slot_bytes;
  run_split(call, plan.split, tasks, static_cast<const Table*>(self->table)->run, job);
  return TENON_OK;
}

}  // namespace tenon::reductions::cumulative
