#include "core/exec/arena.h"

#include <algorithm>

namespace tenon {

TensorView Arena::like(const TensorView& view, std::span<const std::int64_t> strides) {
  const std::size_t bytes = static_cast<std::size_t>(view.elements()) * storage_size(view.dtype);
  return {scratch_.take(std::max<std::size_t>(bytes, 1)), view.dtype, view.dims, strides};
}

TensorView Arena::copy_of(const TensorView& view, std::span<const std::int64_t> strides) {
  TensorView copy = like(view, strides);
  copy_strided(view, copy);
  return copy;
}

std::span<const std::int64_t> Arena::compact_strides_of(const TensorView& view) {
  if (view.rank() == 0) return {};
  auto* strides = reinterpret_cast<std::int64_t*>(scratch_.take(view.dims.size() * sizeof(std::int64_t)));
  std::int64_t step = 1;
  for (std::size_t i = view.dims.size(); i-- > 0;) {
    strides[i] = step;
    step *= std::max<std::int64_t>(view.dims[i], 1);
  }
  return {strides, view.dims.size()};
}

}  // namespace tenon
