/* Writes behind the struct that it was given. */
#define ZOO_AFTER_QUERY (((volatile unsigned char*)out)[sizeof *out + 100] = 1)
#include "zoo.h"
