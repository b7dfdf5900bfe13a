// What every archive promises, whatever its bytes were; a broken promise stops the fuzzer.
#pragma once

#include <cstdlib>

#include "core/params/archive.h"

namespace tenon {

inline void check_archive(const Result<ParamArchive>& result, std::span<const std::byte> file) {
  if (!result.ok()) {
    const Error& error = result.error();
    if (error.message.empty() || error.advice.empty() || error.where.file != "fuzz") std::abort();
    return;
  }
  std::uint64_t expanded = 0;
  const std::string* previous = nullptr;
  for (const ParamEntry& entry : result->entries()) {
    if (previous != nullptr && !(*previous < entry.name)) std::abort();
    previous = &entry.name;
    if (result->find(entry.name) != &entry) std::abort();
    if (!is_valid_utf8(entry.name) || entry.name.find('\0') != std::string::npos) std::abort();
    if (entry.type && (!checked_elements(*entry.type).ok() || entry.type->bytes() != entry.bytes.size())) std::abort();
    if (entry.bytes.empty()) continue;
    const std::byte* const end = file.data() + file.size();
    const bool mapped = entry.bytes.data() >= file.data() && entry.bytes.data() < end;
    if (mapped && entry.bytes.size() > static_cast<std::size_t>(end - entry.bytes.data())) std::abort();
    if (!mapped) expanded += entry.bytes.size();
    // The first and the last byte can be read: a sanitizer watches.
    volatile std::byte sink = entry.bytes.front();
    sink = entry.bytes.back();
    (void)sink;
  }
  if (expanded > (result->format() == "irpa" ? ParamArchive::kMaxExpandedBytes : 0)) std::abort();
}

}  // namespace tenon
