/* A kernel that is NULL. */
#define ZOO_KERNEL NULL
#include "zoo.h"
