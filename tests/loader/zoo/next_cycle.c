/* A chain of extensions that never ends. */
#include "tenon/plugin.h"
static const tenon_header zoo_extension = {sizeof(tenon_header), 0x7777u, &zoo_extension};
#define ZOO_OPERATOR_NEXT &zoo_extension
#include "zoo.h"
