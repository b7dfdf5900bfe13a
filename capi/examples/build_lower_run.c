/* Build a graph, lower it, run it, handle an error: the first chapter of tenon.h as a program. C99, needs tenon.h and libtenon alone.
 *
 *     cc -std=c99 build_lower_run.c $(pkg-config --cflags --libs tenon) -lm && ./a.out
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tenon/tenon.h"

/* Prints an error as a person wants to read it, and ends the program. */
static void check(int32_t code, tenon_error** error) {
  if (code == TENON_OK) return;
  fprintf(stderr, "%s\n", tenon_error_get_report(*error, NULL));
  tenon_error_release(*error);
  exit(1);
}

int main(void) {
  tenon_error* error = NULL;

  /* A context: plugins, thread pool, SIMD level. */
  tenon_context* context = NULL;
  check(tenon_context_create(NULL, &context, &error), &error);

  /* y = rms_norm(x, w), x: f32[2,4], w: f32[4]. */
  tenon_graph* graph = NULL;
  check(tenon_graph_create(context, "example", TENON_NUL_TERMINATED, &graph, &error), &error);
  const int64_t x_dims[2] = {2, 4}, w_dims[1] = {4};
  const tenon_type_view x_type = {x_dims, 2, TENON_F32}, w_type = {w_dims, 1, TENON_F32};
  tenon_value operands[2], y;
  check(tenon_graph_add_input(graph, "x", TENON_NUL_TERMINATED, &x_type, &operands[0], &error), &error);
  check(tenon_graph_add_input(graph, "w", TENON_NUL_TERMINATED, &w_type, &operands[1], &error), &error);

  tenon_attr epsilon = TENON_ATTR_INIT;
  epsilon.name = "epsilon";
  epsilon.name_length = strlen("epsilon");
  epsilon.kind = TENON_ATTR_F64;
  epsilon.f64 = 1e-5;

  tenon_node_request request = TENON_NODE_REQUEST_INIT;
  request.name = "norm";
  request.name_length = TENON_NUL_TERMINATED;
  request.op = "rms_norm";
  request.op_length = TENON_NUL_TERMINATED;
  request.operands = operands;
  request.operand_count = 2;
  request.attributes = &epsilon;
  request.attribute_count = 1;

  /* An error: w has the wrong shape for a node that normalises another axis. The graph is as it was, and usable. */
  tenon_attr wrong[2] = {TENON_ATTR_INIT, TENON_ATTR_INIT};
  wrong[0] = epsilon;
  wrong[1].name = "axis";
  wrong[1].name_length = strlen("axis");
  wrong[1].kind = TENON_ATTR_I64;
  wrong[1].i64 = 7;
  request.attributes = wrong;
  request.attribute_count = 2;
  if (tenon_graph_add_node(graph, &request, &y, 1, NULL, &error) == TENON_OK) {
    fprintf(stderr, "an axis out of range was accepted\n");
    return 1;
  }
  printf("as expected: %s: %s\n", tenon_code_name(tenon_error_get_code(error)), tenon_error_get_text(error, TENON_ERROR_MESSAGE, NULL));
  tenon_error_release(error);
  error = NULL;

  request.attributes = &epsilon;
  request.attribute_count = 1;
  check(tenon_graph_add_node(graph, &request, &y, 1, NULL, &error), &error);
  check(tenon_graph_add_output(graph, "y", TENON_NUL_TERMINATED, y, &error), &error);

  /* Lower: StableHLO text for IREE. */
  tenon_target* target = NULL;
  tenon_module* module = NULL;
  tenon_blob* text = NULL;
  check(tenon_target_find(context, "iree", TENON_NUL_TERMINATED, &target, &error), &error);
  check(tenon_graph_lower(graph, target, NULL, &module, &error), &error);
  check(tenon_module_print(module, &text, &error), &error);
  printf("%s", tenon_blob_get_data(text, NULL));

  /* Run: plan once, run often. */
  tenon_program* program = NULL;
  check(tenon_graph_compile(graph, NULL, &program, &error), &error);
  float x[8] = {1, 2, 3, 4, -1, 0, 1, 0}, w[4] = {1, 1, 2, 0.5f}, out[8];
  tenon_tensor_view inputs[2] = {TENON_TENSOR_VIEW_INIT, TENON_TENSOR_VIEW_INIT}, output = TENON_TENSOR_VIEW_INIT;
  inputs[0].data = x;
  inputs[0].dims = x_dims;
  inputs[0].rank = 2;
  inputs[0].dtype = TENON_F32;
  inputs[1].data = w;
  inputs[1].dims = w_dims;
  inputs[1].rank = 1;
  inputs[1].dtype = TENON_F32;
  output = inputs[0];
  output.data = out;
  check(tenon_program_run(program, inputs, 2, &output, 1, NULL, &error), &error);

  /* The formula in double, to see that it is right. */
  for (int row = 0; row < 2; ++row) {
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += (double)x[row * 4 + i] * x[row * 4 + i];
    for (int i = 0; i < 4; ++i) {
      const double want = x[row * 4 + i] / sqrt(sum / 4 + 1e-5) * w[i];
      if (fabs(out[row * 4 + i] - want) > 1e-6 * fabs(want)) {
        fprintf(stderr, "y[%d,%d] is %g, the formula gives %g\n", row, i, out[row * 4 + i], want);
        return 1;
      }
      printf("%s%.6f", i == 0 ? "" : " ", out[row * 4 + i]);
    }
    printf("\n");
  }

  tenon_blob* plan = NULL;
  check(tenon_program_print(program, &plan, &error), &error);
  printf("%s", tenon_blob_get_data(plan, NULL));

  tenon_blob_release(plan);
  tenon_program_destroy(program);
  tenon_blob_release(text);
  tenon_module_release(module);
  tenon_target_release(target);
  tenon_graph_destroy(graph);
  tenon_context_destroy(context);
  return 0;
}
