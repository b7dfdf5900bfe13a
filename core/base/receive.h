// The rule for structs that come from a caller or a plugin, which may have been compiled against an older or a newer header.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/status.h"

namespace tenon {

inline constexpr std::size_t kMaxStructSize = 64u << 10;

// Copies the struct at `source` (its tenon_header says how large it is and which kind) into `destination` (initialised to defaults):
//   - refused: a size below version 1's, above 64 KiB, or another kind (INVALID_ARGUMENT)
//   - an older sender: the smaller size is copied, the rest of `destination` keeps its defaults
//   - a newer sender: NOT_UNDERSTOOD with the byte offset if its unknown tail is not all zero
//   - a chained extension (next) whose kind has TENON_KIND_MUST_UNDERSTAND is NOT_UNDERSTOOD, others are skipped
// `destination` starts with a tenon_header; its size and kind stay ours, its next is NULL.
Status receive(void* destination, std::size_t destination_size, std::uint32_t kind, std::size_t v1_size, const void* source);

}  // namespace tenon
