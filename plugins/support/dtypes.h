// Sizes of dtypes: for kernel.cpp files and for tests.
#pragma once

#include <cstddef>

#include "tenon/base.h"

namespace tenon::kernels {

// Of the dtypes whose elements are whole bytes.
constexpr std::size_t element_bytes(tenon_dtype dtype) {
  switch (dtype) {
    case TENON_F64:
    case TENON_I64:
    case TENON_UI64:
      return 8;
    case TENON_F32:
    case TENON_I32:
    case TENON_UI32:
      return 4;
    case TENON_F16:
    case TENON_BF16:
    case TENON_I16:
    case TENON_UI16:
      return 2;
    default:
      return 1;
  }
}

}  // namespace tenon::kernels
