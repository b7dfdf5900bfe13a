#include "core/base/text.h"

#include <algorithm>
#include <cmath>

namespace tenon {

namespace text_internal {

void append(std::string& out, std::string_view part) { out += part; }
void append(std::string& out, char part) { out += part; }
void append(std::string& out, bool part) { out += part ? "true" : "false"; }
void append_signed(std::string& out, std::int64_t part) { out += std::to_string(part); }
void append_unsigned(std::string& out, std::uint64_t part) { out += std::to_string(part); }
void append(std::string& out, double part) { out += shortest(part); }

}  // namespace text_internal

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string dims_text(std::span<const std::int64_t> dims) {
  std::string out = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) out += ',';
    // The number that stands for a dynamic dimension (tenon/base.h) is of no use to a reader.
    if (dims[i] == INT64_MIN)
      out += '?';
    else
      out += std::to_string(dims[i]);
  }
  return out + ']';
}

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Edit distance with swaps of neighbours (optimal string alignment), letters compared without case. Three rows of the table suffice.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0u : 1u)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view name, std::span<const std::string> candidates) {
  constexpr std::size_t longest = 128;  // a longer name is no slip of the hand, and the work is quadratic
  if (name.empty() || name.size() > longest) return {};
  const std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
  std::size_t best_distance = limit + 1;
  const std::string* best = nullptr;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > name.size() + limit || name.size() > candidate.size() + limit) continue;
    const std::size_t distance = edit_distance(name, candidate);
    // A distance as long as the candidate means that no letter agrees: "a" is no slip of "b".
    if (distance < best_distance && distance < std::max(candidate.size(), name.size())) {
      best_distance = distance;
      best = &candidate;
    }
  }
  return best == nullptr ? std::string() : *best;
}

std::string fold_name(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (const char c : name)
    if (c != '_') out += lower(c);
  return out;
}

bool glob_match(std::string_view pattern, std::string_view text) {
  const auto next_character = [text](std::size_t i) {  // ? is one character, which may be several bytes
    ++i;
    while (i < text.size() && (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) ++i;
    return i;
  };
  // Only the last star ever needs to give way, so this is linear in practice and quadratic at worst, never exponential.
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = next_character(t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = resume = next_character(resume);
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_valid_utf8(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t size = text.size();
  for (std::size_t i = 0; i < size;) {
    const unsigned lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    // Table 3-7 of the Unicode standard: the first continuation byte's range excludes overlong forms, surrogates and beyond U+10FFFF.
    std::size_t more = 0;
    unsigned low = 0x80, high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf)
      more = 1;
    else if (lead >= 0xe0 && lead <= 0xef)
      more = 2;
    else if (lead >= 0xf0 && lead <= 0xf4)
      more = 3;
    else
      return false;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    if (size - i <= more) return false;
    if (byte(i + 1) < low || byte(i + 1) > high) return false;
    for (std::size_t k = 2; k <= more; ++k)
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    i += more + 1;
  }
  return true;
}

}  // namespace tenon
