/* create refuses, with a message. */
#include "tenon/plugin.h"

static int32_t make(tenon_call* call, void** state);
#define ZOO_CREATE make
#include "zoo.h"

static int32_t make(tenon_call* call, void** state) {
  (void)state;
  return zoo_api->error_set(call, TENON_UNAVAILABLE, ZOO_TEXT("no device here"), ZOO_TEXT("plug one in"));
}
