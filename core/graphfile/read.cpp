// Reads a graph file: declarations first, then the nodes in an order that the
// file need not have, then the outputs.
#include <algorithm>
#include <queue>

#include "core/base/files.h"
#include "core/graphfile/graphfile.h"
#include "core/graphfile/values.h"
#include "core/yaml/document.h"

namespace tenon {
namespace {

using yaml::Document;
using yaml::error_at;
using yaml::Kind;
using yaml::Reader;

Error located(Error error, const Document& document, const yaml::Node& at) {
  if (error.where.file.empty()) error.where.file = document.file, error.where.line = at.line, error.where.column = at.column;
  return error;
}
Error located(Error error, const Document& document, const yaml::Node& at, const std::string& node) {
  if (error.where.node.empty()) error.where.node = node;
  return located(std::move(error), document, at);
}

// A node as the file has it, before its operands are known.
struct Draft {
  std::string name;
  const yaml::Node* at = nullptr;  // the item
  const yaml::Node* name_at = nullptr;
  const yaml::Node* op_at = nullptr;
  const yaml::Node* inputs = nullptr;
  const yaml::Node* attributes = nullptr;
  const OpDef* op = nullptr;
  std::vector<std::pair<const yaml::Node*, std::size_t>> operands;  // the values' texts and the schema's slot, in order; slots
                                                                    // ascend
  std::vector<std::size_t> needs;                                   // other nodes, by index
};

class GraphReader {
 public:
  GraphReader(const Document& document, const Registry& registry, const Environment& environment, const GraphFileOptions& options)
      : document_(document), registry_(registry), environment_(environment), options_(options) {}

  Result<GraphFile> read() {
    TENON_ASSIGN(Reader root, Reader::open(document_, document_.root, "the graph file"));
    TENON_ASSIGN(const std::int64_t version, root.integer("tenon"));
    if (version != 1)
      return error_at(document_, *document_.root.find("tenon"), cat("format version ", version, " is not known"), Code::Incompatible)
          .advise("this library reads tenon: 1");
    TENON_ASSIGN(const std::string name, root.string_or("name", "graph"));
    if (name.empty()) return error_at(document_, *document_.root.find("name"), "name is empty").advise("leave it out, or name the graph");
    inputs_ = root.optional("inputs");
    params_ = root.optional("params");
    constants_ = root.optional("constants");
    nodes_ = root.optional("nodes");
    TENON_ASSIGN(outputs_, root.required("outputs"));
    TENON_TRY(root.finish());
    for (const auto& [list, what] :
         {std::pair{inputs_, "inputs"}, {params_, "params"}, {constants_, "constants"}, {nodes_, "nodes"}, {outputs_, "outputs"}})
      if (list != nullptr && !list->is_null() && list->kind != Kind::Sequence)
        return error_at(document_, *list, cat(what, " must be a list")).advise("write \"- {name: ..}\" lines");

    file_.graph.set_name(name);
    TENON_TRY(declare(file_));
    for (const yaml::Node& item : items(nodes_)) TENON_TRY(draft(item));
    TENON_TRY(find_needs());
    TENON_ASSIGN(const std::vector<std::size_t> order, sort());
    for (const std::size_t index : order) TENON_TRY(add(file_.graph, drafts_[index]));
    TENON_TRY(add_outputs(file_.graph));
    TENON_TRY(handle_unused(order, name));
    return std::move(file_);
  }

 private:
  static const std::vector<yaml::Node>& items(const yaml::Node* list) {
    static const std::vector<yaml::Node> none;
    return list == nullptr ? none : list->items;
  }

  // ---- inputs, params, constants

  Status declare(GraphFile& file) {
    for (const yaml::Node& item : items(inputs_)) TENON_TRY(add_input(file.graph, item));
    for (const yaml::Node& item : items(params_)) TENON_TRY(add_param(file, item));
    for (const yaml::Node& item : items(constants_)) TENON_TRY(add_constant(file.graph, item));
    return {};
  }

