// Tensors in memory: a borrowed, strided view, and an owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/type/tensor_type.h"

namespace tenon {

// Borrowed data with a static type. strides count elements and always have rank entries here.
struct TensorView {
  std::byte* data = nullptr;
  DType dtype = DType::Invalid;
  std::span<const std::int64_t> dims;
  std::span<const std::int64_t> strides;

  int rank() const { return static_cast<int>(dims.size()); }
  std::int64_t elements() const;
  bool is_compact() const;
};

// Owns compact data of its type, aligned to 64 bytes and zeroed. Movable; copies are explicit.
class Tensor {
 public:
  Tensor() = default;
  static Result<Tensor> zeros(TensorType type);
  static Result<Tensor> from_bytes(TensorType type, std::span<const std::byte> bytes);
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;

  const TensorType& type() const { return type_; }
  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  std::span<std::byte> bytes() { return {data_.get(), type_.bytes()}; }
  std::span<const std::byte> bytes() const { return {data_.get(), type_.bytes()}; }
  TensorView view() const;  // borrows this tensor's dims and strides: valid while the tensor is neither moved nor destroyed
  Tensor clone() const;

  double f64(std::int64_t index) const;  // element by row-major index, for tests and reports
  std::int64_t i64(std::int64_t index) const;

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  TensorType type_;
  Dims strides_;
  std::unique_ptr<std::byte, Free> data_;
};

// Copies between views of equal dtype and dims, any strides. They must not overlap.
void copy_strided(const TensorView& from, const TensorView& to);

}  // namespace tenon
