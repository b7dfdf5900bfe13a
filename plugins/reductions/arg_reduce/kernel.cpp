// What the kernels of argmax and argmin need outside the SIMD loops.
#include "plugins/reductions/arg_reduce/kernel.h"

#include <memory>

#include "plugins/support/planning.h"

namespace tenon::reductions::arg {
namespace {

using namespace plugin;
using namespace kernels;

struct Plan {
  bool smallest = false, last = false, keep = false, columns = false;
  tenon_dtype dtype{}, index_dtype{};
  std::size_t rank = 0, axis = 0;
  Dims dims;
  std::size_t before = 1, length = 1, after = 1, strips = 1;
  Split split;
  Note note;
};

constexpr std::size_t kLeastWidth = 8;  // of columns; narrower ones are gathered into rows

}  // namespace

void supports(const Node& node, const tenon_kernel&) {
  const tenon_dtype dtype = node.operand(0).dtype;
  const bool taken = dtype == TENON_I1 || dtype == TENON_F16 || dtype == TENON_BF16 || dtype == TENON_F32 || dtype == TENON_F64 ||
                     (dtype >= TENON_I8 && dtype <= TENON_I64) || (dtype >= TENON_UI8 && dtype <= TENON_UI64);
  if (!taken) node.decline(cat("takes i1, whole-byte integers, f16, bf16, f32 and f64, not ", dtype_name(dtype)));
}

void plan(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const Type input = node.operand(0);
  auto plan = std::make_unique<Plan>();
  plan->smallest = static_cast<const Entry*>(kernel.table)->smallest;
  plan->last = node.flag("select_last");
  plan->keep = node.flag("keepdims");
  plan->dtype = input.dtype;
  plan->index_dtype = node.result(0).dtype;
  plan->dims = input.dims;
  plan->rank = input.dims.size();
  plan->axis = static_cast<std::size_t>(node.axis("axis", input.rank()));
  for (std::size_t d = 0; d < plan->rank; ++d)
    (d < plan->axis ? plan->before : d == plan->axis ? plan->length : plan->after) *= static_cast<std::size_t>(input.dims[d]);
  plan->columns = plan->after >= kLeastWidth;
  if (plan->columns) plan->strips = (plan->after + kStrip - 1) / kStrip;
  const std::size_t tasks = plan->before * (plan->columns ? plan->strips : plan->after);
  out.bytes = bytes_of(input) + bytes_of(node.result(0));
  out.flops = static_cast<double>(element_count(input.dims));
  plan->split = split_of(machine_of(node), tasks, out.bytes / 15 + static_cast<double>(tasks) * 30);
  out.workspace_bytes = plan->split.threads * kSlotBytes;
  out.workspace_align = 64;
  plan->note.set("%zu %s of %zu, %s", plan->columns ? plan->length : tasks, plan->columns ? "rows into columns" : "rows",
                 plan->columns ? plan->after : plan->length, name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const std::size_t tasks = plan.before * (plan.columns ? plan.strips : plan.after);
  if (tasks == 0 || plan.length == 0) return TENON_OK;
  Job job;
  job.dtype = plan.dtype;
  job.element_bytes = element_bytes(plan.dtype);
  job.is_float = is_float(plan.dtype);
  job.is_signed = plan.dtype >= TENON_I8 && plan.dtype <= TENON_I64;
  job.smallest = plan.smallest;
  job.last = plan.last;
  job.wide_index = plan.index_dtype == TENON_I64;
  job.columns = plan.columns;
  job.length = plan.length;
  job.stride = operands[0].strides[plan.axis];
  job.strips = plan.strips;
  job.x = static_cast<const char*>(operands[0].data);
  job.y = static_cast<char*>(results[0].data);
  clear(&job.kept);
  clear(&job.inner);
  for (std::size_t d = 0, result = 0; d < plan.rank; ++d) {
    if (d == plan.axis) {
      result += plan.keep ? 1 : 0;
      continue;
    }
    push(plan.columns && d > plan.axis ? &job.inner : &job.kept, plan.dims[d], operands[0].strides[d], results[0].strides[result++]);
  }
  job.buffers = static_cast<char*>(workspace);
  job.slot_bytes = kSlotBytes;
  run_split(call, plan.split, tasks, static_cast<const Entry*>(self->table)->table->run, job);
  return TENON_OK;
}

}  // namespace tenon::reductions::arg
