#include "core/exec/index_check.h"

#include <array>

#include "core/type/convert.h"

namespace tenon {
namespace {

Error out_of_range(const IndexCheck& check, std::string_view op, const TensorView& indices, std::span<const std::int64_t> place,
                   std::int64_t value, std::size_t which) {
  const std::int64_t size = check.sizes[which];
  // A ui64 travels as its bit pattern.
  const std::string text = indices.dtype == DType::UI64 ? cat(static_cast<std::uint64_t>(value)) : cat(value);
  return fail(Code::OutOfRange, "[", op, "] ", check.operand, dims_text(Dims(place.begin(), place.end())), " is ", text,
              ", out of range for axis ", check.axis + static_cast<std::int64_t>(which), " of ", check.data, ", which has size ", size)
      .operand(check.operand)
      .advise(size == 0 ? std::string("there is nothing to point at") : cat("use a value from ", -size, " to ", size - 1));
}

}  // namespace

Status check_indices(const IndexCheck& check, std::string_view op, const TensorView& indices) {
  const std::size_t rank = indices.dims.size(), size = storage_size(indices.dtype);
  std::array<std::int64_t, 32> place{};  // no type has more dimensions
  for (const std::int64_t dim : indices.dims)
    if (dim == 0) return {};
  const std::byte* element = indices.data;
  while (true) {
    const std::int64_t value = load_i64(indices.dtype, element);
    const std::size_t which = check.sizes.size() > 1 ? static_cast<std::size_t>(place[rank - 1]) : 0;
    const std::int64_t limit = check.sizes[which];
    const bool low = value < -limit || (value < 0 && indices.dtype == DType::UI64);
    if (low || value >= limit) return out_of_range(check, op, indices, {place.data(), rank}, value, which);
    // The next place, last dimension first.
    std::size_t d = rank;
    for (; d-- > 0;) {
      element += indices.strides[d] * static_cast<std::int64_t>(size);
      if (++place[d] < indices.dims[d]) break;
      element -= indices.dims[d] * indices.strides[d] * static_cast<std::int64_t>(size);
      place[d] = 0;
    }
    if (d == SIZE_MAX) return {};
  }
}

}  // namespace tenon
