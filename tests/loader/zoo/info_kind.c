/* An info struct of another kind. */
#define ZOO_INFO_KIND TENON_KIND_OPERATOR
#include "zoo.h"
