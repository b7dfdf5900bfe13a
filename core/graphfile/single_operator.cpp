// A graph of one operator: what `op:NAME --dtype D --shape A,B` means.
#include <algorithm>

#include "core/graphfile/graphfile.h"
#include "core/graphfile/values.h"

namespace tenon {
namespace {

// The dtype that was asked for where the operand takes it, else that of the
// operand that it must be like, else its first.
DType dtype_of(const OpSchema& schema, std::size_t slot, DType asked, const std::vector<std::pair<std::string, DType>>& known) {
  const OperandSchema& operand = schema.operands[slot];
  const auto allows = [](const std::vector<DType>& list, DType dtype) { return std::find(list.begin(), list.end(), dtype) != list.end(); };
  const auto like = std::find_if(known.begin(), known.end(), [&](const auto& entry) { return entry.first == operand.like; });
  if (like != known.end()) return like->second;
  // The first operand keeps a dtype that it does not take: the check names what
  // it takes.
  if (slot == 0 || operand.dtypes.empty() || allows(operand.dtypes, asked)) return asked;
  return operand.dtypes.front();
}

// One attribute's text as a YAML value, so that files and command lines are
// read by the same rules: "[0, 1]" and "0,1" are lists.
yaml::Node value_node(const std::string& text, AttrType type) {
  yaml::Node node;
  node.kind = yaml::Kind::Scalar;
  node.scalar = text;
  if (type != AttrType::Ints && type != AttrType::Floats) return node;
  std::string inner = text;
  const bool brackets = inner.size() >= 2 && inner.front() == '[' && inner.back() == ']';
  if (brackets) inner = inner.substr(1, inner.size() - 2);
  node.kind = yaml::Kind::Sequence;
  if (inner.find_first_not_of(' ') == std::string::npos) return node;
  for (const std::string& part : split(inner, ',')) {
    yaml::Node item;
    item.kind = yaml::Kind::Scalar;
    const std::size_t begin = std::min(part.find_first_not_of(' '), part.size());
    item.scalar = part.substr(begin, part.find_last_not_of(' ') + 1 - begin);
    node.items.push_back(std::move(item));
  }
  return node;
}

Result<Dict> read_attributes(const OpSchema& schema, const std::vector<std::pair<std::string, std::string>>& given) {
  const yaml::Document document;  // errors without a place
  Dict attributes;
  for (const auto& [key, text] : given) {
    const AttrSchema* attr = schema.attribute_or_alias(key);
    if (attr == nullptr) {
      attributes.push_back({key, text});  // add_node says which names there are
      continue;
    }
    Result<Attr> value =
        graphfile::read_attribute(document, value_node(text, attr->type), *attr, cat("[", schema.name, "] attribute ", key));
    if (!value.ok()) return std::move(value.take_error()).operand(attr->name);
    attributes.push_back({key, *std::move(value)});
  }
  return attributes;
}

}  // namespace

Result<Graph> single_operator_graph(const std::string& op, DType dtype, const std::vector<std::string>& shapes,
                                    const std::vector<std::pair<std::string, std::string>>& attributes, const Registry& registry,
                                    const Environment& environment) {
  TENON_ASSIGN(const OpDef* def, registry.require(op));
  const OpSchema& schema = def->schema;
  std::vector<std::string> names;
  for (const OperandSchema& operand : schema.operands) names.push_back(operand.name);
  const bool variadic = !schema.operands.empty() && schema.operands.back().variadic;
  const bool nothing = shapes.size() == 1 && shapes.front().empty();
  if (shapes.size() > names.size() && !variadic && !(names.empty() && nothing))
    return fail(Code::InvalidArgument, "[", schema.name, "] takes at most ", names.size(), " operands (", join(names, ", "), "), got ",
                shapes.size(), " shapes");

  Graph graph(schema.name);
  NodeRequest request;
  request.op = schema.full_name();
  std::vector<std::pair<std::string, DType>> known;
  // An empty list of shapes may come as one empty text.
  const std::size_t count = names.empty() ? 0 : shapes.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t slot = std::min(i, names.size() - 1);
    const OperandSchema& operand = schema.operands[slot];
    if (shapes[i].empty()) {
      if (!operand.optional)
        return fail(Code::InvalidArgument, "[", schema.name, "] operand ", operand.name, " needs a shape")
            .operand(operand.name)
            .advise("write sizes such as 4x640, or scalar for a single value");
      request.operands.push_back(kAbsent);
      continue;
    }
    Dims dims;
    if (shapes[i] != "scalar") {
      Result<Dims> parsed = parse_dims(shapes[i]);
      if (!parsed.ok()) return std::move(parsed.take_error()).operand(operand.name);
      dims = *std::move(parsed);
    }
    const DType type = dtype_of(schema, slot, dtype, known);
    known.emplace_back(operand.name, type);
    const bool more = operand.variadic && shapes.size() > names.size();
    TENON_ASSIGN(const GraphValueId value,
                 graph.add_input(more ? cat(operand.name, "_", i - slot) : operand.name, {type, std::move(dims)}));
    request.operands.push_back(value);
  }
  request.name = graph.name_taken(schema.name) ? schema.name + "_node" : schema.name;
  TENON_ASSIGN(request.attributes, read_attributes(schema, attributes));
  TENON_ASSIGN(const std::uint32_t index, add_node(graph, registry, environment, request));
  const std::vector<GraphValueId> results = graph.nodes()[index].results;
  for (std::size_t i = 0; i < results.size(); ++i)
    if (results[i] != kAbsent) TENON_TRY(graph.add_output(schema.result_name(i), results[i]));
  return graph;
}

}  // namespace tenon
