/* More operators than memory. */
#define ZOO_OPERATORS zoo_operators, (size_t)-1
#include "zoo.h"
