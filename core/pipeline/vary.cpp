// Random cases from named ones: for operators whose shapes hang together in ways that no schema says.
#include <algorithm>
#include <map>
#include <set>

#include "core/pipeline/cases.h"

namespace tenon {
namespace {

constexpr std::int64_t kSizes[] = {1, 2, 3, 4, 5, 7, 8, 11, 13, 16, 17, 31};
constexpr std::int64_t kMostElements = 1024;  // of one operand

// Without what a case expects: it holds for the named sizes and values alone.
OperatorCase copy(const OperatorCase& base) {
  OperatorCase out{.op = base.op, .dtypes = base.dtypes, .operands = base.operands, .attributes = base.attributes};
  out.max_ulp = base.max_ulp;
  for (const auto& [name, values] : base.data) out.data.emplace_back(name, values.clone());
  return out;
}

class Varied {
 public:
  Varied(const OperatorCase& base, Random& random) : out_(copy(base)), random_(random) {}

  OperatorCase make() {
    std::set<std::int64_t> fixed;  // sizes of operands whose values the case gives
    for (const CaseOperand& operand : out_.operands) {
      const bool given = std::any_of(out_.data.begin(), out_.data.end(), [&](const auto& d) { return d.first == operand.name; });
      for (std::int64_t dim : operand.type.dims) {
        sizes_.emplace(dim, dim);
        if (given) fixed.insert(dim);
      }
    }
    for (auto& [from, to] : sizes_)
      if (from >= 2 && fixed.count(from) == 0 && random_.chance(60))
        to = random_.chance(4) ? 0 : kSizes[random_.next() % std::size(kSizes)];
    if (const std::optional<std::vector<Dims>> dims = replaced(); dims)
      for (std::size_t i = 0; i < out_.operands.size(); ++i) out_.operands[i].type.dims = (*dims)[i];
    else
      sizes_.clear();
    // An attribute may hold a size, or a number that happens to be equal to one: either is tried.
    if (random_.chance(70))
      for (NamedAttr& attribute : out_.attributes) replace(attribute);
    constexpr ValueClass kClasses[] = {ValueClass::Normal, ValueClass::Normal, ValueClass::Huge, ValueClass::Tiny, ValueClass::Special};
    out_.values = kClasses[random_.next() % std::size(kClasses)];
    out_.layout = random_.chance(25) ? CaseLayout::Strided : random_.chance(10) ? CaseLayout::Misaligned : CaseLayout::Compact;
    return std::move(out_);
  }

 private:
  std::int64_t replaced(std::int64_t size) const {
    const auto found = sizes_.find(size);
    return found == sizes_.end() ? size : found->second;
  }

  // The operands' sizes; nothing if one becomes too large.
  std::optional<std::vector<Dims>> replaced() const {
    std::vector<Dims> out;
    for (const CaseOperand& operand : out_.operands) {
      Dims& dims = out.emplace_back(operand.type.dims);
      std::int64_t elements = 1, before = 1;
      for (std::int64_t& dim : dims) {
        before *= dim;
        dim = replaced(dim);
        elements *= dim;
      }
      if (elements > std::max(before, kMostElements)) return std::nullopt;
    }
    return out;
  }

  void replace(NamedAttr& attribute) {
    const std::string& name = attribute.name;
    if (name.ends_with("axis") || name.ends_with("axes") || name.ends_with("dims") || name == "dim" || name.starts_with("perm")) return;
    if (auto* integer = std::get_if<IntAttr>(&attribute.value)) integer->value = replaced(integer->value);
    if (auto* integers = std::get_if<IntsAttr>(&attribute.value))
      for (std::int64_t& value : integers->values) value = replaced(value);
  }

  OperatorCase out_;
  Random& random_;
  std::map<std::int64_t, std::int64_t> sizes_;  // equal sizes stay equal
};

}  // namespace

OperatorCase vary_case(const OperatorCase& named, Random& random) { return Varied(named, random).make(); }

}  // namespace tenon
