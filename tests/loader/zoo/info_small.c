/* An info struct smaller than version 1. */
#define ZOO_INFO_SIZE 32
#include "zoo.h"
