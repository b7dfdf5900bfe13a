// make_plan in one screen: expand (kernels chosen, the rest inlined), drop what nobody reads, make steps, place buffers.
#include "core/plan/plan.h"

#include <algorithm>
#include <unordered_map>

#include "core/lower/lower.h"
#include "core/plan/buffers.h"
#include "core/stablehlo/op_table.h"

namespace tenon {
namespace {

using stablehlo::Cloner;
using stablehlo::Func;
using stablehlo::Module;
using stablehlo::Op;
using stablehlo::OpCode;
using stablehlo::ValueId;

// What was decided for an operation of the flat @main, beside the operation itself.
struct Decided {
  std::unique_ptr<KernelInstance> kernel;
  CompositeInfo composite;  // with kernel
  std::uint32_t decision = kNoDecision;
};

// Indices of an operator that is about to run; `before`: the number of the operation that it becomes, or of the first one.
struct PendingCheck {
  std::size_t before = 0;
  ValueId value = 0;
  std::string op;
  std::shared_ptr<const std::string> where;
  std::uint32_t decision = kNoDecision;
  IndexCheck check;
};

// Walks @main: a composite with a kernel stays one operation, one without is replaced by its decomposition, walked in turn.
class Expander {
 public:
  Expander(const Module& module, const Registry& registry, const Environment& environment, const PlanOptions& options, Func& out)
      : module_(module), registry_(registry), environment_(environment), options_(options), out_(out) {}

  Status expand(const Func& from, Cloner& cloner, const std::shared_ptr<const std::string>& location, std::uint32_t decision, int depth) {
    if (depth > 64) return fail(Code::Internal, "decompositions nest deeper than 64");
    for (const Op& op : from.body.ops) {
      if (op.code == OpCode::Return) break;
      const auto& where = location != nullptr ? location : op.location;
      if (op.code == OpCode::Composite) {
        TENON_TRY(expand_composite(from, op, cloner, where, decision, depth));
        continue;
      }
      Op copy = cloner.clone(op);
      copy.location = where;
      push(std::move(copy), {nullptr, {}, decision});
    }
    return {};
  }

  std::vector<Op> ops;
  std::vector<Decided> decided;
  std::vector<PendingCheck> checks;
  std::vector<OperatorDecision> operators;

 private:
  void add_checks(const CompositeInfo& info, const Op& op, Cloner& cloner, const std::shared_ptr<const std::string>& where,
                  std::uint32_t decision) {
    for (IndexCheck& check : index_checks(info.op->schema, info.node)) {
      const auto slot = info.node.operands.begin() + static_cast<std::ptrdiff_t>(check.slot);
      const auto present = std::count_if(info.node.operands.begin(), slot, [](const auto& type) { return type.has_value(); });
      const ValueId value = cloner.mapped(op.operands[static_cast<std::size_t>(present)]);
      checks.push_back({ops.size(), value, info.op->schema.name, where, decision, std::move(check)});
    }
  }

  Status expand_composite(const Func& from, const Op& op, Cloner& cloner, const std::shared_ptr<const std::string>& where,
                          std::uint32_t decision, int depth) {
    Result<CompositeInfo> info = read_composite(module_, from, op, registry_);
    if (info.ok()) {  // else a composite that is nobody's operator: only its body counts
      if (where != nullptr) info->node.name = *where;
      TENON_ASSIGN(Selection selection, select_kernel(*info->op, info->node, registry_, environment_, options_));
      decision = static_cast<std::uint32_t>(operators.size());
      operators.push_back({info->node.name, info->op->schema.name, std::move(selection.candidates)});
      add_checks(*info, op, cloner, where, decision);
      if (selection.kernel != nullptr) {
        Op copy = cloner.clone(op);
        copy.location = where;
        push(std::move(copy), {std::move(selection.kernel), *std::move(info), decision});
        return {};
      }
      if (options_.strict && !options_.reference)
        return fail(Code::FailedPrecondition, "[", info->op->schema.name, "] no kernel takes this node, and strict was asked for")
            .node(info->node.name)
            .advise("`tenon explain` lists the candidates and why each was removed");
    }
    const Func* body = module_.find(std::get<SymbolAttr>(*find(op.attributes, "decomposition")).name);
    if (body == nullptr) return fail(Code::Internal, "composite without its decomposition");
    Cloner inner(*body, out_);
    for (std::size_t i = 0; i < op.operands.size(); ++i) inner.map(body->body.arguments[i], cloner.mapped(op.operands[i]));
    TENON_TRY(expand(*body, inner, where, decision, depth + 1));
    const Op& result = body->body.ops.back();
    for (std::size_t i = 0; i < op.results.size(); ++i) cloner.map(op.results[i], inner.mapped(result.operands[i]));
    return {};
  }

