// What the kernels of quantize and dequantize need outside the SIMD loops: which nodes they take, which elements share a scale.
#include <cmath>
#include <memory>

#include "plugins/quantization/affine/kernels.h"
#include "plugins/quantization/affine/scales.h"
#include "plugins/support/planning.h"

namespace tenon::quantization::affine {
namespace {

using namespace plugin;
using namespace kernels;

struct Plan {
  Job job{};
  tenon_dtype scale = TENON_F32, zero = TENON_DTYPE_INVALID;
  std::size_t scales = 1, scale_bytes = 0;
  std::vector<float> numbers;
  Split split;  // of runs
  Note note;
};

bool is_f8(tenon_dtype dtype) { return dtype == TENON_F8E4M3FN || dtype == TENON_F8E5M2; }

void supports(const Node& node, const tenon_kernel&) {
  if (node.operand(kScale).dtype == TENON_F64 || node.operand(kInput).dtype == TENON_F64)
    node.decline("takes scales and inputs of at most 32 bits, not f64");
  if (is_f8(node.result(0).dtype)) node.decline(cat("gives integers, not ", dtype_name(node.result(0).dtype)));
}

// What each byte means.
std::vector<float> numbers_of(tenon_dtype dtype) {
  const int mantissa = dtype == TENON_F8E4M3FN ? 3 : 2, bias = dtype == TENON_F8E4M3FN ? 7 : 15,
            largest = dtype == TENON_F8E4M3FN ? 15 : 31;
  std::vector<float> out;
  for (int byte = 0; byte < 256; ++byte) {
    const int exponent = (byte & 127) >> mantissa, fraction = byte & ((1 << mantissa) - 1);
    double value = std::ldexp(exponent == 0 ? fraction : fraction + (1 << mantissa), std::max(exponent, 1) - bias - mantissa);
    if (dtype == TENON_F8E5M2 && exponent == largest) value = fraction == 0 ? HUGE_VAL : std::nan("");
    if (dtype == TENON_F8E4M3FN && exponent == largest && fraction == 7) value = std::nan("");
    out.push_back(static_cast<float>(byte & 128 ? -value : value));
  }
  return out;
}

void plan(const Node& node, const tenon_kernel&, tenon_kernel_plan& out) {
  auto plan = std::make_unique<Plan>();
  const Type input = node.operand(kInput), scale = node.operand(kScale), zero = node.operand(kZeroPoint), result = node.result(0);
  Job& job = plan->job;
  job.quantizes = node.op() == "quantize";
  job.from = input.dtype;
  job.to = result.dtype;
  plan->scales = element_count(scale.dims);
  plan->scale = scale.dtype;
  plan->zero = zero.dtype;
  job.block = static_cast<std::size_t>(node.integer("block_size"));
  job.outer = job.inner = 1;
  job.whole = job.block == 0 && plan->scales == 1 && scale.rank() < 2;
  const std::size_t count = element_count(input.dims);
  if (job.whole) {
    job.axis = count;
    job.run_length = 4096;
    job.runs = (count + job.run_length - 1) / job.run_length;
  } else {
    const auto axis = static_cast<std::size_t>(node.axis("axis", input.rank()));
    job.axis = static_cast<std::size_t>(input.dims[axis]);
    for (std::size_t d = 0; d < input.dims.size(); ++d)
      if (d != axis) (d < axis ? job.outer : job.inner) *= static_cast<std::size_t>(input.dims[d]);
    job.each = job.block == 0 ? job.inner == 1 : job.inner > 1;
    const std::size_t per_outer = job.block == 0 ? (job.each ? 1 : job.axis) : job.each ? job.axis : (job.axis + job.block - 1) / job.block;
    job.runs = count == 0 ? 0 : job.outer * per_outer;
  }
  if (is_f8(input.dtype)) plan->numbers = numbers_of(input.dtype);

  plan->scale_bytes = round_up((plan->scales + 64) * sizeof(float), 64);
  out.workspace_bytes = 2 * plan->scale_bytes;
  out.workspace_align = 64;
  out.bytes = bytes_of(input) + bytes_of(result) + bytes_of(scale) + bytes_of(zero);
  out.flops = static_cast<double>(count) * 2;
  plan->split = split_of(machine_of(node), job.runs, static_cast<double>(count) * 0.3 + static_cast<double>(job.runs) * 15);
  plan->note.set("%zu runs, %s, %s", job.runs,
                 job.whole  ? "one scale"
                 : job.each ? "a scale per element"
                            : "a scale per run",
                 name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                 std::size_t operand_count, const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  if (plan.job.runs == 0) return TENON_OK;
  const Table& table = *static_cast<const Table*>(self->table);
  Job job = plan.job;
  char* const memory = static_cast<char*>(workspace);
  const auto widened = [&](const tenon_tensor_view& view, char* to) {
    table.widen(view.dtype, static_cast<const char*>(view.data), plan.scales, reinterpret_cast<float*>(to));
    return reinterpret_cast<const float*>(to);
  };
  const tenon_tensor_view* const zero = present(operands, operand_count, kZeroPoint);
  job.in = static_cast<const char*>(operands[kInput].data);
  job.out = static_cast<char*>(results[0].data);
  job.scales = plan.scale == TENON_F32 ? static_cast<const float*>(operands[kScale].data) : widened(operands[kScale], memory);
  job.zeros = zero == nullptr ? nullptr : widened(*zero, memory + plan.scale_bytes);
  job.numbers = plan.numbers.empty() ? nullptr : plan.numbers.data();
  run_split(call, plan.split, plan.job.runs, [&](std::size_t begin, std::size_t end, std::size_t) { table.run(job, begin, end); });
  return TENON_OK;
}

// Elements that share a scale are neighbours: not strided.
template <class Described>
constexpr Kernel complete(const Described& kernel) {
  return kernel.template supports<supports>().template plan<plan>().run(run).template destroy<destroy>();
}

}  // namespace

#define TENON_AFFINE_KERNELS(space, level)                                           \
  namespace space {                                                                  \
  constexpr tenon_kernel quantize = complete(Kernel("quantize", level, &table));     \
  constexpr tenon_kernel dequantize = complete(Kernel("dequantize", level, &table)); \
  }
TENON_SIMD_FOR_EACH_LEVEL(TENON_AFFINE_KERNELS)

}  // namespace tenon::quantization::affine
