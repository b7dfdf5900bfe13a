// The kernels of argmax and argmin.
#pragma once

#include "plugins/reductions/arg_reduce/job.h"
#include "tenon/plugin.hpp"
#include "tenon_simd_levels.h"

namespace tenon::reductions::arg {

struct Entry {  // a kernel's `table`
  bool smallest;
  const Table* table;
};

void supports(const plugin::Node& node, const tenon_kernel& kernel);
void plan(const plugin::Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out);
void destroy(void* state);
std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                 std::size_t operand_count, const tenon_tensor_view* results, std::size_t result_count, void* workspace);

#define TENON_ARG_KERNEL(space, level)                                                                             \
  namespace space {                                                                                                \
  extern const Table table;                                                                                        \
  template <bool kSmallest>                                                                                        \
  inline constexpr Entry entry = {kSmallest, &table};                                                              \
  template <bool kSmallest>                                                                                        \
  inline constexpr tenon_kernel kernel = plugin::Kernel(kSmallest ? "argmin" : "argmax", level, &entry<kSmallest>) \
                                             .strided()                                                            \
                                             .supports<supports>()                                                 \
                                             .plan<plan>()                                                         \
                                             .run(run)                                                             \
                                             .destroy<destroy>();                                                  \
  }
TENON_SIMD_FOR_EACH_LEVEL(TENON_ARG_KERNEL)
#undef TENON_ARG_KERNEL

#define TENON_ARG_ENTRY(space, level) &space::kernel<kSmallest>,
template <bool kSmallest>
struct List {
  static constexpr const tenon_kernel* kernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_ARG_ENTRY)};
};
#undef TENON_ARG_ENTRY

}  // namespace tenon::reductions::arg
