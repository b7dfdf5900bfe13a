#include "core/pipeline/compare.h"

#include <cmath>
#include <limits>

namespace tenon {
namespace {

struct Format {
  int mantissa;      // explicit bits
  int min_exponent;  // of the smallest normal number
};

Format format_of(DType dtype) {
  switch (dtype) {
    case DType::F16:
      return {10, -14};
    case DType::BF16:
      return {7, -126};
    case DType::F8E4M3FN:
      return {3, -6};
    case DType::F8E5M2:
      return {2, -14};
    case DType::F64:
      return {52, -1022};
    default:
      return {23, -126};
  }
}

}  // namespace

double ulp_of(DType dtype, double value) {
  const Format format = format_of(dtype);
  int exponent = format.min_exponent;
  if (std::isfinite(value) && value != 0) exponent = std::max(exponent, std::ilogb(value));
  return std::ldexp(1.0, exponent - format.mantissa);
}

Difference compare(const Tensor& got, const Tensor& want, std::span<const double> slack) {
  Difference result;
  const DType dtype = got.type().dtype;
  const auto note = [&](std::int64_t index, double ulp, double a, double b) {
    if (ulp > result.max_ulp) result = {ulp, index, a, b};
  };
  for (std::int64_t i = 0; i < got.type().elements(); ++i) {
    if (!is_float(dtype)) {
      if (got.i64(i) != want.i64(i))
        note(i, std::numeric_limits<double>::infinity(), static_cast<double>(got.i64(i)), static_cast<double>(want.i64(i)));
      continue;
    }
    const double a = got.f64(i), b = want.f64(i);
    if (std::isnan(a) && std::isnan(b)) continue;
    if (a == b) continue;
    const double spare = slack.empty() ? 0 : slack[static_cast<std::size_t>(i)];
    if (std::isinf(spare)) continue;
    const bool finite = std::isfinite(a) && std::isfinite(b);
    note(i, finite ? std::max(0.0, std::abs(a - b) - spare) / ulp_of(dtype, b) : std::numeric_limits<double>::infinity(), a, b);
  }
  return result;
}

}  // namespace tenon
