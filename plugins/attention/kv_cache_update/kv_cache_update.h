#pragma once

#include "plugins/attention/compose.h"

namespace tenon::attention::kv_cache_update {

// Operands, in the schema's order.
enum : std::size_t { kCache, kUpdate, kStart };

void infer(const plugin::Node& node);
void lower(plugin::Builder& b);

}  // namespace tenon::attention::kv_cache_update
