// Numbers as text and back (declared in text.h), without the locale.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "core/base/text.h"

namespace tenon {

namespace {

template <class T>
std::string shortest_text(T value) {
  if (std::isnan(value)) return "nan";  // the sign of a NaN means nothing
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc() ? std::string(buffer, end) : std::string("?");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Digits only, all of them: from_chars alone would take a second minus sign.
std::optional<std::uint64_t> parse_magnitude(std::string_view text) {
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  }
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// True for digits with an optional point and an optional exponent, and at least one digit before it.
bool is_decimal(std::string_view text) {
  std::size_t i = 0, digits = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) ++digits;
  if (i < text.size() && text[i] == '.') ++i;
  for (; i < text.size() && is_digit(text[i]); ++i) ++digits;
  if (digits == 0) return false;
  if (i == text.size()) return true;
  if (text[i] != 'e' && text[i] != 'E') return false;
  ++i;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  const std::size_t exponent = i;
  while (i < text.size() && is_digit(text[i])) ++i;
  return i == text.size() && i > exponent;
}

// For a decimal text that is out of range: is it too small, or zero, rather than too large? That is the sign of the place of the first
// digit that is not 0, plus the exponent.
bool is_tiny(std::string_view text) {
  const std::size_t exponent_at = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, exponent_at);
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return true;
  if (exponent_at == std::string_view::npos) return first > mantissa.find('.');  // no exponent: large means hundreds of digits
  std::string_view exponent = text.substr(exponent_at + 1);
  const bool negative = exponent[0] == '-';
  if (negative || exponent[0] == '+') exponent.remove_prefix(1);
  while (exponent.size() > 1 && exponent[0] == '0') exponent.remove_prefix(1);
  if (exponent.size() > 15) return negative;  // beyond any mantissa that fits in memory
  const std::int64_t power = static_cast<std::int64_t>(parse_magnitude(exponent).value_or(0)) * (negative ? -1 : 1);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::int64_t place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  return place + power < 0;
}

}  // namespace

std::string shortest(double value) { return shortest_text(value); }
std::string shortest(float value) { return shortest_text(value); }

std::optional<std::uint64_t> parse_u64(std::string_view text) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  return parse_magnitude(text);
}

std::optional<std::int64_t> parse_i64(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const std::optional<std::uint64_t> magnitude = parse_magnitude(text);
  if (!magnitude) return std::nullopt;
  constexpr std::uint64_t highest = std::numeric_limits<std::int64_t>::max();
  if (*magnitude > highest + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude);
}

std::optional<double> parse_f64(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const double sign = negative ? -1.0 : 1.0;
  if (text == ".inf" || text == "inf") return std::copysign(std::numeric_limits<double>::infinity(), sign);
  if (text == ".nan" || text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (!is_decimal(text)) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Libraries differ in what they call out of range; the nearest double of a tiny number is 0, that of a huge one does not exist.
  if (error == std::errc::result_out_of_range) {
    if (!is_tiny(text)) return std::nullopt;
    value = 0;
  } else if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return std::copysign(value, sign);
}

}  // namespace tenon
