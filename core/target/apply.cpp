// The pass: every operator of a module in the form that a target asks for.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/op/carrier_yaml.h"
#include "core/stablehlo/verify.h"
#include "core/target/forms.h"
#include "core/target/parameters.h"

namespace tenon {
namespace {

using stablehlo::Cloner;
using stablehlo::Func;
using stablehlo::Module;
using stablehlo::Op;
using stablehlo::OpCode;
using stablehlo::Region;
using stablehlo::ValueId;
using Kind = CarrierForm::Kind;
using Location = std::shared_ptr<const std::string>;

constexpr int kDeepest = 64;  // as the verifier: what recursion over a module must stand

// What came of the carrier that a lower_as wrote.
struct CarrierOutcome {
  std::string form, failure;
};

// How a list of operations is walked.
struct Scope {
  Location location;                  // of the graph node whose operator this is; null: each operation's own
  bool nested = false;                // inside an operator
  bool plain = false;                 // inside a carrier's decomposition: everything is inlined
  CarrierOutcome* carrier = nullptr;  // inside what a lower_as wrote
  int depth = 0;
};

// The same operands and types, another name.
void use_tensor_reshape(std::vector<Op>& ops) {
  for (Op& op : ops) {
    if (op.code == OpCode::DynamicReshape) op.code = OpCode::TensorReshape;
    for (Region& region : op.regions) use_tensor_reshape(region.ops);
  }
}

// One composite on its way: where it stands and where its form goes.
struct Site {
  const Func& from;
  const Op& op;
  Cloner& cloner;
  Func& to;
  std::vector<Op>& out;
  const Scope& scope;
  Location location;
};

class Applier {
 public:
  Applier(const Module& module, const Target& target, const Registry& registry, const Environment& environment)
      : work_(module), target_(target), registry_(registry), lowering_(work_, registry, environment) {}

  Result<Applied> apply(const ApplyOptions& options) {
    TENON_TRY(check_rows());
    const std::shared_ptr<const Func> from = function("main");
    if (from == nullptr) return fail(Code::InvalidArgument, "the module has no @main");
    Applied applied;
    applied.module.name = work_.name;
    applied.module.comments = target_.comments;
    if (!target_.executable && target_.comments.empty()) applied.module.comments.push_back("No compiler executes this text.");

    Func main;
    main.name = "main";
    main_ = &main;
    Cloner cloner(*from, main);
    for (const ValueId argument : from->body.arguments) {
      main.body.arguments.push_back(main.new_value(from->type(argument)));
      cloner.map(argument, main.body.arguments.back());
    }
    TENON_TRY(walk(*from, from->body.ops, cloner, main, main.body.ops, {}));
    end(*from, cloner, main);

    hoist_parameters(main, target_.parameters);
    share_constants(main);
    drop_unused(main);
    applied.module.funcs.push_back({});  // @main's place
    number_functions(main, applied.module);
    TENON_TRY(place_parameters(main, applied.module, target_, options.params));
    applied.module.funcs.front() = std::move(main);
    if (target_.tensor_reshape)
      for (Func& func : applied.module.funcs) use_tensor_reshape(func.body.ops);
    applied.decisions = std::move(decisions_);
    TENON_TRY(stablehlo::verify(applied.module));
    return applied;
  }

 private:
  // A row that names nobody would change nothing, without a word.
  Status check_rows() const {
    for (const auto& [row, form] : target_.operators) {
      Result<const OpDef*> op = registry_.require(row);
      Status status = op.ok() ? check_carrier_form((*op)->schema, form) : Status(op.take_error());
      if (status.ok()) continue;
      Error error = status.take_error();
      error.message = cat("target ", target_.name, ": ", error.message);
      return std::move(error).file(target_.origin);
    }
    return {};
  }

  // Functions of work_, at an address that stays when a lower_as adds more.
  std::shared_ptr<const Func> function(std::string_view name) {
    std::shared_ptr<const Func>& kept = functions_[std::string(name)];
    if (kept == nullptr)
      if (const Func* found = work_.find(name)) kept = std::make_shared<const Func>(*found);
    return kept;
  }

  static void end(const Func& from, Cloner& cloner, Func& to) {
    Op op;
    op.code = OpCode::Return;
    for (const ValueId id : from.body.ops.back().operands) op.operands.push_back(cloner.mapped(id));
    to.body.ops.push_back(std::move(op));
  }

