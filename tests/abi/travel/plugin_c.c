/* A plugin that is kept as a binary with each release: it uses every function of the host's table, in C. */
#include "tenon/plugin.h"

#define TEXT(text) (text), sizeof(text) - 1

static const tenon_host_api* api;

/* ---- affine: x * scale + bias ---- */

typedef struct affine_plan {
  float scale, bias;
  size_t count;
} affine_plan;

typedef struct affine_part {
  const affine_plan* plan;
  const float* x;
  float* y;
  tenon_call* call;
} affine_part;

static int32_t attribute(tenon_call* call, const tenon_node* node, const char* name, size_t length, tenon_attr* out) {
  if (api->node_attr(node, name, length, out) == 1) return TENON_OK;
  return api->error_set(call, TENON_INTERNAL, TEXT("an attribute of the manifest is missing"), NULL, 0);
}

static int32_t affine_infer(tenon_call* call, const tenon_operator* self, const tenon_node* node) {
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  (void)self;
  if (api->node_operand_count(node) != 1 || api->node_operand(node, 0, &type) != 1 || api->node_operand(node, 1, &type) != 0)
    return api->error_set(call, TENON_INTERNAL, TEXT("affine has one operand"), NULL, 0);
  api->node_operand(node, 0, &type);
  return api->infer_result(call, 0, &type);
}

/* A constant of the shape of `like`. */
static int32_t filled(tenon_call* call, tenon_builder* builder, tenon_hlo_value like, double value, tenon_hlo_value* out) {
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  const float element = (float)value;
  int32_t code = api->build_type(call, builder, like, &type);
  if (code != TENON_OK) return code;
  return api->build_constant(call, builder, &type, &element, sizeof element, out); /* one element: a splat */
}

static int32_t binary(tenon_call* call, tenon_builder* builder, const char* name, size_t length, tenon_hlo_value a, tenon_hlo_value b,
                      tenon_hlo_value* out) {
  tenon_hlo_value operands[2];
  size_t count = 0;
  tenon_hlo_op op = TENON_HLO_OP_INIT;
  int32_t code;
  operands[0] = a;
  operands[1] = b;
  op.name = name;
  op.name_length = length;
  op.operands = operands;
  op.operand_count = 2;
  code = api->build_op(call, builder, &op, out, 1, &count);
  if (code == TENON_OK && count != 1) return api->error_set(call, TENON_INTERNAL, TEXT("one result was expected"), NULL, 0);
  return code;
}

static int32_t affine_lower(tenon_call* call, const tenon_operator* self, const tenon_node* node, tenon_builder* builder) {
  tenon_attr scale = TENON_ATTR_INIT, bias = TENON_ATTR_INIT;
  tenon_hlo_value x, factor, product, offset, y;
  int32_t code;
  (void)self;
  if ((code = attribute(call, node, TEXT("scale"), &scale)) != TENON_OK) return code;
  if ((code = attribute(call, node, TEXT("bias"), &bias)) != TENON_OK) return code;
  if ((code = api->build_operand(call, builder, 0, &x)) != TENON_OK) return code;
  if ((code = filled(call, builder, x, scale.f64, &factor)) != TENON_OK) return code;
  if ((code = binary(call, builder, TEXT("multiply"), x, factor, &product)) != TENON_OK) return code;
  if ((code = filled(call, builder, x, (double)bias.i64, &offset)) != TENON_OK) return code;
  if ((code = binary(call, builder, TEXT("stablehlo.add"), product, offset, &y)) != TENON_OK) return code;
  return api->build_return(call, builder, &y, 1);
}

static int32_t affine_supports(tenon_call* call, const tenon_kernel* self, const tenon_node* node) {
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  (void)self;
  api->node_result(node, 0, &type);
  if (type.rank <= 2) return TENON_OK;
  return api->error_set(call, TENON_UNIMPLEMENTED, TEXT("takes at most two dimensions"), TEXT("reshape the input"));
}

