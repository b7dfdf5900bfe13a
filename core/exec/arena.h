// Memory for copies of strided or misaligned tensors during a run: grows to what was needed once, then is reused.
#pragma once

#include "core/interp/interp.h"
#include "core/type/tensor.h"

namespace tenon {

class Arena {
 public:
  void reset() { scratch_.release(0); }
  std::size_t mark() const { return scratch_.mark(); }
  void release(std::size_t mark) { scratch_.release(mark); }

  // A compact tensor of the view's type, contents undefined. strides: compact ones that outlive the use.
  TensorView like(const TensorView& view, std::span<const std::int64_t> strides);
  TensorView copy_of(const TensorView& view, std::span<const std::int64_t> strides);
  // Compact strides of the view, in this arena.
  std::span<const std::int64_t> compact_strides_of(const TensorView& view);

 private:
  interp::Scratch scratch_;
};

}  // namespace tenon
