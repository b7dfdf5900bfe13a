#include "core/op/shapes.h"

#include <algorithm>

namespace tenon {

std::optional<std::int64_t> broadcast_size(std::int64_t a, std::int64_t b) {
  if (a == b || b == 1) return a;
  if (a == 1 || a == kDynamic) return b;
  if (b == kDynamic) return a;
  return std::nullopt;
}

std::optional<Dims> broadcast_dims(const Dims& a, const Dims& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Dims joined(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    // A missing leading dimension counts as 1.
    const std::int64_t x = i + a.size() < rank ? 1 : a[i + a.size() - rank];
    const std::int64_t y = i + b.size() < rank ? 1 : b[i + b.size() - rank];
    const std::optional<std::int64_t> size = broadcast_size(x, y);
    if (!size) return std::nullopt;
    joined[i] = *size;
  }
  return joined;
}

std::string ShapeSymbols::expected(const std::vector<std::string>& pattern) const {
  std::vector<std::string> parts;
  for (const std::string& symbol : pattern) {
    const auto known = sizes_.find(symbol);
    parts.push_back(known == sizes_.end() || known->second.size == kDynamic ? symbol : cat(known->second.size));
  }
  return cat("[", join(parts, ","), "]");
}

Status ShapeSymbols::check(const OpSchema& schema, const std::vector<std::string>& pattern, std::string_view operand, const Dims& dims) {
  if (pattern.empty()) return {};
  const auto wrong = [&](std::string_view why) {
    return fail(Code::InvalidArgument, "[", schema.name, "] operand ", operand, " must have shape ", expected(pattern), why, ", got ",
                dims_text(dims))
        .operand(std::string(operand));
  };
  const auto dots = static_cast<std::size_t>(std::find(pattern.begin(), pattern.end(), "...") - pattern.begin());
  const bool open = dots < pattern.size();
  const std::size_t fixed = pattern.size() - (open ? 1 : 0);
  if (open ? dims.size() < fixed : dims.size() != fixed) return wrong("");

  // Checked before anything is bound, so that the message shows what was known from the operands before this one.
  const auto dim_of = [&](std::size_t i) { return i < dots ? dims[i] : dims[dims.size() - (pattern.size() - i)]; };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (open && i == dots) continue;
    if (const std::optional<std::int64_t> number = parse_i64(pattern[i])) {
      if (!compatible(*number, dim_of(i))) return wrong("");
    } else if (const auto known = sizes_.find(pattern[i]); known != sizes_.end() && !compatible(known->second.size, dim_of(i))) {
      return wrong(cat(" (", pattern[i], " is ", known->second.size, " in operand ", known->second.from, ")"));
    }
  }
  std::unordered_map<std::string, Size> bound = sizes_;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if ((open && i == dots) || parse_i64(pattern[i])) continue;
    const auto [entry, added] = bound.try_emplace(pattern[i], Size{dim_of(i), std::string(operand)});
    if (added) continue;
    if (!compatible(entry->second.size, dim_of(i)))  // twice within this operand: [N, N]
      return wrong(cat(" with one size for both ", pattern[i]));
    if (entry->second.size == kDynamic) entry->second = {dim_of(i), std::string(operand)};
  }
  sizes_ = std::move(bound);
  return {};
}

}  // namespace tenon