  void push(Op op, Decided d) {
    ops.push_back(std::move(op));
    decided.push_back(std::move(d));
  }

  const Module& module_;
  const Registry& registry_;
  const Environment& environment_;
  const PlanOptions& options_;
  Func& out_;
};

// Backwards: an operation none of whose results is read is dropped (nothing here has side effects but the checks, which stay).
void drop_unused(std::vector<Op>& ops, std::vector<Decided>& decided, std::vector<PendingCheck>& checks,
                 const std::vector<ValueId>& results, std::size_t values) {
  std::vector<bool> used(values, false);
  for (const PendingCheck& check : checks) used[check.value] = true;
  for (ValueId id : results) used[id] = true;
  std::vector<bool> keep(ops.size(), false);
  for (std::size_t i = ops.size(); i-- > 0;) {
    keep[i] = std::any_of(ops[i].results.begin(), ops[i].results.end(), [&](ValueId id) { return used[id]; });
    if (!keep[i]) continue;
    for (ValueId id : ops[i].operands) used[id] = true;
    for (ValueId id : stablehlo::captures(ops[i])) used[id] = true;
  }
  std::size_t out = 0, next = 0;  // checks stand in the order of the operations
  for (std::size_t i = 0; i < ops.size(); ++i) {
    for (; next < checks.size() && checks[next].before == i; ++next) checks[next].before = out;
    if (!keep[i]) continue;
    if (out != i) ops[out] = std::move(ops[i]), decided[out] = std::move(decided[i]);
    ++out;
  }
  for (; next < checks.size(); ++next) checks[next].before = out;
  ops.resize(out);
  decided.resize(out);
}

class StepMaker {
 public:
  StepMaker(Plan& plan, const Func& main) : plan_(plan), main_(main), index_(main.types.size(), kAbsentValue) {}

  Status make(const std::vector<Op>& ops, std::vector<Decided>& decided, std::vector<PendingCheck>& checks,
              const std::vector<ValueId>& results) {
    for (std::uint32_t i = 0; i < main_.body.arguments.size(); ++i)
      plan_.values[value(main_.body.arguments[i])].location = {Location::Kind::Input, i, 0};
    std::unordered_map<std::string, std::uint32_t> parameters;
    std::size_t next = 0;
    for (std::size_t i = 0; i <= ops.size(); ++i) {
      for (; next < checks.size() && checks[next].before == i; ++next) check(checks[next]);
      if (i == ops.size()) break;
      if (ops[i].code == OpCode::Constant) {
        constant(ops[i], parameters);
        continue;
      }
      TENON_TRY(step(ops[i], decided[i]));
    }
    for (std::uint32_t i = 0; i < results.size(); ++i) output(results[i], i);
    return {};
  }

 private:
  std::uint32_t value(ValueId id) {
    if (index_[id] == kAbsentValue) {
      index_[id] = static_cast<std::uint32_t>(plan_.values.size());
      plan_.values.push_back({main_.types[id], compact_strides(main_.types[id].dims), {}});
    }
    return index_[id];
  }

  void constant(const Op& op, std::unordered_map<std::string, std::uint32_t>& parameters) {
    PlannedValue& v = plan_.values[value(op.results[0])];
    if (op.constant->kind != stablehlo::Constant::Kind::External) {
      v.location = {Location::Kind::Constant, static_cast<std::uint32_t>(plan_.constants.size()), 0};
      if (op.constant->kind == stablehlo::Constant::Kind::Splat) v.strides.assign(v.type.dims.size(), 0);
      plan_.constants.push_back(op.constant);
      return;
    }
    const auto [it, added] = parameters.emplace(op.constant->parameter, static_cast<std::uint32_t>(plan_.parameters.size()));
    if (added) plan_.parameters.push_back({op.constant->parameter, v.type});
    v.location = {Location::Kind::Parameter, it->second, 0};
  }

  void check(PendingCheck& pending) {
    Step s;
    s.kind = Step::Kind::Check;
    s.op = std::move(pending.op);
    if (pending.where != nullptr) s.node = *pending.where;
    s.decision = pending.decision;
    s.operands = {value(pending.value)};
    s.check = std::move(pending.check);
    s.bytes = static_cast<double>(main_.types[pending.value].bytes());
    plan_.steps.push_back(std::move(s));
  }

