#include "bridge.h"

#include <stdlib.h>

/* log.go */
extern void tenonGoLog(uintptr_t handle, int32_t level, char* category, char* text, size_t length);

static void forward_log(void* user, int32_t level, const char* category, const char* text, size_t length) {
  tenonGoLog((uintptr_t)user, level, (char*)category, (char*)text, length);
}

int32_t tenon_go_context_create(uint32_t flags, uint32_t threads, const char* arch, size_t arch_length, uintptr_t log_handle,
                                int32_t log_level, tenon_context** out, tenon_error** error) {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = flags;
  options.threads = threads;
  options.arch = arch;
  options.arch_length = arch_length;
  if (log_handle != 0) {
    options.log = forward_log;
    options.log_user = (void*)log_handle;
  }
  options.log_level = log_level;
  return tenon_context_create(&options, out, error);
}

int32_t tenon_go_add_input(tenon_graph* graph, const char* name, size_t length, const int64_t* dims, int32_t rank, tenon_dtype dtype,
                           tenon_value* out, tenon_error** error) {
  const tenon_type_view type = {dims, rank, dtype};
  return tenon_graph_add_input(graph, name, length, &type, out, error);
}

int32_t tenon_go_add_param(tenon_graph* graph, const char* name, size_t length, const char* alias, size_t alias_length, const int64_t* dims,
                           int32_t rank, tenon_dtype dtype, tenon_value* out, tenon_error** error) {
  const tenon_type_view type = {dims, rank, dtype};
  return tenon_graph_add_param(graph, name, length, alias, alias_length, &type, out, error);
}

int32_t tenon_go_add_constant(tenon_graph* graph, const char* name, size_t length, const tenon_tensor* data, tenon_value* out,
                              tenon_error** error) {
  tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
  const int32_t code = tenon_tensor_get_view(data, &view, error);
  return code != TENON_OK ? code : tenon_graph_add_constant(graph, name, length, &view, out, error);
}

int32_t tenon_go_lower(const tenon_graph* graph, const tenon_target* target, const tenon_params* params, tenon_module** out,
                       tenon_error** error) {
  tenon_lower_options options = TENON_LOWER_OPTIONS_INIT;
  options.params = params;
  return tenon_graph_lower(graph, target, &options, out, error);
}

int32_t tenon_go_compile(const tenon_graph* graph, uint32_t flags, double max_ulp, const tenon_params* params, const char* plugin,
                         size_t plugin_length, tenon_program** out, tenon_error** error) {
  tenon_program_options options = TENON_PROGRAM_OPTIONS_INIT;
  options.flags = flags;
  options.max_ulp = max_ulp;
  options.params = params;
  options.pinned_plugin = plugin;
  options.pinned_plugin_length = plugin_length;
  return tenon_graph_compile(graph, &options, out, error);
}

int32_t tenon_go_verify_operator(tenon_context* context, const char* op, size_t length, const char* dtype, size_t dtype_length,
                                 uint64_t seed, uint32_t cases, tenon_blob** out, uint32_t* failed, tenon_error** error) {
  tenon_verify_options options = TENON_VERIFY_OPTIONS_INIT;
  options.dtype = dtype;
  options.dtype_length = dtype_length;
  options.seed = seed;
  options.random_cases = cases;
  return tenon_verify_operator_json(context, op, length, &options, out, failed, error);
}

int32_t tenon_go_verify_graph(const tenon_graph* graph, const tenon_params* params, uint64_t seed, tenon_blob** out, uint32_t* failed,
                              tenon_error** error) {
  tenon_verify_options options = TENON_VERIFY_OPTIONS_INIT;
  options.seed = seed;
  return tenon_verify_graph_json(graph, params, &options, out, failed, error);
}

int32_t tenon_go_tensor_create(tenon_context* context, const int64_t* dims, int32_t rank, tenon_dtype dtype, tenon_tensor** out,
                               tenon_error** error) {
  const tenon_type_view type = {dims, rank, dtype};
  return tenon_tensor_create(context, &type, out, error);
}

int32_t tenon_go_tensor_save(const tenon_tensor* tensor, const char* path, size_t length, tenon_error** error) {
  tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
  const int32_t code = tenon_tensor_get_view(tensor, &view, error);
  return code != TENON_OK ? code : tenon_view_save(&view, path, length, error);
}

enum { kInline = 32 };

int32_t tenon_go_run_many(const tenon_program* program, tenon_tensor* const* tensors, size_t runs, size_t inputs, size_t outputs,
                          const volatile int32_t* cancel, size_t* done, tenon_error** error) {
  tenon_run_options options = TENON_RUN_OPTIONS_INIT;
  options.cancel = cancel;
  tenon_tensor_view few[kInline];
  tenon_tensor_view* views = few;
  const size_t count = inputs + outputs;
  *done = 0;
  if (count > kInline && (views = malloc(count * sizeof *views)) == NULL) return TENON_RESOURCE_EXHAUSTED;
  int32_t code = TENON_OK;
  for (size_t run = 0; run < runs && code == TENON_OK; ++run) {
    for (size_t i = 0; i < count && code == TENON_OK; ++i) code = tenon_tensor_get_view(tensors[run * count + i], &views[i], error);
    if (code == TENON_OK) code = tenon_program_run(program, views, inputs, views + inputs, outputs, &options, error);
    if (code == TENON_OK) *done = run + 1;
  }
  if (views != few) free(views);
  return code;
}

void tenon_go_set(volatile int32_t* flag) { __atomic_store_n(flag, 1, __ATOMIC_RELAXED); }
