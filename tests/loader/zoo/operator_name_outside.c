/* A name outside the library. */
#define ZOO_OPERATOR_NAME ((const char*)0x2000), 5
#include "zoo.h"
