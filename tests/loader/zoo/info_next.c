/* An extension at an address that is nobody's. */
#define ZOO_INFO_NEXT ((const void*)0x10)
#include "zoo.h"
