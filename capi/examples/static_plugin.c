/* Link a plugin into the program: no file, no dlopen, the same path otherwise. The plugin is halve_plugin.c. */
#include <stdio.h>
#include <stdlib.h>

#include "tenon/tenon.h"

int32_t halve_query(const tenon_host_info* host, tenon_plugin_info* out);

static const char manifest[] =
    "schema: 1\n"
    "name: org.example.halve\n"
    "version: \"1.0.0\"\n"
    "kind: operators\n"
    "namespace: example\n"
    "license: Apache-2.0\n"
    "api: {major: 1, min_minor: 0, built_minor: 0}\n"
    "threads: concurrent\n"
    "ops:\n"
    "- name: halve\n"
    "  version: 1\n"
    "  operands: [{name: input, type: f32}]\n"
    "  results: [{name: output, like: input}]\n"
    "  infer: same\n";

static void check(int32_t code, tenon_error** error) {
  if (code == TENON_OK) return;
  fprintf(stderr, "%s\n", tenon_error_get_report(*error, NULL));
  tenon_error_release(*error);
  exit(1);
}

int main(void) {
  tenon_error* error = NULL;
  tenon_context* context = NULL;
  check(tenon_context_create(NULL, &context, &error), &error);
  check(tenon_context_add_static_plugin(context, halve_query, manifest, TENON_NUL_TERMINATED, &error), &error);

  tenon_graph* graph = NULL;
  check(tenon_graph_create(context, "halves", TENON_NUL_TERMINATED, &graph, &error), &error);
  const int64_t dims[1] = {3};
  const tenon_type_view type = {dims, 1, TENON_F32};
  tenon_value x, y;
  check(tenon_graph_add_input(graph, "x", TENON_NUL_TERMINATED, &type, &x, &error), &error);
  tenon_node_request request = TENON_NODE_REQUEST_INIT;
  request.name = "half";
  request.name_length = TENON_NUL_TERMINATED;
  request.op = "example.halve";
  request.op_length = TENON_NUL_TERMINATED;
  request.operands = &x;
  request.operand_count = 1;
  check(tenon_graph_add_node(graph, &request, &y, 1, NULL, &error), &error);
  check(tenon_graph_add_output(graph, "y", TENON_NUL_TERMINATED, y, &error), &error);

  tenon_program* program = NULL;
  check(tenon_graph_compile(graph, NULL, &program, &error), &error);
  float in[3] = {1.0f, -3.0f, 0.5f}, out[3] = {0, 0, 0};
  tenon_tensor_view input = TENON_TENSOR_VIEW_INIT, output;
  input.data = in;
  input.dims = dims;
  input.rank = 1;
  input.dtype = TENON_F32;
  output = input;
  output.data = out;
  check(tenon_program_run(program, &input, 1, &output, 1, NULL, &error), &error);
  printf("%g %g %g\n", out[0], out[1], out[2]);
  const int right = out[0] == 0.5f && out[1] == -1.5f && out[2] == 0.25f;

  tenon_program_destroy(program);
  tenon_graph_destroy(graph);
  tenon_context_destroy(context);
  return right ? 0 : 1;
}
