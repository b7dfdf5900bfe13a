#include "core/type/dtype.h"

#include <array>

namespace tenon {

namespace {

// In the order of the numbers of tenon/base.h, which start at 1.
constexpr std::array<DTypeInfo, 17> kTable = {{
    {DType::I1, "i1", "i1", DTypeClass::Bool, 1, 1},
    {DType::I4, "i4", "i4", DTypeClass::Signed, 4, 1},
    {DType::I8, "i8", "i8", DTypeClass::Signed, 8, 1},
    {DType::I16, "i16", "i16", DTypeClass::Signed, 16, 2},
    {DType::I32, "i32", "i32", DTypeClass::Signed, 32, 4},
    {DType::I64, "i64", "i64", DTypeClass::Signed, 64, 8},
    {DType::UI4, "ui4", "ui4", DTypeClass::Unsigned, 4, 1},
    {DType::UI8, "ui8", "ui8", DTypeClass::Unsigned, 8, 1},
    {DType::UI16, "ui16", "ui16", DTypeClass::Unsigned, 16, 2},
    {DType::UI32, "ui32", "ui32", DTypeClass::Unsigned, 32, 4},
    {DType::UI64, "ui64", "ui64", DTypeClass::Unsigned, 64, 8},
    {DType::F8E4M3FN, "f8e4m3fn", "f8E4M3FN", DTypeClass::Float, 8, 1},
    {DType::F8E5M2, "f8e5m2", "f8E5M2", DTypeClass::Float, 8, 1},
    {DType::F16, "f16", "f16", DTypeClass::Float, 16, 2},
    {DType::BF16, "bf16", "bf16", DTypeClass::Float, 16, 2},
    {DType::F32, "f32", "f32", DTypeClass::Float, 32, 4},
    {DType::F64, "f64", "f64", DTypeClass::Float, 64, 8},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<std::size_t>(kTable[i].dtype) != i + 1) return false;
  return true;
}
static_assert(in_order());

constexpr DTypeInfo kInvalid = {DType::Invalid, "invalid", "none", DTypeClass::Bool, 0, 0};

}  // namespace

std::span<const DTypeInfo> all_dtypes() { return kTable; }

bool is_valid(DType dtype) {
  const auto number = static_cast<std::int32_t>(dtype);
  return number >= 1 && number <= static_cast<std::int32_t>(kTable.size());
}

const DTypeInfo& info(DType dtype) {
  // A number from outside that nobody checked yet must not read beyond the table.
  return is_valid(dtype) ? kTable[static_cast<std::size_t>(dtype) - 1] : kInvalid;
}

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const DTypeInfo& row : kTable)
    if (row.name == name) return row.dtype;
  return std::nullopt;
}

std::string_view name(DType dtype) { return info(dtype).name; }

std::string_view dtype_names() { return "i1 i4 i8 i16 i32 i64 ui4 ui8 ui16 ui32 ui64 f8e4m3fn f8e5m2 f16 bf16 f32 f64"; }

}  // namespace tenon
