/* The library is another version. */
#define ZOO_VERSION ZOO_TEXT("2.0")
#include "zoo.h"