  template <class Added>
  Status check(Result<Added> added, const yaml::Node& at) const {
    return added.ok() ? Status() : Status(located(added.take_error(), document_, at));
  }

  Status add_input(Graph& graph, const yaml::Node& item) {
    TENON_ASSIGN(Reader reader, Reader::open(document_, item, "an input"));
    TENON_ASSIGN(std::string name, reader.string("name"));
    TENON_ASSIGN(graphfile::SymbolicType type, graphfile::read_type(reader));
    TENON_TRY(reader.finish());
    return check(graph.add_input(std::move(name), std::move(type.type), std::move(type.symbols)), *item.find("name"));
  }

  Status add_param(GraphFile& file, const yaml::Node& item) {
    TENON_ASSIGN(Reader reader, Reader::open(document_, item, "a parameter"));
    TENON_ASSIGN(std::string name, reader.string("name"));
    TENON_ASSIGN(std::string alias, reader.string_or("as", name));
    TENON_ASSIGN(graphfile::SymbolicType type, graphfile::read_type(reader));
    TENON_ASSIGN(const std::string archive, reader.string_or("file", ""));
    TENON_TRY(reader.finish());
    if (!type.type.is_static())
      return error_at(document_, *item.find("shape"), cat("parameter ", name, " has a dynamic dimension"))
          .advise("give every dimension a size");
    if (!archive.empty()) {
      const std::size_t slash = document_.file.rfind('/');
      const std::string folder = archive.front() == '/' || slash == std::string::npos ? std::string() : document_.file.substr(0, slash + 1);
      if (!file.params_file.empty() && file.params_file != folder + archive)
        return error_at(document_, *item.find("file"), cat("parameter ", name, " is in ", archive, ", an earlier one in another file"),
                        Code::Unimplemented)
            .advise("put all parameters into one file");
      file.params_file = folder + archive;
    }
    const yaml::Node& at = item.find("as") != nullptr ? *item.find("as") : *item.find("name");
    return check(file.graph.add_param(std::move(name), std::move(alias), std::move(type.type)), at);
  }

  Status add_constant(Graph& graph, const yaml::Node& item) {
    TENON_ASSIGN(Reader reader, Reader::open(document_, item, "a constant"));
    TENON_ASSIGN(std::string name, reader.string("name"));
    TENON_ASSIGN(graphfile::SymbolicType type, graphfile::read_type(reader));
    TENON_ASSIGN(const yaml::Node* value, reader.required("value"));
    TENON_TRY(reader.finish());
    Result<graphfile::ConstantData> data = graphfile::read_constant(document_, *value, type.type);
    if (!data.ok()) return std::move(data.take_error()).operand(name);
    return check(graph.add_constant(std::move(name), std::move(type.type), std::move(data->data), data->splat), *item.find("name"));
  }

  // ---- nodes

  Status draft(const yaml::Node& item) {
    TENON_ASSIGN(Reader reader, Reader::open(document_, item, "a node"));
    Draft draft;
    draft.at = &item;
    TENON_ASSIGN(draft.name, reader.string("name"));
    draft.name_at = item.find("name");
    Status read = [&]() -> Status {
      TENON_ASSIGN(draft.op_at, reader.required("op"));
      draft.inputs = reader.optional("inputs");
      draft.attributes = reader.optional("attributes");
      TENON_TRY(reader.finish());
      if (draft.inputs != nullptr && draft.inputs->is_scalar())
        return error_at(document_, *draft.inputs,
                        cat("node ", draft.name,
                            ": inputs must be a list of values, or a mapping "
                            "from operand to value"));
      if (draft.attributes != nullptr && !draft.attributes->is_null() && draft.attributes->kind != Kind::Mapping)
        return error_at(document_, *draft.attributes, cat("node ", draft.name, ": attributes must be a mapping"));
      if (file_.graph.name_taken(draft.name) || by_name_.contains(draft.name))
        return error_at(document_, *draft.name_at, cat("node \"", draft.name, "\": the name is taken"), Code::AlreadyExists)
            .advise(
                "inputs, parameters, constants and nodes share one set of "
                "names");
      TENON_ASSIGN(const std::string op, yaml::as_string(document_, *draft.op_at, "op"));
      Result<const OpDef*> found = registry_.require(op);
      if (!found.ok()) return located(found.take_error(), document_, *draft.op_at);
      draft.op = *found;
      return read_operands(draft);
    }();
    if (!read.ok()) return located(read.take_error(), document_, item, draft.name);
    by_name_.emplace(draft.name, drafts_.size());
    drafts_.push_back(std::move(draft));
    return {};
  }

