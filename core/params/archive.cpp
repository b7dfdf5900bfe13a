#include "core/params/archive.h"

#include <algorithm>

namespace tenon {

Result<ParamArchive> ParamArchive::open(const std::string& path) {
  const bool safetensors = path.ends_with(".safetensors");
  if (!safetensors && !path.ends_with(".irpa"))
    return fail(Code::InvalidArgument, "\"", path, "\" is no parameter file: its name ends neither in .safetensors nor in .irpa")
        .file(path)
        .advise("rename it if it has one of these formats, convert it otherwise");
  TENON_ASSIGN(MappedFile file, MappedFile::open(path));
  return safetensors ? parse_safetensors(std::move(file)) : parse_irpa(std::move(file));
}

Result<ParamArchive> ParamArchive::parse_safetensors(MappedFile file) {
  TENON_ASSIGN(ParamArchive archive, read_safetensors(file.bytes(), file.path()));
  archive.file_ = std::move(file);
  return archive;
}

Result<ParamArchive> ParamArchive::parse_irpa(MappedFile file) {
  TENON_ASSIGN(ParamArchive archive, read_irpa(file.bytes(), file.path()));
  archive.file_ = std::move(file);
  return archive;
}

Result<ParamArchive> ParamArchive::parse_safetensors(std::span<const std::byte> bytes, std::string name) {
  return read_safetensors(bytes, std::move(name));
}

Result<ParamArchive> ParamArchive::parse_irpa(std::span<const std::byte> bytes, std::string name) {
  return read_irpa(bytes, std::move(name));
}

const ParamEntry* ParamArchive::find(std::string_view name) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), name,
                                      [](const ParamEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != entries_.end() && found->name == name ? &*found : nullptr;
}

Status ParamArchive::sort_entries() {
  const auto before = [](const ParamEntry& a, const ParamEntry& b) { return a.name < b.name; };
  std::sort(entries_.begin(), entries_.end(), before);
  const auto same = [](const ParamEntry& a, const ParamEntry& b) { return a.name == b.name; };
  if (const auto twice = std::adjacent_find(entries_.begin(), entries_.end(), same); twice != entries_.end())
    return fail(Code::InvalidArgument, "tensor \"", twice->name, "\" occurs twice")
        .file(path_)
        .advise("write the file again: which of the two is meant cannot be known");
  return {};
}

}  // namespace tenon
