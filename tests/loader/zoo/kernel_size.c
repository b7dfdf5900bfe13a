/* A kernel struct smaller than version 1. */
#define ZOO_KERNEL_SIZE 24
#include "zoo.h"
