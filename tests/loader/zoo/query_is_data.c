/* The entry symbol is a variable. */
#define ZOO_NO_QUERY
#include "zoo.h"

extern const int tenon_zoo_data __asm__("tenon_plugin_query_v1") __attribute__((visibility("default")));
const int tenon_zoo_data = 1;
int zoo_something_else(void);
int zoo_something_else(void) { return (int)zoo_operator.version + (int)(zoo_api == NULL) + (int)(zoo_operators[0] != NULL); }
