/* Good, with create and destroy: the test sees their order through the log. */
#include "tenon/plugin.h"

static int32_t make(tenon_call* call, void** state);
static void unmake(tenon_call* call, void* state);
#define ZOO_CREATE make
#define ZOO_DESTROY unmake
#include "zoo.h"

static int zoo_mark;
static int32_t make(tenon_call* call, void** state) {
  *state = &zoo_mark;
  zoo_api->log(call, TENON_LOG_ERROR, ZOO_TEXT("created"));
  return TENON_OK;
}
static void unmake(tenon_call* call, void* state) {
  if (state == &zoo_mark) zoo_api->log(call, TENON_LOG_ERROR, ZOO_TEXT("destroyed"));
}
