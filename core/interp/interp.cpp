// The entry points and the dispatch. Reading order of this folder:
//   interp.h             what others use
//   element.h            how an element of each dtype is loaded, computed with and stored
//   walk.h               strided views as blocks, and walking several of them together
//   loops.h              elementwise operations as loops over a run; loop_templates.h, unary.cpp, binary.cpp, compare_select.cpp,
//                        convert_loops.cpp: the functions; elementwise.cpp: running them on tensors
//   frame.h, region.cpp  values while a function runs, regions, bodies of reductions; scratch.cpp: their memory
//   ops.h                one function per operation: shape.cpp, gather_scatter.cpp, contract.cpp (dot_general, convolution), reduce.cpp
//                        (reduce, reduce_window), sort.cpp, control.cpp, dynamic.cpp
#include "core/interp/interp.h"

#include <algorithm>

#include "core/interp/ops.h"
#include "core/interp/walk.h"
#include "core/stablehlo/op_table.h"

namespace tenon::interp {

using stablehlo::Func;
using stablehlo::Module;
using stablehlo::Op;
using stablehlo::OpCode;
using stablehlo::ValueId;

Error op_error(const Op& op, Code code, std::string_view message) {
  std::string_view name = stablehlo::info(op.code).name;
  if (const auto dot = name.find('.'); dot != std::string_view::npos) name.remove_prefix(dot + 1);
  Error error = fail(code, "[", name, "] ", message);
  if (op.location != nullptr) error.where.node = *op.location;
  return error;
}

Status run_work(const Work& work) {
  switch (work.op.code) {
    case OpCode::Constant:
      return run_constant(work);
    case OpCode::Iota:
      return run_iota(work);
    case OpCode::BroadcastInDim:
      return run_broadcast_in_dim(work);
    case OpCode::Concatenate:
      return run_concatenate(work);
    case OpCode::DynamicSlice:
      return run_dynamic_slice(work);
    case OpCode::DynamicUpdateSlice:
      return run_dynamic_update_slice(work);
    case OpCode::Gather:
      return run_gather(work);
    case OpCode::Pad:
      return run_pad(work);
    case OpCode::Reshape:
      return run_reshape(work);
    case OpCode::Reverse:
      return run_reverse(work);
    case OpCode::Scatter:
      return run_scatter(work);
    case OpCode::Slice:
      return run_slice(work);
    case OpCode::Transpose:
      return run_transpose(work);
    case OpCode::Convolution:
      return run_convolution(work);
    case OpCode::DotGeneral:
      return run_dot_general(work);
    case OpCode::Reduce:
      return run_reduce(work);
    case OpCode::ReduceWindow:
      return run_reduce_window(work);
    case OpCode::Sort:
      return run_sort(work);
    case OpCode::Call:
    case OpCode::Composite:
      return run_call(work);
    case OpCode::Case:
      return run_case(work);
    case OpCode::If:
      return run_if(work);
    case OpCode::While:
      return run_while(work);
    case OpCode::DynamicBroadcastInDim:
    case OpCode::DynamicIota:
    case OpCode::DynamicReshape:
    case OpCode::TensorReshape:
      return run_dynamic_shape(work);
    case OpCode::GetDimensionSize:
      return run_get_dimension_size(work);
    case OpCode::SetDimensionSize:
      return run_set_dimension_size(work);
    case OpCode::BitcastConvert:
      return run_bitcast(work);
    case OpCode::OptimizationBarrier:
      return run_optimization_barrier(work);
    case OpCode::CustomCall:
    case OpCode::GlobalLoad:
    case OpCode::Return:
    case OpCode::Count:
      return check_runnable(work.context.module, work.func, work.op);
    default:
      return run_elementwise(work);
  }
}

Status run_op(const Module& module, const Func& func, const Op& op, std::span<const TensorView> operands,
              std::span<const Captured> captured, std::span<const TensorView> results, Scratch& scratch) {
  const ScratchScope scope(scratch);
  Context context{module, scratch};
  if (op.regions.empty()) return run_work({context, func, op, operands, results});
  Frame frame = make_frame(context, func);
  for (const Captured& value : captured) frame.values[value.id] = value.view;
  return run_work({context, func, op, operands, results, &frame});
}

namespace {

Status check_ops(const Module& module, const Func& func, std::span<const Op> ops, int depth);

Status check_types(const Func& func, const Op& op) {
  for (const auto* ids : {&op.operands, &op.results})
    for (const ValueId id : *ids)
      if (!func.types[id].is_static())
        return Status(op_error(op, Code::FailedPrecondition, cat("type ", to_string(func.types[id]), " has dynamic dimensions"))
                          .advise("bind the dimensions (give the inputs' shapes) before running"));
  return {};
}

Status check(const Module& module, const Func& func, const Op& op, int depth) {
  if (op.code == OpCode::CustomCall)
    return Status(
        op_error(op, Code::Unimplemented,
                 cat("no kernel provides @", get_string(op.attributes, "call_target_name"), ", and it has no decomposition to run"))
            .advise("install a plugin with a kernel of this name, or lower the operator inline or as a composite"));
  if (op.code == OpCode::GlobalLoad)
    return Status(
        op_error(op, Code::Unimplemented, "a global has no value here").advise("run the module before its parameters become globals"));
  TENON_TRY(check_types(func, op));
  if (op.code == OpCode::Call || op.code == OpCode::Composite) {
    const Attr* target = find(op.attributes, op.code == OpCode::Call ? "callee" : "decomposition");
    const auto* symbol = target == nullptr ? nullptr : std::get_if<SymbolAttr>(target);
    const Func* callee = symbol == nullptr ? nullptr : module.find(symbol->name);
    if (callee == nullptr)
      return op_error(op, Code::NotFound, cat("there is no function @", symbol == nullptr ? "" : symbol->name, " in the module"));
    if (depth >= kMaxDepth) return op_error(op, Code::FailedPrecondition, cat("calls nest deeper than ", kMaxDepth, " levels"));
    return check_ops(module, *callee, callee->body.ops, depth + 1);
  }
  for (const stablehlo::Region& region : op.regions) TENON_TRY(check_ops(module, func, region.ops, depth));
  return {};
}

Status check_ops(const Module& module, const Func& func, std::span<const Op> ops, int depth) {
  for (const Op& op : ops) TENON_TRY(check(module, func, op, depth));
  return {};
}

// For each value, the index of the operation of the body that uses it last.
std::vector<std::size_t> last_uses(const Func& func) {
  std::vector<std::size_t> last(func.types.size(), 0);
  for (std::size_t i = 0; i < func.body.ops.size(); ++i) {
    for (const ValueId id : func.body.ops[i].operands) last[id] = i;
    for (const ValueId id : stablehlo::captures(func.body.ops[i])) last[id] = i;
  }
  return last;
}

Status check_inputs(const Func& func, std::span<const TensorView> inputs) {
  if (inputs.size() != func.body.arguments.size())
    return fail(Code::InvalidArgument, "@", func.name, " takes ", func.body.arguments.size(), " inputs, got ", inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorType& type = func.types[func.body.arguments[i]];
    if (inputs[i].dtype != type.dtype || !std::ranges::equal(inputs[i].dims, type.dims))
      return fail(Code::InvalidArgument, "input ", i, " of @", func.name, " must be ", to_string(type), ", got ",
                  is_valid(inputs[i].dtype) ? name(inputs[i].dtype) : "no dtype", dims_text(inputs[i].dims));
  }
  return {};
}

}  // namespace

Status check_runnable(const Module& module, const Func& func, const Op& op) { return check(module, func, op, 0); }

Result<std::vector<Tensor>> run(const Module& module, std::string_view function, std::span<const TensorView> inputs,
                                const Parameters& parameters) {
  const Func* func = module.find(function);
  if (func == nullptr) return fail(Code::NotFound, "there is no function @", function, " in the module");
  TENON_TRY(check_inputs(*func, inputs));
  TENON_TRY(check_ops(module, *func, func->body.ops, 0));

  Scratch scratch;
  Context context{module, scratch, &parameters};
  std::vector<TensorView> values(func->types.size());
  std::vector<Tensor> owned(func->types.size());
  Frame frame{*func, values.data()};
  const std::vector<std::size_t> last = last_uses(*func);
  for (std::size_t i = 0; i < inputs.size(); ++i) values[func->body.arguments[i]] = inputs[i];

  std::vector<TensorView> operands, outputs;
  for (std::size_t i = 0; i < func->body.ops.size(); ++i) {
    const Op& op = func->body.ops[i];
    operands.clear();
    outputs.clear();
    for (const ValueId id : op.operands) operands.push_back(values[id]);
    if (op.code == OpCode::Return) break;
    for (const ValueId id : op.results) {
      TENON_ASSIGN(owned[id], Tensor::zeros(func->types[id]));
      values[id] = owned[id].view();
      outputs.push_back(values[id]);
    }
    const ScratchScope scope(scratch);
    TENON_TRY(run_work({context, *func, op, operands, outputs, &frame}));
    for (const auto& ids : {op.operands, stablehlo::captures(op), op.results})
      for (const ValueId id : ids)
        if (last[id] <= i) owned[id] = Tensor();
  }

  std::vector<Tensor> results;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    TENON_ASSIGN(Tensor result, Tensor::zeros(func->types[func->body.ops.back().operands[i]]));
    copy(operands[i], result.view());
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace tenon::interp
