// Named tensors in a mapped file: safetensors in and out, .irpa (IREE parameter archive, v0) in and out.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/type/tensor.h"

namespace tenon {

// One tensor of an archive. bytes point into the mapping and may be misaligned. .irpa stores neither dtype nor shape: type is then
// empty and only the byte length is known.
struct ParamEntry {
  std::string name;
  std::optional<TensorType> type;
  std::string dtype_text;  // as the file spells it, for messages about dtypes that we do not have
  std::span<const std::byte> bytes;
};

class ParamArchive {
 public:
  // By extension: .safetensors or .irpa; anything else is an error that says so.
  static Result<ParamArchive> open(const std::string& path);
  static Result<ParamArchive> parse_safetensors(MappedFile file);
  static Result<ParamArchive> parse_irpa(MappedFile file);
  // The same on bytes in memory, which must outlive the archive (fuzzers, tests).
  static Result<ParamArchive> parse_safetensors(std::span<const std::byte> bytes, std::string name);
  static Result<ParamArchive> parse_irpa(std::span<const std::byte> bytes, std::string name);

  const std::string& path() const { return path_; }
  const std::string& format() const { return format_; }  // "safetensors" or "irpa"
  const std::vector<ParamEntry>& entries() const { return entries_; }  // sorted by name
  const ParamEntry* find(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }  // safetensors' __metadata__

 private:
  std::optional<MappedFile> file_;
  std::string path_, format_;
  std::vector<ParamEntry> entries_;
  std::map<std::string, std::string> metadata_;
};

// One tensor to write: name, type and compact bytes.
struct ParamSource {
  std::string name;
  TensorType type;
  std::span<const std::byte> bytes;
};

// Deterministic writers (entries in the order given; safetensors: dtypes that it lacks (i4, ui4) are an error).
Status safetensors_write(const std::string& path, std::span<const ParamSource> tensors);
Status irpa_write(const std::string& path, std::span<const ParamSource> tensors);

}  // namespace tenon
