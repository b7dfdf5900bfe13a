/* Sets FTZ and DAZ in create. */
#include "fp.h"
#include "tenon/plugin.h"
static int32_t make(tenon_call* call, void** state);
#define ZOO_CREATE make
#include "zoo.h"

static int32_t make(tenon_call* call, void** state) {
  (void)call;
  (void)state;
  ZOO_FLUSH_DENORMALS();
  return TENON_OK;
}
