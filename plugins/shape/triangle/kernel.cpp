// The kernel of tril and triu: of every row a part is copied, the rest is zero, which is zero bytes in every dtype. One level: bytes move.
#include "plugins/shape/triangle/kernel.h"

#include <cstring>
#include <memory>

#include "plugins/support/planning.h"
#include "plugins/support/rows.h"

namespace tenon::shape {
namespace {

using namespace plugin;
using namespace kernels;

struct Plan {
  rows::Space space{};  // rows are the last dimension
  int rank = 0;
  std::int64_t height = 1, diagonal = 0;
  bool lower = true;
  std::size_t element = 1;
  Split split;  // of rows
  Note note;
};

void supports(const Node&, const tenon_kernel&) {}

void plan(const Node& node, const tenon_kernel&, tenon_kernel_plan& out) {
  const Type input = node.operand(0);
  auto plan = std::make_unique<Plan>();
  plan->rank = static_cast<int>(input.rank());
  plan->space = rows::make_space(input.dims.data(), plan->rank, plan->rank - 1, 1);
  plan->height = input.dims[input.dims.size() - 2];
  plan->diagonal = node.integer("diagonal");
  plan->lower = node.op() == "tril";
  plan->element = element_bytes(input.dtype);
  out.bytes = 2 * bytes_of(input);
  out.result0_may_alias = 1;  // a row is read where it is written
  plan->split = split_of(machine_of(node), plan->space.count, out.bytes / 15 + static_cast<double>(plan->space.count) * 10);
  plan->note.set("%zu rows of %zu, %s", plan->space.count, plan->space.length, name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

struct Run {
  const Plan* plan;
  rows::View x, y;
};

void run_rows(const Run& run, std::size_t begin, std::size_t end) {
  const Plan& plan = *run.plan;
  const auto element = static_cast<std::int64_t>(plan.element), length = static_cast<std::int64_t>(plan.space.length);
  const std::int64_t x_step = run.x.inner[0] * element, y_step = run.y.inner[0] * element;
  for (std::size_t row = begin; row < end; ++row) {
    const std::int64_t i = static_cast<std::int64_t>(row) % plan.height;
    // Columns [first, last) stay. The diagonal may be any number: it is compared with what is left, not added.
    const std::int64_t edge = plan.diagonal < -i ? 0 : plan.diagonal > length - i ? length : i + plan.diagonal;
    const std::int64_t first = plan.lower ? 0 : edge;
    const std::int64_t last = !plan.lower ? length : plan.diagonal < -i ? 0 : std::min(edge + 1, length);
    const char* const x = run.x.data + rows::offset_of(plan.space, run.x, row) * element;
    char* const y = run.y.data + rows::offset_of(plan.space, run.y, row) * element;
    if (run.x.contiguous && run.y.contiguous) {
      std::memset(y, 0, static_cast<std::size_t>(first * element));
      if (x != y) std::memcpy(y + first * element, x + first * element, static_cast<std::size_t>((last - first) * element));
      std::memset(y + last * element, 0, static_cast<std::size_t>((length - last) * element));
      continue;
    }
    for (std::int64_t j = 0; j < length; ++j) {
      if (j < first || j >= last)
        std::memset(y + j * y_step, 0, plan.element);
      else if (x + j * x_step != y + j * y_step)
        std::memcpy(y + j * y_step, x + j * x_step, plan.element);
    }
  }
}

std::int32_t run(tenon_call* call, const tenon_kernel*, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void*) {
  const Plan& plan = *static_cast<const Plan*>(state);
  if (plan.space.count == 0 || plan.space.length == 0) return TENON_OK;
  Run run;
  run.plan = &plan;
  rows::make_view(plan.space, operands[0], plan.rank, plan.rank - 1, &run.x);
  rows::make_view(plan.space, results[0], plan.rank, plan.rank - 1, &run.y);
  run_split(call, plan.split, plan.space.count, [&](std::size_t begin, std::size_t end, std::size_t) { run_rows(run, begin, end); });
  return TENON_OK;
}

}  // namespace

constexpr tenon_kernel triangle_kernel = Kernel("triangle").strided().supports<supports>().plan<plan>().run(run).destroy<destroy>();

}  // namespace tenon::shape
