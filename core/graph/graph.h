// What the user wrote: framework operators over typed values, several results per node. Plain data: who may add what, and with which
// types, is core/op's add_node; here are names, storage and the topological walk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/type/attr.h"
#include "core/type/tensor.h"

namespace tenon {

using GraphValueId = std::uint32_t;
inline constexpr GraphValueId kAbsent = 0xFFFFFFFFu;  // an optional operand or result that is not there

struct GraphValue {
  enum class Source : std::uint8_t { Input, Param, Constant, Node };
  Source source{};
  std::uint32_t index = 0;   // into inputs, params, constants or nodes
  std::uint32_t result = 0;  // Node: which result
  TensorType type;
  std::vector<std::string> symbols;  // per dimension: "batch" of "?batch", else empty; empty vector if there are none
};

struct GraphInput {
  std::string name;
  GraphValueId value;
};
struct GraphParam {
  std::string name;   // in the archive: "model.norm.weight"
  std::string alias;  // in the graph (`as`), else equal to name
  GraphValueId value;
};
struct GraphConstant {
  std::string name;
  GraphValueId value;
  std::shared_ptr<const Tensor> data;  // a single element (any type shape) when splat
  bool splat = false;
};
struct GraphOutput {
  std::string name;
  GraphValueId value;
};

struct Node {
  std::string name;
  std::string op;                      // full name of the operator's definition: "tenon.rms_norm"
  std::vector<GraphValueId> operands;  // in the schema's order, a variadic operand expanded; kAbsent for absent ones, none left out
  Dict attributes;                     // canonical names, defaults filled in, sorted by name
  std::vector<GraphValueId> results;   // in the schema's order; kAbsent for results that this node does not have
};

// Names of inputs, params (their alias), constants and nodes are one set; they hold no ':' and are not empty.
class Graph {
 public:
  explicit Graph(std::string name = "graph") : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  Result<GraphValueId> add_input(std::string name, TensorType type, std::vector<std::string> symbols = {});
  Result<GraphValueId> add_param(std::string name, std::string alias, TensorType type);
  Result<GraphValueId> add_constant(std::string name, TensorType type, std::shared_ptr<const Tensor> data, bool splat);
  Status add_output(std::string name, GraphValueId value);
  // For core/op, which has checked everything but the name. result_types: nullopt for an absent result.
  Result<std::uint32_t> add_node(Node node, std::span<const std::optional<TensorType>> result_types);

  const std::vector<GraphInput>& inputs() const { return inputs_; }
  const std::vector<GraphParam>& params() const { return params_; }
  const std::vector<GraphConstant>& constants() const { return constants_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<GraphOutput>& outputs() const { return outputs_; }
  const std::vector<GraphValue>& values() const { return values_; }
  const GraphValue& value(GraphValueId id) const { return values_[id]; }
  bool has_value(GraphValueId id) const { return id < values_.size(); }

  // "x", "norm" (first result) or "norm:1"; kAbsent if there is none. Result names ("norm:sum") are core/op's.
  GraphValueId find(std::string_view name) const;
  // The name that find() takes back: "x", "norm", "norm:1".
  std::string value_name(GraphValueId id) const;
  bool name_taken(std::string_view name) const { return names_.contains(std::string(name)); }
  // Whether `name` may be given to a new input, parameter, constant or node; `what` is for the message: "node".
  Status check_name(const std::string& name, std::string_view what) const;

  // Nodes that no output needs, in order.
  std::vector<std::uint32_t> unused_nodes() const;
  // Nodes that outputs need, operands before users. Nodes can only use values that exist, so the order of addition is topological.
  std::vector<std::uint32_t> needed_nodes() const;

 private:
  // Stores a value and its name, or throws and leaves both as they were.
  GraphValueId new_value(GraphValue value, const std::string& name);
  std::string name_;
  std::vector<GraphInput> inputs_;
  std::vector<GraphParam> params_;
  std::vector<GraphConstant> constants_;
  std::vector<Node> nodes_;
  std::vector<GraphOutput> outputs_;
  std::vector<GraphValue> values_;
  std::unordered_map<std::string, GraphValueId> names_;     // a node: its first present result
  std::unordered_map<std::string, std::uint32_t> tensors_;  // parameters by their name in the archive
  std::unordered_set<std::string> output_names_;
};

}  // namespace tenon