static int32_t affine_make_plan(tenon_call* call, const tenon_kernel* self, const tenon_node* node, tenon_kernel_plan* out) {
  tenon_attr scale = TENON_ATTR_INIT, bias = TENON_ATTR_INIT;
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  tenon_machine machine = TENON_MACHINE_INIT;
  affine_plan *plan, *larger;
  char* scratch;
  int32_t code, i;
  (void)self;
  if ((code = attribute(call, node, TEXT("scale"), &scale)) != TENON_OK) return code;
  if ((code = attribute(call, node, TEXT("bias"), &bias)) != TENON_OK) return code;
  if ((code = api->machine(call, &machine)) != TENON_OK) return code;
  scratch = (char*)api->scratch(call, 100, 64);
  if (scratch == NULL || machine.threads == 0 || (uintptr_t)scratch % 64 != 0 || api->node_result_count(node) != 1)
    return api->error_set(call, TENON_RESOURCE_EXHAUSTED, TEXT("no scratch memory"), NULL, 0);
  plan = (affine_plan*)api->alloc(call, 8, sizeof(void*));
  larger = plan == NULL ? NULL : (affine_plan*)api->realloc(call, plan, 8, sizeof *plan, sizeof(void*));
  if (larger == NULL) {
    api->free(call, plan, 8, sizeof(void*));
    return api->error_set(call, TENON_RESOURCE_EXHAUSTED, TEXT("no memory for a plan"), NULL, 0);
  }
  plan = larger;
  scratch[99] = 1;
  api->node_operand(node, 0, &type);
  plan->scale = (float)scale.f64;
  plan->bias = (float)bias.i64;
  plan->count = 1;
  for (i = 0; i < type.rank; ++i) plan->count *= (size_t)type.dims[i];
  out->state = plan;
  out->workspace_bytes = 256;
  out->workspace_align = 128;
  out->result0_may_alias = 1;
  out->bytes = 8.0 * (double)plan->count;
  out->flops = 2.0 * (double)plan->count;
  out->note = "affine of the kept plugin";
  out->note_length = sizeof "affine of the kept plugin" - 1;
  return TENON_OK;
}

static void affine_rows(void* argument, size_t begin, size_t end, size_t slot) {
  const affine_part* part = (const affine_part*)argument;
  size_t i;
  (void)slot;
  if (api->cancelled(part->call)) return;
  for (i = begin; i < end; ++i) part->y[i] = part->x[i] * part->plan->scale + part->plan->bias;
}

static int32_t affine_run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                          size_t operand_count, const tenon_tensor_view* results, size_t result_count, void* workspace) {
  affine_part part;
  if (self->table != &api || operand_count != 1 || result_count != 1 || (uintptr_t)workspace % 128 != 0)
    return api->error_set(call, TENON_INTERNAL, TEXT("the host called run in another way than it should"), NULL, 0);
  ((char*)workspace)[255] = 1;
  part.plan = (const affine_plan*)state;
  part.x = (const float*)operands[0].data;
  part.y = (float*)results[0].data;
  part.call = call;
  api->parallel_for(call, part.plan->count, 16, affine_rows, &part);
  return TENON_OK;
}

static void affine_destroy(tenon_call* call, const tenon_kernel* self, void* state) {
  (void)self;
  api->free(call, state, sizeof(affine_plan), sizeof(void*));
}

static const tenon_kernel affine_kernel = {
    TENON_HEADER_INIT(tenon_kernel, TENON_KIND_KERNEL),
    TEXT("affine"),
    NULL,
    0,
    0,
    0,
    &api,
    affine_supports,
    affine_make_plan,
    affine_run,
    affine_destroy,
};
static const tenon_kernel* const affine_kernels[] = {&affine_kernel};

/* ---- row_sum ---- */

static int32_t row_sum_infer(tenon_call* call, const tenon_operator* self, const tenon_node* node) {
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  size_t length = 0;
  (void)self;
  api->node_operand(node, 0, &type);
  if (type.rank == 0 && api->node_name(node, &length) != NULL && api->node_operator(node, NULL) != NULL)
    return api->error_set(call, TENON_OUT_OF_RANGE, TEXT("a scalar has no rows"), TEXT("give a tensor of rank 1 or more"));
  --type.rank;
  return api->infer_result(call, 0, &type);
}

