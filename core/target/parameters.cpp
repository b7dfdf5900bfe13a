#include "core/target/parameters.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace tenon {
namespace {

using stablehlo::Constant;
using stablehlo::Func;
using stablehlo::kNoValue;
using stablehlo::Op;
using stablehlo::OpCode;
using stablehlo::ValueId;

bool is_external(const Op& op) {
  return op.code == OpCode::Constant && op.constant != nullptr && op.constant->kind == Constant::Kind::External;
}

std::shared_ptr<const Constant> constant_of(std::span<const std::byte> bytes, DType dtype) {
  auto constant = std::make_shared<Constant>();
  const std::size_t element = storage_size(dtype);
  // All equal if each element equals the one before.
  const bool splat = bytes.size() > element && std::memcmp(bytes.data(), bytes.data() + element, bytes.size() - element) == 0;
  constant->kind = splat ? Constant::Kind::Splat : Constant::Kind::Inline;
  const std::span<const std::byte> kept = splat ? bytes.first(element) : bytes;
  constant->bytes = std::make_shared<const std::vector<std::byte>>(kept.begin(), kept.end());
  return constant;
}

// A bare symbol: other characters than letters, digits, _ $ . become _, and a first digit gets one before it.
std::string bare_symbol(const std::string& name) {
  std::string symbol;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool later = (c >= '0' && c <= '9') || c == '$' || c == '.';
    if (symbol.empty() && later) symbol += '_';
    symbol += letter || later ? c : '_';
  }
  return symbol.empty() ? "_" : symbol;
}

void remove_marked(std::vector<Op>& ops, const std::vector<bool>& drop) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (drop[i]) continue;
    if (kept != i) ops[kept] = std::move(ops[i]);
    ++kept;
  }
  ops.resize(kept);
}

}  // namespace

void hoist_parameters(Func& main, ParameterStyle style) {
  std::vector<Op>& ops = main.body.ops;
  std::unordered_map<std::string, ValueId> first;
  std::vector<ValueId> replacement(main.types.size(), kNoValue);
  std::vector<bool> drop(ops.size(), false);
  const std::size_t inputs = main.body.arguments.size();
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (!is_external(ops[i])) continue;
    const ValueId value = ops[i].results[0];
    const auto [it, added] = first.emplace(ops[i].constant->parameter, value);
    if (!added) replacement[value] = it->second;
    drop[i] = !added || style == ParameterStyle::Arguments;
    if (!added || style != ParameterStyle::Arguments) continue;
    // The value keeps its id: it is only defined elsewhere now.
    main.argument_attributes.resize(main.body.arguments.size());
    main.body.arguments.push_back(value);
    main.argument_attributes.push_back({{"tenon.param", ops[i].constant->parameter}});
  }
  if (main.body.arguments.size() == inputs) main.argument_attributes.clear();
  remove_marked(ops, drop);
  stablehlo::replace_uses(ops, replacement);
}

void share_constants(Func& main) {
  constexpr std::size_t kSmall = 64;  // bytes; what is not longer reads best where it is used
  std::vector<Op>& ops = main.body.ops;
  std::map<std::pair<std::string, std::string_view>, ValueId> first;
  std::vector<ValueId> replacement(main.types.size(), kNoValue);
  std::vector<bool> drop(ops.size(), false);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const Op& op = ops[i];
    if (op.code != OpCode::Constant || op.constant == nullptr || op.constant->kind != Constant::Kind::Inline) continue;
    const std::span<const std::byte> bytes = op.constant->data();
    if (bytes.size() <= kSmall) continue;
    const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto [it, added] = first.emplace(std::pair(to_string(main.type(op.results[0])), content), op.results[0]);
    if (added) continue;
    replacement[op.results[0]] = it->second;
    drop[i] = true;
  }
  // The views lie in constants that are still there.
  stablehlo::replace_uses(ops, replacement);
  remove_marked(ops, drop);
}

Status place_parameters(Func& main, stablehlo::Module& out, const Target& target, const ParamArchive* params) {
  std::unordered_set<std::string> symbols{"main"};
  for (const Func& func : out.funcs) symbols.insert(func.name);
  for (Op& op : main.body.ops) {
    if (!is_external(op)) continue;
    const std::string name = op.constant->parameter;
    const TensorType& type = main.type(op.results[0]);
    if (target.parameters == ParameterStyle::Constants) {
      if (params == nullptr)
        return fail(Code::FailedPrecondition, "target ", target.name, " writes parameters into the text, and ", name, " ", to_string(type),
                    " has no value")
            .operand(name)
            .advise("give the values: --params FILE.safetensors");
      TENON_ASSIGN(const ParamEntry* entry, params->require(name, type));
      const std::span<const std::byte> bytes = entry->bytes;
      op.constant = constant_of(bytes, type.dtype);
      continue;
    }
    const std::string base = bare_symbol(name);
    std::string symbol = base;
    for (int n = 1; !symbols.insert(symbol).second; ++n) symbol = cat(base, "_", n);
    out.globals.push_back({symbol, target.scope, name, type});
    op.code = OpCode::GlobalLoad;
    op.constant = nullptr;
    op.attributes = {{"global", SymbolAttr{symbol}}};
  }
  return {};
}

}  // namespace tenon
