// @NAME@(input, weight, bias?) = tanh(alpha * input) * weight + bias. Its meaning is `lower`; the kernel is only its speed, and
// `tenon verify` compares the two. tenon/plugin.hpp says what each function may do; they throw where something is wrong.
#include "tenon/plugin.hpp"

#include <cstddef>

#include "kernel.h"

namespace {

using namespace tenon::plugin;

// ---- The meaning. The manifest's rule `infer: same` is the result's type, and its shapes are checked before anything here runs. ----

void lower(Builder& b) {
  const tenon_dtype dtype = b.node().operand(0).dtype, computed_in = dtype == TENON_F64 ? TENON_F64 : TENON_F32;
  const Value x = b.convert(b.operand(0), computed_in);
  const int64_t last = b.type(x).rank() - 1;
  const auto by_column = [&](std::size_t operand) { return b.broadcast_like(b.convert(b.operand(operand), computed_in), x, {last}); };
  Value y = b.multiply(b.tanh(b.multiply(x, b.splat_like(x, b.node().real("alpha")))), by_column(1));
  if (b.node().has(2)) y = b.add(y, by_column(2));
  b.finish({b.convert(y, dtype)});
}

// ---- The speed: planned once, run often ----

struct Plan {
  std::size_t rows, columns, grain;
  float alpha;
};

// The manifest's dtypes are all it asks for. What it does not take it would decline here: node.decline("why"), which `tenon explain` shows.
void supports(const Node&, const tenon_kernel&) {}

void plan(const Node& node, const tenon_kernel&, tenon_kernel_plan& out) {
  const Type x = node.operand(0);
  std::size_t rows = 1;
  for (std::size_t i = 0; i + 1 < x.dims.size(); ++i) rows *= static_cast<std::size_t>(x.dims[i]);
  const std::size_t columns = static_cast<std::size_t>(x.dims.back());
  out.state = new Plan{rows, columns, (1 << 14) / (columns + 1) + 1, static_cast<float>(node.real("alpha"))};
  out.result0_may_alias = 1;  // operand 0's own memory will do for the result
  const double count = static_cast<double>(rows) * static_cast<double>(columns);
  out.bytes = 8 * count;
  out.flops = 20 * count;
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

// Operands and result are compact row-major, because the kernel does not say that it takes strides. No allocation, lock or exception here.
int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t,
            const tenon_tensor_view* results, std::size_t, void*) {
  const Plan& p = *static_cast<const Plan*>(state);
  struct Task {
    const Level* level;
    Job job;
  };
  const auto floats = [&](int i) { return static_cast<const float*>(operands[i].data); };
  Task task{static_cast<const Level*>(self->table),
            {floats(0), floats(1), operands[2].dtype == TENON_DTYPE_INVALID ? nullptr : floats(2), static_cast<float*>(results[0].data),
             p.columns, p.alpha}};
  const auto part = [](void* argument, std::size_t begin, std::size_t end, std::size_t) {
    const Task& t = *static_cast<const Task*>(argument);
    t.level->rows(t.job, begin, end);
  };
  host().parallel_for(call, p.rows, p.grain, part, &task);
  return TENON_OK;
}

// ---- The tables ----

constexpr Kernel kernel(std::string_view level, const Level* functions) {
  return Kernel("@OPERATOR@", level, functions).supports<supports>().plan<plan>().run(run).destroy<destroy>();
}
#define DEFINE_KERNEL(level_namespace, level) constexpr Kernel kernel_##level_namespace = kernel(level, &level_namespace::kLevel);
#define KERNEL_POINTER(level_namespace, level) &kernel_##level_namespace,
TENON_SIMD_FOR_EACH_LEVEL(DEFINE_KERNEL)
constexpr const tenon_kernel* kKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(KERNEL_POINTER)};

constexpr tenon_operator kOperator = Operator("@OPERATOR@").lower<lower>().kernels(kKernels);

constexpr const tenon_operator* kOperators[] = {&kOperator};

}  // namespace

TENON_DEFINE_PLUGIN("@PLUGIN@", "0.1.0", kOperators)
