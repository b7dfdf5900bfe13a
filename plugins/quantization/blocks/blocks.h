#pragma once

#include "plugins/quantization/blocks/job.h"
#include "tenon/plugin.hpp"

namespace tenon::quantization::blocks {

// Of the format that a node names: numbers in a block, and the bytes that hold them.
struct Size {
  std::int64_t length, bytes;
  Coding coding;
};
Size size_of(const plugin::Node& node);

void infer(const plugin::Node& node);
void lower(plugin::Builder& b);

}  // namespace tenon::quantization::blocks
