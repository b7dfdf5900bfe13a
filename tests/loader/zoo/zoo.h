/* The good plugin of the zoo: one operator, `twice` (x + x in name only: its lowering returns its operand), with one kernel. Each bad
 * plugin is this one with a single thing changed: it defines a macro below, then includes this header. */
#ifndef TENON_TESTS_LOADER_ZOO_H
#define TENON_TESTS_LOADER_ZOO_H

#include "tenon/plugin.h"

#ifndef ZOO_NAME
#define ZOO_NAME "zoo.good" /* the build defines it */
#endif
#define ZOO_TEXT(text) (text), sizeof(text) - 1

static const tenon_host_api* zoo_api;

__attribute__((unused)) static int32_t zoo_infer(tenon_call* call, const tenon_operator* self, const tenon_node* node) {
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  (void)self;
#ifdef ZOO_IN_INFER
  ZOO_IN_INFER;
#endif
  zoo_api->node_operand(node, 0, &type);
  return zoo_api->infer_result(call, 0, &type);
}

__attribute__((unused)) static int32_t zoo_lower(tenon_call* call, const tenon_operator* self, const tenon_node* node,
                                                 tenon_builder* builder) {
  tenon_hlo_value value = TENON_HLO_NONE;
  int32_t code = zoo_api->build_operand(call, builder, 0, &value);
  (void)self;
  (void)node;
  return code != TENON_OK ? code : zoo_api->build_return(call, builder, &value, 1);
}

__attribute__((unused)) static int32_t zoo_supports(tenon_call* call, const tenon_kernel* self, const tenon_node* node) {
  (void)call;
  (void)self;
  (void)node;
  return TENON_OK;
}
__attribute__((unused)) static int32_t zoo_plan(tenon_call* call, const tenon_kernel* self, const tenon_node* node,
                                                tenon_kernel_plan* out) {
  (void)call;
  (void)self;
  (void)node;
  (void)out;
  return TENON_OK;
}
__attribute__((unused)) static int32_t zoo_run(tenon_call* call, const tenon_kernel* self, const void* state,
                                               const tenon_tensor_view* operands, size_t operand_count, const tenon_tensor_view* results,
                                               size_t result_count, void* workspace) {
  (void)call;
  (void)self;
  (void)state;
  (void)operands;
  (void)operand_count;
  (void)results;
  (void)result_count;
  (void)workspace;
  return TENON_OK;
}

#ifndef ZOO_KERNEL_SIZE
#define ZOO_KERNEL_SIZE (uint32_t)sizeof(tenon_kernel)
#endif
#ifndef ZOO_KERNEL_NAME
#define ZOO_KERNEL_NAME ZOO_TEXT("twice")
#endif
#ifndef ZOO_LEVEL
#define ZOO_LEVEL NULL, 0
#endif
#ifndef ZOO_KERNEL_FLAGS
#define ZOO_KERNEL_FLAGS 0
#endif
#ifndef ZOO_RUN
#define ZOO_RUN zoo_run
#endif
static const tenon_kernel zoo_kernel = {{ZOO_KERNEL_SIZE, TENON_KIND_KERNEL, NULL},
                                        ZOO_KERNEL_NAME,
                                        ZOO_LEVEL,
                                        ZOO_KERNEL_FLAGS,
                                        0,
                                        NULL,
                                        zoo_supports,
                                        zoo_plan,
                                        ZOO_RUN,
                                        NULL};

#ifndef ZOO_KERNEL
#define ZOO_KERNEL &zoo_kernel
#endif
static const tenon_kernel* const zoo_kernels[] = {ZOO_KERNEL};

