// Element types: one table of names, sizes and ranges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "tenon/base.h"

namespace tenon {

enum class DType : std::int32_t {
  Invalid = TENON_DTYPE_INVALID,
  I1 = TENON_I1,
  I4 = TENON_I4,
  I8 = TENON_I8,
  I16 = TENON_I16,
  I32 = TENON_I32,
  I64 = TENON_I64,
  UI4 = TENON_UI4,
  UI8 = TENON_UI8,
  UI16 = TENON_UI16,
  UI32 = TENON_UI32,
  UI64 = TENON_UI64,
  F8E4M3FN = TENON_F8E4M3FN,
  F8E5M2 = TENON_F8E5M2,
  F16 = TENON_F16,
  BF16 = TENON_BF16,
  F32 = TENON_F32,
  F64 = TENON_F64,
};

enum class DTypeClass { Bool, Signed, Unsigned, Float };

struct DTypeInfo {
  DType dtype;
  std::string_view name;  // as in graph files: "f8e4m3fn", "bf16"
  std::string_view mlir;  // as in StableHLO text: "f8E4M3FN", "bf16"
  DTypeClass kind;
  int bits;             // of the value: 1, 4, 8, ...
  std::size_t storage;  // bytes per element in memory (i1, i4 and ui4: 1)
};

std::span<const DTypeInfo> all_dtypes();
const DTypeInfo& info(DType dtype);  // dtype must be valid
bool is_valid(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);  // exact graph-file name
std::string_view name(DType dtype);                           // "invalid" for Invalid

inline std::size_t storage_size(DType dtype) { return info(dtype).storage; }
inline bool is_float(DType dtype) { return info(dtype).kind == DTypeClass::Float; }
inline bool is_unsigned(DType dtype) { return info(dtype).kind == DTypeClass::Unsigned; }
inline bool is_signed(DType dtype) { return info(dtype).kind == DTypeClass::Signed; }
inline bool is_integer(DType dtype) { return is_signed(dtype) || is_unsigned(dtype); }

// The list of names for an error's advice: "i1 i4 i8 ...".
std::string_view dtype_names();

}  // namespace tenon
