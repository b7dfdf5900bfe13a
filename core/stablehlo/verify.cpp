#include "core/stablehlo/verify.h"

#include <algorithm>
#include <unordered_set>

#include "core/stablehlo/rules.h"

namespace tenon::stablehlo {
namespace {

constexpr int kDeepest = 64;  // nested regions: what recursion over a module must stand

Error in_function(Error error, const Func& func) {
  error.message = cat("@", func.name, ": ", error.message);
  return error;
}

Error at_op(Error error, const Op& op) {
  if (op.location && error.where.node.empty()) error.where.node = *op.location;
  return error;
}

// One function's scopes: which values are defined, and which may be used now.
class FuncVerifier {
 public:
  FuncVerifier(const Module& module, const Func& func)
      : module_(module), func_(func), defined_(func.types.size()), visible_(func.types.size()) {}

  Status run() {
    for (const TensorType& type : func_.types) {
      if (Status status = check_type(type); !status.ok()) return status;
    }
    TENON_TRY(region(func_.body, "the function", 0));
    const std::vector<TensorType> results = func_.result_types();
    TENON_TRY(check_attributes(func_.argument_attributes, func_.body.arguments.size(), "argument"));
    return check_attributes(func_.result_attributes, results.size(), "result");
  }

 private:
  Status define(ValueId id, std::string_view what) {
    if (id >= defined_.size()) return fail(Code::InvalidArgument, what, " has an id without a type: ", id);
    if (defined_[id]) return fail(Code::InvalidArgument, what, " is value ", id, ", which is defined already");
    defined_[id] = visible_[id] = true;
    return {};
  }

  Status region(const Region& region, std::string_view what, int depth) {
    if (depth > kDeepest) return fail(Code::ResourceExhausted, "regions nest deeper than ", kDeepest);
    if (region.ops.empty() || region.ops.back().code != OpCode::Return)
      return fail(Code::InvalidArgument, what, " does not end in a return");
    std::vector<ValueId> own;
    for (const ValueId id : region.arguments) {
      TENON_TRY(define(id, cat("an argument of ", what)));
      own.push_back(id);
    }
    for (std::size_t i = 0; i < region.ops.size(); ++i) {
      const Op& op = region.ops[i];
      const auto step = [&]() -> Status {
        if (op.code >= OpCode::Count) return fail(Code::InvalidArgument, "operation ", i, " has no known code");
        const std::string_view name = info(op.code).name;
        if (op.code == OpCode::Return && i + 1 < region.ops.size())
          return fail(Code::InvalidArgument, "[", name, "] does not stand last in ", what);
        for (std::size_t k = 0; k < op.operands.size(); ++k) {
          const ValueId id = op.operands[k];
          if (id < visible_.size() && visible_[id]) continue;
          return fail(Code::InvalidArgument, "[", name, "] operand ", k, ", value ", id, ", ",
                      id < defined_.size() && defined_[id] ? "belongs to a region that is closed" : "is not defined before it is used");
        }
        for (std::size_t k = 0; k < op.regions.size(); ++k) {
          TENON_TRY(this->region(op.regions[k], cat("region ", k, " of ", name), depth + 1));
        }
        TENON_TRY(verify_op(module_, func_, op));
        for (const ValueId id : op.results) {
          TENON_TRY(define(id, cat("a result of ", name)));
          own.push_back(id);
        }
        return {};
      };
      if (Status status = step(); !status.ok()) return at_op(status.take_error(), op);
    }
    for (const ValueId id : own) visible_[id] = false;
    return {};
  }

  static Status check_attributes(const std::vector<Dict>& dicts, std::size_t count, std::string_view what) {
    if (!dicts.empty() && dicts.size() != count) {
      return fail(Code::InvalidArgument, "attributes for ", dicts.size(), " ", what, "s, there are ", count);
    }
    for (std::size_t i = 0; i < dicts.size(); ++i) {
      std::unordered_set<std::string> names;
      for (const NamedAttr& item : dicts[i]) {
        if (!names.insert(item.name).second) return fail(Code::InvalidArgument, what, " ", i, " has attribute ", item.name, " twice");
        const std::size_t dot = item.name.find('.');
        if (dot == std::string::npos || dot == 0) {
          return fail(Code::InvalidArgument, what, " ", i, " has attribute \"", item.name, "\" without a dialect")
              .advise("arguments and results take names with a dialect only, as in tenon.name");
        }
      }
    }
    return {};
  }

