// Reading a graph file: values first, then nodes in the order of their dependencies, then outputs.
#include "core/graphfile/graphfile.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

#include "core/base/files.h"
#include "core/graphfile/reading.h"

namespace tenon {
namespace {

using yaml::Document;
using yaml::Reader;

struct NodeItem {
  std::string name, op;
  const yaml::Node* node = nullptr;                                   // the whole mapping
  const yaml::Node* inputs = nullptr;                                 // sequence, mapping or null
  const yaml::Node* attributes = nullptr;                             // mapping or null
  std::vector<std::pair<std::string, const yaml::Node*>> references;  // operand name (empty: by position) and reference; ~ is absent
};

class GraphReader {
 public:
  GraphReader(const Document& document, const Registry& registry, const Environment& environment, const GraphFileOptions& options)
      : document_(document), registry_(registry), environment_(environment), options_(options) {}

  Result<GraphFile> read() {
    TENON_ASSIGN(Reader top, Reader::open(document_, document_.root, "graph"));
    TENON_ASSIGN(const std::int64_t version, top.integer("tenon"));
    if (version != 1)
      return error_at(document_, *top.optional("tenon"), cat("graph format ", version, ": this version reads 1")).advise("upgrade tenon");
    TENON_ASSIGN(std::string name, top.string("name"));
    graph_ = Graph(std::move(name));
    const yaml::Node* inputs = top.optional("inputs");
    const yaml::Node* params = top.optional("params");
    const yaml::Node* constants = top.optional("constants");
    const yaml::Node* nodes = top.optional("nodes");
    TENON_ASSIGN(const yaml::Node* outputs, top.required("outputs"));
    TENON_TRY(top.finish());
    TENON_TRY(each(inputs, "inputs", [&](const yaml::Node& item) { return read_input(item); }));
    TENON_TRY(each(params, "params", [&](const yaml::Node& item) { return read_param(item); }));
    TENON_TRY(each(constants, "constants", [&](const yaml::Node& item) { return read_constant(item); }));
    TENON_TRY(each(nodes, "nodes", [&](const yaml::Node& item) { return read_node(item); }));
    TENON_TRY(add_nodes());
    TENON_TRY(each(outputs, "outputs", [&](const yaml::Node& item) { return read_output(item); }));
    if (graph_.outputs().empty()) return error_at(document_, *outputs, "the graph has no outputs").advise("name at least one value");
    TENON_TRY(check_unused());
    return GraphFile{std::move(graph_), std::move(params_file_)};
  }

 private:
  template <class Each>
  Status each(const yaml::Node* list, std::string_view what, Each&& read_item) {
    if (list == nullptr || list->is_null()) return {};
    if (list->kind != yaml::Kind::Sequence) return error_at(document_, *list, cat(what, " is a sequence (lines that start with \"- \")"));
    for (const yaml::Node& item : list->items) TENON_TRY(read_item(item));
    return {};
  }

  // An error of a check that knows names but no file: it gets the position of what it names.
  Error place(Error error, const yaml::Node& where) {
    if (error.where.file.empty()) {
      error.where.file = document_.file;
      error.where.line = where.line;
      error.where.column = where.column;
    }
    return error;
  }

  Status read_input(const yaml::Node& item) {
    TENON_ASSIGN(Reader reader, Reader::open(document_, item, "input"));
    TENON_ASSIGN(std::string name, reader.string("name"));
    std::vector<std::string> symbols;
    TENON_ASSIGN(TensorType type, read_type(reader, &symbols));
    TENON_TRY(reader.finish());
    Result<GraphValueId> added = graph_.add_input(std::move(name), std::move(type), std::move(symbols));
    if (!added.ok()) return place(added.take_error(), item);
    return {};
  }

  Status read_param(const yaml::Node& item) {
    TENON_ASSIGN(Reader reader, Reader::open(document_, item, "parameter"));
    TENON_ASSIGN(std::string name, reader.string("name"));
    TENON_ASSIGN(std::string alias, reader.string_or("as", name));
    TENON_ASSIGN(std::string file, reader.string_or("file", ""));
    TENON_ASSIGN(TensorType type, read_type(reader, nullptr));
    TENON_TRY(reader.finish());
    if (!file.empty()) {
      const std::string path = beside(document_.file, file);
      if (!params_file_.empty() && params_file_ != path)
        return error_at(document_, item, cat("parameters of one graph come from one file; ", params_file_, " was named before"))
            .advise("put the tensors into one .safetensors file, or give --params");
      params_file_ = path;
    }
    Result<GraphValueId> added = graph_.add_param(std::move(name), std::move(alias), std::move(type));
    if (!added.ok()) return place(added.take_error(), item);
    return {};
  }

