// Shapes and tensor types. A dimension is a size or kDynamic.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/type/dtype.h"

namespace tenon {

inline constexpr std::int64_t kDynamic = TENON_DYNAMIC;
inline constexpr int kMaxRank = TENON_MAX_RANK;

using Dims = std::vector<std::int64_t>;

struct TensorType {
  DType dtype = DType::Invalid;
  Dims dims;

  int rank() const { return static_cast<int>(dims.size()); }
  bool is_static() const;
  bool operator==(const TensorType&) const = default;
  std::int64_t elements() const;  // static types only; the size was checked when the type was made
  std::size_t bytes() const;      // elements * storage size
};

// Number of elements, or an error if a dimension is negative (and not dynamic), the rank exceeds kMaxRank, or the byte size overflows.
Result<std::int64_t> checked_elements(const TensorType& type);
Status check_type(const TensorType& type);  // the same for types that may be dynamic

std::string to_string(const TensorType& type);  // "bf16[4,640]", for people
std::string mlir_text(const TensorType& type);  // "tensor<4x640xbf16>"

// A dynamic dimension is compatible with every size.
bool compatible(std::int64_t a, std::int64_t b);
bool compatible(const TensorType& a, const TensorType& b);

// Resolves a negative axis; error if it is out of [-rank, rank).
Result<std::int64_t> resolve_axis(std::int64_t axis, std::int64_t rank, std::string_view what = "axis");

// Compact row-major strides, in elements.
Dims compact_strides(std::span<const std::int64_t> dims);

// "4x640" -> {4, 640}; "" -> {}; "?" is dynamic.
Result<Dims> parse_dims(std::string_view text);

}  // namespace tenon