  // The texts of the operands, each with the schema's slot. A list counts; a
  // mapping names, and a variadic operand may be a list there.
  Status read_operands(Draft& draft) {
    if (draft.inputs == nullptr) return {};
    const OpSchema& schema = draft.op->schema;
    if (draft.inputs->kind == Kind::Sequence) {
      for (std::size_t i = 0; i < draft.inputs->items.size(); ++i) draft.operands.emplace_back(&draft.inputs->items[i], i);
      return {};
    }
    std::vector<const yaml::Node*> slots(schema.operands.size(), nullptr);
    for (const yaml::Node::Entry& entry : draft.inputs->entries) {
      std::size_t slot = 0;
      if (schema.operand(entry.key, &slot) == nullptr) {
        std::vector<std::string> names;
        for (const OperandSchema& operand : schema.operands) names.push_back(operand.name);
        const std::string nearest = nearest_name(entry.key, names);
        return fail(Code::InvalidArgument, "[", schema.name, "] has no operand ", entry.key)
            .file(document_.file, entry.line, entry.column)
            .operand(entry.key)
            .advise(nearest.empty() ? cat("its operands are ", join(names, ", ")) : cat("did you mean ", nearest, "?"));
      }
      if (entry.value.is_null())
        return error_at(document_, entry.value, cat("[", schema.name, "] operand ", entry.key, " has no value"))
            .operand(entry.key)
            .advise("leave an absent operand out");
      slots[slot] = &entry.value;
    }
    while (!slots.empty() && slots.back() == nullptr) slots.pop_back();
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
      if (slots[slot] != nullptr && slots[slot]->kind == Kind::Sequence && schema.operands[slot].variadic) {
        for (const yaml::Node& item : slots[slot]->items) draft.operands.emplace_back(&item, slot);
        continue;
      }
      draft.operands.emplace_back(slots[slot], slot);
    }
    return {};
  }

  // Which nodes each node waits for. A name that nobody has is reported here,
  // where all of them are known.
  Status find_needs() {
    for (Draft& draft : drafts_) {
      for (const auto& [value, slot] : draft.operands) {
        if (value == nullptr || value->is_null()) continue;
        Result<std::string> text = yaml::as_string(document_, *value, cat("node ", draft.name, ": an operand"));
        if (!text.ok()) return located(text.take_error(), document_, *value, draft.name);
        const std::string base = text->substr(0, text->find(':'));
        if (const auto node = by_name_.find(base); node != by_name_.end())
          draft.needs.push_back(node->second);
        else if (!file_.graph.name_taken(base))
          return located(unknown_value(*text, base), document_, *value, draft.name);
      }
    }
    return {};
  }

  Error unknown_value(const std::string& text, const std::string& base) const {
    std::vector<std::string> names;
    for (const auto& [name, index] : by_name_) names.push_back(name);
    for (const GraphInput& input : file_.graph.inputs()) names.push_back(input.name);
    for (const GraphParam& param : file_.graph.params()) names.push_back(param.alias);
    for (const GraphConstant& constant : file_.graph.constants()) names.push_back(constant.name);
    std::sort(names.begin(), names.end());  // the same answer every time
    const std::string nearest = nearest_name(base, names);
    return fail(Code::NotFound, "unknown value \"", text, "\"")
        .operand(text)
        .advise(nearest.empty() ? "it names no input, parameter, constant or node" : cat("did you mean ", nearest, "?"));
  }

