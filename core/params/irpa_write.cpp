#include "core/base/files.h"
#include "core/params/archive.h"
#include "core/params/bytes.h"
#include "core/params/irpa_format.h"
#include "core/params/param_source.h"

namespace tenon {

namespace {

using namespace irpa;

void append_range(std::string& out, std::uint64_t offset, std::uint64_t length) {
  append_le(out, offset);
  append_le(out, length);
}

void pad_to(std::string& out, std::uint64_t alignment) { out.resize(align_up(out.size(), alignment), '\0'); }

// Everything before the storage segment.
std::string head_of(std::span<const ParamSource> tensors) {
  const std::uint64_t count = tensors.size();
  std::uint64_t names = 0, storage = 0;
  for (const ParamSource& tensor : tensors) {
    names += tensor.name.size();
    storage = align_up(storage, kStorageAlignment) + tensor.bytes.size();
  }
  const std::uint64_t entries_at = align_up(kHeaderBytes, kEntryAlignment);
  const std::uint64_t entries = count == 0 ? 0 : (count - 1) * align_up(kDataEntryBytes, kEntryAlignment) + kDataEntryBytes;
  const std::uint64_t names_at = entries_at + entries;
  // IREE's builder takes the alignment from the entries: without any there is none, and its empty archive is reproduced.
  const std::uint64_t storage_at = count == 0 ? names_at : align_up(names_at + names, kStorageAlignment);

  std::string out;
  append_le(out, kMagic);
  append_le(out, std::uint32_t{0});  // version 0.0
  append_le(out, kHeaderBytes);
  append_le(out, std::uint64_t{0});  // no other header
  append_le(out, std::uint64_t{0});  // flags
  append_le(out, count);
  append_range(out, entries_at, entries);
  append_range(out, names_at, names);
  append_range(out, storage_at, storage);

  std::uint64_t name_at = 0, data_at = 0;
  for (const ParamSource& tensor : tensors) {
    pad_to(out, kEntryAlignment);
    append_le(out, kDataEntryBytes);
    append_le(out, static_cast<std::uint32_t>(kData));
    append_le(out, std::uint64_t{0});  // flags
    append_range(out, name_at, tensor.name.size());
    append_range(out, 0, 0);  // no metadata
    append_le(out, kStorageAlignment);
    data_at = align_up(data_at, kStorageAlignment);
    append_range(out, data_at, tensor.bytes.size());
    name_at += tensor.name.size();
    data_at += tensor.bytes.size();
  }
  out.resize(static_cast<std::size_t>(names_at), '\0');
  for (const ParamSource& tensor : tensors) out += tensor.name;
  out.resize(static_cast<std::size_t>(storage_at), '\0');
  return out;
}

}  // namespace

Status irpa_write(const std::string& path, std::span<const ParamSource> tensors) {
  TENON_TRY(check_sources(tensors));
  const std::string head = head_of(tensors);
  TENON_ASSIGN(AtomicFile file, AtomicFile::create(path));
  TENON_TRY(file.write(head));
  std::uint64_t written = head.size();
  const std::string zeros(kFileAlignment, '\0');
  const auto pad = [&](std::uint64_t alignment) {
    const auto gap = static_cast<std::size_t>(align_up(written, alignment) - written);
    written += gap;
    return file.write(std::string_view(zeros).substr(0, gap));
  };
  for (const ParamSource& tensor : tensors) {
    TENON_TRY(pad(kStorageAlignment));
    TENON_TRY(file.write(tensor.bytes));
    written += tensor.bytes.size();
  }
  TENON_TRY(pad(kFileAlignment));
  return file.commit();
}

}  // namespace tenon
