// One function per form of text (TextForm). The spellings are the common subset of all readers.
#include "core/stablehlo/print.h"
#include "core/stablehlo/printer.h"

namespace tenon::stablehlo {
namespace {

std::string value_text(const Attr& attr) {
  if (const auto* integer = std::get_if<IntAttr>(&attr)) return cat(integer->value);
  if (const auto* list = std::get_if<IntsAttr>(&attr)) return list_text(list->values);
  return attr_text(attr);
}

}  // namespace

void Printer::print_op(const Op& op) {
  print_results(op);
  const OpInfo& row = info(op.code);
  switch (row.form) {
    case TextForm::SameType:
    case TextForm::Functional:
    case TextForm::ResultType:
    case TextForm::Pairwise:
      return print_labelled(op);
    case TextForm::Generic:
    case TextForm::Gather:
    case TextForm::Scatter:
    case TextForm::ReduceWindow:
      return print_generic(op, generic_properties(op));
    case TextForm::Constant:
      return print_constant(op);
    case TextForm::Slice:
      return print_slice(op);
    case TextForm::Reduce:
      return print_reduce(op);
    case TextForm::DotGeneral:
      return print_dot_general(op);
    case TextForm::Convolution:
      return print_convolution(op);
    case TextForm::While:
      return print_while(op);
    case TextForm::Composite:
      return print_composite(op);
    case TextForm::CustomCall:
      return print_custom_call(op);
    case TextForm::Return:
      return print_return(op);
    case TextForm::Compare: {
      const std::string_view how = get_string(op.attributes, "compare_type");
      out_ += cat(row.name, " ", get_string(op.attributes, "comparison_direction"), ", ", names(op.operands), how.empty() ? "" : ", ", how,
                  trailing(op.discardable), " : ", functional_type(op));
      return;
    }
    case TextForm::Select: {
      // Two types say all when the branches and the result are alike.
      const bool alike =
          func_->type(op.operands[1]) == func_->type(op.results[0]) && func_->type(op.operands[2]) == func_->type(op.results[0]);
      out_ += cat(row.name, " ", names(op.operands), trailing(op.discardable), " : ",
                  alike ? cat(type(op.operands[0]), ", ", type(op.results[0])) : functional_type(op));
      return;
    }
    case TextForm::ReducePrecision:
      out_ += cat(row.name, " ", names(op.operands), ", format = e", get_int(op.attributes, "exponent_bits"), "m",
                  get_int(op.attributes, "mantissa_bits"), trailing(op.discardable), " : ",
                  one_type(op) ? type(op.results[0]) : functional_type(op));
      return;
    case TextForm::Call:
      out_ += cat(row.name, " ", symbol_text(get_string(op.attributes, "callee")), "(", names(op.operands), ")", trailing(op.discardable),
                  " : ", functional_type(op));
      return;
    case TextForm::GlobalLoad:
      out_ += cat(row.name, " ", symbol_text(get_string(op.attributes, "global")), trailing(op.discardable), " : ", types(op.results));
      return;
  }
}

void Printer::print_labelled(const Op& op) {
  const OpInfo& row = info(op.code);
  std::string text = names(op.operands);
  Dict rest = op.discardable;
  for (const AttrSpec& spec : row.attributes) {
    const Attr* attr = find(op.attributes, spec.name);
    if (attr == nullptr) continue;
    if (!spec.label.empty()) {
      text = cat(text, text.empty() ? "" : ", ", spec.label, " = ", value_text(*attr));
    } else if (const auto* list = std::get_if<IntsAttr>(attr); list == nullptr || !list->values.empty()) {
      set(rest, spec.name, list == nullptr ? *attr : Attr(IntsAttr{list->values, ListStyle::Array}));
    }
  }
  std::string signature;
  switch (row.form) {
    case TextForm::ResultType:
      signature = types(op.results);
      break;
    case TextForm::Pairwise:
      signature = types(op.operands);
      break;
    case TextForm::SameType:
      signature = one_type(op) ? type(op.results[0]) : functional_type(op);
      break;
    default:
      signature = functional_type(op);
      break;
  }
  out_ += cat(row.name, " ", text, trailing(std::move(rest)), " : ", signature);
}

void Printer::print_generic(const Op& op, std::string_view properties) {
  out_ += cat("\"", info(op.code).name, "\"(", names(op.operands), ")");
  if (!properties.empty()) out_ += cat(" <{", properties, "}>");
  for (std::size_t i = 0; i < op.regions.size(); ++i) {
    out_ += i == 0 ? " (" : ", ";
    print_region(op.regions[i], true);
  }
  if (!op.regions.empty()) out_ += ')';
  out_ += cat(trailing(op.discardable), " : ", functional_type(op));
}

void Printer::print_constant(const Op& op) {
  const std::string head = cat(info(op.code).name, trailing(op.discardable), " ");
  const Constant* constant = op.constant.get();
  if (constant != nullptr && constant->kind != Constant::Kind::External) {
    out_ += cat(head, dense_text(func_->type(op.results[0]), *constant), " : ", type(op.results[0]));
    return;
  }
  const std::string parameter = constant == nullptr ? "(no value)" : constant->parameter;
  if (!for_people_ && external_.empty()) external_ = parameter;
  out_ += cat(head, "/* parameter ", string_text(parameter), " */ : ", type(op.results[0]));
}

void Printer::print_slice(const Op& op) {
  const auto& start = get_ints(op.attributes, "start_indices");
  const auto& limit = get_ints(op.attributes, "limit_indices");
  const auto& strides = get_ints(op.attributes, "strides");
  std::string ranges;
  for (std::size_t i = 0; i < start.size() && i < limit.size(); ++i) {
    ranges = cat(ranges, i > 0 ? ", " : "", start[i], ":", limit[i]);
    if (i < strides.size() && strides[i] != 1) ranges += cat(":", strides[i]);
  }
  out_ += cat(info(op.code).name, " ", names(op.operands), " [", ranges, "]", trailing(op.discardable), " : ", functional_type(op));
}

void Printer::print_while(const Op& op) {
  out_ += cat(info(op.code).name, "(");
  for (std::size_t i = 0; i < op.operands.size(); ++i) {
    out_ += cat(i > 0 ? ", " : "", name(op.regions[0].arguments[i]), " = ", name(op.operands[i]));
  }
  out_ += cat(") : ", types(op.operands));
  if (!op.discardable.empty()) out_ += cat(" attributes ", dict_text(op.discardable));
  out_ += "\n";
  line();
  out_ += "cond ";
  print_region(op.regions[0], false);
  out_ += " do ";
  print_region(op.regions[1], false);
}

void Printer::print_return(const Op& op) {
  out_ += depth_ > 1 || func_ == nullptr ? "stablehlo.return" : "return";
  if (!op.operands.empty()) out_ += cat(" ", names(op.operands), " : ", types(op.operands));
}

}  // namespace tenon::stablehlo
