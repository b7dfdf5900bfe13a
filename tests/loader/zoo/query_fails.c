/* The query returns a code. */
#define ZOO_CODE TENON_INTERNAL
#include "zoo.h"
