/* No operators, the manifest lists one. */
#define ZOO_OPERATORS zoo_operators, 0
#include "zoo.h"
