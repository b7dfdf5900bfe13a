#include "core/exec/caches.h"

#include <unistd.h>

#include <fstream>

namespace tenon {
namespace {

std::uint64_t from_sysconf(int name) {
  const long size = sysconf(name);
  return size > 0 ? static_cast<std::uint64_t>(size) : 0;
}

std::string word(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  file >> text;
  return text;
}

// "1024K"; 0 for anything else.
std::uint64_t kibibytes(const std::string& text) {
  std::uint64_t value = 0;
  std::size_t i = 0;
  for (; i < text.size() && i < 9 && text[i] >= '0' && text[i] <= '9'; ++i) value = value * 10 + static_cast<std::uint64_t>(text[i] - '0');
  return i > 0 && text.substr(i) == "K" ? value << 10 : 0;
}

}  // namespace

Caches detect_caches(const std::string& folder) {
  Caches caches;
  for (int index = 0; index < 16; ++index) {
    const std::string cache = folder + "/index" + std::to_string(index) + "/";
    const std::string level = word(cache + "level"), type = word(cache + "type");
    if (level.empty()) break;
    if (type != "Data" && type != "Unified") continue;
    const std::uint64_t size = kibibytes(word(cache + "size"));
    if (level == "1") caches.l1d = size;
    if (level == "2") caches.l2 = size;
    if (level == "3") caches.l3 = size;
  }
  if (caches.l1d == 0) caches.l1d = from_sysconf(_SC_LEVEL1_DCACHE_SIZE);
  if (caches.l2 == 0) caches.l2 = from_sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (caches.l3 == 0) caches.l3 = from_sysconf(_SC_LEVEL3_CACHE_SIZE);
  return caches;
}

}  // namespace tenon
