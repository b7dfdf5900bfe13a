/* What cgo cannot say: structs that point to others are built on C's stack, and many runs are one call. */
#ifndef TENON_GO_BRIDGE_H_
#define TENON_GO_BRIDGE_H_

#include <tenon/tenon.h>

/* log_handle: a cgo.Handle of the log function, or 0. */
int32_t tenon_go_context_create(uint32_t flags, uint32_t threads, const char* arch, size_t arch_length, uintptr_t log_handle,
                                int32_t log_level, tenon_context** out, tenon_error** error);
int32_t tenon_go_add_input(tenon_graph* graph, const char* name, size_t length, const int64_t* dims, int32_t rank, tenon_dtype dtype,
                           tenon_value* out, tenon_error** error);
int32_t tenon_go_add_param(tenon_graph* graph, const char* name, size_t length, const char* alias, size_t alias_length, const int64_t* dims,
                           int32_t rank, tenon_dtype dtype, tenon_value* out, tenon_error** error);
int32_t tenon_go_add_constant(tenon_graph* graph, const char* name, size_t length, const tenon_tensor* data, tenon_value* out,
                              tenon_error** error);
int32_t tenon_go_lower(const tenon_graph* graph, const tenon_target* target, const tenon_params* params, tenon_module** out,
                       tenon_error** error);
int32_t tenon_go_compile(const tenon_graph* graph, uint32_t flags, double max_ulp, const tenon_params* params, const char* plugin,
                         size_t plugin_length, tenon_program** out, tenon_error** error);
int32_t tenon_go_verify_operator(tenon_context* context, const char* op, size_t length, const char* dtype, size_t dtype_length,
                                 uint64_t seed, uint32_t cases, tenon_blob** out, uint32_t* failed, tenon_error** error);
int32_t tenon_go_verify_graph(const tenon_graph* graph, const tenon_params* params, uint64_t seed, tenon_blob** out, uint32_t* failed,
                              tenon_error** error);
int32_t tenon_go_tensor_create(tenon_context* context, const int64_t* dims, int32_t rank, tenon_dtype dtype, tenon_tensor** out,
                               tenon_error** error);
int32_t tenon_go_tensor_save(const tenon_tensor* tensor, const char* path, size_t length, tenon_error** error);

/* `runs` runs of the program in one call. tensors: of each run its inputs, then its outputs. Stops at the first that fails; *done is how
 * many went well. cancel may be NULL. */
int32_t tenon_go_run_many(const tenon_program* program, tenon_tensor* const* tensors, size_t runs, size_t inputs, size_t outputs,
                          const volatile int32_t* cancel, size_t* done, tenon_error** error);
/* Sets a cancel flag that a run may be reading. */
void tenon_go_set(volatile int32_t* flag);

#endif /* TENON_GO_BRIDGE_H_ */
