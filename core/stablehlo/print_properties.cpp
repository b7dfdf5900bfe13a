// What stands in <{..}> of the operations that have only the generic form.
#include "core/stablehlo/printer.h"

namespace tenon::stablehlo {

// [[low, high], ..]: pairs of a flat list.
std::string pairs_text(const std::vector<std::int64_t>& flat) {
  std::string out = "[";
  for (std::size_t i = 0; i + 1 < flat.size(); i += 2) out = cat(out, i > 0 ? ", " : "", "[", flat[i], ", ", flat[i + 1], "]");
  return out + "]";
}

namespace {

// Flags and lists of a generic form, in the order of the calls.
class Properties {
 public:
  explicit Properties(const Dict& attributes) : attributes_(attributes) {}
  Properties& raw(std::string_view name, std::string_view text) {
    text_ = cat(text_, text_.empty() ? "" : ", ", name, " = ", text);
    return *this;
  }
  Properties& array(std::string_view name) {
    return find(attributes_, name) == nullptr ? *this : raw(name, array_text(get_ints(attributes_, name)));
  }
  Properties& list(std::string_view name) {  // left out when empty
    const std::vector<std::int64_t>& values = get_ints(attributes_, name);
    return values.empty() ? *this : raw(name, list_text(values));
  }
  Properties& integer(std::string_view name) { return raw(name, cat(get_int(attributes_, name))); }
  Properties& flag(std::string_view name) { return raw(name, get_bool(attributes_, name) ? "true" : "false"); }
  std::string take() { return std::move(text_); }

 private:
  const Dict& attributes_;
  std::string text_;
};

std::string gather_properties(const Dict& attributes) {
  const std::string numbers = Properties(attributes)
                                  .list("offset_dims")
                                  .list("collapsed_slice_dims")
                                  .list("operand_batching_dims")
                                  .list("start_indices_batching_dims")
                                  .list("start_index_map")
                                  .integer("index_vector_dim")
                                  .take();
  Properties properties(attributes);
  properties.raw("dimension_numbers", cat("#stablehlo.gather<", numbers, ">"));
  if (get_bool(attributes, "indices_are_sorted")) properties.flag("indices_are_sorted");
  return properties.array("slice_sizes").take();
}

std::string scatter_properties(const Dict& attributes) {
  const std::string numbers = Properties(attributes)
                                  .list("update_window_dims")
                                  .list("inserted_window_dims")
                                  .list("input_batching_dims")
                                  .list("scatter_indices_batching_dims")
                                  .list("scatter_dims_to_operand_dims")
                                  .integer("index_vector_dim")
                                  .take();
  return Properties(attributes)
      .raw("scatter_dimension_numbers", cat("#stablehlo.scatter<", numbers, ">"))
      .flag("indices_are_sorted")
      .flag("unique_indices")
      .take();
}

std::string reduce_window_properties(const Dict& attributes) {
  Properties properties(attributes);
  properties.array("window_dimensions").array("window_strides").array("base_dilations").array("window_dilations");
  const std::vector<std::int64_t>& padding = get_ints(attributes, "padding");
  if (padding.empty()) return properties.take();
  return properties.raw("padding", cat("dense<", pairs_text(padding), "> : tensor<", padding.size() / 2, "x2xi64>")).take();
}

std::string sort_properties(const Dict& attributes) {
  Properties properties(attributes);
  properties.raw("dimension", cat(get_int(attributes, "dimension", -1), " : i64"));
  return properties.flag("is_stable").take();
}

}  // namespace

std::string generic_properties(const Op& op) {
  switch (op.code) {
    case OpCode::Gather:
      return gather_properties(op.attributes);
    case OpCode::Scatter:
      return scatter_properties(op.attributes);
    case OpCode::ReduceWindow:
      return reduce_window_properties(op.attributes);
    case OpCode::Sort:
      return sort_properties(op.attributes);
    default:
      return {};
  }
}

}  // namespace tenon::stablehlo
