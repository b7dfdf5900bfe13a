// Whether the libraries that a plugin needs are there, without loading any.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace tenon {

// Looks where the dynamic linker looks: what is mapped already, the plugin's folder if its run path is $ORIGIN, LD_LIBRARY_PATH,
// /etc/ld.so.cache and the standard folders. Reads the cache on first use; not for several threads.
class DependencyIndex {
 public:
  // secure: under AT_SECURE the dynamic linker ignores LD_LIBRARY_PATH, so this does too.
  explicit DependencyIndex(bool secure) : secure_(secure) {}
  bool has(const std::string& soname, const std::string& origin);

 private:
  void read();
  bool secure_;
  bool read_ = false;
  std::set<std::string, std::less<>> names_;
  std::vector<std::string> folders_;
};

// The file names in the text of an ld.so.cache ("libm.so.6"), as many as are well formed.
std::vector<std::string> library_cache_names(std::string_view cache);

// The OpenMP runtime among the names, or empty: two different ones in a process do not work together.
std::string openmp_runtime(const std::vector<std::string>& names);

}  // namespace tenon
