#include "core/plugin/dependencies.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstring>

#include "core/base/files.h"
#include "core/plugin/dynamic.h"

namespace tenon {

std::vector<std::string> library_cache_names(std::string_view cache) {
  // An older format may stand in front; the offsets of the newer one count from its own start.
  const std::size_t start = cache.find("glibc-ld.so.cache1.1");
  std::vector<std::string> names;
  if (start == std::string_view::npos) return names;
  cache.remove_prefix(start);
  constexpr std::size_t kHeader = 48, kEntry = 24;
  if (cache.size() < kHeader) return names;
  std::uint32_t count = 0;
  std::memcpy(&count, cache.data() + 20, sizeof count);
  for (std::size_t i = 0; i < count && kHeader + (i + 1) * kEntry <= cache.size(); ++i) {
    std::uint32_t key = 0;
    std::memcpy(&key, cache.data() + kHeader + i * kEntry + 4, sizeof key);
    if (key >= cache.size()) continue;
    const std::string_view rest = cache.substr(key);
    const std::size_t end = rest.find('\0');
    if (end != std::string_view::npos) names.emplace_back(rest.substr(0, end));
  }
  return names;
}

void DependencyIndex::read() {
  read_ = true;
  for (std::string& name : loaded_file_names()) names_.insert(std::move(name));
  if (const auto cache = read_text_file("/etc/ld.so.cache", std::size_t{64} << 20); cache.ok())
    for (std::string& name : library_cache_names(*cache)) names_.insert(std::move(name));
  if (const char* path = secure_ ? nullptr : ::secure_getenv("LD_LIBRARY_PATH"))
    for (std::string& folder : split(path, ':'))
      if (!folder.empty()) folders_.push_back(std::move(folder));
  for (const char* folder : {"/lib64", "/usr/lib64", "/lib", "/usr/lib"}) folders_.emplace_back(folder);
}

bool DependencyIndex::has(const std::string& soname, const std::string& origin) {
  if (!read_) read();
  if (names_.count(soname) != 0) return true;
  if (!origin.empty() && ::access(cat(origin, "/", soname).c_str(), R_OK) == 0) return true;
  for (const std::string& folder : folders_)
    if (::access(cat(folder, "/", soname).c_str(), R_OK) == 0) return true;
  return false;
}

std::string openmp_runtime(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    for (const std::string_view stem : {"libgomp.so", "libomp.so", "libiomp5.so"})
      if (std::string_view(name).starts_with(stem)) return std::string(stem);
  return {};
}

}  // namespace tenon
