// What the kernels of this pack decide when they plan: which functions of the level a node needs, which attributes become operands, how a
// run is split. And a run: tensors into a walk.
#include "plugins/elementwise/kernels/kernel.h"

#include <cmath>
#include <limits>
#include <memory>

#include "plugins/elementwise/elementwise.h"
#include "plugins/elementwise/kernels/walk.h"
#include "plugins/support/planning.h"

namespace tenon::elementwise {
namespace {

using namespace kernels;

constexpr bool is_driven(tenon_dtype dtype) { return dtype == TENON_F32 || dtype == TENON_F16 || dtype == TENON_BF16; }

// An operand of the job: a tensor of the node, or a number.
struct Source {
  int tensor;  // -1: a number
  alignas(8) char number[8];
};

struct Plan {
  Job job{};
  Source sources[kMostOperands] = {};
  tenon_machine machine = TENON_MACHINE_INIT;
  double ns = 0;
  bool stream = false;
  Note note;
};

const Entry& entry_of(const tenon_kernel& kernel) { return *static_cast<const Entry*>(kernel.table); }

// ---- Functions ----

Fn function_of(const Node& node, const Entry& entry) {
  const int fn = static_cast<int>(entry.fn);
  if (entry.with == With::Approximate && node.string("approximate") == "tanh") return static_cast<Fn>(fn + 1);
  if (entry.fn == Fn::Power && entry.with == With::Value) {
    const double value = node.real("value");
    // The lowering's own product, of any number; and a product of floats that is as good as the C library's power.
    if (value == 2) return Fn::Square;
    if (value == 3 && is_driven(node.operand(0).dtype)) return Fn::Cube;
  }
  return entry.fn;
}
constexpr bool is_product(Fn fn) { return fn == Fn::Square || fn == Fn::Cube; }

// Fills in what computes; false if the level has nothing for it.
bool choose(const Level& level, Fn fn, tenon_dtype from, tenon_dtype to, Job& job) {
  const int number = static_cast<int>(fn);
  const bool moves = fn == Fn::Select || fn == Fn::Identity || (fn == Fn::Cast && from == to);
  job.block = job.direct = nullptr;
  if (moves) {
    job.chunk = level.plain->find(fn == Fn::Cast ? Fn::Identity : fn, from);
  } else if (fn == Fn::Cast && !(is_driven(from) && is_driven(to))) {
    job.chunk = level.cast->find(from, to);
  } else if (!is_driven(from)) {
    job.chunk = level.plain->find(fn, from);
  } else {
    const BlockTable& table = level.arithmetic->f32[number] != nullptr ? *level.arithmetic : *level.functions;
    job.block = table.f32[number];
    job.direct = to == TENON_F32 ? job.block : to == TENON_F16 ? table.f16[number] : to == TENON_BF16 ? table.bf16[number] : nullptr;
    job.chunk = job.block == nullptr ? nullptr : level.driver->chunk;
  }
  return job.chunk != nullptr;
}

// The dtype that the functions are for: of Select that of what it selects from.
tenon_dtype computed_dtype(const Node& node, Fn fn) { return node.operand(fn == Fn::Select ? 1 : 0).dtype; }

// ---- Attributes ----

// The nearest integer of a type that has the value or ends before it.
template <class Integer>
Integer saturated(double value) {
  using Limits = std::numeric_limits<Integer>;
  if (value <= static_cast<double>(Limits::lowest())) return Limits::lowest();
  return value >= static_cast<double>(Limits::max()) ? Limits::max() : static_cast<Integer>(value);
}

// 16-bit floats are compared with a number of their own kind, else computed in f32.
tenon_dtype put_number(double value, bool rounded, tenon_dtype dtype, Source& source) {
  source.tensor = -1;
  const auto put = [&source](auto number) { std::memcpy(source.number, &number, sizeof number); };
  switch (dtype) {
    case TENON_F64:
      put(value);
      return dtype;
    case TENON_I1:
      put(static_cast<std::uint8_t>(value != 0));
      return dtype;
    case TENON_I32:
      put(saturated<std::int32_t>(value));
      return dtype;
    case TENON_I64:
      put(saturated<std::int64_t>(value));
      return dtype;
    case TENON_UI32:
      put(saturated<std::uint32_t>(value));
      return dtype;
    case TENON_UI64:
      put(saturated<std::uint64_t>(value));
      return dtype;
    default:
      break;
  }
  if (!rounded || dtype == TENON_F32) {
    put(static_cast<float>(value));
    return TENON_F32;
  }
  put(dtype == TENON_F16 ? plugin::round_to_16_bits(value, 10, 5) : plugin::round_to_16_bits(value, 7, 8));
  return dtype;
}

// A bound that is not given does not bind.
double bound(const Node& node, const char* name, double otherwise) { return node.has_attribute(name) ? node.real(name) : otherwise; }

struct Numbers {
  double values[2];
  int count = 0;
  bool first = false;    // before the tensors
  bool rounded = false;  // to the operand's dtype
};
Numbers numbers_of(const Node& node, With with, Fn fn) {
  switch (with) {
    case With::Value:
      return is_product(fn) ? Numbers{} : Numbers{{node.real("value"), 0}, 1};
    case With::ValueFirst:
      return {{node.real("value"), 0}, 1, true};
    case With::Rounded:
      return {{node.real("value"), 0}, 1, false, true};
    case With::Alpha:
      return {{node.real("alpha"), 0}, 1};
    case With::Beta:
      return {{node.real("beta"), 0}, 1};
    case With::AlphaAndBeta:
      return {{node.real("alpha"), node.real("beta")}, 2};
    case With::Cap:
      return {{node.real("cap"), 0}, 1};
    case With::MinAndMax:
      return {{bound(node, "min", -HUGE_VAL), bound(node, "max", HUGE_VAL)}, 2};
    case With::ZeroAndSix:
      return {{0, 6}, 2};
    default:
      return {};
  }
}

void fill_sources(const Node& node, const Entry& entry, Fn fn, Plan& plan) {
  const int tensors = static_cast<int>(node.operand_count());
  const tenon_dtype dtype = node.operand(0).dtype;
  const Numbers numbers = numbers_of(node, entry.with, fn);
  Job& job = plan.job;
  const auto add_numbers = [&] {
    for (int i = 0; i < numbers.count; ++i, ++job.operands)
      job.in[job.operands] = put_number(numbers.values[i], numbers.rounded, dtype, plan.sources[job.operands]);
  };
  if (numbers.first) add_numbers();
  for (int i = 0; i < tensors; ++i, ++job.operands) {
    plan.sources[job.operands].tensor = i;
    job.in[job.operands] = node.operand(static_cast<std::size_t>(i)).dtype;
  }
  if (!numbers.first) add_numbers();
}

// ---- Planning ----

// What a function costs on one core, in ns per element of f32: a guess, for deciding whether a second thread pays.
double ns_of(Fn fn) { return fn >= Fn::kLibrary ? 8 : fn >= Fn::kFunctions ? 0.6 : 0.05; }

}  // namespace

void supports(const Node& node, const tenon_kernel& kernel) {
  const Entry& entry = entry_of(kernel);
  const Fn fn = function_of(node, entry);
  const tenon_dtype dtype = computed_dtype(node, fn);
  for (std::size_t i = fn == Fn::Select ? 2 : 1; i < node.operand_count(); ++i)
    if (node.operand(i).dtype != dtype)
      node.decline(cat("takes operands of one dtype, not ", dtype_name(dtype), " and ", dtype_name(node.operand(i).dtype)));
  const tenon_dtype to = node.result(0).dtype;
  Job job;
  if (choose(*entry.level, fn, dtype, to, job)) return;
  if (fn == Fn::Cast) node.decline(cat("has no loop from ", dtype_name(dtype), " to ", dtype_name(to)));
  node.decline(cat("has no loop for ", dtype_name(dtype)));
}

void plan(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const Entry& entry = entry_of(kernel);
  const Fn fn = function_of(node, entry);
  const Type result = node.result(0);
  auto plan = std::make_unique<Plan>();
  Job& job = plan->job;
  job.out = result.dtype;
  if (!choose(*entry.level, fn, computed_dtype(node, fn), job.out, job)) node.fail(TENON_INTERNAL, "a node that was declined");
  job.widen = entry.level->driver->widen;
  job.in_order = node.operand(0).dtype != job.out;
  fill_sources(node, entry, fn, *plan);

  const std::size_t count = element_count(result.dims);
  out.bytes = bytes_of(result);
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Type type = node.operand(i);
    out.bytes += bytes_of(type);
    // Every element is read before the one in its place is written.
    if (type.dtype == result.dtype && element_count(type.dims) == count) out.result0_may_alias |= std::uint64_t{1} << i;
  }
  out.flops = static_cast<double>(count);
  plan->machine = machine_of(node);
  plan->ns = std::max(out.bytes / 20, static_cast<double>(count) * ns_of(fn));
  const Path path = path_for(plan->machine, out.bytes);
  plan->stream = path == Path::Stream && is_driven(job.out) && job.block != nullptr;
  plan->note.set("%zu elements, %s, %s", count, job.block != nullptr ? "vectors of f32" : "loops",
                 plan->stream ? name_of(Path::Stream) : name_of(Path::Plain));
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

// ---- Running ----

std::int32_t run(tenon_call* call, const tenon_kernel*, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void*) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const tenon_tensor_view& out = results[0];
  Walk walk;  // not initialised as a whole: it is large, and a small run is short
  walk.job = &plan.job;
  walk.stream = plan.stream;
  walk.result.data = static_cast<char*>(out.data);
  walk.result.size = element_bytes(plan.job.out);
  for (int d = 0; d < out.rank; ++d) {
    if (out.dims[d] == 0) return TENON_OK;
    walk.result.strides[d] = out.strides[d];
  }
  for (int o = 0; o < plan.job.operands; ++o) {
    Tensor& t = walk.operands[o];
    const Source& source = plan.sources[o];
    t.size = element_bytes(plan.job.in[o]);
    const tenon_tensor_view* view = source.tensor < 0 ? nullptr : &operands[source.tensor];
    t.data = view == nullptr ? const_cast<char*>(source.number) : static_cast<char*>(view->data);
    const int missing = view == nullptr ? out.rank : out.rank - view->rank;
    for (int d = 0; d < out.rank; ++d) t.strides[d] = d < missing || view->dims[d - missing] == 1 ? 0 : view->strides[d - missing];
    walk.stream = walk.stream && t.data != walk.result.data;
  }
  walk.prepare(out.dims, out.rank);
  const Split split = split_of(plan.machine, walk.items, plan.ns);
  run_split(call, split, walk.items, [&](std::size_t begin, std::size_t end, std::size_t) { walk.run(begin, end); });
  return TENON_OK;
}

}  // namespace tenon::elementwise
