// Named tensors in a mapped file: safetensors in and out, .irpa (IREE parameter archive, v0) in and out.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/files.h"
#include "core/type/tensor.h"

namespace tenon {

// One tensor of an archive. bytes point into the mapping and may be misaligned; they live as long as the archive or a copy of it.
// .irpa stores neither dtype nor shape: type is then empty and only the byte length is known. A safetensors tensor of a dtype that we
// do not have is listed with its dtype_text and without a type; to use it is the error.
struct ParamEntry {
  std::string name;  // UTF-8 without zero bytes
  std::optional<TensorType> type;
  std::string dtype_text;  // as a safetensors file spells it ("BF16"); empty for .irpa
  std::span<const std::byte> bytes;
};

// Every name, offset and size is checked before it is used, so an archive that opens can be read without further checks of ranges. Not
// understood and therefore refused: two tensors of one name, tensors that overlap or lie outside of the file, names that are not UTF-8,
// bytes that no tensor owns (safetensors), linked archives and external entries (.irpa), a BOOL that is neither 0 nor 1 (an .irpa does
// not say which of its tensors are booleans: whoever knows the type checks them). Two .irpa entries may share the same bytes exactly.
// Entries that .irpa stores as a repeated pattern are expanded while reading, kMaxExpandedBytes in all at most.
class ParamArchive {
 public:
  static constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // of a safetensors file, as its reference implementation has it
  static constexpr std::uint64_t kMaxExpandedBytes = 64ULL << 20;

  // By extension: .safetensors or .irpa; anything else is an error that says so.
  static Result<ParamArchive> open(const std::string& path);
  static Result<ParamArchive> parse_safetensors(MappedFile file);
  static Result<ParamArchive> parse_irpa(MappedFile file);
  // The same on bytes in memory, which must outlive the archive (fuzzers, tests).
  static Result<ParamArchive> parse_safetensors(std::span<const std::byte> bytes, std::string name);
  static Result<ParamArchive> parse_irpa(std::span<const std::byte> bytes, std::string name);

  const std::string& path() const { return path_; }
  const std::string& format() const { return format_; }                // "safetensors" or "irpa"
  const std::vector<ParamEntry>& entries() const { return entries_; }  // sorted by name
  const ParamEntry* find(std::string_view name) const;
  // The tensor of that name and type, or an error that says what differs: nothing is converted and nothing is filled in. Bytes that are
  // no value of a type narrower than a byte (i1, i4, ui4) are DATA_LOSS.
  Result<const ParamEntry*> require(const std::string& name, const TensorType& type) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }  // safetensors' __metadata__

 private:
  static Result<ParamArchive> read_safetensors(std::span<const std::byte> bytes, std::string name);
  static Result<ParamArchive> read_irpa(std::span<const std::byte> bytes, std::string name);
  Status sort_entries();  // by name; two of one name are an error

  std::optional<MappedFile> file_;
  std::shared_ptr<const std::vector<std::byte>> expanded_;  // the patterns of an .irpa; shared, so that copies keep the spans valid
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

// Deterministic writers: entries in the order given, equal input gives equal bytes, and a failure leaves an old file as it was. Errors:
// a name given twice or not UTF-8, bytes that are not the type's, a dynamic type, for safetensors a dtype that it lacks (i4, ui4) and
// the name __metadata__.
Status safetensors_write(const std::string& path, std::span<const ParamSource> tensors);
Status irpa_write(const std::string& path, std::span<const ParamSource> tensors);

}  // namespace tenon
