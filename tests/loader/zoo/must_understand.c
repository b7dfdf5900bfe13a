/* Chains an extension that must be understood. */
#include "tenon/plugin.h"
static const tenon_header zoo_extension = {sizeof(tenon_header), TENON_KIND_MUST_UNDERSTAND | 0x7777u, NULL};
#define ZOO_OPERATOR_NEXT &zoo_extension
#include "zoo.h"
