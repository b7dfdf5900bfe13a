/* An operator at an odd address. */
#include "tenon/plugin.h"
static const char zoo_bytes[512];
#define ZOO_OPERATOR ((const tenon_operator*)(const void*)(zoo_bytes + 1))
#include "zoo.h"
