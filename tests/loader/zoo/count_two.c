/* Two operators, the manifest lists one. */
#define ZOO_OPERATORS zoo_operators, 2
#include "zoo.h"
