// The dynamic linker, and the one file that knows it: mapping libraries, their symbols and segments, and what is mapped already.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace tenon {

// A plugin's library, mapped for the rest of the process: closing it would pull code from under threads and destructors that it left.
class MappedLibrary {
 public:
  const std::string& path() const { return path_; }
  void* symbol(const char* name) const;  // null if there is none

  // Whether [address, address + bytes) lies in one readable (executable) segment of this library: how pointers that a plugin hands over
  // are checked before they are followed.
  bool readable(const void* address, std::size_t bytes) const;
  bool executable(const void* address) const;

  bool changed_fp() const { return changed_fp_; }  // a static initialiser changed rounding or denormal handling; it was restored

 private:
  friend Result<const MappedLibrary*> map_library(const std::string& path, std::uint64_t device, std::uint64_t inode);
  friend struct LibraryTable;
  struct Segment {
    std::uintptr_t begin, end;
    bool read, execute;
  };
  std::string path_;
  std::uint64_t device_ = 0, inode_ = 0;
  void* handle_ = nullptr;
  std::vector<Segment> segments_;
  bool changed_fp_ = false;
};

// RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE. A path that is mapped already gives the same object, in every context of the process; device and
// inode say which file the caller has checked, so that a file replaced meanwhile is an error (FAILED_PRECONDITION), not a mix-up.
// DEPENDENCY_MISSING or CPU_UNSUPPORTED with the dynamic linker's own text. Runs the library's static initialisers.
Result<const MappedLibrary*> map_library(const std::string& path, std::uint64_t device, std::uint64_t inode);

// A language runtime that a process can hold once (Go's): the first library that claims it has it. INCOMPATIBLE for every other.
Status claim_runtime(const std::string& runtime, const std::string& path);

// How many libraries this process has mapped through map_library: for tests that discovery opens nothing.
std::size_t mapped_library_count();

// The file that holds this code, resolved: libtenon itself, or the program where it is linked statically (`is_program`). Empty if unknown.
struct OwnFile {
  std::string path;
  bool is_program = false;
};
OwnFile own_file();

// File names of everything mapped into the process, as the dynamic linker knows them ("libm.so.6").
std::vector<std::string> loaded_file_names();

}  // namespace tenon