  // Operands before users; of those that are ready, the first in the file.
  Result<std::vector<std::size_t>> sort() const {
    std::vector<std::vector<std::size_t>> users(drafts_.size());
    std::vector<std::size_t> waits(drafts_.size(), 0);
    for (std::size_t i = 0; i < drafts_.size(); ++i)
      for (const std::size_t need : drafts_[i].needs) users[need].push_back(i), ++waits[i];
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t i = 0; i < drafts_.size(); ++i)
      if (waits[i] == 0) ready.push(i);
    std::vector<std::size_t> order;
    while (!ready.empty()) {
      const std::size_t next = ready.top();
      ready.pop();
      order.push_back(next);
      for (const std::size_t user : users[next])
        if (--waits[user] == 0) ready.push(user);
    }
    if (order.size() == drafts_.size()) return order;
    return cycle(waits);
  }

  // Every node that still waits needs one that still waits: following those
  // must come back.
  Error cycle(const std::vector<std::size_t>& waits) const {
    std::size_t at =
        static_cast<std::size_t>(std::find_if(waits.begin(), waits.end(), [](std::size_t n) { return n > 0; }) - waits.begin());
    std::vector<std::size_t> path, seen(drafts_.size(), 0);
    while (seen[at] == 0) {
      path.push_back(at);
      seen[at] = path.size();
      at = *std::find_if(drafts_[at].needs.begin(), drafts_[at].needs.end(), [&](std::size_t need) { return waits[need] > 0; });
    }
    path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(seen[at] - 1));
    const Draft& first = drafts_[*std::min_element(path.begin(), path.end())];
    std::string names;
    for (std::size_t i = 0; i < path.size() && i < 16; ++i) names += cat(drafts_[path[i]].name, " -> ");
    if (path.size() > 16) names += ".. -> ";
    return located(fail(Code::InvalidArgument, "the nodes form a cycle: ", names, drafts_[at].name, " (each needs the next)")
                       .advise("a node can only use values that are made before it"),
                   document_, *first.name_at, first.name);
  }

  // The place that an error of add_node is about: the attribute or operand that
  // it names, else the node.
  const yaml::Node& place(const Draft& draft, const std::string& what) const {
    if (draft.attributes != nullptr)
      for (const yaml::Node::Entry& entry : draft.attributes->entries) {
        const AttrSchema* attr = draft.op->schema.attribute_or_alias(entry.key);
        if (entry.key == what || (attr != nullptr && attr->name == what)) return entry.value;
      }
    std::size_t wanted = 0;
    if (draft.op->schema.operand(what, &wanted) != nullptr)
      for (const auto& [value, slot] : draft.operands)
        if (slot == wanted && value != nullptr) return *value;
    return *draft.at;
  }

  Result<Dict> read_attributes(const Draft& draft) const {
    Dict attributes;
    if (draft.attributes == nullptr) return attributes;
    for (const yaml::Node::Entry& entry : draft.attributes->entries) {
      const AttrSchema* attr = draft.op->schema.attribute_or_alias(entry.key);
      if (attr == nullptr || find(attributes, attr->name) != nullptr) {
        // resolve_attributes knows the words for both.
        attributes.push_back({entry.key, std::string()});
        Result<Dict> refused = resolve_attributes(draft.op->schema, attributes);
        Error error = refused.ok() ? fail(Code::InvalidArgument, "attribute ", entry.key, " is given twice") : refused.take_error();
        return std::move(error).file(document_.file, entry.line, entry.column);
      }
      TENON_ASSIGN(Attr value,
                   graphfile::read_attribute(document_, entry.value, *attr, cat("[", draft.op->schema.name, "] attribute ", entry.key)));
      attributes.push_back({attr->name, std::move(value)});
    }
    return attributes;
  }

  Status add(Graph& graph, const Draft& draft) const {
    NodeRequest request;
    request.name = draft.name;
    request.op = draft.op->schema.full_name();
    for (const auto& [value, slot] : draft.operands) {
      if (value == nullptr || value->is_null()) {
        request.operands.push_back(kAbsent);
        continue;
      }
      Result<GraphValueId> id = resolve_value(graph, registry_, value->scalar);
      if (!id.ok()) return located(id.take_error(), document_, *value, draft.name);
      request.operands.push_back(*id);
    }
    Result<Dict> attributes = read_attributes(draft);
    if (!attributes.ok()) return located(attributes.take_error(), document_, *draft.attributes, draft.name);
    request.attributes = *std::move(attributes);
    Result<std::uint32_t> added = add_node(graph, registry_, environment_, request);
    if (added.ok()) return {};
    Error error = added.take_error();
    const yaml::Node& at = place(draft, error.where.operand);
    return located(std::move(error), document_, at, draft.name);
  }

  // ---- outputs

  Status add_outputs(Graph& graph) const {
    if (items(outputs_).empty()) return error_at(document_, *outputs_, "outputs is empty").advise("name at least one value");
    for (const yaml::Node& item : outputs_->items) {
      const yaml::Node* value = &item;
      std::string name;
      if (item.kind == Kind::Mapping) {
        TENON_ASSIGN(Reader reader, Reader::open(document_, item, "an output"));
        TENON_ASSIGN(name, reader.string("name"));
        TENON_ASSIGN(value, reader.required("value"));
        TENON_TRY(reader.finish());
      }
      TENON_ASSIGN(const std::string text, yaml::as_string(document_, *value, "an output"));
      const std::string base = text.substr(0, text.find(':'));
      if (!graph.name_taken(base)) return located(unknown_value(text, base), document_, *value);
      Result<GraphValueId> id = resolve_value(graph, registry_, text);
      if (!id.ok()) return located(id.take_error(), document_, *value);
      if (Status added = graph.add_output(name.empty() && item.kind != Kind::Mapping ? text : name, *id); !added.ok())
        return located(added.take_error(), document_, item);
    }
    return {};
  }

  // A node that no output needs is a slip, or is to be dropped: then the graph
  // is made again without it.
  Status handle_unused(const std::vector<std::size_t>& order, const std::string& name) {
    const std::vector<std::uint32_t> unused = file_.graph.unused_nodes();
    if (unused.empty()) return {};
    if (!options_.prune) {
      const Draft& draft = drafts_[order[unused.front()]];
      return located(fail(Code::InvalidArgument, "node ", draft.name, " is not needed by any output"), document_, *draft.name_at,
                     draft.name)
          .advise("make it an output, remove it, or ask for --prune");
    }
    GraphFile pruned;
    pruned.graph.set_name(name);
    TENON_TRY(declare(pruned));
    for (const std::uint32_t index : file_.graph.needed_nodes()) TENON_TRY(add(pruned.graph, drafts_[order[index]]));
    TENON_TRY(add_outputs(pruned.graph));
    file_ = std::move(pruned);
    return {};
  }

  const Document& document_;
  const Registry& registry_;
  const Environment& environment_;
  const GraphFileOptions& options_;
  const yaml::Node *inputs_ = nullptr, *params_ = nullptr, *constants_ = nullptr, *nodes_ = nullptr, *outputs_ = nullptr;
  GraphFile file_;
  std::vector<Draft> drafts_;
  std::unordered_map<std::string, std::size_t> by_name_;
};

}  // namespace

Result<GraphFile> parse_graph(std::string text, const std::string& file, const Registry& registry, const Environment& environment,
                              const GraphFileOptions& options) {
  TENON_ASSIGN(const Document document, yaml::parse(std::move(text), file, yaml::kGraphLimits));
  return GraphReader(document, registry, environment, options).read();
}

Result<GraphFile> load_graph(const std::string& path, const Registry& registry, const Environment& environment,
                             const GraphFileOptions& options) {
  TENON_ASSIGN(std::string text, read_text_file(path, yaml::kGraphLimits.bytes));
  return parse_graph(std::move(text), path, registry, environment, options);
}

}  // namespace tenon