static int32_t row_sum_lower(tenon_call* call, const tenon_operator* self, const tenon_node* node, tenon_builder* builder) {
  const float zero = 0;
  tenon_type_view type = TENON_TYPE_VIEW_INIT, scalar = TENON_TYPE_VIEW_INIT, pair[2];
  tenon_hlo_value operands[2], arguments[2], sum, y;
  tenon_attr dimensions = TENON_ATTR_INIT, neutral[2] = {TENON_ATTR_INIT, TENON_ATTR_INIT};
  tenon_hlo_op reduce = TENON_HLO_OP_INIT;
  tenon_operator_use use = TENON_OPERATOR_USE_INIT;
  int64_t last;
  int32_t code;
  (void)self;
  api->node_operand(node, 0, &type);
  last = type.rank - 1;
  scalar.dtype = TENON_F32;
  pair[0] = pair[1] = scalar;
  if ((code = api->build_operand(call, builder, 0, &operands[0])) != TENON_OK) return code;
  if ((code = api->build_constant(call, builder, &scalar, &zero, sizeof zero, &operands[1])) != TENON_OK) return code;
  if ((code = api->build_region_begin(call, builder, pair, 2, arguments)) != TENON_OK) return code;
  if ((code = binary(call, builder, TEXT("add"), arguments[0], arguments[1], &sum)) != TENON_OK) return code;
  if ((code = api->build_region_end(call, builder, &sum, 1)) != TENON_OK) return code;
  dimensions.name = "dimensions";
  dimensions.name_length = sizeof "dimensions" - 1;
  dimensions.kind = TENON_ATTR_I64S;
  dimensions.i64s = &last;
  dimensions.count = 1;
  reduce.name = "reduce";
  reduce.name_length = sizeof "reduce" - 1;
  reduce.operands = operands;
  reduce.operand_count = 2;
  reduce.attributes = &dimensions;
  reduce.attribute_count = 1;
  if ((code = api->build_op(call, builder, &reduce, &sum, 1, NULL)) != TENON_OK) return code;
  neutral[0].name = "scale";
  neutral[0].name_length = sizeof "scale" - 1;
  neutral[0].kind = TENON_ATTR_F64;
  neutral[0].f64 = 1;
  neutral[1].name = "bias";
  neutral[1].name_length = sizeof "bias" - 1;
  neutral[1].kind = TENON_ATTR_I64;
  use.name = "affine";
  use.name_length = sizeof "affine" - 1;
  use.operands = &sum;
  use.operand_count = 1;
  use.attributes = neutral;
  use.attribute_count = 2;
  if ((code = api->build_operator(call, builder, &use, &y, 1, NULL)) != TENON_OK) return code;
  return api->build_return(call, builder, &y, 1);
}

static const tenon_operator affine = {
    TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR), TEXT("affine"), 1, 0, affine_infer, affine_lower, NULL, affine_kernels, 1, NULL,
};
static const tenon_operator row_sum = {
    TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR), TEXT("row_sum"), 1, 0, row_sum_infer, row_sum_lower, NULL, NULL, 0, NULL,
};
static const tenon_operator* const operators[] = {&affine, &row_sum};

/* ---- the plugin ---- */

static int32_t create(tenon_call* call, void** state) {
  if (api->get_extension(TEXT("tests.no-such-extension"), 0) != NULL)
    return api->error_set(call, TENON_INTERNAL, TEXT("an extension that nobody has"), NULL, 0);
  if (api->log_enabled(call, TENON_LOG_WARNING)) api->log(call, TENON_LOG_WARNING, TEXT("travel-c: created"));
  *state = api->alloc(call, 64, 64);
  return *state == NULL ? TENON_RESOURCE_EXHAUSTED : TENON_OK;
}
static void destroy(tenon_call* call, void* state) {
  if (api->log_enabled(call, TENON_LOG_WARNING)) api->log(call, TENON_LOG_WARNING, TEXT("travel-c: destroyed"));
  api->free(call, state, 64, 64);
}
static void thread_exit(void) {}

int32_t TENON_PLUGIN_ENTRY(const tenon_host_info* host, tenon_plugin_info* out) {
  tenon_plugin_info info = TENON_PLUGIN_INFO_INIT;
  const uint32_t size = out->header.struct_size, built = TENON_PLUGIN_API_MINOR;
  const unsigned char* from = (const unsigned char*)&info;
  unsigned char* to = (unsigned char*)out;
  uint32_t i;
  if (host->api_major != TENON_PLUGIN_API_MAJOR || host->pointer_bytes != sizeof(void*) || host->version_length == 0)
    return TENON_INCOMPATIBLE;
  if (!TENON_HAS(host->api, get_extension)) return TENON_INCOMPATIBLE;
  api = host->api;
  info.api_minor_built = built;
  info.api_minor_chosen = host->api_minor_max < built ? host->api_minor_max : built;
  info.sanitizer = TENON_SANITIZER_HERE;
  info.name = "tests.travel-c";
  info.name_length = sizeof "tests.travel-c" - 1;
  info.version = "1.0.0";
  info.version_length = sizeof "1.0.0" - 1;
  info.create = create;
  info.destroy = destroy;
  info.thread_exit = thread_exit;
  info.operators = operators;
  info.operator_count = sizeof operators / sizeof operators[0];
  info.header.struct_size = size < sizeof info ? size : (uint32_t)sizeof info;
  for (i = 0; i < info.header.struct_size; ++i) to[i] = from[i];
  return TENON_OK;
}
