// Reading indices of any integer type.
#pragma once

#include "plugins/support/planning.h"

namespace tenon::shape {

// What of a ui64 does not fit stays out of every range.
inline std::int64_t index_at(tenon_dtype dtype, const void* data, std::int64_t at) {
  const auto read = [=](auto zero) { return static_cast<std::int64_t>(static_cast<const decltype(zero)*>(data)[at]); };
  switch (dtype) {
    case TENON_I64:
      return read(std::int64_t{});
    case TENON_I32:
      return read(std::int32_t{});
    case TENON_I16:
      return read(std::int16_t{});
    case TENON_UI64:
      return static_cast<std::int64_t>(std::min<std::uint64_t>(static_cast<const std::uint64_t*>(data)[at], std::uint64_t{1} << 62));
    case TENON_UI32:
      return read(std::uint32_t{});
    case TENON_UI16:
      return read(std::uint16_t{});
    case TENON_UI8:
    case TENON_UI4:
      return read(std::uint8_t{});
    default:
      return read(std::int8_t{});
  }
}

}  // namespace tenon::shape
