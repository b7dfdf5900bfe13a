// What the kernel needs outside the SIMD loops: which nodes it takes, how a run is planned, how operands become a job. And the operator's
// table.
#include <algorithm>
#include <memory>

#include "plugins/attention/scaled_dot_product_attention/attention.h"
#include "plugins/attention/scaled_dot_product_attention/job.h"
#include "plugins/support/planning.h"
#include "tenon_simd_levels.h"

namespace tenon::attention::sdpa {
namespace {

using namespace plugin;
using namespace kernels;

const Table& table_of(const tenon_kernel& kernel) { return *static_cast<const Table*>(kernel.table); }

// Everything that run needs and the types decide. The job lacks pointers and strides.
struct Plan {
  Job job{};
  bool has_heads = false, bsnh = false;
  bool inspects = false;
  Split heads, tasks;
  std::size_t flags_bytes = 0, slots = 1;
  Note note;
};

void supports(const Node& node, const tenon_kernel&) {
  const tenon_dtype dtype = node.operand(kQuery).dtype;
  if (dtype != TENON_F32 && dtype != TENON_F16 && dtype != TENON_BF16)
    node.decline(cat("takes f16, bf16 and f32, not ", dtype_name(dtype)));
}

constexpr std::size_t kMostChunks = 32;  // of one key head: partial results do not grow with the keys beyond that

// Pairs of a query and a key that it sees by position, for one head; lengths are not known.
double visited(const Job& job) {
  double pairs = 0;
  for (std::int64_t i = 0; i < job.queries; ++i) {
    const std::int64_t diagonal = i + (job.bottom_right ? job.keys - job.queries : 0);
    const std::int64_t high = job.causal ? std::min(job.keys, diagonal + 1) : job.keys;
    const std::int64_t low = job.window > 0 ? std::max<std::int64_t>(0, diagonal - job.window + 1) : 0;
    pairs += static_cast<double>(std::max<std::int64_t>(0, high - low));
  }
  return pairs;
}

// Keys that are packed at once: key and value in f32 together about 96 KiB.
std::size_t block_keys(const Job& job) {
  const std::int64_t widest = std::max<std::int64_t>({job.size, job.value_size, 1});
  const std::int64_t most = std::clamp<std::int64_t>(12288 / widest / 24 * 24, 24, 192);
  return static_cast<std::size_t>(std::min<std::int64_t>(most, (std::max<std::int64_t>(job.keys, 1) + 23) / 24 * 24));
}

// Tasks are blocks of panels. How many threads there are reaches only the number of panels of a task, which changes no number.
void plan_prefill(Plan& plan, const Table& table, const tenon_machine& machine, std::size_t rows, std::size_t key_heads, double ns) {
  Job& job = plan.job;
  const std::size_t panels = (rows + table.panel - 1) / table.panel;
  job.block_keys = block_keys(job);
  job.block_panels = std::clamp<std::size_t>(256 / table.panel, 1, std::max<std::size_t>(panels, 1));
  const auto tasks = [&] { return key_heads * ((panels + job.block_panels - 1) / job.block_panels); };
  if (machine.threads > 1 && ns >= 20'000)
    while (job.block_panels > 1 && tasks() < 4 * machine.threads) job.block_panels = (job.block_panels + 1) / 2;
  job.blocks = (panels + job.block_panels - 1) / job.block_panels;
  job.layout = prefill_layout(job, table);
  plan.tasks = split_of(machine, tasks(), ns);
  plan.inspects = (job.causal && !(job.bottom_right && job.queries == 1)) || job.window > 0;
  plan.note.set("prefill, %zu x %zu panels of %zu rows, %zu keys at once, %s", key_heads, panels, table.panel, job.block_keys,
                plan.tasks.grain == 0 ? "serial" : "parallel");
}

// Tasks are chunks of keys, of a length that the shape decides.
void plan_decode(Plan& plan, const Table& table, const tenon_machine& machine, std::size_t rows, std::size_t key_heads, double ns) {
  Job& job = plan.job;
  const std::size_t keys = static_cast<std::size_t>(job.keys);
  job.rows = rows <= 2 ? rows : rows <= 4 ? 4 : 8;
  job.block_keys = std::max<std::size_t>(512, round_up((keys + kMostChunks - 1) / kMostChunks, kDecodeBlock));
  job.blocks = rows == 0 ? 0 : std::max<std::size_t>(1, (keys + job.block_keys - 1) / job.block_keys);
  job.partial = partial_floats(job, table);
  job.layout = decode_layout(job, table);
  plan.tasks = split_of(machine, key_heads * job.blocks, ns);
  // The last query with bottom_right sees all that any one sees.
  plan.inspects = job.window > 0 || (job.causal && !job.bottom_right);
  plan.note.set("decode, %zu x %zu chunks of %zu keys, %zu rows, %s", key_heads, job.blocks, job.block_keys, rows,
                plan.tasks.grain == 0 ? "serial" : "parallel");
}

void plan(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const Attention a = read(node);
  auto plan = std::make_unique<Plan>();
  plan->has_heads = a.has_heads;
  plan->bsnh = a.bsnh;
  Job& job = plan->job;
  job.dtype = node.operand(kQuery).dtype;
  job.batch = a.batch;
  job.heads = a.heads;
  job.group = a.group();
  job.queries = a.queries;
  job.keys = a.keys;
  job.size = a.size;
  job.value_size = a.value_size;
  job.causal = a.causal;
  job.bottom_right = a.bottom_right;
  job.window = std::min(a.window, std::int64_t{1} << 30);  // no sequence is as long: a wider window is none
  job.scale = static_cast<float>(a.scale);
  job.cap = static_cast<float>(a.softcap);

  const tenon_machine machine = machine_of(node);
  const Table& table = table_of(kernel);
  const double heads = static_cast<double>(a.batch) * static_cast<double>(a.query_heads);
  out.flops = 2 * heads * visited(job) * static_cast<double>(a.size + a.value_size);
  const Type result = node.result(kOutput);
  for (const std::size_t operand :
       {std::size_t{kQuery}, std::size_t{kKey}, std::size_t{kValue}, std::size_t{kMask}, std::size_t{kKeyLengths}, std::size_t{kSinks}})
    out.bytes += bytes_of(node.operand(operand));
  out.bytes += bytes_of(result) + (a.return_log_sum_exp ? bytes_of(node.result(kLogSumExp)) : 0);

  const double ns = out.flops / (8 * static_cast<double>(table.lanes)) + out.bytes / 20;
  job.mask.data = node.has(kMask) ? "" : nullptr;  // for the layout; run has the pointer
  const std::size_t rows = static_cast<std::size_t>(job.group * job.queries), key_heads = static_cast<std::size_t>(job.batch * job.heads);
  if (rows <= kDecodeRows)
    plan_decode(*plan, table, machine, rows, key_heads, ns);
  else
    plan_prefill(*plan, table, machine, rows, key_heads, ns);
  if (plan->inspects) {
    plan->heads = split_of(machine, key_heads, bytes_of(node.operand(kValue)) / 20);
    plan->flags_bytes = round_up(key_heads, 64);
  }
  plan->slots = std::max(plan->tasks.threads, plan->heads.threads);
  out.workspace_bytes = plan->flags_bytes + (plan->slots * job.layout.total + key_heads * job.blocks * job.partial) * sizeof(float);
  out.workspace_align = 64;
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

// ---- Running ----

Sheet sheet_of(const Plan& plan, const tenon_tensor_view& view, std::int64_t group) {
  Sheet sheet{};
  sheet.data = static_cast<char*>(view.data);
  sheet.batch = view.strides[0];
  sheet.element = view.strides[view.rank - 1];
  sheet.sequence = view.strides[plan.has_heads && !plan.bsnh ? 2 : 1];
  if (plan.has_heads) {
    sheet.group = view.strides[plan.bsnh ? 2 : 1];
    sheet.head = sheet.group * group;
  }
  return sheet;
}

Mask mask_of(const Plan& plan, const tenon_tensor_view& view) {
  Mask mask{};
  mask.data = static_cast<const char*>(view.data);
  mask.dtype = view.dtype;
  const auto stride = [&](int from_last) {
    const int d = view.rank - from_last;
    return d < 0 || view.dims[d] == 1 ? std::int64_t{0} : view.strides[d];
  };
  mask.key = stride(1);
  mask.query = stride(2);
  mask.batch = stride(plan.has_heads ? 4 : 3);
  if (plan.has_heads) {
    mask.group = stride(3);
    mask.head = mask.group * plan.job.group;
  }
  return mask;
}

Line line_of(const tenon_tensor_view& view) { return {static_cast<const char*>(view.data), view.dtype, view.strides[0]}; }

}  // namespace

std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                 std::size_t operand_count, const tenon_tensor_view* results, std::size_t result_count, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const Table& table = table_of(*self);
  Job job = plan.job;
  const std::size_t key_heads = static_cast<std::size_t>(job.batch * job.heads);
  if (key_heads == 0 || job.blocks == 0) return TENON_OK;
  job.q = sheet_of(plan, operands[kQuery], job.group);
  job.k = sheet_of(plan, operands[kKey], 1);
  job.v = sheet_of(plan, operands[kValue], 1);
  job.o = sheet_of(plan, results[kOutput], job.group);
  const tenon_tensor_view* mask = present(operands, operand_count, kMask);
  job.mask = mask != nullptr ? mask_of(plan, *mask) : Mask{};
  if (const tenon_tensor_view* lengths = present(operands, operand_count, kKeyLengths)) job.lengths = line_of(*lengths);
  if (const tenon_tensor_view* sinks = present(operands, operand_count, kSinks)) job.sinks = line_of(*sinks);
  if (const tenon_tensor_view* lse = present(results, result_count, kLogSumExp)) {
    const std::int64_t head = plan.has_heads ? lse->strides[1] : 0;
    job.log_sum_exp = {static_cast<float*>(lse->data), lse->strides[0], head * job.group, head, lse->strides[lse->rank - 1]};
  }
  char* const memory = static_cast<char*>(workspace);
  job.visit_all = plan.inspects ? reinterpret_cast<std::uint8_t*>(memory) : nullptr;
  job.memory = reinterpret_cast<float*>(memory + plan.flags_bytes);
  job.partials = job.memory + plan.slots * job.layout.total;
  if (plan.inspects) run_split(call, plan.heads, key_heads, table.inspect, job);
  run_split(call, plan.tasks, key_heads * job.blocks, job.rows != 0 ? table.decode : table.prefill, job);
  if (job.rows != 0) run_split(call, {}, key_heads, table.merge, job);
  return TENON_OK;
}

#define TENON_SDPA_KERNEL(space, level)   \
  namespace space {                       \
  extern const Table table;               \
  }                                       \
  constexpr tenon_kernel kernel_##space = \
      Kernel("attention", level, &space::table).supports<supports>().strided().plan<plan>().run(run).destroy<destroy>();
TENON_SIMD_FOR_EACH_LEVEL(TENON_SDPA_KERNEL)

namespace {
#define TENON_SDPA_ENTRY(space, level) &kernel_##space,
constexpr const tenon_kernel* kKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_SDPA_ENTRY)};
}  // namespace

}  // namespace tenon::attention::sdpa

using namespace tenon::plugin;
TENON_OPERATOR(scaled_dot_product_attention) = Operator("scaled_dot_product_attention")
                                                   .infer<tenon::attention::sdpa::infer>()
                                                   .lower<tenon::attention::sdpa::lower>()
                                                   .lower_as<tenon::attention::sdpa::lower_as>()
                                                   .kernels(tenon::attention::sdpa::kKernels);
