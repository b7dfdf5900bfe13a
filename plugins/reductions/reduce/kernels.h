// The kernels of all reductions: at each level one per operator, of the same functions. List<Op::Sum>::kernels is what an operator takes.
#pragma once

#include "plugins/reductions/reduce/job.h"
#include "tenon/plugin.hpp"
#include "tenon_simd_levels.h"

namespace tenon::reductions {

struct Entry {  // a kernel's `table`
  Op op;
  const Table* floats;  // f32, f16, bf16
  const Table* plain;   // the rest, and any and all
};

void supports(const plugin::Node& node, const tenon_kernel& kernel);
void plan(const plugin::Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out);
void destroy(void* state);
std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                 std::size_t operand_count, const tenon_tensor_view* results, std::size_t result_count, void* workspace);

constexpr std::string_view name_of(Op op) {
  constexpr std::string_view kNames[] = {"reduce_sum",     "reduce_mean",        "reduce_sum_square", "reduce_l1",  "reduce_l2",
                                         "reduce_log_sum", "reduce_log_sum_exp", "reduce_variance",   "reduce_std", "reduce_prod",
                                         "reduce_max",     "reduce_min",         "reduce_any",        "reduce_all"};
  return kNames[static_cast<int>(op)];
}

#define TENON_REDUCE_KERNEL(space, level)                                                                                       \
  namespace space {                                                                                                             \
  extern const Table float_table, plain_table;                                                                                  \
  template <Op kOp>                                                                                                             \
  inline constexpr Entry entry = {kOp, &float_table, &plain_table};                                                             \
  template <Op kOp>                                                                                                             \
  inline constexpr tenon_kernel kernel =                                                                                        \
      plugin::Kernel(name_of(kOp), level, &entry<kOp>).strided().supports<supports>().plan<plan>().run(run).destroy<destroy>(); \
  }
TENON_SIMD_FOR_EACH_LEVEL(TENON_REDUCE_KERNEL)
#undef TENON_REDUCE_KERNEL

#define TENON_REDUCE_ENTRY(space, level) &space::kernel<kOp>,
template <Op kOp>
struct List {
  static constexpr const tenon_kernel* kernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_REDUCE_ENTRY)};
};
#undef TENON_REDUCE_ENTRY

}  // namespace tenon::reductions
