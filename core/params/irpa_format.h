// The IREE parameter archive, version 0: packed little-endian structs, as runtime/src/iree/schemas/parameter_archive.h of IREE declares
// them. Offsets in the file are relative to its header, which is at 0 here.
//
// Header: 0 u32 magic | 4 u16 major, 6 u16 minor | 8 u64 header size | 16 u64 next header | 24 u64 flags | 32 u64 entries | then offset
// and length, u64 each, of three segments: 40 entries | 56 metadata (names) | 72 storage (the tensors' bytes).
// Entry: 0 u64 size | 8 u32 type | 12 u64 flags | 20 name, 36 metadata: offset and length in the metadata segment | 52 u64 alignment |
// data: 60 offset and length in the storage segment | splat: 60 u64 length, 68 u8[16] pattern, 84 u8 pattern length.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenon::irpa {

inline constexpr std::uint32_t kMagic = 0x41505249;  // "IRPA"
inline constexpr std::uint64_t kHeaderBytes = 88;
inline constexpr std::uint64_t kEntryHeaderBytes = 60;
inline constexpr std::uint64_t kDataEntryBytes = 76;
inline constexpr std::uint64_t kSplatEntryBytes = 85;
inline constexpr std::uint64_t kEntryAlignment = 16;
inline constexpr std::uint64_t kStorageAlignment = 64;
inline constexpr std::uint64_t kFileAlignment = 4096;

enum EntryType : std::uint32_t { kSkip = 0, kSplat = 1, kData = 2, kExternal = 3 };

}  // namespace tenon::irpa
