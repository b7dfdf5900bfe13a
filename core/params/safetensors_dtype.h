// The dtypes of safetensors that we have. Others (F4, F8_E8M0, C64, ...) are listed by name only; i4 and ui4 have none.
#pragma once

#include <string_view>

#include "core/type/dtype.h"

namespace tenon {

struct SafetensorsDType {
  DType dtype;
  std::string_view name;
};

inline constexpr SafetensorsDType kSafetensorsDTypes[] = {
    {DType::I1, "BOOL"}, {DType::I8, "I8"},     {DType::I16, "I16"},  {DType::I32, "I32"},        {DType::I64, "I64"},
    {DType::UI8, "U8"},  {DType::UI16, "U16"},  {DType::UI32, "U32"}, {DType::UI64, "U64"},       {DType::F8E4M3FN, "F8_E4M3"},
    {DType::F16, "F16"}, {DType::BF16, "BF16"}, {DType::F32, "F32"},  {DType::F8E5M2, "F8_E5M2"}, {DType::F64, "F64"},
};

}  // namespace tenon
