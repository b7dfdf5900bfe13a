/* More kernels than anybody has. */
#define ZOO_KERNELS zoo_kernels, 1000000000
#include "zoo.h"
