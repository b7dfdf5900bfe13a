// What the functions of the host's table share: nothing that a plugin hands over by mistake (NULL, wrong kinds, absurd counts) may crash,
// throw across the boundary or get lost. The first error of a call sticks.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/op/call.h"

namespace tenon::host {

// Text of a plugin: NULL is empty, what is absurdly long is cut, what is not UTF-8 is escaped.
std::string text_of(const char* text, std::size_t length);

// Keeps the call's first error; returns the kept one's code.
std::int32_t keep(tenon_call& call, Error error) noexcept;
std::int32_t keep_out_of_memory(tenon_call& call) noexcept;
// The code of the call's error, or TENON_OK.
std::int32_t sticky(tenon_call& call) noexcept;

// Runs a body that returns Status. A call with an error does nothing more and returns that error's code.
template <class Body>
std::int32_t guarded(tenon_call* call, Body&& body) noexcept {
  if (call == nullptr) return TENON_INVALID_ARGUMENT;
  if (const std::int32_t code = sticky(*call); code != TENON_OK) return code;
  try {
    Status status = body();
    return status.ok() ? TENON_OK : keep(*call, status.take_error());
  } catch (const std::bad_alloc&) {
    return keep_out_of_memory(*call);
  } catch (...) {
    try {
      return keep(*call, fail(Code::Internal, "an exception in a function of the host"));
    } catch (...) {
      return keep_out_of_memory(*call);
    }
  }
}

// Structs of a plugin, checked. `what` names the call: "build_constant".
Result<TensorType> read_type(const tenon_type_view* view, std::string_view what);
Result<std::vector<TensorType>> read_types(const tenon_type_view* views, std::size_t count, std::string_view what);
void give_type(const TensorType& type, tenon_type_view* out);

// host_builder.cpp: the members of the table that write StableHLO.
std::int32_t build_operand(tenon_call* call, tenon_builder* builder, std::size_t index, tenon_hlo_value* out);
std::int32_t build_type(tenon_call* call, tenon_builder* builder, tenon_hlo_value value, tenon_type_view* out);
std::int32_t build_op(tenon_call* call, tenon_builder* builder, const tenon_hlo_op* op, tenon_hlo_value* results, std::size_t capacity,
                      std::size_t* count);
std::int32_t build_constant(tenon_call* call, tenon_builder* builder, const tenon_type_view* type, const void* data, std::size_t bytes,
                            tenon_hlo_value* out);
std::int32_t build_region_begin(tenon_call* call, tenon_builder* builder, const tenon_type_view* arguments, std::size_t count,
                                tenon_hlo_value* out);
std::int32_t build_region_end(tenon_call* call, tenon_builder* builder, const tenon_hlo_value* results, std::size_t count);
std::int32_t build_operator(tenon_call* call, tenon_builder* builder, const tenon_operator_use* use, tenon_hlo_value* results,
                            std::size_t capacity, std::size_t* count);
std::int32_t build_return(tenon_call* call, tenon_builder* builder, const tenon_hlo_value* results, std::size_t count);

// host_parallel.cpp
void parallel_for(tenon_call* call, std::size_t count, std::size_t grain, tenon_parallel_fn fn, void* argument);

}  // namespace tenon::host
