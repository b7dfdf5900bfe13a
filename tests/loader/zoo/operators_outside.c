/* The array of operators is outside the library. */
#include "tenon/plugin.h"
#define ZOO_OPERATORS ((const tenon_operator* const*)0x1000), 1
#include "zoo.h"
