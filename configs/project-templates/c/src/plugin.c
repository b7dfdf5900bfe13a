/* @NAME@(input) = max(input, 0)^2 * scale. Its meaning is `lower`; the kernel is only its speed, and `tenon verify` compares the two.
 * tenon/plugin.h says what each function may do. */
#include "tenon/plugin.h"

#include "kernel.h"

#define TEXT(literal) (literal), sizeof(literal) - 1
#define TRY(call)                              \
  do {                                         \
    const int32_t try_code = (call);           \
    if (try_code != TENON_OK) return try_code; \
  } while (0)

static const tenon_host_api* api; /* lives for the process; set by the query */

/* The attribute has a default and a range in the manifest: it is there, and in range. */
static double scale_of(const tenon_node* node) {
  tenon_attr scale = TENON_ATTR_INIT;
  api->node_attr(node, TEXT("scale"), &scale);
  return scale.f64;
}

/* ---- The result's type ---- */

static int32_t infer(tenon_call* call, const tenon_operator* self, const tenon_node* node) {
  (void)self;
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  api->node_operand(node, 0, &type);
  return api->infer_result(call, 0, &type);
}

/* ---- The meaning ---- */

/* Another operator of one operand, with an attribute or NULL. */
static int32_t use(tenon_call* call, tenon_builder* builder, const char* name, size_t length, tenon_hlo_value x,
                   const tenon_attr* attribute, tenon_hlo_value* out) {
  tenon_operator_use request = TENON_OPERATOR_USE_INIT;
  request.name = name;
  request.name_length = length;
  request.operands = &x;
  request.operand_count = 1;
  request.attributes = attribute;
  request.attribute_count = attribute != NULL;
  return api->build_operator(call, builder, &request, out, 1, NULL);
}

static int32_t cast(tenon_call* call, tenon_builder* builder, tenon_hlo_value x, tenon_dtype dtype, tenon_hlo_value* out) {
  tenon_attr to = TENON_ATTR_INIT;
  to.name = "to";
  to.name_length = 2;
  to.kind = TENON_ATTR_DTYPE;
  to.i64 = dtype;
  return use(call, builder, TEXT("tenon.cast"), x, &to, out);
}

static int32_t lower(tenon_call* call, const tenon_operator* self, const tenon_node* node, tenon_builder* builder) {
  (void)self;
  tenon_hlo_value x, positive, square, y;
  TRY(api->build_operand(call, builder, 0, &x));
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  api->node_operand(node, 0, &type);
  const tenon_dtype dtype = type.dtype, computed_in = dtype == TENON_F64 ? TENON_F64 : TENON_F32;
  if (dtype != computed_in) TRY(cast(call, builder, x, computed_in, &x));
  TRY(use(call, builder, TEXT("tenon.relu"), x, NULL, &positive));

  const tenon_hlo_value factors[2] = {positive, positive}; /* an operation of StableHLO itself */
  tenon_hlo_op multiply = TENON_HLO_OP_INIT;
  multiply.name = "multiply";
  multiply.name_length = sizeof "multiply" - 1;
  multiply.operands = factors;
  multiply.operand_count = 2;
  TRY(api->build_op(call, builder, &multiply, &square, 1, NULL));

  tenon_attr value = TENON_ATTR_INIT;
  value.name = "value";
  value.name_length = sizeof "value" - 1;
  value.kind = TENON_ATTR_F64;
  value.f64 = scale_of(node);
  TRY(use(call, builder, TEXT("tenon.multiply_scalar"), square, &value, &y));
  if (dtype != computed_in) TRY(cast(call, builder, y, dtype, &y));
  return api->build_return(call, builder, &y, 1);
}

/* ---- The speed: planned once, run often ---- */

typedef struct plan_state {
  size_t count;
  float scale;
} plan_state;
enum { STATE_ALIGN = 16 };

/* The manifest's dtypes are all it asks for. What it does not take it would decline here: error_set with the reason, which `tenon explain`
 * shows. */
static int32_t supports(tenon_call* call, const tenon_kernel* self, const tenon_node* node) {
  (void)call;
  (void)self;
  (void)node;
  return TENON_OK;
}

static int32_t plan(tenon_call* call, const tenon_kernel* self, const tenon_node* node, tenon_kernel_plan* out) {
  (void)self;
  plan_state* state = api->alloc(call, sizeof *state, STATE_ALIGN);
  if (state == NULL) return api->error_set(call, TENON_RESOURCE_EXHAUSTED, TEXT("out of memory"), NULL, 0);
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  api->node_operand(node, 0, &type);
  state->count = 1;
  for (int32_t i = 0; i < type.rank; ++i) state->count *= (size_t)type.dims[i];
  state->scale = (float)scale_of(node);
  out->state = state;
  out->result0_may_alias = 1; /* operand 0's own memory will do for the result */
  out->bytes = 8.0 * (double)state->count;
  out->flops = 3.0 * (double)state->count;
  return TENON_OK;
}

static void plan_destroy(tenon_call* call, const tenon_kernel* self, void* state) {
  (void)self;
  api->free(call, state, sizeof(plan_state), STATE_ALIGN);
}

typedef struct job {
  const level_table* level;
  const float* x;
  float* y;
  float scale;
} job;

static void run_part(void* argument, size_t begin, size_t end, size_t slot) {
  (void)slot;
  const job* j = argument;
  j->level->squared_relu(j->x + begin, j->y + begin, end - begin, j->scale);
}

/* Operand and result are compact row-major, because the kernel does not say that it takes strides. No allocation, no lock in here. */
static int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, size_t operand_count,
                   const tenon_tensor_view* results, size_t result_count, void* workspace) {
  (void)operand_count;
  (void)result_count;
  (void)workspace;
  const plan_state* planned = state;
  job j = {self->table, operands[0].data, results[0].data, planned->scale};
  api->parallel_for(call, planned->count, 1 << 16, run_part, &j);
  return TENON_OK;
}

/* ---- The tables ---- */

#define DEFINE_KERNEL(level_functions, level_name)                                                          \
  static const tenon_kernel kernel_##level_functions = {TENON_HEADER_INIT(tenon_kernel, TENON_KIND_KERNEL), \
                                                        TEXT("@OPERATOR@"),                                 \
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

static const tenon_operator the_operator = {
    TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR),
    TEXT("@OPERATOR@"),
    1,
    0,
    infer,
    lower,
    NULL,
    kernels,
    TENON_SIMD_LEVEL_COUNT,
    NULL,
};
static const tenon_operator* const operators[] = {&the_operator};

int32_t TENON_PLUGIN_ENTRY(const tenon_host_info* host, tenon_plugin_info* out) {
  if (out->header.struct_size < sizeof(tenon_plugin_info)) return TENON_INCOMPATIBLE;
  const uint32_t built = TENON_PLUGIN_API_MINOR;
  api = host->api;
  out->api_minor_built = built;
  out->api_minor_required = 0;
  out->api_minor_chosen = host->api_minor_max < built ? host->api_minor_max : built;
  out->sanitizer = TENON_SANITIZER_HERE;
  out->name = "@PLUGIN@";
  out->name_length = sizeof "@PLUGIN@" - 1;
  out->version = "0.1.0";
  out->version_length = sizeof "0.1.0" - 1;
  out->operators = operators;
  out->operator_count = 1;
  return TENON_OK;
}
