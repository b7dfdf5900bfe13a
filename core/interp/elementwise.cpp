// Elementwise operations: finds the loop and walks the operands with it. The functions themselves are in unary.cpp, binary.cpp,
// compare_select.cpp and convert_loops.cpp.
#include <algorithm>

#include "core/interp/element.h"
#include "core/interp/ops.h"
#include "core/interp/walk.h"

namespace tenon::interp {

using stablehlo::Func;
using stablehlo::Op;
using stablehlo::OpCode;

Elementwise find_elementwise(const Func& func, const Op& op) {
  if (op.operands.empty() || op.operands.size() > 3 || op.results.size() != 1) return {};
  const DType dtype = func.types[op.operands[0]].dtype;
  const DType result = func.types[op.results[0]].dtype;
  switch (op.code) {
    case OpCode::Convert:
      return {convert_loop(dtype, result)};
    case OpCode::BitcastConvert:
      return {bitcast_loop(dtype, result)};
    case OpCode::Compare:
      return {compare_loop(get_string(op.attributes, "comparison_direction"), get_string(op.attributes, "compare_type") == "TOTALORDER",
                           dtype)};
    case OpCode::Select:
      return {select_loop(result)};
    case OpCode::Clamp:
      return {clamp_loop(result)};
    case OpCode::ReducePrecision:
      return {reduce_precision_loop(dtype),
              {static_cast<int>(get_int(op.attributes, "exponent_bits")), static_cast<int>(get_int(op.attributes, "mantissa_bits"))}};
    default:
      return {op.operands.size() == 1 ? unary_loop(op.code, dtype) : binary_loop(op.code, dtype)};
  }
}

Status run_elementwise(const Work& work) {
  const Elementwise found = find_elementwise(work.func, work.op);
  if (found.loop == nullptr) return op_error(work.op, Code::InvalidArgument, cat("is not defined for ", name(work.operands[0].dtype)));
  const TensorView& result = work.results[0];
  Walk<4> walk(result.dims);
  walk.set(0, result);
  for (std::size_t k = 0; k < 3; ++k) {
    const bool present = k < work.operands.size();
    if (present && work.operands[k].rank() == result.rank())
      walk.set(static_cast<int>(k) + 1, work.operands[k]);
    else
      walk.set_scalar(static_cast<int>(k) + 1, present ? work.operands[k].data : result.data);  // select, clamp: scalars repeat
  }
  walk.rows([&](const auto& data, const auto& steps, std::int64_t n) {
    found.loop({{data[1], data[2], data[3]}, {steps[1], steps[2], steps[3]}, data[0], steps[0], n, found.parameter});
  });
  return {};
}

namespace {

std::uint64_t load_bits(DType dtype, const std::byte* element) {
  return with_dtype(dtype, [element]<DType D>() -> std::uint64_t {
    using E = Element<D>;
    if constexpr (E::kBits < 8)
      return static_cast<std::uint64_t>(E::load(element)) & ((1u << E::kBits) - 1);
    else
      return E::bits(element);
  });
}

void store_bits(DType dtype, std::byte* element, std::uint64_t bits) {
  with_dtype(dtype, [element, bits]<DType D>() {
    using E = Element<D>;
    if constexpr (E::kBits < 8)
      E::store(element, static_cast<typename E::Compute>(bits));
    else
      element_internal::write<typename E::Storage>(element, static_cast<typename E::Storage>(bits));
  });
}

}  // namespace

// Between widths: the narrow side has one dimension more, whose element 0 holds the lowest bits.
Status run_bitcast(const Work& work) {
  const TensorView& from = work.operands[0];
  const TensorView& to = work.results[0];
  const int from_bits = info(from.dtype).bits, to_bits = info(to.dtype).bits;
  if (from_bits == to_bits) return run_elementwise(work);
  const bool narrowing = to_bits < from_bits;
  const Block narrow(narrowing ? to : from);
  const TensorView& wide = narrowing ? from : to;
  const int bits = std::min(from_bits, to_bits);
  const std::ptrdiff_t piece = narrow.steps[narrow.rank - 1];
  const std::int64_t pieces = narrow.dims[narrow.rank - 1];
  Walk<2> walk(wide.dims);
  walk.set(0, wide);
  walk.set(1, narrow.data, {narrow.steps.data(), static_cast<std::size_t>(narrow.rank - 1)});
  walk.rows([&](const auto& data, const auto& steps, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) {
      std::byte* whole = data[0] + i * steps[0];
      std::byte* part = data[1] + i * steps[1];
      std::uint64_t value = narrowing ? load_bits(from.dtype, whole) : 0;
      for (std::int64_t k = 0; k < pieces; ++k) {
        const int shift = static_cast<int>(k) * bits;
        if (narrowing)
          store_bits(to.dtype, part + k * piece, value >> shift);
        else
          value |= load_bits(from.dtype, part + k * piece) << shift;
      }
      if (!narrowing) store_bits(to.dtype, whole, value);
    }
  });
  return {};
}

Status run_optimization_barrier(const Work& work) {
  for (std::size_t i = 0; i < work.results.size(); ++i) copy(work.operands[i], work.results[i]);
  return {};
}

}  // namespace tenon::interp
