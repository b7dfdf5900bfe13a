// The forms of reduce, dot_general and convolution.
#include "core/stablehlo/printer.h"

namespace tenon::stablehlo {
namespace {

// "b, f, 0, 1": at each dimension the letter of its role, or its spatial number.
std::string dimension_roles(const Dict& attributes, std::string_view first, char first_role, std::string_view second, char second_role,
                            std::string_view spatial) {
  const std::vector<std::int64_t>& numbers = get_ints(attributes, spatial);
  std::vector<std::string> roles(numbers.size() + 2);
  const auto put = [&](std::int64_t axis, std::string text) {
    if (axis >= 0 && static_cast<std::size_t>(axis) < roles.size()) roles[static_cast<std::size_t>(axis)] = std::move(text);
  };
  put(get_int(attributes, first), std::string(1, first_role));
  put(get_int(attributes, second), std::string(1, second_role));
  for (std::size_t i = 0; i < numbers.size(); ++i) put(numbers[i], cat(i));
  return cat("[", join(roles, ", "), "]");
}

std::string bools_text(const std::vector<bool>& values) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) out = cat(out, i > 0 ? ", " : "", bool(values[i]));
  return out + "]";
}

const std::vector<std::string>* precision(const Op& op) {
  const Attr* attr = find(op.attributes, "precision_config");
  const auto* words = attr == nullptr ? nullptr : std::get_if<StringsAttr>(attr);
  return words == nullptr ? nullptr : &words->values;
}

// The operation behind `applies`: the region's only one, commutative, on its two arguments in order.
const Op* applied(const Op& op) {
  if (op.regions.size() != 1 || op.operands.size() != 2) return nullptr;
  const Region& region = op.regions[0];
  if (region.ops.size() != 2 || region.arguments.size() != 2) return nullptr;
  const Op& inner = region.ops[0];
  const Op& end = region.ops[1];
  const bool plain = info(inner.code).commutative_reducer && inner.operands == region.arguments && inner.discardable.empty() &&
                     end.code == OpCode::Return && end.operands == inner.results;
  return plain ? &inner : nullptr;
}

}  // namespace

void Printer::print_reduce(const Op& op) {
  const std::size_t count = op.operands.size() / 2;
  out_ += info(op.code).name;
  for (std::size_t i = 0; i < count; ++i) {
    out_ += cat(i > 0 ? ", " : "", "(", name(op.operands[i]), " init: ", name(op.operands[count + i]), ")");
  }
  const Op* inner = applied(op);
  if (inner != nullptr) out_ += cat(" applies ", info(inner->code).name);
  out_ +=
      cat(" across dimensions = ", list_text(get_ints(op.attributes, "dimensions")), trailing(op.discardable), " : ", functional_type(op));
  if (inner != nullptr) return;
  out_ += '\n';
  line();
  out_ += "reducer";
  const Region& region = op.regions[0];
  for (std::size_t i = 0; i < count; ++i) {  // element i and accumulator i, which stand `count` apart
    out_ += cat("(", typed_argument(region.arguments[i]), ", ", typed_argument(region.arguments[count + i]), ") ");
  }
  print_region(region, false);
}

void Printer::print_dot_general(const Op& op) {
  const auto pair = [&](std::string_view label, std::string_view lhs, std::string_view rhs) {
    return cat(", ", label, " = ", list_text(get_ints(op.attributes, lhs)), " x ", list_text(get_ints(op.attributes, rhs)));
  };
  out_ += cat(info(op.code).name, " ", names(op.operands));
  if (!get_ints(op.attributes, "lhs_batching_dimensions").empty()) {
    out_ += pair("batching_dims", "lhs_batching_dimensions", "rhs_batching_dimensions");
  }
  out_ += pair("contracting_dims", "lhs_contracting_dimensions", "rhs_contracting_dimensions");
  if (const auto* words = precision(op)) out_ += cat(", precision = [", join(*words, ", "), "]");
  out_ += cat(trailing(op.discardable), " : ", functional_type(op));
}

void Printer::print_convolution(const Op& op) {
  const Dict& a = op.attributes;
  const std::string input = dimension_roles(a, "input_batch_dimension", 'b', "input_feature_dimension", 'f', "input_spatial_dimensions");
  const std::string kernel =
      dimension_roles(a, "kernel_output_feature_dimension", 'o', "kernel_input_feature_dimension", 'i', "kernel_spatial_dimensions");
  const std::string result =
      dimension_roles(a, "output_batch_dimension", 'b', "output_feature_dimension", 'f', "output_spatial_dimensions");
  std::string window;
  const auto add = [&](std::string_view label, std::string_view attribute, const std::string& list) {
    if (find(a, attribute) != nullptr) window = cat(window, window.empty() ? "" : ", ", label, " = ", list);
  };
  if (!get_ints(a, "input_spatial_dimensions").empty()) {
    add("stride", "window_strides", list_text(get_ints(a, "window_strides")));
    add("pad", "padding", pairs_text(get_ints(a, "padding")));
    add("lhs_dilate", "lhs_dilation", list_text(get_ints(a, "lhs_dilation")));
    add("rhs_dilate", "rhs_dilation", list_text(get_ints(a, "rhs_dilation")));
    add("reverse", "window_reversal", bools_text(get_bools(a, "window_reversal")));
  }
  out_ +=
      cat(info(op.code).name, "(", names(op.operands), ") dim_numbers = ", input, "x", kernel, "->", result, ", window = {", window, "}");
  std::string tail = cat("batch_group_count = ", get_int(a, "batch_group_count", 1),
                         " : i64, feature_group_count = ", get_int(a, "feature_group_count", 1), " : i64");
  if (const auto* words = precision(op)) {
    std::string list;
    for (const std::string& word : *words) list = cat(list, list.empty() ? "" : ", ", "#stablehlo<precision ", word, ">");
    tail += cat(", precision_config = [", list, "]");
  }
  const std::string own = dict_text(op.discardable);
  if (!op.discardable.empty()) tail += cat(", ", std::string_view(own).substr(1, own.size() - 2));
  out_ += cat(" {", tail, "} : ", functional_type(op));
}

}  // namespace tenon::stablehlo
