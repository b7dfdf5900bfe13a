/* The manifest lists a kernel, the library has none. */
#define ZOO_KERNELS NULL, 0
#include "zoo.h"
