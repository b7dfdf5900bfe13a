/* An operator of another version than the manifest says. */
#define ZOO_OPERATOR_VERSION 2
#include "zoo.h"