#ifndef ZOO_OPERATOR_SIZE
#define ZOO_OPERATOR_SIZE (uint32_t)sizeof(tenon_operator)
#endif
#ifndef ZOO_OPERATOR_KIND
#define ZOO_OPERATOR_KIND TENON_KIND_OPERATOR
#endif
#ifndef ZOO_OPERATOR_NEXT
#define ZOO_OPERATOR_NEXT NULL
#endif
#ifndef ZOO_OPERATOR_NAME
#define ZOO_OPERATOR_NAME ZOO_TEXT("twice")
#endif
#ifndef ZOO_OPERATOR_VERSION
#define ZOO_OPERATOR_VERSION 1
#endif
#ifndef ZOO_OPERATOR_FLAGS
#define ZOO_OPERATOR_FLAGS 0
#endif
#ifndef ZOO_INFER
#define ZOO_INFER zoo_infer
#endif
#ifndef ZOO_LOWER
#define ZOO_LOWER zoo_lower
#endif
#ifndef ZOO_KERNELS
#define ZOO_KERNELS zoo_kernels, 1
#endif
static const tenon_operator zoo_operator = {{ZOO_OPERATOR_SIZE, ZOO_OPERATOR_KIND, ZOO_OPERATOR_NEXT},
                                            ZOO_OPERATOR_NAME,
                                            ZOO_OPERATOR_VERSION,
                                            ZOO_OPERATOR_FLAGS,
                                            ZOO_INFER,
                                            ZOO_LOWER,
                                            NULL,
                                            ZOO_KERNELS,
                                            NULL};

#ifndef ZOO_OPERATOR
#define ZOO_OPERATOR &zoo_operator
#endif
static const tenon_operator* const zoo_operators[] = {ZOO_OPERATOR};

#ifndef ZOO_INFO_SIZE
#define ZOO_INFO_SIZE out->header.struct_size
#endif
#ifndef ZOO_INFO_KIND
#define ZOO_INFO_KIND TENON_KIND_PLUGIN_INFO
#endif
#ifndef ZOO_INFO_NEXT
#define ZOO_INFO_NEXT NULL
#endif
#ifndef ZOO_BUILT
#define ZOO_BUILT TENON_PLUGIN_API_MINOR
#endif
#ifndef ZOO_SANITIZER
#define ZOO_SANITIZER TENON_SANITIZER_HERE
#endif
#ifndef ZOO_VERSION
#define ZOO_VERSION ZOO_TEXT("1.0")
#endif
#ifndef ZOO_PLUGIN_NAME
#define ZOO_PLUGIN_NAME ZOO_TEXT(ZOO_NAME)
#endif
#ifndef ZOO_RUNTIME
#define ZOO_RUNTIME NULL, 0
#endif
#ifndef ZOO_CREATE
#define ZOO_CREATE NULL
#endif
#ifndef ZOO_DESTROY
#define ZOO_DESTROY NULL
#endif
#ifndef ZOO_OPERATORS
#define ZOO_OPERATORS zoo_operators, 1
#endif
#ifndef ZOO_CODE
#define ZOO_CODE TENON_OK
#endif

#ifndef ZOO_NO_QUERY
int32_t TENON_PLUGIN_ENTRY(const tenon_host_info* host, tenon_plugin_info* out) {
  const tenon_plugin_info info = {{ZOO_INFO_SIZE, ZOO_INFO_KIND, ZOO_INFO_NEXT},
                                  ZOO_BUILT,
                                  0,
                                  ZOO_BUILT < host->api_minor_max ? ZOO_BUILT : host->api_minor_max,
                                  ZOO_SANITIZER,
                                  ZOO_PLUGIN_NAME,
                                  ZOO_VERSION,
                                  ZOO_RUNTIME,
                                  0,
                                  ZOO_CREATE,
                                  ZOO_DESTROY,
                                  NULL,
                                  ZOO_OPERATORS,
                                  NULL,
                                  0};
#ifdef ZOO_IN_QUERY
  ZOO_IN_QUERY;
#endif
  zoo_api = host->api;
  *out = info;
#ifdef ZOO_AFTER_QUERY
  ZOO_AFTER_QUERY;
#endif
  return ZOO_CODE;
}
#endif

#endif
