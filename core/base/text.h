// Small text helpers that everything uses: concatenation, exact number printing and parsing, nearest name.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tenon {

namespace text_internal {
void append(std::string& out, std::string_view part);
void append(std::string& out, char part);
void append(std::string& out, bool part);
inline void append(std::string& out, const char* part) { append(out, std::string_view(part)); }  // else a literal would go to bool
void append_signed(std::string& out, std::int64_t part);
void append_unsigned(std::string& out, std::uint64_t part);
void append(std::string& out, double part);  // shortest text that reads back as the same double
template <class T>
requires(std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char>) void append(std::string& out, T part) {
  if constexpr (std::is_signed_v<T>)
    append_signed(out, part);
  else
    append_unsigned(out, part);
}
}  // namespace text_internal

// cat("axis ", 3, " of rank ", 2): the parts as text, one after the other.
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  (text_internal::append(out, parts), ...);
  return out;
}

// Shortest decimal text that reads back as the same value ("1e-06", "0.1", "3"); "inf", "-inf", "nan".
std::string shortest(double value);
std::string shortest(float value);

// The whole text as a number, or nothing: no spaces, no trailing characters, no overflow. Integers are decimal, or hexadecimal after 0x;
// a sign may stand before. parse_f64 takes .inf, -.inf, .nan and what shortest() writes for them; what is too small becomes 0.
std::optional<std::int64_t> parse_i64(std::string_view text);
std::optional<std::uint64_t> parse_u64(std::string_view text);
std::optional<double> parse_f64(std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string dims_text(std::span<const std::int64_t> dims);  // "[2,?,4]"

// The candidate with the smallest edit distance to `name`, if it is close enough to be a likely slip; else empty.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

// Lower case without underscores: how operator names are compared.
std::string fold_name(std::string_view name);

// True for a path pattern with * and ? (no braces, no classes) that matches the whole text.
bool glob_match(std::string_view pattern, std::string_view text);

bool is_valid_utf8(std::string_view text);

}  // namespace tenon
