#include "core/graph/graph.h"

#include <algorithm>

namespace tenon {

Status Graph::claim(const std::string& name, std::string_view what) {
  if (name.empty()) return fail(Code::InvalidArgument, what, " needs a name");
  if (name.find(':') != std::string::npos)
    return fail(Code::InvalidArgument, what, " \"", name, "\": a name holds no ':'")
        .node(name)
        .advise("':' separates a node from its result");
  if (name.size() > 256) return fail(Code::InvalidArgument, what, ": a name has at most 256 bytes, this one ", name.size());
  if (names_.contains(name))
    return fail(Code::AlreadyExists, what, " \"", name, "\": the name is taken")
        .node(name)
        .advise("inputs, parameters, constants and nodes share one set of names");
  return {};
}

GraphValueId Graph::new_value(GraphValue value) {
  values_.push_back(std::move(value));
  return static_cast<GraphValueId>(values_.size() - 1);
}

Result<GraphValueId> Graph::add_input(std::string name, TensorType type, std::vector<std::string> symbols) {
  TENON_TRY(claim(name, "input"));
  TENON_TRY(check_type(type));
  const auto index = static_cast<std::uint32_t>(inputs_.size());
  const GraphValueId id = new_value({GraphValue::Source::Input, index, 0, std::move(type), std::move(symbols)});
  names_.emplace(name, id);
  inputs_.push_back({std::move(name), id});
  return id;
}

Result<GraphValueId> Graph::add_param(std::string name, std::string alias, TensorType type) {
  TENON_TRY(claim(alias, "parameter"));
  TENON_TRY(check_type(type));
  if (name.empty()) return fail(Code::InvalidArgument, "parameter \"", alias, "\" needs the name of a tensor");
  if (!type.is_static())
    return fail(Code::InvalidArgument, "parameter ", name, " has a dynamic dimension: ", to_string(type))
        .advise("give every dimension a size");
  const auto same = std::find_if(params_.begin(), params_.end(), [&](const GraphParam& p) { return p.name == name; });
  if (same != params_.end())
    return fail(Code::AlreadyExists, "parameter ", name, " is declared twice")
        .node(alias)
        .advise(cat("use \"", same->alias, "\" in both places"));
  const auto index = static_cast<std::uint32_t>(params_.size());
  const GraphValueId id = new_value({GraphValue::Source::Param, index, 0, std::move(type), {}});
  names_.emplace(alias, id);
  params_.push_back({std::move(name), std::move(alias), id});
  return id;
}

Result<GraphValueId> Graph::add_constant(std::string name, TensorType type, std::shared_ptr<const Tensor> data, bool splat) {
  TENON_TRY(claim(name, "constant"));
  TENON_ASSIGN(const std::int64_t elements, checked_elements(type));
  if (data == nullptr || data->type().dtype != type.dtype || data->type().elements() != (splat ? 1 : elements))
    return fail(Code::InvalidArgument, "constant \"", name, "\": the data does not fit ", to_string(type)).node(name);
  const auto index = static_cast<std::uint32_t>(constants_.size());
  const GraphValueId id = new_value({GraphValue::Source::Constant, index, 0, std::move(type), {}});
  names_.emplace(name, id);
  constants_.push_back({std::move(name), id, std::move(data), splat});
  return id;
}

Status Graph::add_output(std::string name, GraphValueId value) {
  if (name.empty()) return fail(Code::InvalidArgument, "an output needs a name");
  if (!has_value(value)) return fail(Code::NotFound, "output ", name, ": the graph has no value number ", value);
  for (const GraphOutput& output : outputs_)
    if (output.name == name)
      return fail(Code::AlreadyExists, "output \"", name, "\" is given twice")
          .operand(name)
          .advise("name one of them: {name: other, value: ..}");
  outputs_.push_back({std::move(name), value});
  return {};
}

Result<std::uint32_t> Graph::add_node(Node node, std::span<const std::optional<TensorType>> result_types) {
  TENON_TRY(claim(node.name, "node"));
  for (GraphValueId operand : node.operands)
    if (operand != kAbsent && !has_value(operand))
      return fail(Code::NotFound, "node \"", node.name, "\": the graph has no value number ", operand).node(node.name);
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  node.results.clear();
  GraphValueId first = kAbsent;
  for (std::uint32_t i = 0; i < result_types.size(); ++i) {
    if (!result_types[i]) {
      node.results.push_back(kAbsent);
      continue;
    }
    const GraphValueId id = new_value({GraphValue::Source::Node, index, i, *result_types[i], {}});
    if (first == kAbsent) first = id;
    node.results.push_back(id);
  }
  names_.emplace(node.name, first);
  nodes_.push_back(std::move(node));
  return index;
}

GraphValueId Graph::find(std::string_view name) const {
  const std::size_t colon = name.find(':');
  const auto found = names_.find(std::string(name.substr(0, colon)));
  if (found == names_.end()) return kAbsent;
  if (colon == std::string_view::npos) return found->second;
  // A number counts the results that the node has.
  const auto number = parse_u64(name.substr(colon + 1));
  if (!number || found->second == kAbsent) return kAbsent;
  const GraphValue& first = values_[found->second];
  if (first.source != GraphValue::Source::Node) return *number == 0 ? found->second : kAbsent;
  std::uint64_t seen = 0;
  for (GraphValueId id : nodes_[first.index].results)
    if (id != kAbsent && seen++ == *number) return id;
  return kAbsent;
}

std::string Graph::value_name(GraphValueId id) const {
  const GraphValue& value = values_[id];
  switch (value.source) {
    case GraphValue::Source::Input:
      return inputs_[value.index].name;
    case GraphValue::Source::Param:
      return params_[value.index].alias;
    case GraphValue::Source::Constant:
      return constants_[value.index].name;
    case GraphValue::Source::Node:
      break;
  }
  const Node& node = nodes_[value.index];
  std::size_t position = 0;
  for (GraphValueId result : node.results) {
    if (result == id) break;
    if (result != kAbsent) ++position;
  }
  return position == 0 ? node.name : cat(node.name, ":", position);
}

std::vector<std::uint32_t> Graph::needed_nodes() const {
  std::vector<bool> needed(nodes_.size(), false);
  const auto mark = [&](GraphValueId id) {
    if (id != kAbsent && values_[id].source == GraphValue::Source::Node) needed[values_[id].index] = true;
  };
  for (const GraphOutput& output : outputs_) mark(output.value);
  for (std::size_t i = nodes_.size(); i-- > 0;)
    if (needed[i]) std::for_each(nodes_[i].operands.begin(), nodes_[i].operands.end(), mark);
  std::vector<std::uint32_t> list;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i)
    if (needed[i]) list.push_back(i);
  return list;
}

std::vector<std::uint32_t> Graph::unused_nodes() const {
  const std::vector<std::uint32_t> needed = needed_nodes();
  std::vector<std::uint32_t> list;
  std::size_t next = 0;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (next < needed.size() && needed[next] == i)
      ++next;
    else
      list.push_back(i);
  }
  return list;
}

}  // namespace tenon
