/* Calls a function that nobody defines: with RTLD_LAZY the process would end at the call. */
extern int tenon_zoo_nobody_defines_this(void);
#define ZOO_IN_QUERY (void)tenon_zoo_nobody_defines_this()
#include "zoo.h"
