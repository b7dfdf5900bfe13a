// What the kernels of all reductions need outside the SIMD loops: how dimensions are grouped, how work is split, what the plan says.
#include <algorithm>
#include <memory>

#include "plugins/reductions/reduce/axes.h"
#include "plugins/reductions/reduce/kernels.h"
#include "plugins/support/planning.h"

namespace tenon::reductions {
namespace {

using namespace plugin;
using namespace kernels;

enum class Role : std::uint8_t { Kept, Reduced, Inner };

// Everything that run needs and the types decide.
struct Plan {
  Op op{};
  tenon_dtype dtype{};
  const Table* table = nullptr;
  std::size_t rank = 0;
  Dims dims;
  std::vector<Role> roles;       // by dimension
  std::vector<int> result_dims;  // by dimension: the result's, or -1
  bool columns = false, parts_of_runs = false;
  std::size_t count = 1, divisor = 1, kept = 1, reduced = 1, inner = 1;
  std::size_t strips = 1, parts = 1;
  std::size_t slot_bytes = 0;
  Split split, merge_split;
  Note note;
};

const Entry& entry_of(const tenon_kernel& kernel) { return *static_cast<const Entry*>(kernel.table); }

bool is_narrow_float(tenon_dtype dtype) { return dtype == TENON_F32 || dtype == TENON_F16 || dtype == TENON_BF16; }

// Which dimensions lie innermost: the last ones, or where these are few elements, the ones before them; those are gathered.
void choose_inner(Plan& plan, const std::vector<bool>& reduced) {
  struct Run {
    std::size_t begin, end, count = 1;  // dimensions [begin, end), which are all reduced or all kept, but for those of size 1
    bool empty = true, reduced = false;
  };
  const auto run_before = [&](std::size_t end) {
    Run run{end, end};
    for (; run.begin > 0; --run.begin) {
      const std::size_t d = run.begin - 1;
      if (plan.dims[d] == 1) continue;
      if (run.empty) run.reduced = reduced[d];
      if (run.reduced != reduced[d]) break;
      run.empty = false;
      run.count *= static_cast<std::size_t>(plan.dims[d]);
    }
    return run;
  };
  Run inner = run_before(plan.rank);
  if (const Run other = run_before(inner.begin); inner.count < plan.table->least && other.count > inner.count) inner = other;
  plan.columns = !inner.reduced;
  for (std::size_t d = 0; d < plan.rank; ++d) {
    const bool is_inner = d >= inner.begin && d < inner.end && reduced[d] == inner.reduced;
    plan.roles.push_back(is_inner ? Role::Inner : reduced[d] ? Role::Reduced : Role::Kept);
    const auto size = static_cast<std::size_t>(plan.dims[d]);
    (is_inner ? plan.inner : reduced[d] ? plan.reduced : plan.kept) *= size;
    if (reduced[d]) plan.count *= size;
  }
}

constexpr std::size_t kPartElements = 1 << 16;  // worth a part of its own
constexpr std::size_t kEnoughTasks = 16;        // with these, no result is split

// Few results of many elements each are split into parts, which are joined afterwards. From the shape alone.
void choose_parts(Plan& plan) {
  const std::size_t tasks = plan.kept * plan.strips;
  if (tasks == 0 || tasks >= kEnoughTasks || plan.table->merge == nullptr || plan.op == Op::LogSumExp) return;
  if (plan.columns) {
    const std::size_t width = std::min(plan.inner, kStrip);
    plan.parts = std::min({std::size_t{32}, plan.reduced * width / kPartElements, plan.reduced / 64});
  } else {
    plan.parts = std::min<std::size_t>(64, plan.count / kPartElements);
    plan.parts_of_runs = plan.inner >= plan.parts * kChunk;
    if (!plan.parts_of_runs) plan.parts = std::min(plan.parts, plan.reduced);
  }
  plan.parts = std::max<std::size_t>(plan.parts, 1);
}

// Roughly, of one thread.
double nanoseconds(const Plan& plan, double bytes) {
  const double elements = static_cast<double>(plan.count * plan.kept) * (plan.columns ? static_cast<double>(plan.inner) : 1);
  const double tasks = static_cast<double>(plan.kept * plan.strips * plan.parts) * 30;
  if (plan.op == Op::LogSumExp) return tasks + elements * (is_narrow_float(plan.dtype) ? 0.6 : 6);
  return tasks + bytes / (is_narrow_float(plan.dtype) ? 20 : 12);
}

}  // namespace

void supports(const Node& node, const tenon_kernel&) {
  const tenon_dtype dtype = node.operand(0).dtype;
  const bool taken = dtype == TENON_I1 || is_narrow_float(dtype) || dtype == TENON_F64 || (dtype >= TENON_I8 && dtype <= TENON_I64) ||
                     (dtype >= TENON_UI8 && dtype <= TENON_UI64);
  if (!taken) node.decline(cat("takes i1, whole-byte integers, f16, bf16, f32 and f64, not ", dtype_name(dtype)));
}

void plan(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const Entry& entry = entry_of(kernel);
  const Type input = node.operand(0);
  auto plan = std::make_unique<Plan>();
  plan->op = entry.op;
  plan->dtype = input.dtype;
  const bool truth = entry.op == Op::Any || entry.op == Op::All;
  plan->table = is_narrow_float(input.dtype) && !truth ? entry.floats : entry.plain;
  plan->rank = input.dims.size();
  plan->dims = input.dims;
  const Dims axes = reduced_axes(node, input);
  std::vector<bool> reduced(plan->rank);
  for (std::int64_t axis : axes) reduced[static_cast<std::size_t>(axis)] = true;
  const bool keep = node.flag("keepdims");
  int next = 0;
  for (std::size_t d = 0; d < plan->rank; ++d) plan->result_dims.push_back(reduced[d] && !keep ? -1 : next++);
  choose_inner(*plan, reduced);
  if (plan->columns) plan->strips = (plan->inner + kStrip - 1) / kStrip;
  choose_parts(*plan);
  if (plan->op == Op::Variance || plan->op == Op::Std) {
    const auto correction = static_cast<std::size_t>(node.integer("correction"));
    plan->divisor = plan->count > correction ? plan->count - correction : 0;
  }

  const tenon_machine machine = machine_of(node);
  out.bytes = bytes_of(input) + bytes_of(node.result(0));
  out.flops = bytes_of(input) / static_cast<double>(element_bytes(input.dtype));
  const std::size_t blocks = plan->kept * plan->strips;
  plan->split = split_of(machine, blocks * plan->parts, nanoseconds(*plan, out.bytes));
  const double merged =
      static_cast<double>(blocks * plan->parts) * (plan->columns ? static_cast<double>(std::min(plan->inner, kStrip)) : 10);
  if (plan->parts > 1) plan->merge_split = split_of(machine, blocks, merged);
  plan->slot_bytes = round_up(kAccumulatorBytes + kGatheredElements * element_bytes(input.dtype), 64);
  out.workspace_bytes = std::max(plan->split.threads, plan->merge_split.threads) * plan->slot_bytes;
  if (plan->parts > 1) out.workspace_bytes += blocks * plan->parts * (plan->columns ? kAccumulatorBytes : kPartialBytes);
  out.workspace_align = 64;
  plan->note.set("%zu %s of %zu, %zu part%s, %s", plan->columns ? plan->reduced : plan->kept, plan->columns ? "rows into columns" : "runs",
                 plan->columns ? plan->inner : plan->count, plan->parts, plan->parts == 1 ? "" : "s", name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

std::int32_t run(tenon_call* call, const tenon_kernel*, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const std::size_t blocks = plan.kept * plan.strips;
  if (blocks == 0) return TENON_OK;
  Job job;  // not initialised as a whole: it is large, and a small run is short
  job.op = plan.op;
  job.dtype = plan.dtype;
  job.element_bytes = element_bytes(plan.dtype);
  job.columns = plan.columns;
  job.count = plan.count;
  job.divisor = plan.divisor;
  job.x = static_cast<const char*>(operands[0].data);
  job.y = static_cast<char*>(results[0].data);
  clear(&job.kept);
  clear(&job.reduced);
  clear(&job.inner);
  for (std::size_t d = 0; d < plan.rank; ++d) {
    Group& group = plan.roles[d] == Role::Kept ? job.kept : plan.roles[d] == Role::Reduced ? job.reduced : job.inner;
    const bool written = plan.result_dims[d] >= 0 && !(plan.roles[d] == Role::Reduced || (plan.roles[d] == Role::Inner && !plan.columns));
    push(&group, plan.dims[d], operands[0].strides[d], written ? results[0].strides[plan.result_dims[d]] : 0);
  }
  job.parts = plan.parts;
  job.parts_of_runs = plan.parts_of_runs;
  job.strips = plan.strips;
  job.buffers = static_cast<char*>(workspace);
  job.slot_bytes = plan.slot_bytes;
  job.partials = job.buffers + std::max(plan.split.threads, plan.merge_split.threads) * plan.slot_bytes;
  run_split(call, plan.split, blocks * plan.parts, plan.table->run, job);
  if (plan.parts > 1) run_split(call, plan.merge_split, blocks, plan.table->merge, job);
  return TENON_OK;
}

}  // namespace tenon::reductions
