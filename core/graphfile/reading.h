// Parts of the graph file's reader: types, tensors, attributes.
#pragma once

#include <string>
#include <vector>

#include "core/type/attr.h"
#include "core/type/tensor.h"
#include "core/yaml/document.h"

namespace tenon {

// The keys dtype and shape of a mapping. symbols: per dimension the name of "?name"; null where dynamic dimensions are not allowed.
Result<TensorType> read_type(yaml::Reader& reader, std::vector<std::string>* symbols);

// A number (one element: a splat), or lists nested as the shape. Integers must fit the dtype; floats are rounded once.
Result<Tensor> read_tensor(const yaml::Document& document, const yaml::Node& node, const TensorType& type);

// A scalar as text, which the operator's schema reads; a list of integers, of numbers, or of text.
Result<Attr> read_attribute(const yaml::Document& document, const yaml::Node& node);

// `path` relative to the folder of `file`, unless it is absolute.
std::string beside(const std::string& file, const std::string& path);

}  // namespace tenon
