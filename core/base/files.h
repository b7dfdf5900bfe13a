// Files, read-only and whole: mapping, and writing by temporary file and rename.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace tenon {

// A read-only mapping of a regular file. Copies share the mapping. Empty files map to an empty span.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  std::span<const std::byte> bytes() const;
  std::string_view text() const;
  const std::string& path() const;

 private:
  struct Mapping;
  std::shared_ptr<const Mapping> mapping_;
};

// Reads a whole file of at most `limit` bytes into memory (for text: a mapping could change under a parser).
Result<std::string> read_text_file(const std::string& path, std::size_t limit);

// Writes a file through a temporary file in the same folder and a rename: a failure leaves no half file, and an old file unchanged.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::string& path);
  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();  // without commit: the temporary file is removed
  Status write(std::span<const std::byte> bytes);
  Status write(std::string_view text);
  Status commit();

 private:
  AtomicFile() = default;
  std::string path_, temporary_;
  int descriptor_ = -1;
};

Status write_file(const std::string& path, std::string_view text);

}  // namespace tenon
