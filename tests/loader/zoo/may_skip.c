/* Chains an extension that may be skipped: a good plugin. */
#include "tenon/plugin.h"
static const tenon_header zoo_extension = {sizeof(tenon_header), 0x7777u, NULL};
#define ZOO_OPERATOR_NEXT &zoo_extension
#include "zoo.h"
