/* An operator struct of size 0, as = {0} would leave it. */
#define ZOO_OPERATOR_SIZE 0
#include "zoo.h"
