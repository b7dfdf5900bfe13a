// What a shared library says about itself, read from the file without mapping or executing any of it: enough to refuse a library that
// would harm the process before any of its code runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace tenon {

// The note .note.tenon: an ELF note with owner "Tenon", type 1, and this content, in the file's byte order:
//   uint32 layout = 1, kind (1 operators, 2 importer), api major, api min_minor, api built_minor, name's length, version's length, 0
//   32 bytes SHA-256 of the manifest's body (from the line `ops:` or `formats:` to the end)
//   name, version: bytes, not terminated
// tenon_add_plugin writes it (cmake/tenon_pack.py); `strip` keeps it.
struct ElfNote {
  std::string kind;  // "operators", "importer"
  std::uint32_t api_major = 0, api_min_minor = 0, api_built_minor = 0;
  std::string name, version;
  std::array<std::uint8_t, 32> body_digest{};
};

struct ElfFacts {
  std::string machine;                 // "x86_64", as manifests write it
  std::vector<std::string> needed;     // DT_NEEDED
  std::vector<std::string> run_paths;  // RPATH and RUNPATH, split at colons
  bool executable_stack = false;
  bool text_relocations = false;
  bool filters = false;  // DT_FILTER or DT_AUXILIARY: loads libraries that DT_NEEDED does not name
  std::optional<ElfNote> note;
};

// Where the bytes come from. A file is read in pieces, never mapped: a file that shrinks meanwhile is a short read, not a SIGBUS.
class ElfSource {
 public:
  virtual ~ElfSource() = default;
  virtual std::uint64_t size() const = 0;
  virtual bool read(std::uint64_t offset, std::span<std::byte> out) const = 0;  // all of it, or false
};
class MemoryElf final : public ElfSource {
 public:
  explicit MemoryElf(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  bool read(std::uint64_t offset, std::span<std::byte> out) const override;

 private:
  std::span<const std::byte> bytes_;
};
class FileElf final : public ElfSource {
 public:
  FileElf(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}  // borrows the descriptor
  std::uint64_t size() const override { return size_; }
  bool read(std::uint64_t offset, std::span<std::byte> out) const override;

 private:
  int descriptor_;
  std::uint64_t size_;
};

// Errors name `file`: PLUGIN_REJECTED for what is no complete shared library, INCOMPATIBLE for another machine's.
Result<ElfFacts> read_elf(const ElfSource& source, const std::string& file);

// The names that the library defines for others, sorted; it is read by its section headers, so a library without them exports nothing here.
Result<std::vector<std::string>> read_exports(const ElfSource& source, const std::string& file);

// No executable stack, no text relocations, run paths only $ORIGIN, no library named by a path. PLUGIN_REJECTED. problems: see keep() in
// manifest.h.
Status check_elf(const ElfFacts& facts, const std::string& file, std::vector<Error>* problems = nullptr);

std::string_view host_machine();  // of this process: "x86_64"

}  // namespace tenon