  Status step(const Op& op, Decided& d) {
    Step s;
    if (op.location != nullptr) s.node = *op.location;
    s.decision = d.decision;
    for (ValueId id : op.results) {
      s.results.push_back(value(id));
      plan_.values[s.results.back()].location.kind = Location::Kind::Workspace;
    }
    double moved = 0;
    for (ValueId id : op.operands) moved += static_cast<double>(main_.types[id].bytes());
    for (ValueId id : op.results) moved += static_cast<double>(main_.types[id].bytes());
    if (d.kernel != nullptr) {
      s.kind = Step::Kind::Kernel;
      s.op = d.composite.op->schema.name;
      std::size_t present = 0;
      for (const auto& operand : d.composite.node.operands) s.operands.push_back(operand ? value(op.operands[present++]) : kAbsentValue);
      // Results in the schema's order, absent ones too: the kernel finds them by position.
      std::vector<std::uint32_t> results;
      present = 0;
      for (const auto& result : d.composite.node.results) results.push_back(result ? s.results[present++] : kAbsentValue);
      s.results = std::move(results);
      s.bytes = d.kernel->plan().bytes > 0 ? d.kernel->plan().bytes : moved;
      s.flops = d.kernel->plan().flops;
      s.kernel = std::move(d.kernel);
    } else {
      s.kind = Step::Kind::Interpreter;
      s.op = std::string(stablehlo::info(op.code).name);
      s.bytes = moved;
      for (ValueId id : op.operands) s.operands.push_back(value(id));
      for (ValueId id : stablehlo::captures(op)) s.captured.emplace_back(id, value(id));
      Status runnable = interp::check_runnable(plan_.module, main_, op);
      if (!runnable.ok()) return std::move(runnable.take_error()).node(s.node);
      s.hlo = &op;
      s.func = &main_;
    }
    plan_.steps.push_back(std::move(s));
    return {};
  }

  // A result that a step makes is written straight into the caller's memory; anything else (an input, a constant, a value that is returned
  // twice) is copied there.
  void output(ValueId id, std::uint32_t number) {
    const std::uint32_t v = value(id);
    if (plan_.values[v].location.kind == Location::Kind::Workspace) {
      plan_.values[v].location = {Location::Kind::Output, number, 0};
      return;
    }
    Step copy;
    copy.kind = Step::Kind::Copy;
    copy.op = "copy";
    copy.operands = {v};
    copy.results = {static_cast<std::uint32_t>(plan_.values.size())};
    copy.bytes = 2.0 * static_cast<double>(main_.types[id].bytes());
    plan_.values.push_back({main_.types[id], compact_strides(main_.types[id].dims), {Location::Kind::Output, number, 0}});
    plan_.steps.push_back(std::move(copy));
  }

  Plan& plan_;
  const Func& main_;
  std::vector<std::uint32_t> index_;
};

}  // namespace

Result<std::unique_ptr<Plan>> make_plan(Module module, std::vector<std::string> input_names, std::vector<std::string> output_names,
                                        const Registry& registry, const Environment& environment, const PlanOptions& options) {
  const Func* main = module.find("main");
  if (main == nullptr) return fail(Code::InvalidArgument, "the module has no function @main");
  for (const TensorType& type : main->types)
    if (!type.is_static())
      return fail(Code::FailedPrecondition, "the program has a dynamic dimension: ", to_string(type))
          .advise("give every dimension a size: dynamic dimensions are bound before planning");
  if (main->body.arguments.size() != input_names.size() || main->body.ops.back().operands.size() != output_names.size())
    return fail(Code::Internal, "names and values of @main differ in number");

  auto plan = std::make_unique<Plan>();
  plan->level = environment.machine.level;
  Func flat;
  flat.name = "main";
  for (ValueId id : main->body.arguments) flat.body.arguments.push_back(flat.new_value(main->types[id]));
  Cloner cloner(*main, flat);
  for (std::size_t i = 0; i < main->body.arguments.size(); ++i) cloner.map(main->body.arguments[i], flat.body.arguments[i]);
  Expander expander(module, registry, environment, options, flat);
  TENON_TRY(expander.expand(*main, cloner, nullptr, kNoDecision, 0));
  std::vector<ValueId> results;
  for (ValueId id : main->body.ops.back().operands) results.push_back(cloner.mapped(id));

  drop_unused(expander.ops, expander.decided, expander.checks, results, flat.types.size());
  flat.body.ops = std::move(expander.ops);
  for (std::size_t i = 0; i < input_names.size(); ++i)
    plan->inputs.push_back({std::move(input_names[i]), flat.types[flat.body.arguments[i]]});
  for (std::size_t i = 0; i < output_names.size(); ++i) plan->outputs.push_back({std::move(output_names[i]), flat.types[results[i]]});
  *module.find("main") = std::move(flat);
  plan->module = std::move(module);

  const Func& owned = *plan->module.find("main");
  plan->operators = std::move(expander.operators);
  TENON_TRY(StepMaker(*plan, owned).make(owned.body.ops, expander.decided, expander.checks, results));
  assign_buffers(*plan);
  return plan;
}

}  // namespace tenon
