/* A SIMD level that the manifest does not list. */
#define ZOO_LEVEL ZOO_TEXT("avx1024")
#include "zoo.h"