  const Module& module_;
  const Func& func_;
  std::vector<bool> defined_, visible_;
};

// What an op refers to by name: functions that would be entered.
void callees(const std::vector<Op>& ops, std::vector<std::string_view>& out) {
  for (const Op& op : ops) {
    if (op.code == OpCode::Call) out.push_back(get_string(op.attributes, "callee"));
    if (op.code == OpCode::Composite) out.push_back(get_string(op.attributes, "decomposition"));
    for (const Region& region : op.regions) callees(region.ops, out);
  }
}

// Functions must not call themselves, directly or around: nothing that reads StableHLO takes recursion.
Status check_recursion(const Module& module) {
  const std::size_t count = module.funcs.size();
  std::vector<std::vector<std::size_t>> calls(count);
  std::vector<std::size_t> callers(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::string_view> names;
    callees(module.funcs[i].body.ops, names);
    for (const std::string_view name : names) {
      const Func* callee = module.find(name);
      if (callee == nullptr) continue;  // the type rule has refused it, or nobody needs it
      const auto index = static_cast<std::size_t>(callee - module.funcs.data());
      calls[i].push_back(index);
      ++callers[index];
    }
  }
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < count; ++i) {
    if (callers[i] == 0) ready.push_back(i);
  }
  std::size_t done = 0;
  for (; !ready.empty(); ++done) {
    const std::size_t next = ready.back();
    ready.pop_back();
    for (const std::size_t callee : calls[next]) {
      if (--callers[callee] == 0) ready.push_back(callee);
    }
  }
  if (done == count) return {};
  for (std::size_t i = 0; i < count; ++i) {
    if (callers[i] > 0) return fail(Code::InvalidArgument, "@", module.funcs[i].name, " calls itself, directly or through others");
  }
  return {};
}

}  // namespace

Status verify_op(const Module& module, const Func& func, const Op& op) {
  const OpInfo& row = info(op.code);
  std::vector<TensorType> operands, results;
  for (const ValueId id : op.operands) {
    if (id >= func.types.size())
      return at_op(fail(Code::InvalidArgument, "[", row.name, "] uses value ", id, ", which is not defined"), op);
    operands.push_back(func.types[id]);
  }
  for (const ValueId id : op.results) {
    if (id >= func.types.size()) return at_op(fail(Code::InvalidArgument, "[", row.name, "] result ", id, " has no type"), op);
    results.push_back(func.types[id]);
  }
  if (row.results >= 0 && results.size() != static_cast<std::size_t>(row.results)) {
    return at_op(fail(Code::InvalidArgument, "[", row.name, "] has ", row.results, " results, got ", results.size()), op);
  }
  if (op.constant != nullptr && op.code != OpCode::Constant) {
    return at_op(fail(Code::InvalidArgument, "[", row.name, "] has a constant's value"), op);
  }
  if (op.code == OpCode::Return && !op.discardable.empty()) {
    return at_op(fail(Code::InvalidArgument, "[", row.name, "] takes no attributes"), op);
  }
  const RuleInput in{row, operands, op.attributes, op.regions, results, op.constant.get(), &func, &module, true};
  Result<std::vector<TensorType>> inferred = check_op(in, op.discardable);
  if (!inferred.ok()) return at_op(inferred.take_error(), op);
  if (inferred->size() != results.size()) {
    return at_op(fail(Code::InvalidArgument, "[", row.name, "] has ", inferred->size(), " results, got ", results.size()), op);
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    if ((*inferred)[i] != results[i]) {
      return at_op(fail(Code::InvalidArgument, "[", row.name, "] result ", i, " is ", to_string((*inferred)[i]), ", declared as ",
                        to_string(results[i])),
                   op);
    }
  }
  return {};
}

Status verify(const Module& module) {
  std::unordered_set<std::string_view> symbols;
  for (const Global& global : module.globals) {
    if (global.symbol.empty() || !symbols.insert(global.symbol).second) {
      return fail(Code::InvalidArgument, "a global's name is missing or given twice: \"", global.symbol, "\"");
    }
    TENON_TRY(check_type(global.type));
    if (!global.type.is_static()) return fail(Code::InvalidArgument, "the global @", global.symbol, " must have static dimensions");
  }
  for (const Func& func : module.funcs) {
    if (func.name.empty() || !symbols.insert(func.name).second) {
      return fail(Code::InvalidArgument, "a function's name is missing or given twice: \"", func.name, "\"");
    }
    if (func.name == "main" && func.is_private) return fail(Code::InvalidArgument, "@main must be public");
    // Callers read signatures before the bodies are checked, so arguments and what is returned must at least be values.
    const bool returns = !func.body.ops.empty() && func.body.ops.back().code == OpCode::Return;
    if (!returns) return in_function(fail(Code::InvalidArgument, "the function does not end in a return"), func);
    for (const std::vector<ValueId>* ids : {&func.body.arguments, &func.body.ops.back().operands}) {
      for (const ValueId id : *ids) {
        if (id >= func.types.size()) return in_function(fail(Code::InvalidArgument, "value ", id, " is not defined"), func);
      }
    }
  }
  for (const Func& func : module.funcs) {
    if (Status status = FuncVerifier(module, func).run(); !status.ok()) return in_function(status.take_error(), func);
  }
  return check_recursion(module);
}

}  // namespace tenon::stablehlo
