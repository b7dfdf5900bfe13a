/* Flags that are not known. */
#define ZOO_OPERATOR_FLAGS 0x100
#include "zoo.h"
