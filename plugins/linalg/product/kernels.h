// Kernels of the operators that are one product of two operands: which nodes they take, how a run is planned. An operator says what it
// multiplies (Request), and TENON_PRODUCT_KERNELS makes its tables.
#pragma once

#include "plugins/linalg/contraction/contraction.h"
#include "plugins/linalg/product/job.h"
#include "tenon_simd_levels.h"

namespace tenon::linalg {

// output = alpha * product(operand 0, operand 1) + beta * added, in dtype `result`.
struct Request {
  Product product;  // an operand's labels may hold one twice: its diagonal
  tenon_dtype result;
  std::size_t added = 0;  // the operand; 0: none
  Labels added_labels{};  // of its dimensions; one of size 1 is broadcast
  double alpha = 1, beta = 1;
};

void decline_product(const plugin::Node& node, const Request& request);  // throws, or returns
void plan_product(const plugin::Node& node, const Request& request, const Table& table, tenon_kernel_plan& out);
std::int32_t run_product(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                         std::size_t operand_count, const tenon_tensor_view* results, std::size_t result_count, void* workspace);
void destroy_product(void* state);

template <Request (*kDescribe)(const plugin::Node&)>
void supports_product(const plugin::Node& node, const tenon_kernel&) {
  decline_product(node, kDescribe(node));
}
template <Request (*kDescribe)(const plugin::Node&)>
void plan_described(const plugin::Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  plan_product(node, kDescribe(node), *static_cast<const Table*>(kernel.table), out);
}
template <Request (*kDescribe)(const plugin::Node&)>
constexpr tenon_kernel product_kernel(std::string_view name, std::string_view level, const Table* table) {
  const plugin::Kernel kernel(name, level, table);
  return kernel.strided()
      .template supports<supports_product<kDescribe>>()
      .template plan<plan_described<kDescribe>>()
      .run(run_product)
      .template destroy<destroy_product>();
}

#define TENON_PRODUCT_TABLE(space, level) \
  namespace space {                       \
  extern const Table table;               \
  }
TENON_SIMD_FOR_EACH_LEVEL(TENON_PRODUCT_TABLE)
#undef TENON_PRODUCT_TABLE

#define TENON_PRODUCT_LEVEL(space, level) level,
constexpr std::string_view kProductLevels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_PRODUCT_LEVEL)};
#undef TENON_PRODUCT_LEVEL
#define TENON_PRODUCT_ADDRESS(space, level) &space::table,
constexpr const Table* kProductTables[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_PRODUCT_ADDRESS)};
#undef TENON_PRODUCT_ADDRESS

// The kernels of one operator, best level first.
template <Request (*kDescribe)(const plugin::Node&), const char* kName>
struct ProductKernels {
  static constexpr std::size_t kCount = TENON_SIMD_LEVEL_COUNT;
  struct Tables {
    tenon_kernel at[kCount];
  };
  struct List {
    const tenon_kernel* at[kCount];
  };
  static constexpr Tables make() {
    Tables out{};
    for (std::size_t i = 0; i < kCount; ++i) out.at[i] = product_kernel<kDescribe>(kName, kProductLevels[i], kProductTables[i]);
    return out;
  }
  static constexpr Tables kTables = make();
  static constexpr List make_list() {
    List out{};
    for (std::size_t i = 0; i < kCount; ++i) out.at[i] = &kTables.at[i];
    return out;
  }
  static constexpr List kList = make_list();
};

}  // namespace tenon::linalg
