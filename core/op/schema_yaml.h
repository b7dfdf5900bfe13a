// Values of a schema, as manifests and target profiles write them.
#pragma once

#include <string_view>
#include <vector>

#include "core/op/schema.h"
#include "core/yaml/document.h"

namespace tenon {

// A dtype, float, int, any, data, or a list of those; `what` is for messages.
Result<std::vector<DType>> read_dtypes(const yaml::Document& document, const yaml::Node& node, std::string_view what);
// What a scalar or list says without a schema: true, 3, 1.5, "text", [1, 2]. Quotes make it a text.
Result<Attr> read_plain_value(const yaml::Document& document, const yaml::Node& node, std::string_view what);
// The value in the attribute's type, within its bounds.
Result<Attr> read_value_of(const yaml::Document& document, const yaml::Node& node, const AttrSchema& attribute);

}  // namespace tenon
