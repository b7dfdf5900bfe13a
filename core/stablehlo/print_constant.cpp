// Numbers and dense<..> as MLIR text, so that every reader gets back the same bits.
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/stablehlo/print.h"
#include "core/stablehlo/printer.h"
#include "core/type/convert.h"

namespace tenon::stablehlo {
namespace {

// Longer lists are written as one hexadecimal string.
constexpr std::int64_t kLongestList = 32;
constexpr char kHex[] = "0123456789ABCDEF";

// The bit pattern, most significant digit first: what MLIR takes where it has no decimal form.
std::string pattern_text(DType dtype, const std::byte* element) {
  std::string out = "0x";
  for (std::size_t i = storage_size(dtype); i-- > 0;) {
    const auto byte = std::to_integer<unsigned>(element[i]);
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

// MLIR takes a float only with a point: 1e-06 becomes 1.0e-06.
std::string with_point(std::string text) {
  if (text.find('.') != std::string::npos) return text;
  const std::size_t exponent = text.find('e');
  text.insert(exponent == std::string::npos ? text.size() : exponent, ".0");
  return text;
}

// The fewest decimal digits that a reader turns into the same bits, although it goes through double first.
std::string decimal_text(DType dtype, const std::byte* element) {
  const double value = load_f64(dtype, element);
  char buffer[64];
  if (value == std::trunc(value) && std::abs(value) < 1e15) {  // whole numbers in full: 65504.0, not 6.55e+04
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, 1);
    if (error == std::errc()) return std::string(buffer, end);
  }
  for (int digits = 1; digits <= 17; ++digits) {
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, digits);
    if (error != std::errc()) break;
    double back = 0;
    std::from_chars(buffer, end, back);
    std::byte bits[8] = {};
    store_f64(dtype, bits, back);
    if (std::memcmp(bits, element, storage_size(dtype)) == 0) return with_point(std::string(buffer, end));
  }
  return pattern_text(dtype, element);
}

std::string element_text(DType dtype, const std::byte* element) {
  if (dtype == DType::I1) return std::to_integer<int>(*element) != 0 ? "true" : "false";
  if (is_float(dtype)) {
    return std::isfinite(load_f64(dtype, element)) ? decimal_text(dtype, element) : pattern_text(dtype, element);
  }
  const std::int64_t value = load_i64(dtype, element);
  return dtype == DType::UI64 ? cat(static_cast<std::uint64_t>(value)) : cat(value);
}

std::string hex_text(std::span<const std::byte> bytes) {
  std::string out = "\"0x";
  out.reserve(4 + 2 * bytes.size());
  for (const std::byte byte : bytes) {
    out += kHex[std::to_integer<unsigned>(byte) >> 4];
    out += kHex[std::to_integer<unsigned>(byte) & 15];
  }
  return out + '"';
}

// Appends the elements from `at` on, nested as the dimensions from `axis` on ask.
void append_list(std::string& out, const TensorType& type, std::size_t axis, const std::byte*& at) {
  if (axis == type.dims.size()) {
    out += element_text(type.dtype, at);
    at += storage_size(type.dtype);
    return;
  }
  out += '[';
  for (std::int64_t i = 0; i < type.dims[axis]; ++i) {
    if (i > 0) out += ", ";
    append_list(out, type, axis + 1, at);
  }
  out += ']';
}

}  // namespace

std::string float_literal(DType dtype, double value) {
  std::byte bits[8] = {};
  store_f64(dtype, bits, value);
  return element_text(dtype, bits);
}

std::string dense_text(const TensorType& type, const Constant& constant) {
  const std::span<const std::byte> data = constant.data();
  if (type.elements() == 0) return "dense<>";
  if (constant.kind == Constant::Kind::Splat) return cat("dense<", element_text(type.dtype, data.data()), ">");
  // Types below a byte are always spelled out: readers disagree on how many bits of a hexadecimal string an element takes.
  if (type.elements() > kLongestList && info(type.dtype).bits >= 8) return cat("dense<", hex_text(data), ">");
  std::string out = "dense<";
  const std::byte* at = data.data();
  append_list(out, type, 0, at);
  return out + ">";
}

}  // namespace tenon::stablehlo
