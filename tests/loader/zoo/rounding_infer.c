/* Rounds upward from infer on. */
#include "fp.h"
#define ZOO_IN_INFER (void)ZOO_ROUND_UP()
#include "zoo.h"
