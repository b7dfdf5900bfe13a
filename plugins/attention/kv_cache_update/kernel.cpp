// The kernel of kv_cache_update: for every head, the cache's rows before and behind the new ones, and the new ones. In place only these
// are written. Bytes move, so that the dtype does not matter and there is one level.
#include <algorithm>
#include <cstring>
#include <memory>

#include "plugins/attention/kv_cache_update/kv_cache_update.h"
#include "plugins/support/planning.h"

namespace tenon::attention::kv_cache_update {
namespace {

using namespace plugin;
using namespace kernels;

struct Plan {
  std::int64_t heads = 0, capacity = 0, length = 0, size = 0;
  bool ring = false;
  std::size_t element = 1;
  Split split;  // of heads
  Note note;
};

void supports(const Node&, const tenon_kernel&) {}

void plan(const Node& node, const tenon_kernel&, tenon_kernel_plan& out) {
  const Type cache = node.operand(kCache), update = node.operand(kUpdate);
  auto plan = std::make_unique<Plan>();
  plan->heads = cache.dims[1];
  plan->capacity = cache.dims[2];
  plan->length = update.dims[2];
  plan->size = cache.dims[3];
  plan->ring = node.string("mode") == "ring";
  plan->element = element_bytes(cache.dtype);
  // In place, which the plan cannot know, it is twice the update; the split must do for the other case.
  out.bytes = 2 * bytes_of(cache);
  out.result0_may_alias = 1u << kCache;
  const tenon_machine machine = machine_of(node);
  plan->split = split_of(machine, static_cast<std::size_t>(cache.dims[0] * plan->heads), out.bytes / 15);
  plan->note.set("%lld new rows in each of %lld, %s", static_cast<long long>(plan->length), static_cast<long long>(plan->capacity),
                 plan->split.grain == 0 ? "serial" : "parallel if not in place");
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

// Strides of one head's rows and their elements, in bytes.
struct Rows {
  char* data;
  std::int64_t row, step;
};

struct Run {
  const Plan* plan;
  const tenon_tensor_view *cache, *update, *start, *result;
};

template <class T>
void copy_elements(const Rows& to, const Rows& from, std::int64_t rows, std::int64_t size) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t i = 0; i < size; ++i)
      std::memcpy(to.data + r * to.row + i * to.step, from.data + r * from.row + i * from.step, sizeof(T));
}

void copy_rows(const Plan& plan, Rows to, std::int64_t to_row, Rows from, std::int64_t from_row, std::int64_t rows) {
  const auto element = static_cast<std::int64_t>(plan.element), bytes = plan.size * element;
  if (rows <= 0) return;
  to.data += to_row * to.row;
  from.data += from_row * from.row;
  if (to.step == element && from.step == element) {
    if (to.row == bytes && from.row == bytes)
      std::memcpy(to.data, from.data, static_cast<std::size_t>(rows * bytes));
    else
      for (std::int64_t r = 0; r < rows; ++r) std::memcpy(to.data + r * to.row, from.data + r * from.row, static_cast<std::size_t>(bytes));
    return;
  }
  switch (plan.element) {
    case 1:
      return copy_elements<std::uint8_t>(to, from, rows, plan.size);
    case 2:
      return copy_elements<std::uint16_t>(to, from, rows, plan.size);
    case 4:
      return copy_elements<std::uint32_t>(to, from, rows, plan.size);
    default:
      return copy_elements<std::uint64_t>(to, from, rows, plan.size);
  }
}

std::int64_t first_row(const Plan& plan, const tenon_tensor_view& start, std::int64_t batch) {
  const std::int64_t at = start.rank == 0 ? 0 : batch * start.strides[0];
  const std::int64_t given =
      start.dtype == TENON_I64 ? static_cast<const std::int64_t*>(start.data)[at] : static_cast<const std::int32_t*>(start.data)[at];
  if (!plan.ring) return std::clamp<std::int64_t>(given, 0, plan.capacity - plan.length);
  const std::int64_t inside = given % plan.capacity;
  return inside < 0 ? inside + plan.capacity : inside;
}

void run_heads(const Run& run, std::size_t begin, std::size_t end) {
  const Plan& plan = *run.plan;
  const auto element = static_cast<std::int64_t>(plan.element);
  const bool in_place = run.cache->data == run.result->data;
  for (auto item = static_cast<std::int64_t>(begin); item < static_cast<std::int64_t>(end); ++item) {
    const std::int64_t batch = item / plan.heads, head = item % plan.heads;
    const auto rows = [&](const tenon_tensor_view& view) {
      const std::int64_t offset = batch * view.strides[0] + head * view.strides[1];
      return Rows{static_cast<char*>(view.data) + offset * element, view.strides[2] * element, view.strides[3] * element};
    };
    const Rows cache = rows(*run.cache), result = rows(*run.result);
    if (plan.length == 0) {
      if (!in_place) copy_rows(plan, result, 0, cache, 0, plan.capacity);
      continue;
    }
    const Rows update = rows(*run.update);
    const std::int64_t first = first_row(plan, *run.start, batch), before_end = std::min(plan.length, plan.capacity - first);
    const std::int64_t wrapped = plan.length - before_end;  // rows that a ring puts at its begin
    copy_rows(plan, result, first, update, 0, before_end);
    copy_rows(plan, result, 0, update, before_end, wrapped);
    if (in_place) continue;
    copy_rows(plan, result, wrapped, cache, wrapped, first - wrapped);
    copy_rows(plan, result, first + before_end, cache, first + before_end, plan.capacity - first - before_end);
  }
}

std::int32_t run(tenon_call* call, const tenon_kernel*, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void*) {
  const Plan& plan = *static_cast<const Plan*>(state);
  if (plan.capacity == 0 || plan.size == 0) return TENON_OK;
  Run run{&plan, &operands[kCache], &operands[kUpdate], &operands[kStart], &results[0]};
  Split split = plan.split;
  // In place the work is the update's alone.
  const double moved =
      2.0 * static_cast<double>(operands[kCache].dims[0] * plan.heads * plan.length * plan.size) * static_cast<double>(plan.element);
  if (operands[kCache].data == results[0].data && moved / 15 < 10'000) split.grain = 0;
  run_split(call, split, static_cast<std::size_t>(operands[kCache].dims[0] * plan.heads),
            [&](std::size_t begin, std::size_t end, std::size_t) { run_heads(run, begin, end); });
  return TENON_OK;
}

constexpr tenon_kernel kKernel = Kernel("kv_cache_update").strided().supports<supports>().plan<plan>().run(run).destroy<destroy>();
constexpr const tenon_kernel* kKernels[] = {&kKernel};

}  // namespace
}  // namespace tenon::attention::kv_cache_update

using namespace tenon::plugin;
using namespace tenon::attention;
TENON_OPERATOR(kv_cache_update) = Operator("kv_cache_update")
                                      .infer<kv_cache_update::infer>()
                                      .lower<kv_cache_update::lower>()
                                      .kernels(tenon::attention::kv_cache_update::kKernels);