  Status read_constant(const yaml::Node& item) {
    TENON_ASSIGN(Reader reader, Reader::open(document_, item, "constant"));
    TENON_ASSIGN(std::string name, reader.string("name"));
    TENON_ASSIGN(TensorType type, read_type(reader, nullptr));
    TENON_ASSIGN(const yaml::Node* value, reader.required("value"));
    TENON_TRY(reader.finish());
    const bool splat = value->kind == yaml::Kind::Scalar;
    TENON_ASSIGN(Tensor data, read_tensor(document_, *value, type));
    Result<GraphValueId> added = graph_.add_constant(std::move(name), std::move(type), std::make_shared<Tensor>(std::move(data)), splat);
    if (!added.ok()) return place(added.take_error(), item);
    return {};
  }

  Status read_node(const yaml::Node& item) {
    TENON_ASSIGN(Reader reader, Reader::open(document_, item, "node"));
    NodeItem node;
    node.node = &item;
    TENON_ASSIGN(node.name, reader.string("name"));
    TENON_ASSIGN(node.op, reader.string("op"));
    node.inputs = reader.optional("inputs");
    node.attributes = reader.optional("attributes");
    Status known = reader.finish();
    if (!known.ok()) return std::move(known.take_error()).node(node.name);
    if (node.name.empty() || node.name.find(':') != std::string::npos)
      return error_at(document_, item, cat("node \"", node.name, "\": a name is not empty and holds no ':'")).node(node.name);
    if (by_name_.contains(node.name) || graph_.name_taken(node.name)) {
      Error error = error_at(document_, item, cat("the name \"", node.name, "\" is taken"), Code::AlreadyExists);
      return std::move(error).node(node.name).advise("inputs, parameters, constants and nodes share one set of names");
    }
    if (node.inputs != nullptr && node.inputs->kind == yaml::Kind::Sequence) {
      for (const yaml::Node& reference : node.inputs->items) node.references.emplace_back("", &reference);
    } else if (node.inputs != nullptr && node.inputs->kind == yaml::Kind::Mapping) {
      for (const yaml::Node::Entry& entry : node.inputs->entries) node.references.emplace_back(entry.key, &entry.value);
    } else if (node.inputs != nullptr && !node.inputs->is_null()) {
      return error_at(document_, *node.inputs, cat("node \"", node.name, "\": inputs is a list or a mapping by operand"))
          .node(node.name)
          .advise("write inputs: [x, w]");
    }
    if (node.attributes != nullptr && !node.attributes->is_null() && node.attributes->kind != yaml::Kind::Mapping)
      return error_at(document_, *node.attributes, cat("node \"", node.name, "\": attributes is a mapping")).node(node.name);
    by_name_.emplace(node.name, items_.size());
    items_.push_back(std::move(node));
    return {};
  }

  // The item that a reference depends on, or nothing if it names an input, parameter or constant.
  Result<std::optional<std::size_t>> dependency(const NodeItem& item, const std::string& operand, const yaml::Node& reference) {
    if (reference.is_null()) return std::optional<std::size_t>();
    TENON_ASSIGN(std::string text, as_string(document_, reference, "reference"));
    const std::string base = text.substr(0, text.find(':'));
    if (const auto found = by_name_.find(base); found != by_name_.end()) return std::optional<std::size_t>(found->second);
    if (graph_.name_taken(base)) return std::optional<std::size_t>();
    std::vector<std::string> names;
    for (const auto& [name, index] : by_name_) names.push_back(name);
    for (const GraphInput& input : graph_.inputs()) names.push_back(input.name);
    for (const GraphParam& param : graph_.params()) names.push_back(param.alias);
    for (const GraphConstant& constant : graph_.constants()) names.push_back(constant.name);
    std::sort(names.begin(), names.end());
    const std::string nearest = nearest_name(base, names);
    Error error = error_at(document_, reference, cat("node \"", item.name, "\": unknown value \"", text, "\""), Code::NotFound);
    return std::move(error).node(item.name).operand(operand).advise(nearest.empty() ? "it names no input, parameter, constant or node"
                                                                                    : cat("did you mean ", nearest, "?"));
  }

  Status add_nodes() {
    // Kahn's algorithm; among the nodes that are ready the first in the file comes first.
    std::vector<std::vector<std::size_t>> users(items_.size());
    std::vector<std::size_t> waiting(items_.size(), 0);
    for (std::size_t i = 0; i < items_.size(); ++i)
      for (const auto& [operand, reference] : items_[i].references) {
        TENON_ASSIGN(const std::optional<std::size_t> source, dependency(items_[i], operand, *reference));
        if (!source) continue;
        users[*source].push_back(i);
        ++waiting[i];
      }
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (waiting[i] == 0) ready.push(i);
    std::size_t added = 0;
    while (!ready.empty()) {
      const std::size_t i = ready.top();
      ready.pop();
      TENON_TRY(add_node_item(items_[i]));
      ++added;
      for (std::size_t user : users[i])
        if (--waiting[user] == 0) ready.push(user);
    }
    if (added == items_.size()) return {};
    std::string cycle;
    const NodeItem* first = nullptr;
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (waiting[i] > 0) {
        if (first == nullptr) first = &items_[i];
        cycle += cat(cycle.empty() ? "" : ", ", items_[i].name);
      }
    return error_at(document_, *first->node, cat("these nodes need one another in a cycle: ", cycle)).node(first->name);
  }

