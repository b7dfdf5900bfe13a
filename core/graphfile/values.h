// Values in a graph file: attributes as the schema asks for them, types,
// constants. Internal to core/graphfile.
#pragma once

#include "core/graph/graph.h"
#include "core/op/schema.h"
#include "core/yaml/document.h"

namespace tenon::graphfile {

// A scalar or a list in the attribute's type. `what` is for messages:
// "attribute epsilon".
Result<Attr> read_attribute(const yaml::Document& document, const yaml::Node& node, const AttrSchema& attr, std::string_view what);

Result<DType> read_dtype(const yaml::Document& document, const yaml::Node& node);

struct SymbolicType {
  TensorType type;
  std::vector<std::string> symbols;  // as GraphValue::symbols
};
// dtype and shape of a mapping; a dimension is a number, "?" or "?name".
Result<SymbolicType> read_type(yaml::Reader& reader);

struct ConstantData {
  std::shared_ptr<const Tensor> data;
  bool splat = false;
};
// A scalar (the element, or every element) or nested lists that match the
// shape. Values must exist in the dtype: integers exactly, floats after one
// rounding that leaves finite values finite.
Result<ConstantData> read_constant(const yaml::Document& document, const yaml::Node& node, const TensorType& type);

// ---- writing
std::string quote(std::string_view text);  // plain where that reads back as the
                                           // same text, else in double quotes
std::string write_attribute(const Attr& value);
std::string write_dims(const TensorType& type, const std::vector<std::string>& symbols);
std::string write_constant(const TensorType& type, const Tensor& data, bool splat);

}  // namespace tenon::graphfile
