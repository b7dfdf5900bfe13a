// The kernels of sort, argsort and top_k: loops without SIMD, so one for all levels.
#pragma once

#include "tenon/plugin.hpp"

namespace tenon::reductions::sorting {

enum class What : std::uint8_t { Values, Indices, First };  // First: the first k of both

struct Entry {  // a kernel's `table`
  What what;
};

void supports(const plugin::Node& node, const tenon_kernel& kernel);
void plan(const plugin::Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out);
void destroy(void* state);
std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                 std::size_t operand_count, const tenon_tensor_view* results, std::size_t result_count, void* workspace);

template <What kWhat>
constexpr Entry kEntry{kWhat};
template <What kWhat>
constexpr tenon_kernel make(std::string_view name) {
  return plugin::Kernel(name, {}, &kEntry<kWhat>).supports<supports>().plan<plan>().run(run).destroy<destroy>();
}
inline constexpr tenon_kernel kSortKernel = make<What::Values>("sort"), kArgsortKernel = make<What::Indices>("argsort"),
                              kTopKKernel = make<What::First>("top_k");
inline constexpr const tenon_kernel* kSort[] = {&kSortKernel};
inline constexpr const tenon_kernel* kArgsort[] = {&kArgsortKernel};
inline constexpr const tenon_kernel* kTopK[] = {&kTopKKernel};

}  // namespace tenon::reductions::sorting
