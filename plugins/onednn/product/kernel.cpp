// The kernels: which nodes they take, how a product is cut into parts, each of them one run of a primitive.
#include <atomic>
#include <cstring>
#include <memory>

#include "plugins/onednn/product/matrices.h"
#include "plugins/onednn/product/primitive.h"
#include "plugins/support/planning.h"

namespace tenon::onednn {
namespace {

using namespace plugin;
using kernels::element_bytes, kernels::round_up;

struct Entry {
  Describe describe;
};

// Products below are done sooner by other kernels than oneDNN takes to begin.
constexpr double kLeastWork = 1 << 21;
// A part, in products: a tenth of a millisecond or more. Parts depend on the shape alone, and so do the numbers.
constexpr double kPartWork = 1 << 24;
constexpr std::int64_t kPartStep = 64, kLeastRows = 128;

bool runs_along(const Axis& inner, const Axis& outer, Side side) { return inner.size == 1 || outer.size == 1 || inner.step[side] == 1; }

enum class Cut : std::uint8_t { Nothing, Rows, Columns };

struct Parts {
  Cut cut = Cut::Nothing;
  std::int64_t size = 0, count = 1;  // of the rows or columns of one part; of the parts of one matrix
};

// A part's operands must lie together, or oneDNN has no good code for them. Its output is put in its place afterwards, if need be.
Parts parts_of(const Matrices& m) {
  const double work = static_cast<double>(m.rows.size) * static_cast<double>(m.columns.size) * static_cast<double>(m.depth.size);
  Parts out;
  if (work < 2 * kPartWork) return out;
  const bool columns = runs_along(m.depth, m.columns, kRight), rows = runs_along(m.depth, m.rows, kLeft);
  const auto cut = [&](Cut which, std::int64_t size, std::int64_t least) {
    const double wish = static_cast<double>(size) * std::max(kPartWork / work, 1.0 / 64);
    out.cut = which;
    out.size = std::max(least, static_cast<std::int64_t>(round_up(static_cast<std::size_t>(wish) + 1, kPartStep)));
    out.count = (size + out.size - 1) / out.size;
  };
  if (columns && m.columns.size >= 2 * kPartStep)
    cut(Cut::Columns, m.columns.size, kPartStep);
  else if (rows && m.rows.size >= 2 * kLeastRows)
    cut(Cut::Rows, m.rows.size, kLeastRows);
  return out;
}

Primitive::Request request_of(const Node& node, const Matrices& m, const Parts& parts, bool last) {
  const tenon_dtype in = node.operand(0).dtype, to = node.result(0).dtype;
  std::int64_t rows = m.rows.size, columns = m.columns.size;
  std::int64_t& size = parts.cut == Cut::Rows ? rows : columns;
  if (parts.cut != Cut::Nothing) size = last ? size - (parts.count - 1) * parts.size : parts.size;
  return {{in, rows, m.depth.size, m.rows.step[kLeft], m.depth.step[kLeft]},
          {in, m.depth.size, columns, m.depth.step[kRight], m.columns.step[kRight]},
          {to, rows, columns, columns, 1},
          m.bias >= 0};
}

struct Plan {
  Matrices matrices;
  Parts parts;
  std::size_t in_bytes = 0, out_bytes = 0;     // of an element
  std::unique_ptr<Primitive> primitive, last;  // last: of another size, if not null
  std::size_t staged_bytes = 0, slot_bytes = 0;
  kernels::Split split;
  kernels::Note note;
};

const Entry& entry_of(const tenon_kernel& kernel) { return *static_cast<const Entry*>(kernel.table); }

void supports(const Node& node, const tenon_kernel& kernel) {
  const Entry& entry = entry_of(kernel);
  const tenon_dtype in = node.operand(0).dtype, to = node.result(0).dtype;
  if (to != in && to != TENON_F32) node.decline(cat("gives no ", dtype_name(to), " from ", dtype_name(in)));
  const Matrices m = entry.describe(node);
  const double work = static_cast<double>(m.rows.size) * static_cast<double>(m.columns.size) * static_cast<double>(m.depth.size);
  if (work < kLeastWork) node.decline("takes matrices of at least two million products: below, it takes longer to begin");
  const Parts parts = parts_of(m);
  for (bool last : {false, true})
    if (const std::string refusal = Primitive::refusal(request_of(node, m, parts, last)); !refusal.empty()) node.decline(refusal);
}

void plan(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  auto plan = std::make_unique<Plan>();
  const Matrices& m = plan->matrices = entry_of(kernel).describe(node);
  const Parts& parts = plan->parts = parts_of(m);
  plan->in_bytes = element_bytes(node.operand(0).dtype);
  plan->out_bytes = element_bytes(node.result(0).dtype);
  const Primitive::Request first = request_of(node, m, parts, false), last = request_of(node, m, parts, true);
  plan->primitive = std::make_unique<Primitive>(first);
  if (last.output.rows != first.output.rows || last.output.columns != first.output.columns) plan->last = std::make_unique<Primitive>(last);
  if (parts.cut == Cut::Columns && m.rows.size > 1)
    plan->staged_bytes = round_up(static_cast<std::size_t>(m.rows.size * parts.size) * plan->out_bytes, 64);
  const std::size_t scratch = std::max(plan->primitive->scratch_bytes(), plan->last ? plan->last->scratch_bytes() : 0);
  plan->slot_bytes = plan->staged_bytes + round_up(scratch, 64);

  out.bytes = kernels::bytes_of(node.result(0));
  for (std::size_t i = 0; i < node.operand_count(); ++i) out.bytes += kernels::bytes_of(node.operand(i));
  out.flops = 2.0 * static_cast<double>(m.batch_count) * static_cast<double>(m.rows.size) * static_cast<double>(m.columns.size) *
              static_cast<double>(m.depth.size);
  const auto items = static_cast<std::size_t>(m.batch_count * parts.count);
  plan->split = kernels::split_of(kernels::machine_of(node), items, out.flops / 100 + out.bytes / 20);  // per ns: 100 operations, 20 bytes
  out.workspace_bytes = plan->split.threads * plan->slot_bytes;
  out.workspace_align = 64;
  plan->note.set("%s, parts: %zu, threads: %zu", plan->primitive->implementation().c_str(), items, plan->split.threads);
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

struct Run {
  const Plan& plan;
  const char *left, *right, *bias;
  char *output, *workspace;
  std::atomic<bool> failed{false};

  void item(std::size_t index, std::size_t slot) {
    const Matrices& m = plan.matrices;
    const Parts& parts = plan.parts;
    const auto part = static_cast<std::int64_t>(index) % parts.count;
    std::int64_t batch = static_cast<std::int64_t>(index) / parts.count, at[kSides] = {};
    for (std::size_t i = m.batch.size(); i-- > 0; batch /= m.batch[i].size)
      for (int s = 0; s < kSides; ++s) at[s] += batch % m.batch[i].size * m.batch[i].step[s];
    const bool last = part == parts.count - 1;
    if (parts.cut != Cut::Nothing) {
      const Axis& axis = parts.cut == Cut::Rows ? m.rows : m.columns;
      for (int s = 0; s < kSides; ++s) at[s] += part * parts.size * axis.step[s];
    }
    char* const own = workspace + slot * plan.slot_bytes;
    char* const place = output + at[kOutput] * static_cast<std::int64_t>(plan.out_bytes);
    const auto in = static_cast<std::int64_t>(plan.in_bytes);
    const Primitive& primitive = last && plan.last ? *plan.last : *plan.primitive;
    const bool good = primitive.run({left + at[kLeft] * in, right + at[kRight] * in, bias == nullptr ? nullptr : bias + at[kBias] * in,
                                     plan.staged_bytes > 0 ? own : place, own + plan.staged_bytes});
    if (!good) failed.store(true, std::memory_order_relaxed);
    if (!good || plan.staged_bytes == 0) return;
    const std::int64_t columns = last ? m.columns.size - part * parts.size : parts.size;
    const std::size_t bytes = static_cast<std::size_t>(columns) * plan.out_bytes;
    const std::size_t step = static_cast<std::size_t>(m.columns.size) * plan.out_bytes;
    for (std::int64_t r = 0; r < m.rows.size; ++r)
      std::memcpy(place + static_cast<std::size_t>(r) * step, own + static_cast<std::size_t>(r) * bytes, bytes);
  }
};

std::int32_t run(tenon_call* call, const tenon_kernel*, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const int bias = plan.matrices.bias;
  Run run{plan,
          static_cast<const char*>(operands[0].data),
          static_cast<const char*>(operands[1].data),
          bias < 0 ? nullptr : static_cast<const char*>(operands[bias].data),
          static_cast<char*>(results[0].data),
          static_cast<char*>(workspace)};
  kernels::run_split(call, plan.split, static_cast<std::size_t>(plan.matrices.batch_count * plan.parts.count),
                     [&run](std::size_t begin, std::size_t end, std::size_t slot) {
                       for (std::size_t i = begin; i < end; ++i) run.item(i, slot);
                     });
  if (!run.failed.load(std::memory_order_relaxed)) return TENON_OK;
  constexpr std::string_view kMessage = "oneDNN could not run a product: it had no memory for its own objects";
  return host().error_set(call, TENON_RESOURCE_EXHAUSTED, kMessage.data(), kMessage.size(), nullptr, 0);
}

// The one level at which Debian's oneDNN has good matrix products. It takes more than the level asks for where the processor has it.
constexpr const char* kLevel = "avx512";

template <Describe kDescribe, const char* kName>
struct Only {
  static constexpr Entry kEntry{kDescribe};
  static constexpr tenon_kernel kKernel = Kernel(kName, kLevel, &kEntry).supports<supports>().plan<plan>().run(run).destroy<destroy>();
  static constexpr const tenon_kernel* kList[] = {&kKernel};
};
constexpr char kMatmul[] = "onednn_matmul", kLinear[] = "onednn_linear", kGemm[] = "onednn_gemm", kDotGeneral[] = "onednn_dot_general";

}  // namespace
}  // namespace tenon::onednn

using namespace tenon::plugin;
using namespace tenon::onednn;
TENON_OPERATOR(matmul) = Operator("tenon.matmul").kernels_only().kernels(Only<matmul, kMatmul>::kList);
TENON_OPERATOR(linear) = Operator("tenon.linear").kernels_only().kernels(Only<linear, kLinear>::kList);
TENON_OPERATOR(gemm) = Operator("tenon.gemm").kernels_only().kernels(Only<gemm, kGemm>::kList);
TENON_OPERATOR(dot_general) = Operator("tenon.dot_general").kernels_only().kernels(Only<dot_general, kDotGeneral>::kList);
