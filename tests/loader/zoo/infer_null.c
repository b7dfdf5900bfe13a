/* Neither a stock rule nor infer. */
#define ZOO_INFER NULL
#include "zoo.h"
