/* Kernel flags that are not known. */
#define ZOO_KERNEL_FLAGS 0x80
#include "zoo.h"
