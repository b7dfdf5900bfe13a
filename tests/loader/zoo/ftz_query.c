/* Sets FTZ and DAZ in the query. */
#include "fp.h"
#define ZOO_IN_QUERY ZOO_FLUSH_DENORMALS()
#include "zoo.h"
