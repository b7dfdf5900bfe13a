#include "core/type/tensor_type.h"

#include <algorithm>
#include <limits>

#include "core/base/text.h"

namespace tenon {

namespace {

// The checks that do not depend on whether dynamic dimensions are allowed. Sizes of 0 count as 1 in the product: strides are made from
// the sizes too, and must not overflow in a tensor that happens to be empty.
Result<std::int64_t> check_sizes(const TensorType& type) {
  if (!is_valid(type.dtype))
    return fail(Code::InvalidArgument, "a tensor type has no element type (number ", static_cast<std::int32_t>(type.dtype), ")")
        .advise(cat("give one of ", dtype_names()));
  if (type.dims.size() > static_cast<std::size_t>(kMaxRank))
    return fail(Code::InvalidArgument, "a tensor has rank ", type.dims.size(), ", the highest is ", kMaxRank)
        .advise("merge some dimensions");
  constexpr std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  auto bytes = static_cast<std::int64_t>(storage_size(type.dtype));
  std::int64_t elements = 1;
  for (const std::int64_t dim : type.dims) {
    if (dim == kDynamic) continue;
    if (dim < 0)
      return fail(Code::InvalidArgument, "a dimension of ", to_string(type), " is negative: ", dim).advise("give a size of 0 or more");
    const std::int64_t factor = std::max<std::int64_t>(dim, 1);
    if (bytes > limit / factor)
      return fail(Code::InvalidArgument, "the tensor ", to_string(type), " has more bytes than a 64-bit size can count")
          .advise("check the dimensions");
    bytes *= factor;
    elements *= dim;
  }
  return elements;
}

}  // namespace

bool TensorType::is_static() const { return std::find(dims.begin(), dims.end(), kDynamic) == dims.end(); }

std::int64_t TensorType::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  return count;
}

std::size_t TensorType::bytes() const { return static_cast<std::size_t>(elements()) * storage_size(dtype); }

Result<std::int64_t> checked_elements(const TensorType& type) {
  TENON_ASSIGN(const std::int64_t elements, check_sizes(type));
  if (!type.is_static())
    return fail(Code::InvalidArgument, "the size of ", to_string(type), " is not known: it has a dynamic dimension")
        .advise("give every dimension a size");
  return elements;
}

Status check_type(const TensorType& type) {
  Result<std::int64_t> checked = check_sizes(type);
  if (!checked.ok()) return checked.take_error();
  return {};
}

std::string to_string(const TensorType& type) { return cat(name(type.dtype), dims_text(type.dims)); }

std::string mlir_text(const TensorType& type) {
  std::string out = "tensor<";
  for (const std::int64_t dim : type.dims) out += dim == kDynamic ? std::string("?x") : cat(dim, 'x');
  return cat(out, info(type.dtype).mlir, '>');
}

bool compatible(std::int64_t a, std::int64_t b) { return a == b || a == kDynamic || b == kDynamic; }

bool compatible(const TensorType& a, const TensorType& b) {
  return a.dtype == b.dtype && std::equal(a.dims.begin(), a.dims.end(), b.dims.begin(), b.dims.end(),
                                          [](std::int64_t x, std::int64_t y) { return compatible(x, y); });
}

Result<std::int64_t> resolve_axis(std::int64_t axis, std::int64_t rank, std::string_view what) {
  if (axis >= 0 && axis < rank) return axis;
  if (axis < 0 && axis >= -rank) return axis + rank;
  Error error = fail(Code::InvalidArgument, what, " ", axis, " is out of range for rank ", rank);
  if (rank == 0) return std::move(error).advise("a tensor of rank 0 has no axes");
  return std::move(error).advise(cat("give a number from ", -rank, " to ", rank - 1));
}

Dims compact_strides(std::span<const std::int64_t> dims) {
  Dims strides(dims.size());
  std::uint64_t step = 1;  // unsigned: dims that nobody checked may overflow, which must not be undefined
  for (std::size_t i = dims.size(); i-- > 0;) {
    strides[i] = static_cast<std::int64_t>(step);
    step *= static_cast<std::uint64_t>(std::max<std::int64_t>(dims[i], 1));
  }
  return strides;
}

Result<Dims> parse_dims(std::string_view text) {
  Dims dims;
  if (text.empty()) return dims;
  for (const std::string& part : split(text, 'x')) {
    std::optional<std::int64_t> size = parse_i64(part);
    if (part == "?")
      size = kDynamic;
    else if (part.find_first_not_of("0123456789") != std::string::npos)
      size.reset();  // no sign either
    if (!size)
      return fail(Code::InvalidArgument, "\"", text, "\" is not a shape: \"", part, "\" is not a size")
          .advise("write sizes with x between them, as in 4x640, and ? for one that is not known");
    dims.push_back(*size);
  }
  if (dims.size() > static_cast<std::size_t>(kMaxRank))
    return fail(Code::InvalidArgument, "a shape has rank ", dims.size(), ", the highest is ", kMaxRank).advise("merge some dimensions");
  return dims;
}

}  // namespace tenon
