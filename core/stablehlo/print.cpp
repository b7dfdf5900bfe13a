#include "core/stablehlo/print.h"

#include "core/stablehlo/printer.h"

namespace tenon::stablehlo {

// ---- names

void Printer::enter(const Func& func) {
  func_ = &func;
  value_names_.assign(func.types.size(), "%?");
  next_result_ = next_argument_ = 0;
  name_region(func.body, nullptr);
}

// same_names: a region whose arguments have the same names: the two regions of `while` share theirs in the text.
void Printer::name_region(const Region& region, const Region* same_names) {
  const auto give = [&](ValueId id, std::string text) {
    if (id < value_names_.size()) value_names_[id] = std::move(text);
  };
  for (std::size_t i = 0; i < region.arguments.size(); ++i) {
    const bool shared = same_names != nullptr && i < same_names->arguments.size();
    give(region.arguments[i], shared ? name(same_names->arguments[i]) : cat("%arg", next_argument_++));
  }
  for (const Op& op : region.ops) {
    if (!op.results.empty()) {
      const std::size_t number = next_result_++;
      for (std::size_t i = 0; i < op.results.size(); ++i) {
        give(op.results[i], op.results.size() == 1 ? cat("%", number) : cat("%", number, "#", i));
      }
    }
    const bool loop = op.code == OpCode::While && op.regions.size() == 2;
    for (std::size_t i = 0; i < op.regions.size(); ++i) name_region(op.regions[i], loop && i == 1 ? &op.regions[0] : nullptr);
  }
}

std::string Printer::name(ValueId id) const { return id < value_names_.size() ? value_names_[id] : "%?"; }
std::string Printer::type(ValueId id) const { return id < func_->types.size() ? mlir_text(func_->types[id]) : "?"; }
std::string Printer::typed_argument(ValueId id) const { return cat(name(id), ": ", type(id)); }

std::string Printer::names(std::span<const ValueId> ids) const {
  std::string out;
  for (const ValueId id : ids) out = cat(out, out.empty() ? "" : ", ", name(id));
  return out;
}

std::string Printer::types(std::span<const ValueId> ids) const {
  std::string out;
  for (const ValueId id : ids) out = cat(out, out.empty() ? "" : ", ", type(id));
  return out;
}

std::string Printer::functional_type(const Op& op) const {
  const std::string results = types(op.results);
  return cat("(", types(op.operands), ") -> ", op.results.size() == 1 ? results : cat("(", results, ")"));
}

bool Printer::one_type(const Op& op) const {
  if (op.results.size() != 1) return false;
  const TensorType& first = func_->type(op.results[0]);
  for (const ValueId id : op.operands) {
    if (func_->type(id) != first) return false;
  }
  return true;
}

std::string Printer::trailing(Dict dict) const { return dict.empty() ? std::string() : cat(" ", dict_text(std::move(dict))); }

// ---- structure

void Printer::line() { out_.append(static_cast<std::size_t>(2 * indent_), ' '); }

void Printer::print_results(const Op& op) {
  if (op.results.empty()) return;
  const std::string first = name(op.results[0]);
  out_ += cat(first.substr(0, first.find('#')), op.results.size() > 1 ? cat(":", op.results.size()) : std::string(), " = ");
}

void Printer::print_region(const Region& region, bool with_block_arguments) {
  out_ += "{\n";
  if (with_block_arguments && !region.arguments.empty()) {
    line();
    std::string list;
    for (const ValueId id : region.arguments) list = cat(list, list.empty() ? "" : ", ", typed_argument(id));
    out_ += cat("^bb0(", list, "):\n");
  }
  ++indent_, ++depth_;
  for (const Op& op : region.ops) {
    line();
    print_op(op);
    out_ += '\n';
  }
  --indent_, --depth_;
  line();
  out_ += '}';
}

void Printer::print_func(const Func& func) {
  enter(func);
  line();
  out_ += cat("func.func ", func.is_private ? "private " : "public ", symbol_text(func.name), "(");
  for (std::size_t i = 0; i < func.body.arguments.size(); ++i) {
    out_ += cat(i > 0 ? ", " : "", typed_argument(func.body.arguments[i]));
    if (i < func.argument_attributes.size()) out_ += trailing(func.argument_attributes[i]);
  }
  out_ += ')';
  const bool ends = !func.body.ops.empty() && func.body.ops.back().code == OpCode::Return;
  const std::vector<ValueId> results = ends ? func.body.ops.back().operands : std::vector<ValueId>();
  bool attributes = false;
  for (const Dict& dict : func.result_attributes) attributes = attributes || !dict.empty();
  if (!results.empty()) {
    const bool brackets = attributes || results.size() > 1;
    out_ += brackets ? " -> (" : " -> ";
    for (std::size_t i = 0; i < results.size(); ++i) {
      out_ += cat(i > 0 ? ", " : "", type(results[i]));
      if (i < func.result_attributes.size()) out_ += trailing(func.result_attributes[i]);
    }
    if (brackets) out_ += ')';
  }
  out_ += ' ';
  print_region(func.body, false);
  out_ += '\n';
}

void Printer::print_module() {
  for (const std::string& comment : module_->comments) {
    // A comment that holds a line break stays a comment.
    for (const std::string& text : split(comment, '\n')) out_ += cat("// ", text, "\n");
  }
  out_ += module_->name.empty() ? std::string("module {\n") : cat("module ", symbol_text(module_->name), " {\n");
  indent_ = 1;
  for (const Global& global : module_->globals) {
    line();
    const std::string key = string_text(global.key);
    out_ += cat("util.global private ", symbol_text(global.symbol), " = #flow.parameter.named<",
                global.scope.empty() ? key : cat(string_text(global.scope), "::", key), "> : ", mlir_text(global.type), "\n");
  }
  for (const Func& func : module_->funcs) {
    if (func.name == "main") print_func(func);
  }
  for (const Func& func : module_->funcs) {
    if (func.name != "main") print_func(func);
  }
  out_ += "}\n";
}

// ---- entry points

Result<std::string> print(const Module& module) {
  Printer printer(&module, false);
  printer.print_module();
  if (!printer.external().empty()) {
    return fail(Code::FailedPrecondition, "the module has external constants, such as parameter \"", printer.external(), "\"")
        .advise("apply a target first: it says what becomes of parameters");
  }
  return printer.take();
}

std::string dump(const Module& module) {
  Printer printer(&module, true);
  printer.print_module();
  return printer.take();
}

std::string dump(const Func& func, const Op& op) {
  Printer printer(nullptr, true);
  printer.enter(func);
  printer.print_op(op);
  return printer.take();
}

}  // namespace tenon::stablehlo
