#include "core/stablehlo/rules.h"

#include <algorithm>
#include <limits>

namespace tenon::stablehlo::rules {

bool is_kind(DType dtype, unsigned kinds) {
  switch (info(dtype).kind) {
    case DTypeClass::Bool:
      return (kinds & kBool) != 0;
    case DTypeClass::Signed:
      return (kinds & kSigned) != 0;
    case DTypeClass::Unsigned:
      return (kinds & kUnsigned) != 0;
    case DTypeClass::Float:
      return (kinds & kFloat) != 0;
  }
  return false;
}

std::string kinds_text(unsigned kinds) {
  std::vector<std::string> words;
  if (kinds & kBool) words.emplace_back("i1");
  if ((kinds & kInteger) == kInteger)
    words.emplace_back("an integer");
  else if (kinds & kSigned)
    words.emplace_back("a signed integer");
  else if (kinds & kUnsigned)
    words.emplace_back("an unsigned integer");
  if (kinds & kFloat) words.emplace_back("a float");
  return join(words, " or ");
}

Status expect_kind(const RuleInput& in, std::size_t operand, unsigned kinds) {
  if (is_kind(in.operands[operand].dtype, kinds)) return {};
  return refuse(in, "operand ", operand, " must be ", kinds_text(kinds), ", got ", to_string(in.operands[operand]));
}

Status expect_scalar(const RuleInput& in, std::size_t operand, DType dtype) {
  const TensorType& type = in.operands[operand];
  if (type.rank() == 0 && type.dtype == dtype) return {};
  return refuse(in, "operand ", operand, " must be a scalar ", name(dtype), "[], got ", to_string(type));
}

Status expect_static(const RuleInput& in, const TensorType& type, std::string_view what) {
  if (type.is_static()) return {};
  return not_for_dynamic(in, what, " must have static dimensions, got ", to_string(type));
}

Status expect_declared(const RuleInput& in, std::size_t count) {
  if (in.declared.size() == count) return {};
  return refuse(in, "the result type does not follow from the operands: ", count, " must be given, got ", in.declared.size());
}

Status expect_count(const RuleInput& in, std::string_view attribute, std::size_t count) {
  const Attr* attr = find(in.attributes, attribute);
  std::size_t got = 0;
  if (const auto* ints = attr == nullptr ? nullptr : std::get_if<IntsAttr>(attr)) got = ints->values.size();
  if (const auto* bools = attr == nullptr ? nullptr : std::get_if<BoolsAttr>(attr)) got = bools->values.size();
  if (got == count) return {};
  return refuse(in, attribute, " must have ", count, " entries, got ", got);
}

Status expect_axes(const RuleInput& in, std::string_view attribute, std::int64_t bound, bool sorted) {
  const std::vector<std::int64_t>& axes = get_ints(in.attributes, attribute);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] < 0 || axes[i] >= bound) {
      return refuse(in, attribute, " must name dimensions from 0 to below ", bound, ", got ", dims_text(axes));
    }
    if (std::find(axes.begin(), axes.begin() + static_cast<std::ptrdiff_t>(i), axes[i]) != axes.begin() + static_cast<std::ptrdiff_t>(i)) {
      return refuse(in, attribute, " names dimension ", axes[i], " twice: ", dims_text(axes));
    }
  }
  if (sorted && !std::is_sorted(axes.begin(), axes.end())) return refuse(in, attribute, " must rise, got ", dims_text(axes));
  return {};
}

Status expect_least(const RuleInput& in, std::string_view attribute, std::int64_t least) {
  for (const std::int64_t value : get_ints(in.attributes, attribute)) {
    if (value < least) {
      return refuse(in, attribute, " must be ", least, " or more everywhere, got ", dims_text(get_ints(in.attributes, attribute)));
    }
  }
  return {};
}

Result<std::vector<TensorType>> region_results(const RuleInput& in, std::size_t index) {
  const Region& region = in.regions[index];
  if (in.function == nullptr) return fail(Code::Internal, cat("[", in.info.name, "] regions need their function"));
  if (region.ops.empty() || region.ops.back().code != OpCode::Return) {
    return refuse(in, "region ", index, " must end in stablehlo.return");
  }
  std::vector<TensorType> out;
  for (const ValueId id : region.ops.back().operands) {
    if (id >= in.function->types.size()) return refuse(in, "region ", index, " returns a value that is not defined");
    out.push_back(in.function->types[id]);
  }
  return out;
}

