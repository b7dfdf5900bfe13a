// What both writers check before they open a file.
#pragma once

#include "core/params/archive.h"

namespace tenon {

// Names: each once, UTF-8, no zero bytes. Types: static, of exactly the bytes given.
Status check_sources(std::span<const ParamSource> tensors);

}  // namespace tenon
