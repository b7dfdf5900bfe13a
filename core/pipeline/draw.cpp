// Random cases from a schema.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/pipeline/cases.h"

namespace tenon {
namespace {

constexpr std::int64_t kElements = 1024;
constexpr std::int64_t kSizes[] = {1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 33, 64, 65};

class Drawer {
 public:
  Drawer(const OpSchema& schema, DType dtype, Random& random) : schema_(schema), dtype_(dtype), random_(random) {
    const int rank = static_cast<int>(random.between(0, 4));
    for (int i = 0; i < rank; ++i) leading_.push_back(size());
    // Operands share these sizes, and a result may have them twice: together they stay small.
    for (std::int64_t elements = 1; std::int64_t & dim : leading_) {
      dim = std::min(dim, std::max<std::int64_t>(1, kElements / elements));
      elements *= dim;
    }
    if (random.chance(8) && !leading_.empty()) leading_[static_cast<std::size_t>(random.between(0, rank - 1))] = 0;
  }

  OperatorCase draw() {
    OperatorCase out;
    out.op = schema_.full_name();
    out.dtypes = {dtype_};
    std::map<std::string, DType> dtypes;
    for (const OperandSchema& operand : schema_.operands) {
      if (operand.optional && random_.chance(50)) continue;
      const int copies = operand.variadic ? static_cast<int>(random_.between(1, 3)) : 1;
      for (int copy = 0; copy < copies; ++copy) {
        CaseOperand drawn{operand.name, {dtype_of(operand, dtypes), shape_of(operand)}};
        dtypes.emplace(operand.name, drawn.type.dtype);
        out.operands.push_back(std::move(drawn));
      }
    }
    const std::int64_t rank = out.operands.empty() ? 0 : out.operands.front().type.rank();
    for (const AttrSchema& attribute : schema_.attributes) {
      const bool required = !attribute.fallback && !attribute.optional;
      if (!required && random_.chance(60)) continue;
      out.attributes.push_back({attribute.name, value_of(attribute, rank)});
    }
    constexpr ValueClass kClasses[] = {ValueClass::Normal, ValueClass::Normal, ValueClass::Huge, ValueClass::Tiny, ValueClass::Special};
    out.values = kClasses[random_.next() % 5];
    out.layout = random_.chance(25) ? CaseLayout::Strided : random_.chance(10) ? CaseLayout::Misaligned : CaseLayout::Compact;
    return out;
  }

 private:
  std::int64_t size() { return kSizes[random_.next() % std::size(kSizes)]; }

  DType dtype_of(const OperandSchema& operand, const std::map<std::string, DType>& known) {
    if (!operand.like.empty()) {
      const auto found = known.find(operand.like);
      if (found != known.end()) return found->second;
    }
    const auto& allowed = operand.dtypes;
    if (std::find(allowed.begin(), allowed.end(), dtype_) != allowed.end() && random_.chance(80)) return dtype_;
    if (known.empty() || allowed.empty()) return dtype_;
    return allowed[random_.next() % allowed.size()];
  }

  Dims shape_of(const OperandSchema& operand) {
    if (operand.broadcast) {
      // A part of the leading sizes, from the right, with ones here and there.
      Dims dims(leading_.begin() + random_.between(0, static_cast<std::int64_t>(leading_.size())), leading_.end());
      for (std::int64_t& dim : dims)
        if (random_.chance(25)) dim = 1;
      return dims;
    }
    Dims dims;
    if (operand.shape.empty()) return leading_;
    for (const std::string& symbol : operand.shape) {
      if (symbol == "...") {
        dims.insert(dims.end(), leading_.begin(), leading_.end());
      } else if (const auto number = parse_i64(symbol)) {
        dims.push_back(*number);
      } else {
        const auto [it, added] = symbols_.emplace(symbol, 0);
        if (added) it->second = size();
        dims.push_back(it->second);
      }
    }
    return dims;
  }

  double number_of(const AttrSchema& attribute) {
    const double low = attribute.min ? *attribute.min : attribute.above ? std::nextafter(*attribute.above, HUGE_VAL) : -2;
    const double high = attribute.max     ? *attribute.max
                        : attribute.below ? std::nextafter(*attribute.below, -HUGE_VAL)
                                          : std::max(2.0, low + 1);
    switch (random_.next() % 4) {
      case 0:
        return attribute.min || attribute.above ? std::max(low, 1e-12) : low;
      case 1:
        return high;
      case 2:  // a whole number, which integer operands can hold too
        return std::clamp(std::round(low + (high - low) * random_.uniform()), low, high);
      default:
        return low + (high - low) * random_.uniform();
    }
  }

  Attr value_of(const AttrSchema& attribute, std::int64_t rank) {
    switch (attribute.type) {
      case AttrType::Bool:
        return random_.chance(50);
      case AttrType::Int: {
        if (attribute.name == "axis" && rank > 0) return IntAttr{random_.between(-rank, rank - 1)};
        const auto low = static_cast<std::int64_t>(attribute.min.value_or(attribute.above ? *attribute.above + 1 : -3));
        const auto high = static_cast<std::int64_t>(
            attribute.max.value_or(attribute.below ? *attribute.below - 1 : std::max<double>(3, static_cast<double>(low) + 3)));
        // Mostly small: a size up to the attribute's largest value would be a tensor that nothing holds.
        if (high > low && random_.chance(10)) return IntAttr{random_.chance(50) ? low : high};
        return IntAttr{random_.between(low, std::clamp(high, low, std::max<std::int64_t>(low, 0) + 16))};
      }
      case AttrType::F64:
        return FloatAttr{number_of(attribute)};
      case AttrType::String:
        return attribute.one_of.empty() ? std::string("x") : attribute.one_of[random_.next() % attribute.one_of.size()];
      case AttrType::DType:
        if (!attribute.one_of.empty()) return *dtype_from_name(attribute.one_of[random_.next() % attribute.one_of.size()]);
        return random_.chance(50) ? dtype_ : all_dtypes()[random_.next() % all_dtypes().size()].dtype;
      case AttrType::Ints: {
        IntsAttr ints;
        if (attribute.name.ends_with("axes"))
          for (std::int64_t axis = 0; axis < rank; ++axis) {
            if (random_.chance(50)) ints.values.push_back(random_.chance(50) ? axis : axis - rank);
          }
        else if (!leading_.empty())
          ints.values.push_back(leading_.back());
        return ints;
      }
      case AttrType::Floats:
        return FloatsAttr{{random_.normal(), random_.normal()}};
    }
    return false;
  }

  const OpSchema& schema_;
  const DType dtype_;
  Random& random_;
  Dims leading_;
  std::map<std::string, std::int64_t> symbols_;
};

}  // namespace

OperatorCase draw_case(const OpSchema& schema, DType dtype, Random& random) { return Drawer(schema, dtype, random).draw(); }

}  // namespace tenon
