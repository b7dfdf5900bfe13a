// How a kernel's data pass the caches: decided by the bytes that one run moves, used by SIMD sources. Plain types only.
#pragma once

#include <stdint.h>

namespace tenon::kernels {

enum class Path : uint8_t {
  Plain,     // everything fits the second level
  Prefetch,  // what comes next is fetched while results are written
  Stream,    // that, and results go past the caches
};

}  // namespace tenon::kernels
