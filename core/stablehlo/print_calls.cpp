// The forms of composite and custom_call.
#include <algorithm>

#include "core/stablehlo/printer.h"

namespace tenon::stablehlo {
namespace {

// operand_layouts = [dense<[1, 0]> : tensor<2xindex>, ..] from the flat list.
std::string layouts_text(const Func& func, std::span<const ValueId> values, const std::vector<std::int64_t>& flat) {
  std::string out = "[";
  std::size_t at = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t rank = func.type(values[i]).dims.size();
    const std::string list = rank == 0 ? "" : list_text(std::span(flat).subspan(at, rank));
    out = cat(out, i > 0 ? ", " : "", "dense<", list, "> : tensor<", rank, "xindex>");
    at += rank;
  }
  return out + "]";
}

}  // namespace

void Printer::print_composite(const Op& op) {
  Dict dict = op.discardable;
  const Attr* own = find(op.attributes, "composite_attributes");
  if (own != nullptr && !std::get<DictAttr>(*own).items.empty()) set(dict, "composite_attributes", *own);
  set(dict, "decomposition", SymbolAttr{std::string(get_string(op.attributes, "decomposition"))});
  if (const std::int64_t version = get_int(op.attributes, "version"); version != 0) set(dict, "version", IntAttr{version, DType::I32});
  out_ += cat(info(op.code).name, " ", string_text(get_string(op.attributes, "name")), op.operands.empty() ? "" : " ", names(op.operands),
              trailing(std::move(dict)), " : ", functional_type(op));
}

void Printer::print_custom_call(const Op& op) {
  // Layouts have a type that no other attribute has (index), so the dictionary is put together as text, sorted by name.
  std::vector<std::pair<std::string, std::string>> items;
  const auto add = [&](std::string_view name, std::string text) { items.emplace_back(name, std::move(text)); };
  const Dict& a = op.attributes;
  if (const std::int64_t api = get_int(a, "api_version", 1); api != 1) add("api_version", cat(api, " : i32"));
  if (const Attr* config = find(a, "backend_config"); config != nullptr && *config != Attr(std::string())) {
    add("backend_config", attr_text(*config));
  }
  if (const Attr* called = find(a, "called_computations")) {
    std::string list;
    for (const std::string& function : std::get<StringsAttr>(*called).values) {
      list = cat(list, list.empty() ? "" : ", ", symbol_text(function));
    }
    add("called_computations", cat("[", list, "]"));
  }
  if (get_bool(a, "has_side_effect")) add("has_side_effect", "true");
  if (find(a, "operand_layouts") != nullptr) {
    add("operand_layouts", layouts_text(*func_, op.operands, get_ints(a, "operand_layouts")));
    add("result_layouts", layouts_text(*func_, op.results, get_ints(a, "result_layouts")));
  }
  for (const NamedAttr& item : op.discardable) {
    add(item.name, attr_text(item.value));
  }
  std::sort(items.begin(), items.end());
  std::string dict;
  for (const auto& [key, text] : items) dict = cat(dict, dict.empty() ? "" : ", ", key_text(key), " = ", text);
  out_ += cat(info(op.code).name, " ", symbol_text(get_string(a, "call_target_name")), "(", names(op.operands), ")");
  if (!dict.empty()) out_ += cat(" {", dict, "}");
  out_ += cat(" : ", functional_type(op));
}

}  // namespace tenon::stablehlo
