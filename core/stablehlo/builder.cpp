#include "core/stablehlo/builder.h"

#include <algorithm>

#include "core/stablehlo/rules.h"

namespace tenon::stablehlo {
namespace {

bool ends(const std::vector<Op>& ops) { return !ops.empty() && ops.back().code == OpCode::Return; }

void collect_inner(const std::vector<Op>& ops, bool inner, std::vector<bool>& hidden) {
  for (const Op& op : ops) {
    if (inner) {
      for (const ValueId id : op.results) hidden[id] = true;
    }
    for (const Region& region : op.regions) {
      for (const ValueId id : region.arguments) hidden[id] = true;
      collect_inner(region.ops, true, hidden);
    }
  }
}

}  // namespace

Builder::Builder(Module& module, std::size_t func_index, BuilderLimits limits)
    : module_(module), func_index_(func_index), limits_(limits), hidden_(func().types.size()) {
  collect_inner(func().body.ops, false, hidden_);
  finished_ = ends(func().body.ops);
}

TensorType Builder::type(ValueId id) const { return id < func().types.size() ? func().types[id] : TensorType{}; }
std::span<const ValueId> Builder::arguments() const { return func().body.arguments; }
bool Builder::valid(ValueId id) const { return id < func().types.size() && (id >= hidden_.size() || !hidden_[id]); }

Error Builder::located(Error error) const {
  if (location_ && error.where.node.empty()) error.where.node = *location_;
  return error;
}

Status Builder::check_values(const OpInfo& info, std::span<const ValueId> ids) const {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (valid(ids[i])) continue;
    return located(fail(Code::InvalidArgument, "[", info.name, "] operand ", i,
                        ids[i] < func().types.size() ? " is a value of a region that is closed" : " is not a value of this function"));
  }
  return {};
}

Result<std::vector<TensorType>> Builder::infer(const Call& call, const Constant* constant) const {
  std::vector<TensorType> operands;
  for (const ValueId id : call.operands) operands.push_back(func().types[id]);
  const RuleInput in{info(call.code), operands, call.attributes, closed_, call.declared, constant, &func(), &module_};
  Result<std::vector<TensorType>> types = check_op(in, call.discardable);
  if (!types.ok()) return located(types.take_error());
  return types;
}

Builder::Values Builder::append(Call call, std::shared_ptr<const Constant> constant) {
  const OpInfo& row = info(call.code);
  if (finished_ || ends(sink())) {
    return located(
        fail(Code::FailedPrecondition, "[", row.name, "] nothing may follow the return of ", open_.empty() ? "a function" : "a region"));
  }
  if (operations_ >= limits_.operations) {
    return located(fail(Code::ResourceExhausted, "[", row.name, "] the function has ", operations_, " operations, no more are allowed"));
  }
  for (const NamedAttr& item : call.attributes) {
    const std::size_t size = get_string(call.attributes, item.name).size();
    if (size > limits_.name_bytes && item.name != "backend_config") {
      return located(fail(Code::ResourceExhausted, "[", row.name, "] ", item.name, " has ", size, " bytes, at most ", limits_.name_bytes,
                          " are allowed"));
    }
  }
  TENON_ASSIGN(const std::vector<TensorType> types, infer(call, constant.get()));
  Op op;
  op.code = call.code;
  op.operands = std::move(call.operands);
  op.attributes = std::move(call.attributes);
  op.discardable = std::move(call.discardable);
  op.regions = std::move(closed_);
  closed_.clear();
  op.constant = std::move(constant);
  op.location = location_;
  for (const TensorType& type : types) op.results.push_back(func().new_value(type));
  std::vector<ValueId> results = op.results;
  sink().push_back(std::move(op));
  ++operations_;
  return results;
}

Result<ValueId> Builder::plain(OpCode code, std::vector<ValueId> operands, Dict attributes, std::vector<TensorType> declared) {
  TENON_ASSIGN(const std::vector<ValueId> results, append(Call{code, std::move(operands), std::move(attributes), std::move(declared), {}}));
  return results[0];
}

