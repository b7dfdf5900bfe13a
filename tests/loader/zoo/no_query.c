/* A shared library, but no plugin: the entry symbol is missing. */
#define ZOO_NO_QUERY
#include "zoo.h"

int zoo_something_else(void);
int zoo_something_else(void) { return (int)zoo_operator.version + (int)(zoo_api == NULL) + (int)(zoo_operators[0] != NULL); }
