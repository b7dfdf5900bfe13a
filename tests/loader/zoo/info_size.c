/* Claims to have filled more than it was given. */
#define ZOO_INFO_SIZE 4096
#include "zoo.h"
