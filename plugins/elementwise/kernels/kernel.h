// The kernels of an operator of this pack, by the function that it computes:
//
//   TENON_OPERATOR(add_scalar) = row(..).kernels(kKernels<Fn::Add, With::Value>);
//
// One kernel per SIMD level, all called "elementwise"; it takes any strides and broadcasts. Attributes that are numbers become operands of
// one element, so that add_scalar is add, and leaky_relu is prelu.
#pragma once

#include <cstdint>

#include "plugins/elementwise/kernels/job.h"
#include "tenon/plugin.hpp"
#include "tenon_simd_levels.h"

namespace tenon::elementwise {

// What comes beside the node's operands.
enum class With : std::uint8_t {
  Nothing,
  Value,       // value, the second operand; power_scalar of 2 and 3 becomes a product
  ValueFirst,  // value, the first one
  Rounded,     // value, rounded to the operand's dtype: comparisons
  Alpha,
  Beta,
  AlphaAndBeta,
  Cap,
  MinAndMax,    // either may be absent
  ZeroAndSix,   // relu6
  Approximate,  // the attribute of gelu, which chooses the function that follows the one named
};

struct Entry {
  const Level* level;
  Fn fn;
  With with;
};

void supports(const plugin::Node& node, const tenon_kernel& kernel);
void plan(const plugin::Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out);
void destroy(void* state);
std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                 std::size_t operand_count, const tenon_tensor_view* results, std::size_t result_count, void* workspace);

#define TENON_ELEMENTWISE_LEVEL(space, level) \
  namespace space {                           \
  extern const BlockTable arithmetic;         \
  extern const BlockTable functions;          \
  extern const DriverTable driver;            \
  extern const PlainTable plain;              \
  extern const CastTable cast;                \
  }                                           \
  constexpr Level kLevel_##space = {&space::arithmetic, &space::functions, &space::driver, &space::plain, &space::cast};
TENON_SIMD_FOR_EACH_LEVEL(TENON_ELEMENTWISE_LEVEL)
#undef TENON_ELEMENTWISE_LEVEL

constexpr tenon_kernel make_kernel(const char* level, const Entry* entry) {
  return plugin::Kernel("elementwise", level, entry).strided().supports<supports>().plan<plan>().run(run).destroy<destroy>();
}

template <Fn kFn, With kWith>
struct KernelsOf {
#define TENON_ELEMENTWISE_KERNEL(space, level)                           \
  static constexpr Entry kEntry_##space = {&kLevel_##space, kFn, kWith}; \
  static constexpr tenon_kernel kKernel_##space = make_kernel(level, &kEntry_##space);
#define TENON_ELEMENTWISE_ENTRY(space, level) &kKernel_##space,
  TENON_SIMD_FOR_EACH_LEVEL(TENON_ELEMENTWISE_KERNEL)
  static constexpr const tenon_kernel* kList[TENON_SIMD_LEVEL_COUNT] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_ELEMENTWISE_ENTRY)};
#undef TENON_ELEMENTWISE_KERNEL
#undef TENON_ELEMENTWISE_ENTRY
};
template <Fn kFn, With kWith = With::Nothing>
constexpr const tenon_kernel* const (&kKernels)[TENON_SIMD_LEVEL_COUNT] = KernelsOf<kFn, kWith>::kList;

}  // namespace tenon::elementwise
