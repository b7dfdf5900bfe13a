// The kernels of cumsum.
#pragma once

#include "tenon/plugin.hpp"
#include "tenon_simd_levels.h"

namespace tenon::reductions::cumulative {

struct Table;

void supports(const plugin::Node& node, const tenon_kernel& kernel);
void plan(const plugin::Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out);
void destroy(void* state);
std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                 std::size_t operand_count, const tenon_tensor_view* results, std::size_t result_count, void* workspace);

#define TENON_CUMSUM_KERNEL(space, level)                                                                              \
  namespace space {                                                                                                    \
  extern const Table table;                                                                                            \
  inline constexpr tenon_kernel kernel =                                                                               \
      plugin::Kernel("cumsum", level, &table).strided().supports<supports>().plan<plan>().run(run).destroy<destroy>(); \
  }
TENON_SIMD_FOR_EACH_LEVEL(TENON_CUMSUM_KERNEL)
#undef TENON_CUMSUM_KERNEL

#define TENON_CUMSUM_ENTRY(space, level) &space::kernel,
inline constexpr const tenon_kernel* kKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_CUMSUM_ENTRY)};
#undef TENON_CUMSUM_ENTRY

}  // namespace tenon::reductions::cumulative
