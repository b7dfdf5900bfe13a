/* Nothing wrong with it. */
#include "zoo.h"
