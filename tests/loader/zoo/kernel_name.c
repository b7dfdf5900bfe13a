/* A kernel that the manifest does not list. */
#define ZOO_KERNEL_NAME ZOO_TEXT("other")
#include "zoo.h"
