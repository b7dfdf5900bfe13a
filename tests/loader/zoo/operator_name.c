/* An operator that the manifest does not list. */
#define ZOO_OPERATOR_NAME ZOO_TEXT("thrice")
#include "zoo.h"
