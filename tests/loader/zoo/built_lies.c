/* The library is built for another API minor than its manifest says. */
#define ZOO_BUILT 7
#include "zoo.h"
