/* Kernels for tenon.rms_norm: what it means stays with the plugin that defines it. The kernel takes the plain case and declines the others
 * with a reason, which `tenon explain rms_norm` shows. */
#include "tenon/plugin.h"

#include "kernel.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

static const tenon_host_api* api; /* lives for the process; set by the query */

enum { INPUT, SCALE, RESIDUAL, MULTIPLICAND }; /* the operator's operands */

static int32_t decline(tenon_call* call, const char* reason, size_t length) {
  return api->error_set(call, TENON_UNIMPLEMENTED, reason, length, NULL, 0);
}

static int32_t supports(tenon_call* call, const tenon_kernel* self, const tenon_node* node) {
  (void)self;
  tenon_type_view input = TENON_TYPE_VIEW_INIT, other = TENON_TYPE_VIEW_INIT;
  tenon_attr attribute = TENON_ATTR_INIT;
  api->node_operand(node, INPUT, &input);
  if (api->node_operand(node, RESIDUAL, &other)) return decline(call, TEXT("has no residual"));
  if (api->node_operand(node, MULTIPLICAND, &other)) return decline(call, TEXT("has no multiplicand"));
  if (!api->node_operand(node, SCALE, &other)) return decline(call, TEXT("needs a scale"));
  if (other.dtype != TENON_F32) return decline(call, TEXT("takes a scale of f32"));
  if (api->node_attr(node, TEXT("unit_offset"), &attribute) && attribute.i64) return decline(call, TEXT("has no unit_offset"));
  if (api->node_attr(node, TEXT("normalized_shape"), &attribute) && attribute.kind != TENON_ATTR_NONE)
    return decline(call, TEXT("takes an axis, not normalized_shape"));
  api->node_attr(node, TEXT("axis"), &attribute);
  if (attribute.i64 != -1 && attribute.i64 != input.rank - 1) return decline(call, TEXT("normalizes the last axis"));
  return TENON_OK;
}

typedef struct plan_state {
  size_t rows, columns;
  float epsilon;
} plan_state;
enum { STATE_ALIGN = 16 };

static int32_t plan(tenon_call* call, const tenon_kernel* self, const tenon_node* node, tenon_kernel_plan* out) {
  (void)self;
  plan_state* state = api->alloc(call, sizeof *state, STATE_ALIGN);
  if (state == NULL) return api->error_set(call, TENON_RESOURCE_EXHAUSTED, TEXT("out of memory"), NULL, 0);
  tenon_type_view input = TENON_TYPE_VIEW_INIT;
  tenon_attr epsilon = TENON_ATTR_INIT;
  api->node_operand(node, INPUT, &input);
  api->node_attr(node, TEXT("epsilon"), &epsilon);
  state->rows = 1;
  for (int32_t i = 0; i + 1 < input.rank; ++i) state->rows *= (size_t)input.dims[i];
  state->columns = (size_t)input.dims[input.rank - 1];
  state->epsilon = (float)epsilon.f64;
  const double count = (double)state->rows * (double)state->columns;
  out->state = state;
  out->result0_may_alias = 1u << INPUT;
  out->bytes = 8.0 * count + 4.0 * (double)state->columns;
  out->flops = 4.0 * count;
  return TENON_OK;
}

static void plan_destroy(tenon_call* call, const tenon_kernel* self, void* state) {
  (void)self;
  api->free(call, state, sizeof(plan_state), STATE_ALIGN);
}

typedef struct task {
  const level_table* level;
  job job;
} task;

static void run_part(void* argument, size_t begin, size_t end, size_t slot) {
  (void)slot;
  const task* t = argument;
  t->level->rms_norm(&t->job, begin, end);
}

static int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, size_t operand_count,
                   const tenon_tensor_view* results, size_t result_count, void* workspace) {
  (void)operand_count;
  (void)result_count;
  (void)workspace;
  const plan_state* p = state;
  task t = {self->table, {operands[INPUT].data, operands[SCALE].data, results[0].data, p->columns, p->epsilon}};
  api->parallel_for(call, p->rows, (1 << 15) / (p->columns + 1) + 1, run_part, &t);
  return TENON_OK;
}

#define DEFINE_KERNEL(level_functions, level_name)                                                          \
  static const tenon_kernel kernel_##level_functions = {TENON_HEADER_INIT(tenon_kernel, TENON_KIND_KERNEL), \
                                                        TEXT("fast_rms_norm"),                              \
                                                        TEXT(level_name),                                   \
                                                        0,                                                  \
                                                        0,                                                  \
                                                        &level_functions,                                   \
                                                        supports,                                           \
                                                        plan,                                               \
                                                        run,                                                \
                                                        plan_destroy};
#define KERNEL_POINTER(level_functions, level_name) &kernel_##level_functions,
TENON_SIMD_FOR_EACH_LEVEL(DEFINE_KERNEL)
static const tenon_kernel* const kernels[] = {TENON_SIMD_FOR_EACH_LEVEL(KERNEL_POINTER)};

static const tenon_operator rms_norm_kernels = {
    TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR),
    TEXT("tenon.rms_norm"),
    1,
    TENON_OPERATOR_KERNELS_ONLY,
    NULL, /* type rule and meaning: the other plugin's */
    NULL,
    NULL,
    kernels,
    TENON_SIMD_LEVEL_COUNT,
    NULL,
};
static const tenon_operator* const operators[] = {&rms_norm_kernels};

int32_t TENON_PLUGIN_ENTRY(const tenon_host_info* host, tenon_plugin_info* out) {
  if (out->header.struct_size < sizeof(tenon_plugin_info)) return TENON_INCOMPATIBLE;
  const uint32_t built = TENON_PLUGIN_API_MINOR;
  api = host->api;
  out->api_minor_built = built;
  out->api_minor_required = 0;
  out->api_minor_chosen = host->api_minor_max < built ? host->api_minor_max : built;
  out->sanitizer = TENON_SANITIZER_HERE;
  out->name = "fast.rms-norm";
  out->name_length = sizeof "fast.rms-norm" - 1;
  out->version = "0.1.0";
  out->version_length = sizeof "0.1.0" - 1;
  out->operators = operators;
  out->operator_count = 1;
  return TENON_OK;
}
