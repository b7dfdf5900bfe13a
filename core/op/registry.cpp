#include "core/op/registry.h"

#include <algorithm>

namespace tenon {
namespace {

// Namespace as written, name folded: case and underscores of operator names do not count.
std::string key_of(std::string_view op_namespace, std::string_view name) { return cat(op_namespace, ".", fold_name(name)); }

// The spelling that would have found what `name` comes closest to. Another namespace's operators are shown with it: without, they are not
// found.
std::string nearest_operator(const std::vector<std::unique_ptr<OpDef>>& ops, std::string_view name) {
  const std::string_view bare = name.substr(name.rfind('.') + 1);  // npos + 1 is 0
  std::vector<std::string> spellings, shown;
  for (const std::unique_ptr<OpDef>& op : ops) {
    const std::string prefix = op->schema.op_namespace == "tenon" ? std::string() : op->schema.op_namespace + ".";
    const auto add = [&](const std::string& spelling) {
      spellings.push_back(spelling);
      shown.push_back(prefix + spelling);
    };
    add(op->schema.name);
    for (const std::string& alias : op->schema.aliases) add(alias);
  }
  const auto same = std::find_if(spellings.begin(), spellings.end(), [&](const std::string& s) { return fold_name(s) == fold_name(bare); });
  if (same != spellings.end()) return shown[static_cast<std::size_t>(same - spellings.begin())];
  const std::string nearest = nearest_name(bare, spellings);
  if (nearest.empty()) return {};
  return shown[static_cast<std::size_t>(std::find(spellings.begin(), spellings.end(), nearest) - spellings.begin())];
}

}  // namespace

void Registry::add(OpSchema schema, std::shared_ptr<Provider> provider, std::size_t index) {
  if (!schema.kernels_for.empty()) {
    extra_schemas_.push_back(std::make_unique<OpSchema>(std::move(schema)));
    const OpSchema* kept = extra_schemas_.back().get();
    const std::size_t dot = kept->kernels_for.rfind('.');
    const std::string key = dot == std::string::npos ? key_of("tenon", kept->kernels_for)
                                                     : key_of(kept->kernels_for.substr(0, dot), kept->kernels_for.substr(dot + 1));
    extra_kernels_[key].push_back({std::move(provider), index, kept});
    return;
  }
  auto op = std::make_unique<OpDef>(OpDef{std::move(schema), std::move(provider), index});
  const std::string key = key_of(op->schema.op_namespace, op->schema.name);
  if (const auto first = by_name_.find(key); first != by_name_.end()) {
    shadowed_.push_back({op->schema.full_name(), op->provider->plugin_name(), first->second->provider->plugin_name()});
    return;
  }
  by_name_.emplace(key, op.get());
  for (const std::string& alias : op->schema.aliases) by_name_.emplace(key_of(op->schema.op_namespace, alias), op.get());
  ops_.push_back(std::move(op));
}

const OpDef* Registry::find(std::string_view name, std::string_view home) const {
  const auto look = [&](std::string_view op_namespace, std::string_view op) -> const OpDef* {
    const auto found = by_name_.find(key_of(op_namespace, op));
    return found == by_name_.end() ? nullptr : found->second;
  };
  if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos) return look(name.substr(0, dot), name.substr(dot + 1));
  if (!home.empty())
    if (const OpDef* op = look(home, name)) return op;
  return look("tenon", name);
}

Result<const OpDef*> Registry::require(std::string_view name, std::string_view home) const {
  if (const OpDef* op = find(name, home)) return op;
  const std::string nearest = nearest_operator(ops_, name);
  return fail(Code::NotFound, "unknown operator ", name)
      .advise(!nearest.empty() ? cat("did you mean ", nearest, "? `tenon ops` lists the operators")
              : ops_.empty()   ? "no plugin was found: `tenon plugins` says where was searched"
                               : "`tenon ops` lists the operators; another plugin's are written with their namespace");
}

std::vector<const OpDef*> Registry::all() const {
  std::vector<const OpDef*> list;
  for (const auto& op : ops_) list.push_back(op.get());
  std::sort(list.begin(), list.end(), [](const OpDef* a, const OpDef* b) { return a->schema.full_name() < b->schema.full_name(); });
  return list;
}

std::vector<KernelSource> Registry::kernels_of(const OpDef& op) const {
  std::vector<KernelSource> list{{op.provider, op.index, &op.schema}};
  if (const auto extra = extra_kernels_.find(key_of(op.schema.op_namespace, op.schema.name)); extra != extra_kernels_.end())
    list.insert(list.end(), extra->second.begin(), extra->second.end());
  return list;
}

}  // namespace tenon
