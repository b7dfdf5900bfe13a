// Type rules of control flow, calls, and what stands for something outside the module.
#include <algorithm>
#include <cstdint>

#include "core/stablehlo/rules.h"

namespace tenon::stablehlo::rules {
namespace {

// What the function takes and gives, exactly. While the callee is not built the declared types are taken at their word; the verifier
// sees the whole module later.
Types check_callee(const RuleInput& in, std::string_view attribute) {
  const std::string_view callee = get_string(in.attributes, attribute);
  const Func* func = in.module == nullptr ? nullptr : in.module->find(callee);
  const bool built = func != nullptr && !func->body.ops.empty() && func->body.ops.back().code == OpCode::Return;
  if (!built) {
    if (!in.whole && !in.declared.empty()) return std::vector<TensorType>(in.declared.begin(), in.declared.end());
    return refuse(in, "there is no function @", callee, func == nullptr ? "" : " yet: it is still being built");
  }
  const std::vector<TensorType> takes = func->argument_types();
  if (takes.size() != in.operands.size()) return refuse(in, "@", callee, " takes ", takes.size(), " arguments, got ", in.operands.size());
  for (std::size_t i = 0; i < takes.size(); ++i) {
    if (takes[i] != in.operands[i]) {
      return refuse(in, "@", callee, " takes ", to_string(takes[i]), " as argument ", i, ", got ", to_string(in.operands[i]));
    }
  }
  std::vector<TensorType> gives = func->result_types();
  if (!in.declared.empty() && !std::equal(gives.begin(), gives.end(), in.declared.begin(), in.declared.end())) {
    return refuse(in, "the declared results are not those of @", callee);
  }
  return gives;
}

// Layouts are permutations, one per value of `types`, one after the other in one list.
Status check_layouts(const RuleInput& in, std::string_view attribute, std::span<const TensorType> types) {
  const std::vector<std::int64_t>& list = get_ints(in.attributes, attribute);
  std::size_t at = 0;
  for (const TensorType& type : types) {
    std::vector<bool> seen(type.dims.size());
    for (std::size_t i = 0; i < type.dims.size(); ++i, ++at) {
      const std::int64_t axis = at < list.size() ? list[at] : -1;
      if (axis < 0 || axis >= type.rank() || seen[static_cast<std::size_t>(axis)]) {
        return refuse(in, attribute, " must hold a permutation of the dimensions of ", to_string(type));
      }
      seen[static_cast<std::size_t>(axis)] = true;
    }
  }
  if (at != list.size()) return refuse(in, attribute, " must have ", at, " entries, the ranks of all values together, got ", list.size());
  return {};
}

// StableHLO: [a-zA-Z][a-zA-Z0-9_]*([.][a-zA-Z0-9_$]+)+
bool is_namespaced(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.empty() || !letter(name[0])) return false;
  bool dotted = false;
  for (std::size_t i = 1; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '.') {
      if (name[i - 1] == '.' || i + 1 == name.size()) return false;
      dotted = true;
    } else if (!letter(c) && !(c >= '0' && c <= '9') && c != '_' && !(c == '$' && dotted)) {
      return false;
    }
  }
  return dotted;
}

// Regions without arguments that give the same types: case and if.
Types branch_types(const RuleInput& in) {
  TENON_ASSIGN(const std::vector<TensorType> first, region_results(in, 0));
  for (std::size_t i = 0; i < in.regions.size(); ++i) TENON_TRY(expect_region(in, i, {}, first));
  return settle(in, first);
}

}  // namespace

Types call(const RuleInput& in) { return check_callee(in, "callee"); }

Types composite(const RuleInput& in) {
  const std::string_view name = get_string(in.attributes, "name");
  if (!is_namespaced(name)) {
    return refuse(in, "the name must be words joined by dots, as in \"tenon.op\", got \"", name, "\"");
  }
  const std::int64_t version = get_int(in.attributes, "version");
  if (version < 0 || version > INT32_MAX) return refuse(in, "version must be from 0 to ", INT32_MAX, ", got ", version);
  return check_callee(in, "decomposition");
}

Types custom_call(const RuleInput& in) {
  if (get_string(in.attributes, "call_target_name").empty()) return refuse(in, "call_target_name is empty");
  const std::int64_t api = get_int(in.attributes, "api_version", 1);
  if (api < 0 || api > 4) return refuse(in, "api_version must be from 0 to 4, got ", api);
  if (const Attr* config = find(in.attributes, "backend_config")) {
    const bool dictionary = std::holds_alternative<DictAttr>(*config);
    if (dictionary != (api == 4)) {
      return refuse(in, "backend_config must be a ", api == 4 ? "dictionary" : "string", " with api_version ", api, ", got a ",
                    kind_name(*config));
    }
  }
  if (const Attr* called = find(in.attributes, "called_computations"); called != nullptr && in.whole) {
    for (const std::string& function : std::get<StringsAttr>(*called).values) {
      if (in.module->find(function) == nullptr) return refuse(in, "there is no function @", function);
    }
  }
  const bool operand_layouts = find(in.attributes, "operand_layouts") != nullptr;
  if (operand_layouts != (find(in.attributes, "result_layouts") != nullptr)) {
    return refuse(in, "operand_layouts and result_layouts must both be given, or neither");
  }
  if (operand_layouts) {
    TENON_TRY(check_layouts(in, "operand_layouts", in.operands));
    TENON_TRY(check_layouts(in, "result_layouts", in.declared));
  }
  return std::vector<TensorType>(in.declared.begin(), in.declared.end());
}

Types case_of(const RuleInput& in) {
  TENON_TRY(expect_scalar(in, 0, DType::I32));
  return branch_types(in);
}

Types if_else(const RuleInput& in) {
  TENON_TRY(expect_scalar(in, 0, DType::I1));
  return branch_types(in);
}

Types while_loop(const RuleInput& in) {
  const std::vector<TensorType> state(in.operands.begin(), in.operands.end());
  TENON_TRY(expect_region(in, 0, state, {TensorType{DType::I1, {}}}));
  TENON_TRY(expect_region(in, 1, state, state));
  return settle(in, state);
}

Types return_values(const RuleInput& in) { return settle(in, {}); }

Types global_load(const RuleInput& in) {
  const std::string_view symbol = get_string(in.attributes, "global");
  const Global* global = in.module == nullptr ? nullptr : in.module->find_global(symbol);
  if (global == nullptr) return refuse(in, "there is no global @", symbol);
  if (!in.declared.empty() && in.declared[0] != global->type) {
    return refuse(in, "@", symbol, " is ", to_string(global->type), ", declared as ", to_string(in.declared[0]));
  }
  return std::vector<TensorType>{global->type};
}

}  // namespace tenon::stablehlo::rules
