/* An operator struct that claims to reach beyond the library. */
#define ZOO_OPERATOR_SIZE 60000
#include "zoo.h"
