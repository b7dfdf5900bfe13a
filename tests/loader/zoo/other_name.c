/* The library is another plugin. */
#define ZOO_PLUGIN_NAME ZOO_TEXT("zoo.somebody-else")
#include "zoo.h"
