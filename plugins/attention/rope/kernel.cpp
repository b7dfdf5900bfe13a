// What the kernel of rope needs outside the SIMD loops: which nodes it takes, where the tables come from, how a run is split, how tensors
// become heads and rows.
#include <algorithm>
#include <memory>

#include "plugins/attention/rope/job.h"
#include "plugins/attention/rope/rope.h"
#include "plugins/support/planning.h"
#include "tenon_simd_levels.h"

namespace tenon::attention::rope {
namespace {

using namespace plugin;
using namespace kernels;

// Everything that run needs and the types decide.
struct Plan {
  Layout layout{};
  Path path = Path::Plain;
  Source source = Source::Known;
  std::size_t size = 0, batches = 1, sequence = 0, heads = 1, block = 1, head_parts = 1;
  int rank = 0, sequence_axis = 0;
  bool batched = false;      // with tables for each row of the batch
  std::vector<float> known;  // arranged
  // Turns: of training, and with longrope of longer sequences. Angles: frequencies of training, which run multiplies by exp(exponent * log
  // of the growth).
  std::vector<std::int32_t> units, long_units;
  std::vector<float> rest, long_rest, frequencies, exponents;
  bool stretches = false, is_dynamic = false;
  std::int64_t trained = 0;
  float growth = 0, attention_factor = 1;
  Split split;  // of work items
  std::size_t slot_bytes = 0, row_bytes = 0, frequency_bytes = 0;
  Note note;
};

const Table& table_of(const tenon_kernel& kernel) { return *static_cast<const Table*>(kernel.table); }

void supports(const Node& node, const tenon_kernel&) {
  const tenon_dtype dtype = node.operand(kInput).dtype;
  if (dtype != TENON_F32 && dtype != TENON_F16 && dtype != TENON_BF16)
    node.decline(cat("takes f16, bf16 and f32, not ", dtype_name(dtype)));
}

// ---- Planning ----

std::vector<float> narrowed(const std::vector<double>& values, std::size_t room) {
  std::vector<float> out(values.begin(), values.end());
  out.resize(values.size() + room);
  return out;
}

void plan_known(const Node& node, const Rope& rope, const Table& table, Plan& plan) {
  const std::size_t pairs = plan.layout.pairs, width = plan.layout.width;
  plan.known.resize(plan.sequence * 2 * width);
  std::vector<float> cosines(pairs), sines(pairs);
  std::size_t pair = 0;
  float* out = plan.known.data();
  for_each_known(node, rope, [&](double cosine, double sine) {
    cosines[pair] = static_cast<float>(cosine);
    sines[pair] = static_cast<float>(sine);
    if (++pair < pairs) return;
    table.arrange(plan.layout, cosines.data(), sines.data(), out);
    out += 2 * width;
    pair = 0;
  });
}

void plan_frequencies(const Node& node, const Rope& rope, const Table& table, Plan& plan) {
  const std::size_t room = table.vector_bytes / sizeof(float);
  const std::string_view scaling = node.string("scaling");
  if (scaling == "dynamic" || scaling == "longrope") plan.trained = trained_length(node);
  const Frequencies f = frequencies_of(node, rope, plan.trained);
  if (scaling == "dynamic") {
    plan.source = Source::Angles;
    plan.is_dynamic = true;
    plan.growth = static_cast<float>(node.real("factor") / static_cast<double>(plan.trained));
    plan.frequencies = narrowed(f.frequencies, room);
    plan.exponents = narrowed(stretch_exponents(rope), room);
    plan.frequency_bytes = round_up(plan.frequencies.size() * sizeof(float), 64);
    return;
  }
  plan.source = Source::Turns;
  plan.attention_factor = static_cast<float>(f.attention_factor);
  const auto set = [room](const std::vector<double>& frequencies, std::vector<std::int32_t>& units, std::vector<float>& rest) {
    Turns turns = turns_of(frequencies);
    units = std::move(turns.units);
    units.resize(units.size() + room);
    rest = narrowed(turns.rest, room);
  };
  set(f.frequencies, plan.units, plan.rest);
  plan.stretches = scaling == "longrope";
  if (plan.stretches) set(frequencies_of(node, rope, plan.trained + 1).frequencies, plan.long_units, plan.long_rest);
}

const char* name_of(Source source) {
  constexpr const char* kNames[] = {"tables known", "tables given", "tables computed", "tables computed, frequencies too"};
  return kNames[static_cast<int>(source)];
}

bool is_batched(const Type& type, std::int64_t rank) { return type && type.rank() == rank && type.dims[0] != 1; }

void plan(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const Rope rope = read(node);
  const Table& table = table_of(kernel);
  auto plan = std::make_unique<Plan>();
  plan->rank = static_cast<int>(rope.rank());
  plan->sequence_axis = static_cast<int>(rope.sequence_axis);
  plan->size = static_cast<std::size_t>(rope.input.dims.back());
  plan->sequence = static_cast<std::size_t>(rope.sequence());
  plan->layout = {rope.input.dtype, rope.interleaved, static_cast<std::size_t>(rope.pairs()), 0};
  plan->layout.width = table.width(plan->layout);
  plan->batched = is_batched(node.operand(kPositions), 2) || is_batched(node.operand(kCos), 3) || is_batched(node.operand(kSin), 3);
  for (int d = 0; d + 1 < plan->rank; ++d)
    if (d != plan->sequence_axis)
      (plan->batched && d == 0 ? plan->batches : plan->heads) *= static_cast<std::size_t>(rope.input.dims[at(d)]);

  if (is_known(node, rope))
    plan_known(node, rope, table, *plan);
  else if (node.has(kCos))
    plan->source = Source::Given;
  else
    plan_frequencies(node, rope, table, *plan);

  // The tables of a block stay in half of the first-level cache while every head passes.
  const tenon_machine machine = machine_of(node);
  const std::size_t table_bytes = 2 * plan->layout.width * sizeof(float);
  plan->block = std::clamp<std::size_t>((16u << 10) / table_bytes, 1, std::max<std::size_t>(plan->sequence, 1));
  out.bytes = 2 * bytes_of(rope.input) + bytes_of(node.operand(kPositions)) + bytes_of(node.operand(kCos)) + bytes_of(node.operand(kSin));
  out.flops =
      bytes_of(rope.input) / static_cast<double>(element_bytes(rope.input.dtype) * plan->size) * 6 * static_cast<double>(rope.pairs());
  const double made = plan->source == Source::Known ? 0 : static_cast<double>(plan->batches * plan->sequence * plan->layout.pairs);
  const double ns = out.bytes / 20 + made * 2;
  const std::size_t blocks = plan->batches * ((plan->sequence + plan->block - 1) / plan->block);
  if (blocks > 0 && blocks < 4 * machine.threads && ns >= 10'000)
    plan->head_parts = std::clamp<std::size_t>(4 * machine.threads / blocks, 1, std::max<std::size_t>(plan->heads, 1));
  plan->split = split_of(machine, blocks * plan->head_parts, ns);
  plan->path = path_for(machine, out.bytes);

  plan->row_bytes = round_up(plan->size * element_bytes(rope.input.dtype), 64);
  const std::size_t row_of_tables = 2 * round_up(plan->layout.pairs, table.vector_bytes / 2) * sizeof(float);  // units, generously
  const std::size_t made_bytes = plan->block * table_bytes + row_of_tables;
  plan->slot_bytes = round_up(made_bytes, 64) + 2 * plan->row_bytes;
  out.workspace_bytes = plan->split.threads * plan->slot_bytes + 2 * plan->frequency_bytes;
  out.workspace_align = 64;
  out.result0_may_alias = 1u << kInput;  // a row is read before it is written
  plan->note.set("%zu rows, %zu of %zu turn, %s, %s, %s", plan->batches * plan->sequence * plan->heads, 2 * plan->layout.pairs, plan->size,
                 name_of(plan->source), kernels::name_of(plan->path), name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

// ---- Running ----

void set_view(const Plan& plan, const tenon_tensor_view& tensor, rows::View& view) {
  view.data = static_cast<char*>(tensor.data);
  int outer = 0;
  view.inner[0] = 0;
  for (int d = 0; d < plan.rank; ++d) {
    if (d == plan.rank - 1)
      view.inner[2] = tensor.strides[d];
    else if (d == plan.sequence_axis)
      view.inner[1] = tensor.strides[d];
    else if (plan.batched && d == 0)
      view.inner[0] = tensor.strides[d];
    else
      view.outer[outer++] = tensor.strides[d];
  }
}

void set_heads(const Plan& plan, const tenon_tensor_view& x, const tenon_tensor_view& y, Job& job) {
  job.heads.outer_rank = job.heads.inner_rank = 0;
  job.heads.count = plan.heads;
  for (int d = 0; d + 1 < plan.rank; ++d)
    if (d != plan.sequence_axis && !(plan.batched && d == 0)) job.heads.outer_sizes[job.heads.outer_rank++] = x.dims[d];
  set_view(plan, x, job.x);
  set_view(plan, y, job.y);
  rows::View* const views[] = {&job.x, &job.y};
  rows::collapse_outer(&job.heads, views, 2);
  job.heads_inside = std::abs(job.y.outer[job.heads.outer_rank - 1]) < std::abs(job.y.inner[1]);
}

GivenTable given(const tenon_tensor_view& view) {
  const bool batched = view.rank == 3;
  return {static_cast<const char*>(view.data), view.dtype, batched && view.dims[0] != 1 ? view.strides[0] : 0,
          view.strides[batched ? 1 : 0], view.strides[batched ? 2 : 1]};
}

std::int64_t position_of(const tenon_tensor_view& view, std::int64_t at) {
  // As the lowering: of 64 bits the lower ones.
  if (view.dtype == TENON_I32) return static_cast<const std::int32_t*>(view.data)[at];
  return static_cast<std::int32_t>(static_cast<const std::int64_t*>(view.data)[at]);
}

// The largest position plus 1, or the sequence.
std::int32_t length_of(const Plan& plan, const tenon_tensor_view* positions) {
  if (positions == nullptr) return static_cast<std::int32_t>(plan.sequence);
  std::int64_t last = -1;
  const bool batched = positions->rank == 2;
  for (std::int64_t b = 0; b < (batched ? positions->dims[0] : 1); ++b)
    for (std::int64_t s = 0; s < positions->dims[batched ? 1 : 0]; ++s)
      last = std::max(last, position_of(*positions, (batched ? b * positions->strides[0] : 0) + s * positions->strides[batched ? 1 : 0]));
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(last) + 1u);
}

// The frequencies of dynamic scaling, in the lowering's steps; functions of f32 are rounded from double, as the interpreter's are.
void stretch(const Plan& plan, std::int32_t length, float* out) {
  const auto trained = static_cast<std::int32_t>(plan.trained);
  const float beyond = static_cast<float>(std::max(length, trained) - trained);
  const float log = static_cast<float>(std::log1p(static_cast<double>(beyond * plan.growth)));
  for (std::size_t i = 0; i < plan.layout.pairs; ++i)
    out[i] = plan.frequencies[i] * static_cast<float>(std::exp(static_cast<double>(plan.exponents[i] * log)));
  std::fill(out + plan.layout.pairs, out + plan.frequencies.size(), 0.0f);
}

// Streaming stores need aligned addresses in every row, for both halves of what turns.
void choose_stores(const Table& table, Job& job) {
  if (job.path != Path::Stream) return;
  const std::size_t size = job.layout.dtype == TENON_F32 ? 4 : 2;
  const auto even = [&](std::int64_t elements) {
    return elements * static_cast<std::int64_t>(size) % static_cast<std::int64_t>(table.vector_bytes) == 0;
  };
  bool can = reinterpret_cast<std::uintptr_t>(job.y.data) % table.vector_bytes == 0 && job.y.data != job.x.data && job.y.inner[2] == 1 &&
             even(job.y.inner[0]) && even(job.y.inner[1]) && (job.layout.interleaved || even(static_cast<std::int64_t>(job.layout.pairs)));
  for (int d = 0; d < job.heads.outer_rank; ++d) can = can && even(job.y.outer[d]);
  if (!can) job.path = Path::Prefetch;
}

std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                 std::size_t operand_count, const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const Table& table = table_of(*self);
  const std::size_t blocks = (plan.sequence + plan.block - 1) / plan.block;
  if (plan.batches * plan.heads * plan.sequence == 0) return TENON_OK;
  const tenon_tensor_view* const positions = present(operands, operand_count, kPositions);
  Job job;
  job.layout = plan.layout;
  job.path = plan.path;
  job.source = plan.source;
  job.size = plan.size;
  job.batches = plan.batches;
  job.sequence = plan.sequence;
  job.block = plan.block;
  job.head_parts = plan.head_parts;
  job.known = plan.known.data();
  job.attention_factor = plan.attention_factor;
  job.slot_bytes = plan.slot_bytes;
  job.row_bytes = plan.row_bytes;
  job.buffers = static_cast<char*>(workspace) + 2 * plan.frequency_bytes;
  job.positions = nullptr;
  job.units = plan.units.data();
  job.rest = plan.rest.data();
  job.frequencies = plan.frequencies.data();
  if (plan.source == Source::Given) {
    job.cos = given(operands[kCos]);
    job.sin = given(operands[kSin]);
  }
  if (positions != nullptr) {
    const bool batched = positions->rank == 2;
    job.positions = static_cast<const char*>(positions->data);
    job.wide_positions = positions->dtype == TENON_I64;
    job.position_batch = batched && positions->dims[0] != 1 ? positions->strides[0] : 0;
    job.position_step = positions->strides[batched ? 1 : 0];
  }
  if (plan.is_dynamic) {
    float* const frequencies = static_cast<float*>(workspace);
    stretch(plan, length_of(plan, positions), frequencies);
    job.frequencies = frequencies;
  }
  if (plan.stretches && length_of(plan, positions) > plan.trained) {
    job.units = plan.long_units.data();
    job.rest = plan.long_rest.data();
  }
  set_heads(plan, operands[kInput], results[0], job);
  choose_stores(table, job);
  run_split(call, plan.split, plan.batches * blocks * plan.head_parts, table.run, job);
  return TENON_OK;
}

template <class Described>
constexpr Kernel complete(const Described& kernel) {
  return kernel.strided().template supports<supports>().template plan<plan>().run(run).template destroy<destroy>();
}

}  // namespace

#define TENON_ROPE_KERNEL(space, level) \
  namespace space {                     \
  extern const Table table;             \
  }                                     \
  constexpr tenon_kernel kernel_##space = complete(Kernel("rope", level, &space::table));
TENON_SIMD_FOR_EACH_LEVEL(TENON_ROPE_KERNEL)

namespace {
#define TENON_ROPE_ENTRY(space, level) &kernel_##space,
constexpr const tenon_kernel* kKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_ROPE_ENTRY)};
}  // namespace

}  // namespace tenon::attention::rope

using namespace tenon::plugin;
TENON_OPERATOR(rope) = Operator("rope")
                           .infer<tenon::attention::rope::infer>()
                           .lower<tenon::attention::rope::lower>()
                           .lower_as<tenon::attention::rope::lower_as>()
                           .kernels(tenon::attention::rope::kKernels);
