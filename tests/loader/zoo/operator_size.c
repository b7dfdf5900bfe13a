/* An operator struct smaller than version 1. */
#define ZOO_OPERATOR_SIZE 40
#include "zoo.h"
