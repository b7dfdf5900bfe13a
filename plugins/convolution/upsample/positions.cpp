#include "plugins/convolution/upsample/positions.h"

#include <cmath>

namespace tenon::convolution {
namespace {

// numerator / denominator, the denominator above 0.
Position quotient(std::int64_t numerator, std::int64_t denominator) {
  std::int64_t index = numerator / denominator, rest = numerator % denominator;
  if (rest < 0) {
    rest += denominator;
    --index;
  }
  return {index, static_cast<double>(rest) / static_cast<double>(denominator)};
}

Position at(double place) {
  const double index = std::floor(place);
  return {static_cast<std::int64_t>(index), place - index};
}

}  // namespace

std::vector<Position> positions(std::int64_t size, std::int64_t result, double scale, std::string_view coordinates) {
  // Exact wherever the scale is the sizes' quotient, so that no rounding moves an element across a boundary.
  const bool exact = scale == 0 || static_cast<double>(size) * scale == static_cast<double>(result);
  std::vector<Position> out;
  for (std::int64_t i = 0; i < result; ++i) {
    const auto place = static_cast<double>(i);
    if (coordinates == "align_corners")
      out.push_back(result == 1 ? Position{} : quotient(i * (size - 1), result - 1));
    else if (coordinates == "asymmetric")
      out.push_back(exact ? quotient(i * size, result) : at(place / scale));
    else
      out.push_back(exact ? quotient((2 * i + 1) * size - result, 2 * result) : at((place + 0.5) / scale - 0.5));
  }
  return out;
}

}  // namespace tenon::convolution
