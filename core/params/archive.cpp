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

namespace {

// Types narrower than their byte: what is outside has no spelling.
bool fits_narrow(std::span<const std::byte> bytes, DType dtype) {
  if (dtype != DType::I1 && dtype != DType::I4 && dtype != DType::UI4) return true;
  return std::none_of(bytes.begin(), bytes.end(), [dtype](std::byte b) {
    const int value = dtype == DType::I4 ? static_cast<std::int8_t>(b) : static_cast<std::uint8_t>(b);
    return dtype == DType::I1 ? value > 1 : dtype == DType::I4 ? value < -8 || value > 7 : value > 15;
  });
}

}  // namespace

Result<const ParamEntry*> ParamArchive::require(const std::string& name, const TensorType& type) const {
  const ParamEntry* entry = find(name);
  if (entry == nullptr) {
    std::vector<std::string> names;
    for (const ParamEntry& e : entries_) names.push_back(e.name);
    const std::string nearest = nearest_name(name, names);
    return fail(Code::NotFound, "no tensor named ", name, " in ", path_)
        .operand(name)
        .advise(nearest.empty() ? "`tenon inspect` lists the names in the file" : cat("did you mean ", nearest, "?"));
  }
  if (entry->type && *entry->type != type)
    return fail(Code::InvalidArgument, "parameter ", name, ": the graph declares ", to_string(type), ", ", path_, " has ",
                to_string(*entry->type))
        .operand(name);
  if (!entry->type && !entry->dtype_text.empty())
    return fail(Code::Unimplemented, "parameter ", name, " has dtype ", entry->dtype_text, " in ", path_).operand(name);
  if (entry->bytes.size() != type.bytes())
    return fail(Code::InvalidArgument, "parameter ", name, ": ", to_string(type), " takes ", type.bytes(), " bytes, ", path_, " has ",
                entry->bytes.size())
        .operand(name);
  if (!fits_narrow(entry->bytes, type.dtype))
    return fail(Code::DataLoss, "parameter ", name, " holds a byte that is no ", tenon::name(type.dtype)).operand(name);
  return entry;
}

}  // namespace tenon
