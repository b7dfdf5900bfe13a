// What builder and verifier do alike to one operation before its type rule sees it.
#include "core/stablehlo/rules.h"

namespace tenon::stablehlo {
namespace {

bool has_kind(const Attr& attr, AttrKind kind) {
  switch (kind) {
    case AttrKind::Int:
      return std::holds_alternative<IntAttr>(attr);
    case AttrKind::Bool:
      return std::holds_alternative<bool>(attr);
    case AttrKind::Ints:
      return std::holds_alternative<IntsAttr>(attr);
    case AttrKind::Bools:
      return std::holds_alternative<BoolsAttr>(attr);
    case AttrKind::Enum:
    case AttrKind::String:
      return std::holds_alternative<std::string>(attr);
    case AttrKind::Symbol:
      return std::holds_alternative<SymbolAttr>(attr);
    case AttrKind::Dict:
      return std::holds_alternative<DictAttr>(attr);
    case AttrKind::Strings:
      return std::holds_alternative<StringsAttr>(attr);
    case AttrKind::StringOrDict:
      return std::holds_alternative<std::string>(attr) || std::holds_alternative<DictAttr>(attr);
  }
  return false;
}

std::string range_text(int least, int most) {
  if (most == least) return cat(least);
  if (most < 0) return cat(least, " or more");
  return cat(least, " to ", most);
}

Status check_counts(const RuleInput& in) {
  const OpInfo& info = in.info;
  const auto operands = static_cast<int>(in.operands.size()), regions = static_cast<int>(in.regions.size());
  if (operands < info.min_operands || (info.max_operands >= 0 && operands > info.max_operands)) {
    return rules::refuse(in, "needs ", range_text(info.min_operands, info.max_operands), " operands, got ", operands);
  }
  if (info.regions >= 0 ? regions != info.regions : regions < 1) {
    return rules::refuse(in, "needs ", info.regions >= 0 ? cat(info.regions) : std::string("1 or more"), " regions, got ", regions);
  }
  return {};
}

const AttrSpec* find_spec(const OpInfo& info, std::string_view name) {
  for (const AttrSpec& spec : info.attributes) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

Status check_names(const RuleInput& in, const Dict& dict) {
  for (std::size_t i = 0; i < dict.size(); ++i) {
    if (dict[i].name.empty()) return rules::refuse(in, "an attribute has no name");
    for (std::size_t j = 0; j < i; ++j) {
      if (dict[j].name == dict[i].name) return rules::refuse(in, "attribute ", dict[i].name, " is given twice");
    }
  }
  return {};
}

Status check_attributes(const RuleInput& in, const Dict& discardable) {
  TENON_TRY(check_names(in, in.attributes));
  TENON_TRY(check_names(in, discardable));
  for (const NamedAttr& item : in.attributes) {
    if (find_spec(in.info, item.name) != nullptr) continue;
    std::vector<std::string> names;
    for (const AttrSpec& spec : in.info.attributes) names.emplace_back(spec.name);
    const std::string near = nearest_name(item.name, names);
    Error error = rules::refuse(in, "has no attribute ", item.name);
    if (!near.empty()) return std::move(error).advise(cat("did you mean ", near, "?"));
    return std::move(error).advise(names.empty() ? std::string("it takes none") : cat("it takes ", join(names, ", ")));
  }
  for (const NamedAttr& item : discardable) {
    if (find_spec(in.info, item.name) != nullptr)
      return rules::refuse(in, "the discardable attribute ", item.name, " has the name of its own");
  }
  for (const AttrSpec& spec : in.info.attributes) {
    const Attr* attr = find(in.attributes, spec.name);
    if (attr == nullptr) {
      if (spec.required) return rules::refuse(in, "attribute ", spec.name, " is missing");
      continue;
    }
    if (!has_kind(*attr, spec.kind)) {
      return rules::refuse(in, "attribute ", spec.name, " must be a ", kind_text(spec.kind), ", got a ", kind_name(*attr));
    }
    if (spec.kind != AttrKind::Enum) continue;
    bool known = false;
    std::string words;
    for (const std::string_view word : spec.one_of) {
      known = known || word == std::get<std::string>(*attr);
      words = cat(words, words.empty() ? "" : " ", word);
    }
    if (!known) return rules::refuse(in, "attribute ", spec.name, " must be one of ", words, ", got ", to_string(*attr));
  }
  return {};
}

void default_to(Dict& dict, std::string_view name, Attr value) {
  if (find(dict, name) == nullptr) set(dict, name, std::move(value));
}

IntsAttr repeated(std::size_t count, std::int64_t value) { return IntsAttr{std::vector<std::int64_t>(count, value), ListStyle::Array}; }

}  // namespace

std::string_view kind_text(AttrKind kind) {
  switch (kind) {
    case AttrKind::Int:
      return "integer";
    case AttrKind::Bool:
      return "bool";
    case AttrKind::Ints:
      return "list of integers";
    case AttrKind::Bools:
      return "list of bools";
    case AttrKind::Enum:
      return "word";
    case AttrKind::String:
      return "string";
    case AttrKind::Symbol:
      return "symbol";
    case AttrKind::Dict:
      return "dictionary";
    case AttrKind::Strings:
      return "list of strings";
    case AttrKind::StringOrDict:
      return "string or dictionary";
  }
  return "?";
}

Result<std::vector<TensorType>> check_op(const RuleInput& in, const Dict& discardable) {
  TENON_TRY(check_counts(in));
  TENON_TRY(check_attributes(in, discardable));
  for (const TensorType& type : in.declared) {
    if (Status status = check_type(type); !status.ok()) return rules::refuse(in, "a result type is not valid: ", status.error().message);
  }
  TENON_ASSIGN(std::vector<TensorType> results, in.info.rule(in));
  if (in.info.results >= 0 && results.size() != static_cast<std::size_t>(in.info.results)) {
    return rules::refuse(in, "has ", in.info.results, " results, got ", results.size());
  }
  for (const TensorType& type : results) {
    if (Status status = check_type(type); !status.ok()) return rules::refuse(in, "the result would not be valid: ", status.error().message);
  }
  return results;
}

void fill_defaults(OpCode code, std::span<const TensorType> operands, Dict& attributes) {
  const std::size_t rank = operands.empty() ? 0 : operands[0].dims.size();
  const auto empty_lists = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) default_to(attributes, name, IntsAttr{});
  };
  switch (code) {
    case OpCode::Slice:
      default_to(attributes, "strides", repeated(rank, 1));
      break;
    case OpCode::Gather:
      empty_lists({"offset_dims", "collapsed_slice_dims", "operand_batching_dims", "start_indices_batching_dims", "start_index_map"});
      default_to(attributes, "indices_are_sorted", false);
      break;
    case OpCode::Scatter:
      empty_lists({"update_window_dims", "inserted_window_dims", "input_batching_dims", "scatter_indices_batching_dims",
                   "scatter_dims_to_operand_dims"});
      default_to(attributes, "indices_are_sorted", false);
      default_to(attributes, "unique_indices", false);
      break;
    case OpCode::DotGeneral:
      empty_lists({"lhs_batching_dimensions", "rhs_batching_dimensions"});
      break;
    case OpCode::Convolution: {
      const std::size_t spatial = rank < 2 ? 0 : rank - 2;
      for (const std::string_view name : {"window_strides", "lhs_dilation", "rhs_dilation"}) {
        default_to(attributes, name, repeated(spatial, 1));
      }
      default_to(attributes, "padding", repeated(2 * spatial, 0));
      default_to(attributes, "window_reversal", BoolsAttr{std::vector<bool>(spatial, false)});
      default_to(attributes, "batch_group_count", IntAttr{1});
      default_to(attributes, "feature_group_count", IntAttr{1});
      break;
    }
    case OpCode::ReduceWindow:
      for (const std::string_view name : {"window_strides", "base_dilations", "window_dilations"}) {
        default_to(attributes, name, repeated(rank, 1));
      }
      default_to(attributes, "padding", repeated(2 * rank, 0));
      break;
    case OpCode::Sort: {
      default_to(attributes, "dimension", IntAttr{-1});
      default_to(attributes, "is_stable", false);
      const std::int64_t axis = get_int(attributes, "dimension");
      const auto signed_rank = static_cast<std::int64_t>(rank);
      if (axis < 0 && axis >= -signed_rank) set(attributes, "dimension", IntAttr{axis + signed_rank});
      break;
    }
    case OpCode::Composite:
      default_to(attributes, "composite_attributes", DictAttr{});
      default_to(attributes, "version", IntAttr{0, DType::I32});
      break;
    case OpCode::CustomCall:
      default_to(attributes, "api_version", IntAttr{1, DType::I32});
      if (get_int(attributes, "api_version") == 4)
        default_to(attributes, "backend_config", DictAttr{});
      else
        default_to(attributes, "backend_config", std::string());
      default_to(attributes, "has_side_effect", false);
      break;
    default:
      break;
  }
}

}  // namespace tenon::stablehlo
