// while, if, case, call and composite: regions and functions on whole tensors.
#include <algorithm>

#include "core/interp/ops.h"
#include "core/interp/walk.h"

namespace tenon::interp {

// The state lives in two sets of buffers: the body reads one and writes the other.
Status run_while(const Work& work) {
  Context& context = work.context;
  const ScratchScope scope(context.scratch);
  const std::size_t n = work.operands.size();
  auto* state = take<TensorView>(context.scratch, n);
  auto* next = take<TensorView>(context.scratch, n);
  for (std::size_t i = 0; i < n; ++i) {
    const TensorType& type = work.func.types[work.op.operands[i]];
    state[i] = make_value(context, type);
    next[i] = make_value(context, type);
    copy(work.operands[i], state[i]);
  }
  std::byte go_on{0};
  const TensorView condition{&go_on, DType::I1, {}, {}};
  for (;;) {
    TENON_TRY(run_region(context, *work.frame, work.op.regions[0], {state, n}, {&condition, 1}));
    if (go_on == std::byte{0}) break;
    TENON_TRY(run_region(context, *work.frame, work.op.regions[1], {state, n}, {next, n}));
    std::swap(state, next);
  }
  for (std::size_t i = 0; i < n; ++i) copy(state[i], work.results[i]);
  return {};
}

Status run_if(const Work& work) {
  const bool first = *work.operands[0].data != std::byte{0};
  return run_region(work.context, *work.frame, work.op.regions[first ? 0 : 1], {}, work.results);
}

// An index outside takes the last branch.
Status run_case(const Work& work) {
  const std::int64_t index = load_index(work.operands[0].dtype, work.operands[0].data);
  const auto last = static_cast<std::int64_t>(work.op.regions.size()) - 1;
  const std::int64_t branch = index < 0 || index > last ? last : index;
  return run_region(work.context, *work.frame, work.op.regions[static_cast<std::size_t>(branch)], {}, work.results);
}

Status run_call(const Work& work) {
  const bool call = work.op.code == stablehlo::OpCode::Call;
  const Attr* target = find(work.op.attributes, call ? "callee" : "decomposition");
  const auto* symbol = target == nullptr ? nullptr : std::get_if<SymbolAttr>(target);
  const stablehlo::Func* callee = symbol == nullptr ? nullptr : work.context.module.find(symbol->name);
  if (callee == nullptr)
    return op_error(work.op, Code::NotFound, cat("there is no function @", symbol == nullptr ? "" : symbol->name, " in the module"));
  return run_function(work.context, *callee, work.operands, work.results);
}

}  // namespace tenon::interp
