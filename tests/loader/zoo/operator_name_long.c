/* A name whose length is absurd. */
#define ZOO_OPERATOR_NAME "twice", (size_t)-1
#include "zoo.h"
