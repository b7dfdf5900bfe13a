/* A kernel without run. */
#define ZOO_RUN NULL
#include "zoo.h"
