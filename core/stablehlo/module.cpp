#include "core/stablehlo/module.h"

#include <cassert>
#include <unordered_set>

namespace tenon::stablehlo {
namespace {

struct CaptureWalk {
  std::unordered_set<ValueId> known;  // defined inside, or already reported
  std::vector<ValueId> found;

  void region(const Region& region) {
    known.insert(region.arguments.begin(), region.arguments.end());
    for (const Op& op : region.ops) {
      for (const ValueId id : op.operands) {
        if (known.insert(id).second) found.push_back(id);
      }
      for (const Region& inner : op.regions) this->region(inner);
      known.insert(op.results.begin(), op.results.end());
    }
  }
};

void replace(std::vector<ValueId>& ids, std::span<const ValueId> replacement_by_id) {
  for (ValueId& id : ids) {
    if (id < replacement_by_id.size() && replacement_by_id[id] != kNoValue) id = replacement_by_id[id];
  }
}

}  // namespace

std::vector<TensorType> Func::argument_types() const {
  std::vector<TensorType> out;
  for (const ValueId id : body.arguments) out.push_back(types[id]);
  return out;
}

std::vector<TensorType> Func::result_types() const {
  std::vector<TensorType> out;
  if (body.ops.empty() || body.ops.back().code != OpCode::Return) return out;
  for (const ValueId id : body.ops.back().operands) out.push_back(types[id]);
  return out;
}

ValueId Func::new_value(TensorType type) {
  types.push_back(std::move(type));
  return static_cast<ValueId>(types.size() - 1);
}

Func* Module::find(std::string_view function) {
  for (Func& func : funcs) {
    if (func.name == function) return &func;
  }
  return nullptr;
}

const Func* Module::find(std::string_view function) const { return const_cast<Module*>(this)->find(function); }

const Global* Module::find_global(std::string_view symbol) const {
  for (const Global& global : globals) {
    if (global.symbol == symbol) return &global;
  }
  return nullptr;
}

std::vector<ValueId> captures(const Op& op) { return captures(op.regions); }

std::vector<ValueId> captures(std::span<const Region> regions) {
  CaptureWalk walk;
  for (const Region& region : regions) walk.region(region);
  return std::move(walk.found);
}

Op Cloner::clone(const Op& op) {
  Op copy;
  copy.code = op.code;
  copy.attributes = op.attributes;
  copy.discardable = op.discardable;
  copy.constant = op.constant;
  copy.location = op.location;
  for (const ValueId id : op.operands) {
    assert(map_[id] != kNoValue && "a use of a value that nobody mapped");
    copy.operands.push_back(map_[id]);
  }
  for (const Region& region : op.regions) {
    Region inner;
    for (const ValueId id : region.arguments) {
      map_[id] = to_.new_value(from_.types[id]);
      inner.arguments.push_back(map_[id]);
    }
    for (const Op& inside : region.ops) inner.ops.push_back(clone(inside));
    copy.regions.push_back(std::move(inner));
  }
  for (const ValueId id : op.results) {
    map_[id] = to_.new_value(from_.types[id]);
    copy.results.push_back(map_[id]);
  }
  return copy;
}

std::vector<ValueId> Cloner::inline_body(std::span<const ValueId> arguments, std::vector<Op>& out,
                                         std::shared_ptr<const std::string> location) {
  assert(arguments.size() == from_.body.arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) map(from_.body.arguments[i], arguments[i]);
  std::vector<ValueId> results;
  for (const Op& op : from_.body.ops) {
    if (op.code == OpCode::Return) {
      for (const ValueId id : op.operands) results.push_back(map_[id]);
      break;
    }
    out.push_back(clone(op));
    if (location) out.back().location = location;
  }
  return results;
}

void replace_uses(std::vector<Op>& ops, std::span<const ValueId> replacement_by_id) {
  for (Op& op : ops) {
    replace(op.operands, replacement_by_id);
    for (Region& region : op.regions) replace_uses(region.ops, replacement_by_id);
  }
}

}  // namespace tenon::stablehlo
