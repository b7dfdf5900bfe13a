#include "core/graph/graph.h"

#include <algorithm>

namespace tenon {
namespace {

constexpr std::size_t kLongestName = 256;

// push_back that can no longer throw. Growth stays geometric: reserve alone would move everything once per element.
template <class T>
void make_room(std::vector<T>& list, std::size_t more = 1) {
  if (list.capacity() - list.size() < more) list.reserve(std::max(list.size() + more, list.capacity() * 2));
}

}  // namespace

Status Graph::check_name(const std::string& name, std::string_view what) const {
  if (name.empty())
    return fail(Code::InvalidArgument, what, " without a name").advise("give every input, parameter, constant and node a name");
  if (name.size() > kLongestName)
    return fail(Code::InvalidArgument, "the name of ", what, " \"", name.substr(0, 32), "..\" has ", name.size(), " bytes, at most ",
                kLongestName, " are taken")
        .advise("shorten the name");
  if (!is_valid_utf8(name)) return fail(Code::InvalidArgument, "the name of a ", what, " is not UTF-8");
  if (name.find(':') != std::string::npos)
    return fail(Code::InvalidArgument, what, " \"", name, "\": a name must not hold ':'")
        .node(name)
        .advise("':' stands between a node and its result, as in norm:1; use another character");
  if (names_.contains(name))
    return fail(Code::AlreadyExists, what, " \"", name, "\": the name is taken")
        .node(name)
        .advise("inputs, parameters, constants and nodes share one set of names; rename one of the two");
  return {};
}

GraphValueId Graph::new_value(GraphValue value, const std::string& name) {
  const auto id = static_cast<GraphValueId>(values_.size());
  make_room(values_);
  names_.emplace(name, id);
  values_.push_back(std::move(value));
  return id;
}

Result<GraphValueId> Graph::add_input(std::string name, TensorType type, std::vector<std::string> symbols) {
  TENON_TRY(check_name(name, "input"));
  if (Status checked = check_type(type); !checked.ok()) return std::move(checked.take_error()).node(name);
  if (!symbols.empty() && symbols.size() != type.dims.size())
    return fail(Code::InvalidArgument, "input \"", name, "\" has rank ", type.rank(), " and names for ", symbols.size(), " dimensions")
        .node(name);
  make_room(inputs_);
  const auto index = static_cast<std::uint32_t>(inputs_.size());
  const GraphValueId id = new_value({GraphValue::Source::Input, index, 0, std::move(type), std::move(symbols)}, name);
  inputs_.push_back({std::move(name), id});
  return id;
}

Result<GraphValueId> Graph::add_param(std::string name, std::string alias, TensorType type) {
  TENON_TRY(check_name(alias, "parameter"));
  if (name.empty()) return fail(Code::InvalidArgument, "parameter \"", alias, "\" does not name a tensor").node(alias);
  Result<std::int64_t> elements = checked_elements(type);
  if (!elements.ok()) return Error(elements.error()).node(alias);
  if (const auto same = tensors_.find(name); same != tensors_.end())
    return fail(Code::AlreadyExists, "parameter ", name, " is declared twice")
        .node(alias)
        .advise(cat("use \"", params_[same->second].alias, "\" in both places"));
  make_room(params_);
  const auto index = static_cast<std::uint32_t>(params_.size());
  const auto [entry, added] = tensors_.emplace(name, index);
  try {
    const GraphValueId id = new_value({GraphValue::Source::Param, index, 0, std::move(type), {}}, alias);
    params_.push_back({std::move(name), std::move(alias), id});
    return id;
  } catch (...) {
    tensors_.erase(entry);
    throw;
  }
}

Result<GraphValueId> Graph::add_constant(std::string name, TensorType type, std::shared_ptr<const Tensor> data, bool splat) {
  TENON_TRY(check_name(name, "constant"));
  const Result<std::int64_t> elements = checked_elements(type);
  if (!elements.ok()) return Error(elements.error()).node(name);
  if (data == nullptr) return fail(Code::InvalidArgument, "constant \"", name, "\" has no data").node(name);
  const std::int64_t wanted = splat ? 1 : *elements;
  if (data->type().dtype != type.dtype || data->type().elements() != wanted)
    return fail(Code::InvalidArgument, "constant \"", name, "\" of type ", to_string(type), " needs ", wanted, " ", tenon::name(type.dtype),
                " elements, got ", to_string(data->type()))
        .node(name);
  make_room(constants_);
  const auto index = static_cast<std::uint32_t>(constants_.size());
  const GraphValueId id = new_value({GraphValue::Source::Constant, index, 0, std::move(type), {}}, name);
  constants_.push_back({std::move(name), id, std::move(data), splat});
  return id;
}

Status Graph::add_output(std::string name, GraphValueId value) {
  if (name.empty()) return fail(Code::InvalidArgument, "an output without a name");
  if (!has_value(value)) return fail(Code::NotFound, "output \"", name, "\": the graph has no value number ", value);
  make_room(outputs_);
  if (!output_names_.insert(name).second)
    return fail(Code::AlreadyExists, "output \"", name, "\" is given twice").operand(name).advise("give one of them another name");
  outputs_.push_back({std::move(name), value});
  return {};
}

Result<std::uint32_t> Graph::add_node(Node node, std::span<const std::optional<TensorType>> result_types) {
  TENON_TRY(check_name(node.name, "node"));
  for (const GraphValueId operand : node.operands)
    if (operand != kAbsent && !has_value(operand))
      return fail(Code::NotFound, "node \"", node.name, "\": the graph has no value number ", operand).node(node.name);

  // Everything that can throw happens on the side; the graph changes at the end.
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  std::vector<GraphValue> values;
  node.results.clear();
  GraphValueId first = kAbsent;
  for (std::uint32_t i = 0; i < result_types.size(); ++i) {
    if (!result_types[i]) {
      node.results.push_back(kAbsent);
      continue;
    }
    if (Status checked = check_type(*result_types[i]); !checked.ok()) return std::move(checked.take_error()).node(node.name);
    const auto id = static_cast<GraphValueId>(values_.size() + values.size());
    values.push_back({GraphValue::Source::Node, index, i, *result_types[i], {}});
    if (first == kAbsent) first = id;
    node.results.push_back(id);
  }
  make_room(nodes_);
  make_room(values_, values.size());
  names_.emplace(node.name, first);
  std::move(values.begin(), values.end(), std::back_inserter(values_));
  nodes_.push_back(std::move(node));
  return index;
}

GraphValueId Graph::find(std::string_view name) const {
  const std::size_t colon = name.find(':');
  const auto found = names_.find(std::string(name.substr(0, colon)));
  if (found == names_.end()) return kAbsent;
  if (colon == std::string_view::npos || found->second == kAbsent) return found->second;
  // The number counts the results that the node has: plain digits, no sign and no hexadecimal.
  const std::string_view digits = name.substr(colon + 1);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return kAbsent;
  const std::optional<std::uint64_t> number = parse_u64(digits);
  if (!number) return kAbsent;
  const GraphValue& value = values_[found->second];
  if (value.source != GraphValue::Source::Node) return *number == 0 ? found->second : kAbsent;
  std::uint64_t seen = 0;
  for (const GraphValueId id : nodes_[value.index].results)
    if (id != kAbsent && seen++ == *number) return id;
  return kAbsent;
}

std::string Graph::value_name(GraphValueId id) const {
  if (!has_value(id)) return {};
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
  const auto before = std::count_if(node.results.begin(), node.results.begin() + value.result, [](GraphValueId r) { return r != kAbsent; });
  return before == 0 ? node.name : cat(node.name, ":", before);
}

std::vector<std::uint32_t> Graph::needed_nodes() const {
  std::vector<bool> needed(nodes_.size(), false);
  const auto mark = [&](GraphValueId id) {
    if (id != kAbsent && values_[id].source == GraphValue::Source::Node) needed[values_[id].index] = true;
  };
  for (const GraphOutput& output : outputs_) mark(output.value);
  // Users come after their operands, so one walk from the back reaches everything.
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
  for (std::uint32_t i = 0, next = 0; i < nodes_.size(); ++i) {
    if (next < needed.size() && needed[next] == i)
      ++next;
    else
      list.push_back(i);
  }
  return list;
}

}  // namespace tenon
