/* An operator that is NULL. */
#define ZOO_OPERATOR NULL
#include "zoo.h"
