/* The query says that it does not work with this host. */
#define ZOO_CODE TENON_INCOMPATIBLE
#include "zoo.h"
