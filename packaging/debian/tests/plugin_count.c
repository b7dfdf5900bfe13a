/* Prints how many plugins a new context finds, and the version of the library that looked. */
#include <stdio.h>
#include <string.h>

#include "tenon/tenon.h"

static int failed(tenon_error* error) {
  fprintf(stderr, "%s\n", tenon_error_get_report(error, NULL));
  tenon_error_release(error);
  return 1;
}

int main(void) {
  tenon_error* error = NULL;
  tenon_context* context = NULL;
  tenon_blob* report = NULL;
  const char* at;
  unsigned count = 0;
  if (tenon_context_create(NULL, &context, &error) != TENON_OK) return failed(error);
  if (tenon_plugins_json(context, &report, &error) != TENON_OK) return failed(error);
  for (at = tenon_blob_get_data(report, NULL); (at = strstr(at, "\"manifest\"")) != NULL; ++at) ++count;
  printf("%u plugins, libtenon %s\n", count, tenon_version());
  tenon_blob_release(report);
  tenon_context_destroy(context);
  return 0;
}
