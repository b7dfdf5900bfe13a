#include "core/plugin/dynamic.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>

#include <map>
#include <memory>
#include <mutex>

#include "core/op/fp_environment.h"

namespace tenon {

// Process-wide because mappings are. Never destroyed: plugins may still run while the process exits.
struct LibraryTable {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<MappedLibrary>> libraries;
  std::map<std::string, std::string> runtimes;  // claimed ones, and by which library

  static LibraryTable& get() {
    static LibraryTable* table = new LibraryTable();
    return *table;
  }

  static void find_segments(MappedLibrary& library) {
    link_map* map = nullptr;
    if (::dlinfo(library.handle_, RTLD_DI_LINKMAP, &map) != 0 || map == nullptr) return;
    struct Search {
      const link_map* map;
      MappedLibrary* library;
    } search{map, &library};
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* argument) {
          auto* wanted = static_cast<Search*>(argument);
          if (info->dlpi_addr != wanted->map->l_addr || std::string_view(info->dlpi_name) != wanted->map->l_name) return 0;
          for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
            const auto& header = info->dlpi_phdr[i];
            if (header.p_type != PT_LOAD) continue;
            const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
            wanted->library->segments_.push_back(
                {begin, begin + header.p_memsz, (header.p_flags & PF_R) != 0, (header.p_flags & PF_X) != 0});
          }
          return 1;
        },
        &search);
  }
};

void* MappedLibrary::symbol(const char* name) const { return ::dlsym(handle_, name); }

bool MappedLibrary::readable(const void* address, std::size_t bytes) const {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  for (const Segment& segment : segments_)
    if (segment.read && begin >= segment.begin && begin <= segment.end && bytes <= segment.end - begin) return true;
  return false;
}

bool MappedLibrary::executable(const void* address) const {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  for (const Segment& segment : segments_)
    if (segment.execute && begin >= segment.begin && begin < segment.end) return true;
  return false;
}

Result<const MappedLibrary*> map_library(const std::string& path, std::uint64_t device, std::uint64_t inode) {
  LibraryTable& table = LibraryTable::get();
  const auto check = [&](const MappedLibrary& known) -> Result<const MappedLibrary*> {
    if (known.device_ == device && known.inode_ == inode) return &known;
    return fail(Code::FailedPrecondition, "the library was replaced on disk while this process has the old one mapped")
        .file(path)
        .advise("restart the program");
  };
  {
    const std::lock_guard lock(table.mutex);
    if (const auto found = table.libraries.find(path); found != table.libraries.end()) return check(*found->second);
  }
  // Without the lock: static initialisers are the plugin's code. Two threads that come here together get the same handle.
  auto library = std::make_unique<MappedLibrary>();
  library->path_ = path;
  library->device_ = device;
  library->inode_ = inode;
  const FpState before = FpState::read();
  library->handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  library->changed_fp_ = FpState::read() != before;
  before.write();
  if (library->handle_ == nullptr) {
    const char* text = ::dlerror();
    std::string reason = text == nullptr ? "unknown reason" : text;
    const bool cpu = reason.find("CPU ISA level") != std::string::npos;
    return fail(cpu ? Code::CpuUnsupported : Code::DependencyMissing, "the dynamic linker refused the library: ", reason)
        .file(path)
        .advise(cpu ? "install a build of the plugin for a smaller CPU"
                    : "install what it names, or link the plugin with -Wl,-z,defs to find what is missing");
  }
  LibraryTable::find_segments(*library);
  const std::lock_guard lock(table.mutex);
  const auto [place, fresh] = table.libraries.try_emplace(path, std::move(library));
  return check(*place->second);
}

Status claim_runtime(const std::string& runtime, const std::string& path) {
  LibraryTable& table = LibraryTable::get();
  const std::lock_guard lock(table.mutex);
  const auto [place, fresh] = table.runtimes.emplace(runtime, path);
  if (place->second == path) return {};
  return fail(Code::Incompatible, "this process already has a ", runtime, " runtime, in ", place->second)
      .file(path)
      .advise("use one of the two plugins: a second runtime of that kind would crash the process");
}

std::size_t mapped_library_count() {
  LibraryTable& table = LibraryTable::get();
  const std::lock_guard lock(table.mutex);
  return table.libraries.size();
}

OwnFile own_file() {
  static const char anchor = 0;  // any object of this library will do
  Dl_info info{};
  OwnFile own;
  // A relative name depends on a working directory that is gone: it counts as unknown.
  if (::dladdr(&anchor, &info) == 0 || info.dli_fname == nullptr || info.dli_fname[0] != '/') {
    own.is_program = true;  // a program started by a relative name has such a name here; a library found by the linker has not
    return own;
  }
  const std::unique_ptr<char, decltype(&::free)> resolved(::realpath(info.dli_fname, nullptr), &::free);
  if (resolved == nullptr) return own;
  own.path = resolved.get();
  const std::unique_ptr<char, decltype(&::free)> program(::realpath("/proc/self/exe", nullptr), &::free);
  own.is_program = program != nullptr && own.path == program.get();
  return own;
}

std::vector<std::string> loaded_file_names() {
  std::vector<std::string> names;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* argument) {
        const std::string_view path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
        if (!path.empty()) static_cast<std::vector<std::string>*>(argument)->emplace_back(path.substr(path.rfind('/') + 1));
        return 0;
      },
      &names);
  return names;
}

}  // namespace tenon
