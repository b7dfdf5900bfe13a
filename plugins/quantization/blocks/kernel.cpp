// What the kernel of dequantize_blocks needs outside the SIMD loops.
#include <memory>

#include "plugins/quantization/blocks/blocks.h"
#include "plugins/support/planning.h"
#include "tenon_simd_levels.h"

namespace tenon::quantization::blocks {
namespace {

using namespace plugin;
using namespace kernels;

struct Plan {
  Job job{};
  std::size_t blocks = 0;
  Split split;  // of blocks
  Note note;
};

void supports(const Node& node, const tenon_kernel&) {
  if (node.result(0).dtype == TENON_F64) node.decline("gives f16, bf16 and f32, not f64");
}

void plan(const Node& node, const tenon_kernel&, tenon_kernel_plan& out) {
  auto plan = std::make_unique<Plan>();
  const Type result = node.result(0);
  const Size size = size_of(node);
  plan->job = {size.coding, result.dtype, static_cast<std::size_t>(size.length), static_cast<std::size_t>(size.bytes), nullptr, nullptr};
  plan->blocks = element_count(result.dims) / plan->job.length;
  out.bytes = bytes_of(node.operand(0)) + bytes_of(result);
  out.flops = static_cast<double>(element_count(result.dims));
  plan->split = split_of(machine_of(node), plan->blocks, out.bytes / 10);
  plan->note.set("%zu blocks of %zu, %s", plan->blocks, plan->job.length, name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void*) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const Table& table = *static_cast<const Table*>(self->table);
  Job job = plan.job;
  job.from = static_cast<const unsigned char*>(operands[0].data);
  job.to = static_cast<char*>(results[0].data);
  run_split(call, plan.split, plan.blocks, [&](std::size_t begin, std::size_t end, std::size_t) { table.run(job, begin, end); });
  return TENON_OK;
}

}  // namespace

// Blocks follow one another in memory: not strided.
#define TENON_BLOCKS_KERNEL(space, level) \
  namespace space {                       \
  extern const Table table;               \
  }                                       \
  constexpr tenon_kernel kernel_##space = \
      Kernel("dequantize_blocks", level, &space::table).supports<supports>().plan<plan>().run(run).destroy<destroy>();
TENON_SIMD_FOR_EACH_LEVEL(TENON_BLOCKS_KERNEL)

namespace {
#define TENON_BLOCKS_ENTRY(space, level) &kernel_##space,
constexpr const tenon_kernel* kKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_BLOCKS_ENTRY)};
}  // namespace

}  // namespace tenon::quantization::blocks

using namespace tenon::plugin;
TENON_OPERATOR(dequantize_blocks) = Operator("dequantize_blocks")
                                        .infer<tenon::quantization::blocks::infer>()
                                        .lower<tenon::quantization::blocks::lower>()
                                        .kernels(tenon::quantization::blocks::kKernels);
