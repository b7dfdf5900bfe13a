/* Needs a library that is not there when the plugin is opened. */
extern int zoo_absent_function(void);
#define ZOO_IN_QUERY (void)zoo_absent_function()
#include "zoo.h"