  // A function's operations up to its return, or a whole region.
  Status walk(const Func& from, const std::vector<Op>& ops, Cloner& cloner, Func& to, std::vector<Op>& out, const Scope& scope,
              bool region = false) {
    if (scope.depth > kDeepest) return fail(Code::Internal, "operators or regions nest deeper than ", kDeepest);
    for (const Op& op : ops) {
      if (op.code == OpCode::Return && !region) break;
      const Location location = scope.location != nullptr ? scope.location : op.location;
      if (op.code == OpCode::Composite) {
        TENON_TRY(composite({from, op, cloner, to, out, scope, location}));
        continue;
      }
      Op shell;
      shell.code = op.code;
      shell.operands = op.operands;
      shell.results = op.results;
      shell.attributes = op.attributes;
      shell.discardable = op.discardable;
      shell.constant = op.constant;
      Op copy = cloner.clone(shell);
      copy.location = location;
      if (&to == main_ && op.regions.empty() && is_constant(copy)) constants_.insert(copy.results.begin(), copy.results.end());
      if (op.code == OpCode::Call) TENON_TRY(keep(std::string(get_string(op.attributes, "callee"))));
      for (const Region& inner : op.regions) {
        Region& made = copy.regions.emplace_back();
        for (const ValueId argument : inner.arguments) {
          made.arguments.push_back(to.new_value(from.type(argument)));
          cloner.map(argument, made.arguments.back());
        }
        Scope deeper = scope;
        ++deeper.depth;
        TENON_TRY(walk(from, inner.ops, cloner, to, made.ops, deeper, true));
      }
      out.push_back(std::move(copy));
    }
    return {};
  }

  Status composite(const Site& site) {
    Result<CompositeInfo> info = read_composite(work_, site.from, site.op, registry_);
    if (!info.ok() && info.error().code != Code::NotFound) return info.take_error();
    if (!info.ok()) return foreign(site);
    if (site.scope.plain) return expand(site, decomposition_of(site.op), site.scope.plain, nullptr);
    mark_constants(site, info->node);

    const PreferredForm preferred = preferred_form(info->op->schema, target_);
    std::string used = "inline", reason;
    if (preferred.form.kind != Kind::Inline) {
      used = form_text(preferred.form);
      TENON_ASSIGN(reason, carry(site, *info, preferred.form, preferred.own, used));
    }
    if (is_carrier(site)) {
      // Whoever asked for the carrier does without all of it if it cannot be.
      if (preferred.form.kind == Kind::Inline) reason = cat(info->op->schema.name, " has no form at this target");
      site.scope.carrier->form = used;
      site.scope.carrier->failure = reason;
      if (!reason.empty())
        for (const ValueId id : site.op.results) site.cloner.map(id, site.to.new_value(site.from.type(id)));
      return {};
    }
    if (preferred.form.kind == Kind::Inline || !reason.empty()) {
      const CarrierForm fallback = preferred.form.kind == Kind::Inline ? preferred.form : default_form(info->op->schema, target_);
      used = form_text(fallback);
      if (fallback.kind == Kind::Inline) {
        record(site, *info, used, reason);
        return expand(site, decomposition_of(site.op), false, nullptr);
      }
      TENON_ASSIGN(const std::string refused, carry(site, *info, fallback, false, used));
      if (!refused.empty())
        return fail(Code::Internal, "[", info->op->schema.name, "] has no form at target ", target_.name, ": ", refused);
    }
    record(site, *info, used, reason);
    return {};
  }

  void record(const Site& site, const CompositeInfo& info, const std::string& form, const std::string& reason) {
    if (site.scope.nested && form == "inline" && reason.empty()) return;
    const bool named = !site.scope.nested && site.location != nullptr;
    decisions_.push_back({named ? *site.location : std::string(), info.op->schema.full_name(), form, reason});
  }

  // A parameter, a constant, or what is computed from such alone: consumers fold it.
  bool is_constant(const Op& op) const {
    if (op.code == OpCode::Constant) return true;
    if (op.code == OpCode::CustomCall || op.code == OpCode::Call || op.operands.empty()) return false;
    return std::all_of(op.operands.begin(), op.operands.end(), [&](ValueId id) { return constants_.contains(id); });
  }

