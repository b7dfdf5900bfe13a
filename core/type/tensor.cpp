#include "core/type/tensor.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/type/convert.h"

namespace tenon {

namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector register

std::byte* allocate(std::size_t bytes) {
  // More than a process can address today; some allocators stop the process where they should refuse.
  if (bytes > std::size_t{1} << 47) return nullptr;
  // aligned_alloc wants a multiple of the alignment, and an empty tensor gets an address of its own.
  const std::size_t rounded = std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  return static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded));
}

Error no_memory(const TensorType& type) {
  return fail(Code::ResourceExhausted, "no memory for a tensor ", to_string(type), " of ", type.bytes(), " bytes")
      .advise("use smaller dimensions, or give the process more memory");
}

}  // namespace

std::int64_t TensorView::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  return count;
}

bool TensorView::is_compact() const {
  if (std::find(dims.begin(), dims.end(), 0) != dims.end()) return true;
  std::int64_t expected = 1;
  for (std::size_t i = dims.size(); i-- > 0;) {
    if (dims[i] == 1) continue;  // its stride is never used
    if (strides[i] != expected) return false;
    expected *= dims[i];
  }
  return true;
}

void Tensor::Free::operator()(std::byte* p) const { std::free(p); }

Result<Tensor> Tensor::zeros(TensorType type) {
  TENON_ASSIGN([[maybe_unused]] const std::int64_t elements, checked_elements(type));
  Tensor tensor;
  tensor.data_.reset(allocate(type.bytes()));
  if (tensor.data_ == nullptr) return no_memory(type);
  std::memset(tensor.data_.get(), 0, type.bytes());
  tensor.strides_ = compact_strides(type.dims);
  tensor.type_ = std::move(type);
  return tensor;
}

Result<Tensor> Tensor::from_bytes(TensorType type, std::span<const std::byte> bytes) {
  TENON_ASSIGN([[maybe_unused]] const std::int64_t elements, checked_elements(type));
  if (bytes.size() != type.bytes())
    return fail(Code::InvalidArgument, "a tensor ", to_string(type), " has ", type.bytes(), " bytes, got ", bytes.size())
        .advise("check the element type and the shape against the data");
  Tensor tensor;
  tensor.data_.reset(allocate(bytes.size()));
  if (tensor.data_ == nullptr) return no_memory(type);
  if (!bytes.empty()) std::memcpy(tensor.data_.get(), bytes.data(), bytes.size());
  tensor.strides_ = compact_strides(type.dims);
  tensor.type_ = std::move(type);
  return tensor;
}

TensorView Tensor::view() const { return {data_.get(), type_.dtype, type_.dims, strides_}; }

Tensor Tensor::clone() const {
  Tensor copy;
  if (data_ == nullptr) return copy;
  copy.data_.reset(allocate(type_.bytes()));
  if (copy.data_ == nullptr) throw std::bad_alloc();
  std::memcpy(copy.data_.get(), data_.get(), type_.bytes());
  copy.type_ = type_;
  copy.strides_ = strides_;
  return copy;
}

double Tensor::f64(std::int64_t index) const {
  return load_f64(type_.dtype, data_.get() + static_cast<std::size_t>(index) * storage_size(type_.dtype));
}

std::int64_t Tensor::i64(std::int64_t index) const {
  return load_i64(type_.dtype, data_.get() + static_cast<std::size_t>(index) * storage_size(type_.dtype));
}

namespace {

// One dimension of a copy: its size and both strides, in bytes.
struct Axis {
  std::int64_t size, from, to;
};

template <std::size_t Size>
void copy_row(const std::byte* from, std::byte* to, const Axis& axis) {
  for (std::int64_t i = 0; i < axis.size; ++i) std::memcpy(to + i * axis.to, from + i * axis.from, Size);
}

void copy_row(const std::byte* from, std::byte* to, const Axis& axis, std::size_t element) {
  const auto size = static_cast<std::int64_t>(element);
  if (axis.from == size && axis.to == size) {
    std::memcpy(to, from, static_cast<std::size_t>(axis.size) * element);
    return;
  }
  switch (element) {
    case 1:
      return copy_row<1>(from, to, axis);
    case 2:
      return copy_row<2>(from, to, axis);
    case 4:
      return copy_row<4>(from, to, axis);
    case 8:
      return copy_row<8>(from, to, axis);
    default:
      return;
  }
}

}  // namespace

void copy_strided(const TensorView& from, const TensorView& to) {
  const std::size_t element = storage_size(from.dtype);
  std::vector<Axis> axes;  // outermost first, without sizes of 1, neighbours merged where both sides run on
  for (std::size_t i = 0; i < from.dims.size(); ++i) {
    if (from.dims[i] == 0) return;
    if (from.dims[i] == 1) continue;
    const auto bytes = static_cast<std::int64_t>(element);
    const Axis axis = {from.dims[i], from.strides[i] * bytes, to.strides[i] * bytes};
    if (!axes.empty() && axes.back().from == axis.size * axis.from && axes.back().to == axis.size * axis.to)
      axes.back() = {axes.back().size * axis.size, axis.from, axis.to};
    else
      axes.push_back(axis);
  }
  if (axes.empty()) axes.push_back({1, static_cast<std::int64_t>(element), static_cast<std::int64_t>(element)});
  const Axis row = axes.back();
  axes.pop_back();
  std::vector<std::int64_t> index(axes.size(), 0);
  const std::byte* source = from.data;
  std::byte* target = to.data;
  for (;;) {
    copy_row(source, target, row, element);
    std::size_t i = axes.size();
    for (;; --i) {  // count up, the innermost index first
      if (i == 0) return;
      const Axis& axis = axes[i - 1];
      source += axis.from;
      target += axis.to;
      if (++index[i - 1] < axis.size) break;
      index[i - 1] = 0;
      source -= axis.from * axis.size;
      target -= axis.to * axis.size;
    }
  }
}

}  // namespace tenon
