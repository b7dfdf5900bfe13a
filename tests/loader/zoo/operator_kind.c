/* An operator struct of another kind. */
#define ZOO_OPERATOR_KIND TENON_KIND_KERNEL
#include "zoo.h"
