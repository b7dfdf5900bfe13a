/* The manifest says runtime none. */
#define ZOO_RUNTIME ZOO_TEXT("go")
#include "zoo.h"
