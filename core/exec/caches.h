// Sizes of the data caches that one processor sees.
#pragma once

#include <cstdint>
#include <string>

namespace tenon {

struct Caches {
  std::uint64_t l1d = 0, l2 = 0, l3 = 0;  // bytes; 0: unknown
};

// From Linux's list of one processor's caches. sysconf, asked where that list is missing, adds up what several clusters have on some
// machines: a third level ten times as large as any core can use.
Caches detect_caches(const std::string& folder = "/sys/devices/system/cpu/cpu0/cache");

}  // namespace tenon