namespace {
std::string types_text(const std::vector<TensorType>& types) {
  std::string out = "(";
  for (const TensorType& type : types) out = cat(out, out.size() > 1 ? ", " : "", to_string(type));
  return out + ")";
}

bool all_compatible(const std::vector<TensorType>& a, const std::vector<TensorType>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) { return compatible(x, y); });
}
}  // namespace

Status expect_region(const RuleInput& in, std::size_t index, const std::vector<TensorType>& arguments,
                     const std::vector<TensorType>& results) {
  TENON_ASSIGN(const std::vector<TensorType> returned, region_results(in, index));
  std::vector<TensorType> taken;
  for (const ValueId id : in.regions[index].arguments) {
    if (id >= in.function->types.size()) return refuse(in, "region ", index, " has an argument that is not a value of the function");
    taken.push_back(in.function->types[id]);
  }
  if (!all_compatible(taken, arguments)) {
    return refuse(in, "region ", index, " must take ", types_text(arguments), ", takes ", types_text(taken));
  }
  if (!all_compatible(returned, results)) {
    return refuse(in, "region ", index, " must return ", types_text(results), ", returns ", types_text(returned));
  }
  return {};
}

Result<TensorType> merge(const RuleInput& in, std::size_t first, std::size_t last) {
  TensorType type = in.operands[first];
  for (std::size_t i = first + 1; i < last; ++i) {
    const TensorType& next = in.operands[i];
    if (next.dtype != type.dtype) {
      return refuse(in, "operand ", i, " must have the element type of operand ", first, ", ", name(type.dtype), ", got ", to_string(next))
          .advise("convert one of them");
    }
    if (!compatible(next, type)) {
      return refuse(in, "operand ", i, " must have the shape of operand ", first, ", ", to_string(type), ", got ", to_string(next))
          .advise("broadcast the smaller one: there is no implicit broadcasting");
    }
    for (std::size_t d = 0; d < type.dims.size(); ++d) {
      if (type.dims[d] == kDynamic) type.dims[d] = next.dims[d];
    }
  }
  return type;
}

Types settle(const RuleInput& in, std::vector<TensorType> inferred) {
  if (in.declared.empty()) return inferred;
  if (in.declared.size() != inferred.size()) {
    return refuse(in, "has ", inferred.size(), " results, ", in.declared.size(), " are declared");
  }
  for (std::size_t i = 0; i < inferred.size(); ++i) {
    if (!compatible(in.declared[i], inferred[i])) {
      return refuse(in, "result ", i, " is ", to_string(inferred[i]), ", declared as ", to_string(in.declared[i]));
    }
  }
  return std::vector<TensorType>(in.declared.begin(), in.declared.end());
}

Types settle_wider(const RuleInput& in, TensorType inferred) {
  if (in.declared.size() == 1) {
    const DTypeInfo& from = info(inferred.dtype);
    const DTypeInfo& to = info(in.declared[0].dtype);
    if (to.kind != from.kind || to.bits < from.bits || (to.bits == from.bits && to.dtype != from.dtype)) {
      return refuse(in, "the result must have element type ", from.name, " or a wider one of its class, declared as ",
                    to_string(in.declared[0]));
    }
    inferred.dtype = to.dtype;
  }
  return settle(in, {std::move(inferred)});
}

bool contains(const std::vector<std::int64_t>& list, std::int64_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

Result<std::int64_t> window_positions(std::int64_t base, const Window& window) {
  // 128 bits: sizes and dilations come from the text, and their products may pass 64.
  using Wide = __int128;
  const Wide dilated = base == 0 ? 0 : (Wide(base) - 1) * window.base_dilation + 1;
  const Wide padded = dilated + window.low + window.high;
  const Wide reach = window.size == 0 ? 0 : (Wide(window.size) - 1) * window.dilation + 1;
  if (padded < 0) return fail(Code::InvalidArgument, "padding removes more than the whole dimension");
  if (padded > std::numeric_limits<std::int64_t>::max() || reach > std::numeric_limits<std::int64_t>::max()) {
    return fail(Code::InvalidArgument, "a padded dimension does not fit 64 bits");
  }
  if (padded == 0 || reach > padded) return 0;
  return static_cast<std::int64_t>((padded - reach) / window.stride + 1);
}

}  // namespace tenon::stablehlo::rules