  static bool is_carrier(const Site& site) { return site.scope.carrier != nullptr && get_bool(site.op.discardable, kCarrierMark); }
  static std::string decomposition_of(const Op& op) { return std::string(get_string(op.attributes, "decomposition")); }

  void mark_constants(const Site& site, tenon_node& node) const {
    node.name = site.location == nullptr ? std::string() : *site.location;
    std::size_t next = 0;
    for (const auto& operand : node.operands)
      node.operand_is_constant.push_back(operand && constants_.contains(site.cloner.mapped(site.op.operands[next++])));
  }

  // A composite that is nobody's operator: kept where composites are taken, else its body.
  Status foreign(const Site& site) {
    const bool taken = std::find(target_.carriers.begin(), target_.carriers.end(), Kind::Composite) != target_.carriers.end();
    if (!taken || site.scope.plain) return expand(site, decomposition_of(site.op), site.scope.plain, nullptr);
    TENON_TRY(keep(decomposition_of(site.op)));
    Op copy = site.cloner.clone(site.op);
    copy.location = site.location;
    site.out.push_back(std::move(copy));
    return {};
  }

  // Puts a function's body in place of the operation.
  Status expand(const Site& site, const std::string& name, bool plain, CarrierOutcome* carrier) {
    const std::shared_ptr<const Func> body = function(name);
    if (body == nullptr) return fail(Code::Internal, "there is no function @", name);
    Cloner inner(*body, site.to);
    for (std::size_t i = 0; i < site.op.operands.size(); ++i) inner.map(body->body.arguments[i], site.cloner.mapped(site.op.operands[i]));
    TENON_TRY(walk(*body, body->body.ops, inner, site.to, site.out, {site.location, true, plain, carrier, site.scope.depth + 1}));
    const std::vector<ValueId>& results = body->body.ops.back().operands;
    for (std::size_t i = 0; i < results.size(); ++i) site.cloner.map(site.op.results[i], inner.mapped(results[i]));
    return {};
  }

  // Writes the operator in this form, or says why not. own: the form is the operator's, so its lower_as is asked.
  Result<std::string> carry(const Site& site, const CompositeInfo& info, const CarrierForm& form, bool own, std::string& used) {
    if (std::find(target_.carriers.begin(), target_.carriers.end(), form.kind) == target_.carriers.end())
      return cat("the target takes no ", form.kind == Kind::Composite ? "composite" : "custom_call");
    TENON_TRY(check_carrier_form(info.op->schema, form));
    if (own && !is_carrier(site)) {
      TENON_ASSIGN(const tenon_operator* table, info.op->table());
      if (table->lower_as != nullptr) return carry_as(site, info, used);
    }
    if (std::string reason = unmet_condition(form, info.node); !reason.empty()) return reason;
    Result<Dict> attributes = carried_attributes(form, target_, info.node);
    if (!attributes.ok()) return attributes.error().message;
    const std::string decomposition = decomposition_of(site.op);
    if (form.kind == Kind::Composite) TENON_TRY(keep(decomposition));
    Op op = carrier_op(form, target_, *std::move(attributes), decomposition);
    for (const ValueId id : site.op.operands) op.operands.push_back(site.cloner.mapped(id));
    for (const ValueId id : site.op.results) {
      op.results.push_back(site.to.new_value(site.from.type(id)));
      site.cloner.map(id, op.results.back());
    }
    op.location = site.location;
    site.out.push_back(std::move(op));
    return std::string();
  }

  // The operator's own way to its carrier. It is written first and taken back if the carrier's conditions do not hold.
  Result<std::string> carry_as(const Site& site, const CompositeInfo& info, std::string& used) {
    const Result<std::string> name = lowering_.carrier(*info.op, info.node, target_.forms);
    if (!name.ok()) return name.error().message;
    const std::size_t ops = site.out.size(), decisions = decisions_.size();
    CarrierOutcome outcome;
    TENON_TRY(expand(site, *name, false, &outcome));
    if (outcome.failure.empty()) {
      used = outcome.form;
      return std::string();
    }
    site.out.resize(ops);
    decisions_.resize(decisions);
    return outcome.failure;
  }

