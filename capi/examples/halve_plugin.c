/* A plugin in one C file: example.halve(input) = input / 2, by its meaning alone. No kernel, so it runs through its lowering.
 *
 * Built as a shared library it exports tenon_plugin_query_v1; compiled with -DTENON_STATIC_PLUGIN=halve_query it is linked into a program
 * (static_plugin.c) that hands it to tenon_context_add_static_plugin with the text of its manifest.
 */
#include "tenon/plugin.h"

static const tenon_host_api* api; /* lives for the process; set by the query */

/* halve(x) = x * 0.5, the 0.5 broadcast to x's shape. */
static int32_t lower(tenon_call* call, const tenon_operator* self, const tenon_node* node, tenon_builder* builder) {
  (void)self;
  (void)node;
  tenon_hlo_value x, half, wide, y;
  int32_t code = api->build_operand(call, builder, 0, &x);
  if (code != TENON_OK) return code;
  tenon_type_view type;
  if ((code = api->build_type(call, builder, x, &type)) != TENON_OK) return code;

  const float value = 0.5f;
  tenon_type_view scalar = TENON_TYPE_VIEW_INIT;
  scalar.dtype = TENON_F32;
  if ((code = api->build_constant(call, builder, &scalar, &value, sizeof value, &half)) != TENON_OK) return code;

  tenon_attr at = TENON_ATTR_INIT; /* broadcast_dimensions = []: a scalar has none */
  at.name = "broadcast_dimensions";
  at.name_length = sizeof "broadcast_dimensions" - 1;
  at.kind = TENON_ATTR_I64S;
  tenon_hlo_op broadcast = TENON_HLO_OP_INIT;
  broadcast.name = "broadcast_in_dim";
  broadcast.name_length = sizeof "broadcast_in_dim" - 1;
  broadcast.operands = &half;
  broadcast.operand_count = 1;
  broadcast.attributes = &at;
  broadcast.attribute_count = 1;
  broadcast.result_types = &type;
  broadcast.result_type_count = 1;
  if ((code = api->build_op(call, builder, &broadcast, &wide, 1, NULL)) != TENON_OK) return code;

  tenon_hlo_value operands[2];
  operands[0] = x;
  operands[1] = wide;
  tenon_hlo_op multiply = TENON_HLO_OP_INIT;
  multiply.name = "multiply";
  multiply.name_length = sizeof "multiply" - 1;
  multiply.operands = operands;
  multiply.operand_count = 2;
  if ((code = api->build_op(call, builder, &multiply, &y, 1, NULL)) != TENON_OK) return code;
  return api->build_return(call, builder, &y, 1);
}

static const tenon_operator halve = {
    TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR), "halve", sizeof "halve" - 1, 1, 0, NULL, lower, NULL, NULL, 0, NULL,
};
static const tenon_operator* const operators[] = {&halve};

int32_t TENON_PLUGIN_ENTRY(const tenon_host_info* host, tenon_plugin_info* out) {
  if (out->header.struct_size < sizeof(tenon_plugin_info)) return TENON_INCOMPATIBLE;
  api = host->api;
  out->api_minor_built = TENON_PLUGIN_API_MINOR;
  out->api_minor_required = 0;
  out->api_minor_chosen = 0; /* min(host->api_minor_max, ours), and ours is 0 */
  out->sanitizer = TENON_SANITIZER_HERE;
  out->name = "org.example.halve";
  out->name_length = sizeof "org.example.halve" - 1;
  out->version = "1.0.0";
  out->version_length = sizeof "1.0.0" - 1;
  out->operators = operators;
  out->operator_count = 1;
  return TENON_OK;
}
