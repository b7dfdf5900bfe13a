/* A host that asks all there is to ask before it uses an operator, and says when it does what. */
#include <stdio.h>
#include <string.h>

#include "tenon/tenon.h"

static int failed(tenon_error* error) {
  fprintf(stderr, "%s\n", tenon_error_get_report(error, NULL));
  tenon_error_release(error);
  return 1;
}

static void stage(const char* name) {
  printf("stage %s\n", name);
  fflush(stdout);
}

int main(void) {
  tenon_error* error = NULL;
  tenon_context* context = NULL;
  tenon_blob* report = NULL;
  tenon_target* target = NULL;
  tenon_graph* graph = NULL;
  tenon_operator_source source = TENON_OPERATOR_SOURCE_INIT;

  stage("create");
  if (tenon_context_create(NULL, &context, &error) != TENON_OK) return failed(error);
  stage("plugins");
  if (tenon_plugins_json(context, &report, &error) != TENON_OK) return failed(error);
  tenon_blob_release(report);
  stage("operators");
  if (tenon_operators_json(context, NULL, 0, &report, &error) != TENON_OK) return failed(error);
  tenon_blob_release(report);
  stage("targets");
  if (tenon_targets_json(context, &report, &error) != TENON_OK) return failed(error);
  tenon_blob_release(report);
  if (tenon_target_find(context, "litert", TENON_NUL_TERMINATED, &target, &error) != TENON_OK) return failed(error);
  stage("use");
  source.op = "rms_norm";
  source.op_length = TENON_NUL_TERMINATED;
  source.dtype = "f32";
  source.dtype_length = TENON_NUL_TERMINATED;
  source.shapes = "4x8,8";
  source.shapes_length = TENON_NUL_TERMINATED;
  if (tenon_graph_from_operator(context, &source, &graph, &error) != TENON_OK) return failed(error);
  stage("end");
  tenon_graph_destroy(graph);
  tenon_target_release(target);
  tenon_context_destroy(context);
  return 0;
}