  // The function's body with every operator in it inlined, kept for the module that is made.
  Status keep(const std::string& name) {
    if (kept_.contains(name)) return {};
    const std::shared_ptr<const Func> from = function(name);
    if (from == nullptr) return fail(Code::Internal, "there is no function @", name);
    kept_.emplace(name, Func());
    Func made;
    made.is_private = true;
    Cloner cloner(*from, made);
    for (const ValueId argument : from->body.arguments) {
      made.body.arguments.push_back(made.new_value(from->type(argument)));
      cloner.map(argument, made.body.arguments.back());
    }
    TENON_TRY(walk(*from, from->body.ops, cloner, made, made.body.ops, {nullptr, true, true, nullptr, 0}));
    end(*from, cloner, made);
    drop_unused(made);
    kept_[name] = std::move(made);
    return {};
  }

  // Nothing here has side effects, so what nobody reads goes: a result that is not used, a parameter that only it needed.
  static void drop_unused(Func& func) {
    std::vector<Op>& ops = func.body.ops;
    std::vector<bool> used(func.types.size(), false);
    std::vector<bool> keep(ops.size(), false);
    for (std::size_t i = ops.size(); i-- > 0;) {
      const Op& op = ops[i];
      keep[i] = op.results.empty() || std::any_of(op.results.begin(), op.results.end(), [&](ValueId id) { return used[id]; });
      if (!keep[i]) continue;
      for (const ValueId id : op.operands) used[id] = true;
      for (const ValueId id : stablehlo::captures(op)) used[id] = true;
    }
    std::size_t next = 0;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if (!keep[i]) continue;
      if (next != i) ops[next] = std::move(ops[i]);
      ++next;
    }
    ops.resize(next);
  }

  // Private functions in order of first use, named and numbered in that order: "<op>.impl", "<op>.impl_1".
  void number_functions(Func& main, Module& out) {
    std::unordered_map<std::string, std::string> names;
    std::unordered_map<std::string, int> used;
    refer(main.body.ops, names, used, out);
    for (std::size_t i = 1; i < out.funcs.size(); ++i) {  // grows while functions that functions call are found
      std::vector<Op> ops = std::move(out.funcs[i].body.ops);
      refer(ops, names, used, out);
      out.funcs[i].body.ops = std::move(ops);
    }
  }

  void refer(std::vector<Op>& ops, std::unordered_map<std::string, std::string>& names, std::unordered_map<std::string, int>& used,
             Module& out) {
    for (Op& op : ops) {
      if (op.code == OpCode::Composite || op.code == OpCode::Call) {
        const std::string_view attribute = op.code == OpCode::Call ? "callee" : "decomposition";
        const std::string old(get_string(op.attributes, attribute));
        const auto [it, added] = names.try_emplace(old);
        if (added) {
          const std::string base = base_name(old);
          const int number = used[base]++;
          it->second = number == 0 ? base : cat(base, "_", number);
          Func func = std::move(kept_[old]);
          func.name = it->second;
          out.funcs.push_back(std::move(func));
        }
        set(op.attributes, attribute, SymbolAttr{it->second});
      }
      for (Region& region : op.regions) refer(region.ops, names, used, out);
    }
  }

  // "norm.impl_3" -> "norm.impl"; other names keep their number.
  static std::string base_name(const std::string& name) {
    const std::size_t number = name.find_last_not_of("0123456789");
    if (number == std::string::npos || name[number] != '_' || number + 1 == name.size()) return name;
    return name.substr(0, number).ends_with(".impl") ? name.substr(0, number) : name;
  }

  Module work_;  // the input, and what lower_as adds
  const Target& target_;
  const Registry& registry_;
  Lowering lowering_;
  std::unordered_map<std::string, std::shared_ptr<const Func>> functions_;
  std::unordered_map<std::string, Func> kept_;  // by their names in work_
  const Func* main_ = nullptr;                  // the one that is made
  std::unordered_set<ValueId> constants_;       // of that @main: see is_constant
  std::vector<CarrierDecision> decisions_;
};

}  // namespace

Result<Applied> apply_target(const Module& module, const Target& target, const Registry& registry, const Environment& environment,
                             const ApplyOptions& options) {
  return Applier(module, target, registry, environment).apply(options);
}

}  // namespace tenon
