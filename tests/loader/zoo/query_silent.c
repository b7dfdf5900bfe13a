/* The query says OK and fills in nothing. */
#define ZOO_NO_QUERY
#include "zoo.h"

int32_t TENON_PLUGIN_ENTRY(const tenon_host_info* host, tenon_plugin_info* out) {
  zoo_api = host->api;
  (void)out;
  (void)zoo_operators;
  return TENON_OK;
}
