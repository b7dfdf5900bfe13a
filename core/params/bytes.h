// Little-endian numbers at any address, and ranges checked without overflow. Shared by the readers and writers of this folder.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tenon {

// Tensors lie in memory as they lie in files: little-endian. A big-endian machine would need conversions that nobody here could test.
static_assert(std::endian::native == std::endian::little);

// The unsigned number of sizeof(T) bytes at `offset`; the caller has checked that they are there.
template <class T>
T load_le(std::span<const std::byte> bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>(value << 8 | static_cast<T>(bytes[offset + i]));
  return value;
}

template <class T>
void append_le(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

// True if [offset, offset + length) lies in [0, size).
inline bool in_range(std::uint64_t offset, std::uint64_t length, std::uint64_t size) { return offset <= size && length <= size - offset; }

inline std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }

}  // namespace tenon