// What op and append_raw share: operands that are visible here, defaults written out, and no region left over when it fails.
Builder::Values Builder::start(Call call, bool with_rules) {
  const auto attempt = [&]() -> Values {
    if (call.code == OpCode::Return && open_.empty()) {
      return located(fail(Code::FailedPrecondition, "[stablehlo.return] a function ends with finish()"));
    }
    TENON_TRY(check_values(info(call.code), call.operands));
    std::vector<TensorType> types;
    for (const ValueId id : call.operands) types.push_back(type(id));
    fill_defaults(call.code, types, call.attributes);
    return with_rules ? run(std::move(call)) : append(std::move(call));
  };
  Values results = attempt();
  if (!results.ok()) closed_.clear();
  return results;
}

Builder::Values Builder::append_raw(OpCode code, std::span<const ValueId> operands, Dict attributes, std::span<const TensorType> declared,
                                    Dict discardable) {
  return start(
      {code, {operands.begin(), operands.end()}, std::move(attributes), {declared.begin(), declared.end()}, std::move(discardable)}, false);
}

Builder::Values Builder::op(OpCode code, std::span<const ValueId> operands, Dict attributes, std::span<const TensorType> declared,
                            Dict discardable) {
  return start(
      {code, {operands.begin(), operands.end()}, std::move(attributes), {declared.begin(), declared.end()}, std::move(discardable)}, true);
}

Result<ValueId> Builder::op1(OpCode code, std::initializer_list<ValueId> operands, Dict attributes,
                             std::initializer_list<TensorType> declared) {
  TENON_ASSIGN(const std::vector<ValueId> results,
               op(code, std::span(operands.begin(), operands.size()), std::move(attributes), std::span(declared.begin(), declared.size())));
  if (results.size() != 1) {
    return located(fail(Code::InvalidArgument, "[", info(code).name, "] has ", results.size(), " results where one is expected"));
  }
  return results[0];
}

// ---- regions

Result<std::vector<ValueId>> Builder::begin_region(std::span<const TensorType> argument_types) {
  if (finished_) return located(fail(Code::FailedPrecondition, "the function is finished: no region can begin"));
  if (static_cast<int>(open_.size()) >= limits_.nested_regions) {
    return located(fail(Code::ResourceExhausted, "regions nest deeper than ", limits_.nested_regions));
  }
  for (const TensorType& type : argument_types) TENON_TRY(check_type(type));
  Open open{{}, func().types.size(), std::move(closed_)};
  closed_.clear();
  for (const TensorType& type : argument_types) open.region.arguments.push_back(func().new_value(type));
  std::vector<ValueId> arguments = open.region.arguments;
  open_.push_back(std::move(open));
  return arguments;
}

void Builder::hide_from(std::size_t first) {
  hidden_.resize(func().types.size(), false);
  std::fill(hidden_.begin() + static_cast<std::ptrdiff_t>(first), hidden_.end(), true);
}

Status Builder::end_region() {
  if (open_.empty()) return located(fail(Code::FailedPrecondition, "there is no open region to end"));
  if (!closed_.empty()) return located(fail(Code::FailedPrecondition, "a region was closed, and no operation took it"));
  if (!ends(open_.back().region.ops)) return located(fail(Code::FailedPrecondition, "a region must end in stablehlo.return"));
  hide_from(open_.back().visible);
  closed_ = std::move(open_.back().outer_closed);
  closed_.push_back(std::move(open_.back().region));
  open_.pop_back();
  return {};
}

// Forgets open regions after a composition failed inside one.
void Builder::drop_regions(std::size_t depth) {
  while (open_.size() > depth) {
    hide_from(open_.back().visible);
    closed_ = std::move(open_.back().outer_closed);
    open_.pop_back();
  }
}

Status Builder::finish(std::span<const ValueId> results) {
  if (finished_) return located(fail(Code::FailedPrecondition, "the function is finished already"));
  if (!open_.empty()) return located(fail(Code::FailedPrecondition, "a region is still open"));
  if (!closed_.empty()) return located(fail(Code::FailedPrecondition, "a region was closed, and no operation took it"));
  TENON_TRY(check_values(info(OpCode::Return), results));
  Values appended = append(Call{OpCode::Return, {results.begin(), results.end()}, {}, {}, {}});
  if (!appended.ok()) return appended.take_error();
  finished_ = true;
  return {};
}

}  // namespace tenon::stablehlo
