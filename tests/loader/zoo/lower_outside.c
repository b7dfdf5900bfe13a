/* lower is the address of a variable. */
#include "tenon/plugin.h"
static const int zoo_data = 1;
#define ZOO_LOWER ((int32_t(*)(tenon_call*, const tenon_operator*, const tenon_node*, tenon_builder*))(uintptr_t)&zoo_data)
#include "zoo.h"
