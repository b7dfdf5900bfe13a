// Regions: of control flow on whole tensors (run_region), and of reduce, scatter and sort on scalars (Body).
#include <algorithm>

#include "core/interp/frame.h"
#include "core/interp/walk.h"

namespace tenon::interp {

using stablehlo::Func;
using stablehlo::Op;
using stablehlo::OpCode;
using stablehlo::Region;
using stablehlo::ValueId;

Frame make_frame(Context& context, const Func& func) { return {func, take<TensorView>(context.scratch, func.types.size())}; }

TensorView make_value(Context& context, const TensorType& type) {
  auto* strides = take<std::int64_t>(context.scratch, type.dims.size());
  std::int64_t stride = 1;
  for (std::size_t i = type.dims.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= type.dims[i];
  }
  std::byte* data = context.scratch.take(type.bytes());
  return {data, type.dtype, type.dims, {strides, type.dims.size()}};
}

Status run_region(Context& context, Frame& frame, const Region& region, std::span<const TensorView> arguments,
                  std::span<const TensorView> results) {
  const ScratchScope scope(context.scratch);
  for (std::size_t i = 0; i < region.arguments.size(); ++i) frame.values[region.arguments[i]] = arguments[i];
  for (const Op& op : region.ops) {
    if (op.code == OpCode::Return) {
      for (std::size_t i = 0; i < op.operands.size(); ++i) copy(frame.values[op.operands[i]], results[i]);
      break;
    }
    for (const ValueId id : op.results) frame.values[id] = make_value(context, frame.func.types[id]);
    const ScratchScope views(context.scratch);
    auto* operands = take<TensorView>(context.scratch, op.operands.size());
    auto* outputs = take<TensorView>(context.scratch, op.results.size());
    for (std::size_t i = 0; i < op.operands.size(); ++i) operands[i] = frame.values[op.operands[i]];
    for (std::size_t i = 0; i < op.results.size(); ++i) outputs[i] = frame.values[op.results[i]];
    TENON_TRY(run_work({context, frame.func, op, {operands, op.operands.size()}, {outputs, op.results.size()}, &frame}));
  }
  return {};
}

Status run_function(Context& context, const Func& func, std::span<const TensorView> arguments, std::span<const TensorView> results) {
  if (context.depth >= kMaxDepth)
    return fail(Code::FailedPrecondition, "calls of @", func.name, " nest deeper than ", kMaxDepth, " levels")
        .advise("functions cannot be recursive");
  const ScratchScope scope(context.scratch);
  Frame frame = make_frame(context, func);
  ++context.depth;
  Status status = run_region(context, frame, func.body, arguments, results);
  --context.depth;
  return status;
}

Body::Body(Context& context, Frame& frame, const Region& region) : context_(context), frame_(frame), region_(region) {
  const auto scalar = [&](ValueId id) {
    std::byte* memory = context.scratch.take(sizeof(std::uint64_t));
    return TensorView{memory, frame.func.types[id].dtype, {}, {}};
  };
  arguments_ = take<TensorView>(context.scratch, region.arguments.size());
  for (std::size_t i = 0; i < region.arguments.size(); ++i) {
    arguments_[i] = scalar(region.arguments[i]);
    frame.values[region.arguments[i]] = arguments_[i];
  }
  const std::vector<ValueId>& returned = region.ops.back().operands;
  results_ = take<TensorView>(context.scratch, returned.size());
  if (compile()) {
    for (std::size_t i = 0; i < returned.size(); ++i) results_[i] = frame.values[returned[i]];
  } else {
    steps_ = nullptr;
    for (std::size_t i = 0; i < returned.size(); ++i) results_[i] = scalar(returned[i]);
  }
}

bool Body::compile() {
  const std::vector<TensorType>& types = frame_.func.types;
  steps_ = take<Step>(context_.scratch, region_.ops.size());
  for (const Op& op : region_.ops) {
    if (op.code == OpCode::Return) return true;
    if (op.results.size() != 1 || types[op.results[0]].rank() != 0) return false;
    std::byte* memory = context_.scratch.take(sizeof(std::uint64_t));
    const DType dtype = types[op.results[0]].dtype;
    if (op.code == OpCode::Constant) {
      const auto bytes = op.constant->data();
      if (bytes.size() < storage_size(dtype)) return false;  // external
      std::memcpy(memory, bytes.data(), storage_size(dtype));
    } else {
      const Elementwise found = find_elementwise(frame_.func, op);
      if (found.loop == nullptr) return false;
      Step& step = steps_[step_count_++];
      step = {found.loop, {}};
      for (std::size_t i = 0; i < op.operands.size(); ++i) {
        if (types[op.operands[i]].rank() != 0) return false;
        step.args.in[i] = frame_.values[op.operands[i]].data;
      }
      step.args.out = memory;
      step.args.n = 1;
      step.args.parameter = found.parameter;
    }
    frame_.values[op.results[0]] = {memory, dtype, {}, {}};
  }
  return false;
}

Status Body::run() {
  if (steps_ == nullptr)
    return run_region(context_, frame_, region_, {arguments_, region_.arguments.size()}, {results_, region_.ops.back().operands.size()});
  for (std::size_t i = 0; i < step_count_; ++i) steps_[i].loop(steps_[i].args);
  return {};
}

Loop find_fold(const Func& func, const Region& region) {
  if (region.arguments.size() != 2 || region.ops.size() != 2) return nullptr;
  const Op& op = region.ops[0];
  if (op.operands.size() != 2 || op.results.size() != 1 || region.ops[1].operands != op.results) return nullptr;
  const auto& [a, b] = std::pair(region.arguments[0], region.arguments[1]);
  const bool both = (op.operands[0] == a && op.operands[1] == b) || (op.operands[0] == b && op.operands[1] == a);
  return both ? fold_loop(op.code, func.types[op.results[0]].dtype) : nullptr;
}

}  // namespace tenon::interp
