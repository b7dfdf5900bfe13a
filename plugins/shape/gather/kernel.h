// The kernels of gather, take_along_axis and gather_nd: slices at indices. What differs is how dimensions are named.
#pragma once

#include "plugins/shape/move/moves.h"

namespace tenon::shape {

// A dimension of the places at which slices stand: what one step means for the indices, the result and the data. -1: nothing.
struct PlaceAxis {
  std::int64_t size;
  std::int64_t indices, result, data;
};
// A dimension of a slice.
struct SliceAxis {
  std::int64_t size;
  std::int64_t data, result;
};

struct Slices {
  std::vector<PlaceAxis> places;  // in the result's order
  std::vector<SliceAxis> slice;
  Dims indexed;                       // dimensions of the data
  std::int64_t coordinate_axis = -1;  // of the indices, along which the coordinates for them lie; -1: one for one
};

void plan_slices(const Node& node, tenon_kernel_plan& out, Slices slices);
void supports_slices(const Node& node, const tenon_kernel&);
std::int32_t run_slices(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                        std::size_t operand_count, const tenon_tensor_view* results, std::size_t result_count, void* workspace);
void destroy_slices(void* state);

template <Slices (*kSlices)(const Node&)>
struct Gathers {
  static void plan(const Node& node, const tenon_kernel&, tenon_kernel_plan& out) { plan_slices(node, out, kSlices(node)); }
#define TENON_GATHER_KERNEL(space, level)                                                    \
  static constexpr tenon_kernel kernel_##space = Kernel("gather", level, &space::move_table) \
                                                     .strided()                              \
                                                     .template supports<supports_slices>()   \
                                                     .template plan<plan>()                  \
                                                     .run(run_slices)                        \
                                                     .template destroy<destroy_slices>();
  TENON_SIMD_FOR_EACH_LEVEL(TENON_GATHER_KERNEL)
#undef TENON_GATHER_KERNEL
#define TENON_GATHER_ENTRY(space, level) &kernel_##space,
  static constexpr const tenon_kernel* kList[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_GATHER_ENTRY)};
#undef TENON_GATHER_ENTRY
};

}  // namespace tenon::shape
