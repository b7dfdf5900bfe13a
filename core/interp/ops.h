// One function per operation or family of operations, by file. Internal to this folder; interp.cpp dispatches to them.
#pragma once

#include "core/interp/frame.h"

namespace tenon::interp {

// elementwise.cpp
Status run_elementwise(const Work& work);
Status run_bitcast(const Work& work);
Status run_optimization_barrier(const Work& work);

// shape.cpp
Status run_constant(const Work& work);
Status run_iota(const Work& work);
Status run_broadcast_in_dim(const Work& work);
Status run_concatenate(const Work& work);
Status run_dynamic_slice(const Work& work);
Status run_dynamic_update_slice(const Work& work);
Status run_pad(const Work& work);
Status run_reshape(const Work& work);
Status run_reverse(const Work& work);
Status run_slice(const Work& work);
Status run_transpose(const Work& work);

// gather_scatter.cpp
Status run_gather(const Work& work);
Status run_scatter(const Work& work);

// contract.cpp
Status run_dot_general(const Work& work);
Status run_convolution(const Work& work);

// reduce.cpp, sort.cpp
Status run_reduce(const Work& work);
Status run_reduce_window(const Work& work);
Status run_sort(const Work& work);

// control.cpp
Status run_while(const Work& work);
Status run_if(const Work& work);
Status run_case(const Work& work);
Status run_call(const Work& work);

// dynamic.cpp
Status run_dynamic_shape(const Work& work);  // dynamic_broadcast_in_dim, dynamic_iota, dynamic_reshape
Status run_get_dimension_size(const Work& work);
Status run_set_dimension_size(const Work& work);

// An index element of any integer dtype as a signed number (ui64 beyond it saturates), and one clamped to [0, highest].
std::int64_t load_index(DType dtype, const std::byte* element);
std::int64_t clamped_index(DType dtype, const std::byte* element, std::int64_t highest);

}  // namespace tenon::interp
