// One run of the kernel: what kernel.cpp hands to a level's table in kernel.simd.cpp. Plain types only.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tenon/plugin.h"

namespace tenon::quantization::blocks {

enum class Coding : uint8_t { Q8_0, Q4_0, Q4_K };

struct Job {
  Coding coding;
  tenon_dtype dtype;
  size_t length, bytes;  // numbers in a block, and the bytes that hold them
  const unsigned char* from;
  char* to;
};

struct Table {
  void (*run)(const Job& job, size_t begin, size_t end);  // blocks
};

}  // namespace tenon::quantization::blocks
