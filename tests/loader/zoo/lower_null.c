/* An operator without a meaning. */
#define ZOO_LOWER NULL
#include "zoo.h"
