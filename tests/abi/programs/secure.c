/* What the environment did to a context with default options, for the test that runs it with more privileges than its caller: one line of
 * "level plugins", and on stderr what the library logs. */
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "tenon/tenon.h"

int main(void) {
  tenon_context* context = NULL;
  tenon_error* error = NULL;
  tenon_blob *machine = NULL, *plugins = NULL;
  if (tenon_context_create(NULL, &context, &error) != TENON_OK || tenon_machine_json(context, &machine, &error) != TENON_OK ||
      tenon_plugins_json(context, &plugins, &error) != TENON_OK) {
    fprintf(stderr, "secure: %s\n", tenon_error_get_report(error, NULL));
    return 1;
  }
  printf("{\"at_secure\": %lu, \"machine\": %s, \"plugins\": %s}\n", getauxval(AT_SECURE), tenon_blob_get_data(machine, NULL),
         tenon_blob_get_data(plugins, NULL));
  tenon_blob_release(machine);
  tenon_blob_release(plugins);
  tenon_context_destroy(context);
  return 0;
}