  Status add_node_item(const NodeItem& item) {
    NodeRequest request{.name = item.name, .op = item.op};
    for (const auto& [operand, reference] : item.references) {
      GraphValueId value = kAbsent;
      if (!reference->is_null()) {
        Result<GraphValueId> found = resolve_value(graph_, registry_, reference->scalar);
        if (!found.ok()) return place(std::move(found.take_error()).node(item.name), *reference);
        value = *found;
      }
      if (operand.empty())
        request.operands.push_back(value);
      else if (value != kAbsent)
        request.named_operands.emplace_back(operand, value);
    }
    if (item.attributes != nullptr)
      for (const yaml::Node::Entry& entry : item.attributes->entries) {
        Result<Attr> attr = read_attribute(document_, entry.value);
        if (!attr.ok()) return std::move(attr.take_error()).node(item.name).operand(entry.key);
        request.attributes.push_back({entry.key, *std::move(attr)});
      }
    Result<std::uint32_t> added = add_node(graph_, registry_, environment_, request);
    if (!added.ok()) return place(added.take_error(), *position_of(item, added.error()));
    return {};
  }

  // The place in the file of the attribute or operand that an error names; else the node.
  const yaml::Node* position_of(const NodeItem& item, const Error& error) {
    const std::string& name = error.where.operand;
    if (name.empty()) return item.node;
    if (item.attributes != nullptr && item.attributes->kind == yaml::Kind::Mapping) {
      const OpDef* op = registry_.find(item.op);
      for (const yaml::Node::Entry& entry : item.attributes->entries) {
        const AttrSchema* meant = op == nullptr ? nullptr : op->schema.attribute_or_alias(entry.key);
        if (entry.key == name || (meant != nullptr && meant->name == name)) return &entry.value;
      }
    }
    if (item.inputs != nullptr && item.inputs->kind == yaml::Kind::Mapping)
      if (const yaml::Node* value = item.inputs->find(name)) return value;
    if (item.inputs != nullptr && item.inputs->kind == yaml::Kind::Sequence) {
      const OpDef* op = registry_.find(item.op);
      std::size_t slot = 0;
      if (op != nullptr && op->schema.operand(name, &slot) != nullptr && slot < item.inputs->items.size()) return &item.inputs->items[slot];
    }
    return item.node;
  }

  Status read_output(const yaml::Node& item) {
    std::string name, value;
    const yaml::Node* where = &item;
    if (item.kind == yaml::Kind::Mapping) {
      TENON_ASSIGN(Reader reader, Reader::open(document_, item, "output"));
      TENON_ASSIGN(name, reader.string("name"));
      TENON_ASSIGN(value, reader.string("value"));
      where = reader.optional("value");
      TENON_TRY(reader.finish());
    } else {
      TENON_ASSIGN(value, as_string(document_, item, "output"));
      name = value;
    }
    Result<GraphValueId> id = resolve_value(graph_, registry_, value);
    if (!id.ok()) return place(id.take_error(), *where);
    Status added = graph_.add_output(std::move(name), *id);
    if (!added.ok()) return place(added.take_error(), item);
    return {};
  }

  Status check_unused() {
    if (options_.prune) return {};
    const std::vector<std::uint32_t> unused = graph_.unused_nodes();
    if (unused.empty()) return {};
    const std::string& name = graph_.nodes()[unused.front()].name;
    return error_at(document_, *items_[by_name_.at(name)].node, cat("node \"", name, "\" is needed by no output"))
        .node(name)
        .advise("make one of its results an output, remove it, or give --prune");
  }

  const Document& document_;
  const Registry& registry_;
  const Environment& environment_;
  const GraphFileOptions& options_;
  Graph graph_;
  std::string params_file_;
  std::vector<NodeItem> items_;
  std::unordered_map<std::string, std::size_t> by_name_;
};

}  // namespace

Result<GraphFile> parse_graph(std::string text, const std::string& file, const Registry& registry, const Environment& environment,
                              const GraphFileOptions& options) {
  TENON_ASSIGN(Document document, yaml::parse(std::move(text), file, yaml::kGraphLimits));
  return GraphReader(document, registry, environment, options).read();
}

Result<GraphFile> load_graph(const std::string& path, const Registry& registry, const Environment& environment,
                             const GraphFileOptions& options) {
  TENON_ASSIGN(std::string text, read_text_file(path, yaml::kGraphLimits.bytes));
  return parse_graph(std::move(text), path, registry, environment, options);
}

}  // namespace tenon
