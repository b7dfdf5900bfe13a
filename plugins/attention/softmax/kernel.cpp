// What the kernels of softmax and log_softmax need outside the SIMD loops: which nodes they take, how a run is planned, rows or columns.
// And the f64 kernel, which is scalar.
#include <algorithm>
#include <cmath>
#include <memory>

#include "plugins/attention/softmax/job.h"
#include "plugins/attention/softmax/softmax.h"
#include "plugins/support/planning.h"

namespace tenon::softmax {
namespace {

using namespace plugin;
using namespace kernels;

constexpr double kNsPerElement = 0.8;  // three passes and an exponential, in vectors of 8

struct Plan {
  int rank = 0, axis = 0;
  rows::Space space{};
  tenon_dtype dtype{};
  bool log = false;
  Path path = Path::Plain;
  Split split;           // of rows
  std::size_t tile = 0;  // columns that are handled together; 0: the shape has none
  std::size_t most = 0;  // columns of the widest tile
  std::size_t unit = 0;
  std::size_t wide_bytes = 0, slot_bytes = 0;
  Note note;
};

// ---- f64 ----

void rows_f64(const Job& job, std::size_t begin, std::size_t end, std::size_t) {
  for (std::size_t row = begin; row < end; ++row) {
    const double* x = reinterpret_cast<const double*>(job.x.data) + rows::offset_of(job.space, job.x, row);
    double* y = reinterpret_cast<double*>(job.y.data) + rows::offset_of(job.space, job.y, row);
    double largest = -HUGE_VAL, sum = 0, part = 0;
    rows::walk<1>(job.space, {job.x.inner}, [&](std::size_t, const std::int64_t(&at)[1]) { largest = std::max(largest, x[at[0]]); });
    rows::walk<2>(job.space, {job.x.inner, job.y.inner}, [&](std::size_t i, const std::int64_t(&at)[2]) {
      const double difference = x[at[0]] - largest, power = std::exp(difference);
      part += power;
      y[at[1]] = job.log ? difference : power;
      if (i % 256 == 255) {  // in blocks: the error of a sum grows with the number of its terms
        sum += part;
        part = 0;
      }
    });
    sum += part;
    const double logarithm = job.log ? std::log(sum) : 0;
    rows::walk<1>(job.space, {job.y.inner}, [&](std::size_t, const std::int64_t(&at)[1]) {
      double& value = y[at[0]];
      value = job.log ? value - logarithm : value / sum;
    });
  }
}

// ---- Planning ----

const Table& table_of(const tenon_kernel& kernel) { return *static_cast<const Table*>(kernel.table); }

void supports_simd(const Node& node, const tenon_kernel&) {
  const tenon_dtype dtype = node.operand(0).dtype;
  if (dtype != TENON_F32 && dtype != TENON_F16 && dtype != TENON_BF16)
    node.decline(cat("takes f16, bf16 and f32, not ", dtype_name(dtype)));
}

void supports_f64(const Node& node, const tenon_kernel&) {
  if (node.operand(0).dtype != TENON_F64) node.decline(cat("takes f64, not ", dtype_name(node.operand(0).dtype)));
}

template <bool kLog>
void plan(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const Type input = node.operand(0);
  auto plan = std::make_unique<Plan>();
  plan->rank = static_cast<int>(input.rank());
  plan->axis = static_cast<int>(node.axis("axis", input.rank()));
  plan->space = rows::make_space(input.dims.data(), plan->rank, plan->axis, 1);
  plan->dtype = input.dtype;
  plan->log = kLog;
  plan->unit = table_of(kernel).unit;

  const tenon_machine machine = machine_of(node);
  const std::size_t count = plan->space.count, length = plan->space.length;
  out.bytes = 2 * bytes_of(input);
  out.flops = static_cast<double>(count * length) * 20;
  plan->path = path_for(machine, out.bytes);
  plan->split = split_of(machine, count, static_cast<double>(count * length) * kNsPerElement + static_cast<double>(count) * 20);
  if (plan->dtype != TENON_F64) {
    plan->wide_bytes = round_up((length + plan->unit) * sizeof(float), 64);
    const std::size_t row_bytes = round_up(length * element_bytes(plan->dtype), 64);
    std::size_t after = 1;
    for (int d = plan->axis + 1; d < plan->rank; ++d) after *= static_cast<std::size_t>(input.dims[static_cast<std::size_t>(d)]);
    if (after >= plan->unit) {
      plan->tile = columns::tile_width(length, plan->unit, machine.l2_bytes != 0 ? machine.l2_bytes : 512u << 10);
      plan->most = std::min(count, 2 * plan->tile - 1);
      plan->wide_bytes = std::max(plan->wide_bytes, round_up((plan->most + plan->unit) * length * sizeof(float), 64));
    }
    plan->slot_bytes = plan->wide_bytes + row_bytes;
  }
  out.workspace_bytes = plan->split.threads * plan->slot_bytes;
  out.workspace_align = 64;
  out.result0_may_alias = 1;  // every element is read before it is written
  plan->note.set("%zu rows of %zu, %s, %s", count, length, way_of(plan->dtype, plan->tile, plan->path), name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

// ---- Running ----

// Streaming stores need every row to begin at an aligned address. In place the line is in the cache already.
bool may_stream(const Job& job, const Table& table) {
  const std::size_t size = element_bytes(job.dtype);
  bool even = job.y.contiguous && job.y.data != job.x.data && reinterpret_cast<std::uintptr_t>(job.y.data) % table.vector_bytes == 0;
  for (int d = 0; d < job.space.outer_rank; ++d) even = even && static_cast<std::size_t>(job.y.outer[d]) * size % table.vector_bytes == 0;
  return even;
}

using Body = void (*)(const Job&, std::size_t, std::size_t, std::size_t);
std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands, std::size_t,
                 const tenon_tensor_view* results, std::size_t, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const Table& table = table_of(*self);
  if (plan.space.count == 0 || plan.space.length == 0) return TENON_OK;
  Job job;
  job.dtype = plan.dtype;
  job.log = plan.log;
  job.path = plan.path;
  rows::copy(plan.space, &job.space);
  rows::make_view(plan.space, operands[0], plan.rank, plan.axis, &job.x);
  rows::make_view(plan.space, results[0], plan.rank, plan.axis, &job.y);
  rows::View* const views[] = {&job.x, &job.y};
  rows::collapse_outer(&job.space, views, 2);
  job.buffers = static_cast<char*>(workspace);
  job.slot_bytes = plan.slot_bytes;
  job.wide_bytes = plan.wide_bytes;
  if (job.path == Path::Stream && !may_stream(job, table)) job.path = Path::Prefetch;

  Body body = table.rows;
  std::size_t items = plan.space.count;
  Split split = plan.split;
  const bool in_rows = job.x.contiguous && job.y.contiguous;
  if (plan.tile != 0 && !in_rows && columns::find_columns(job.space, job.x, job.y, plan.unit, plan.tile, &job.columns)) {
    body = table.columns;
    items = plan.space.count / job.columns.count * job.columns.tiles;
    if (split.grain != 0) split.grain = std::max<std::size_t>(1, items * split.grain / plan.space.count);
  }
  run_split(call, split, items, body, job);
  return TENON_OK;
}

constexpr Table kTableF64 = {sizeof(double), 1, rows_f64, nullptr};

template <bool kLog>
constexpr Kernel complete(const Kernel& kernel) {
  return kernel.strided().template plan<plan<kLog>>().run(run).template destroy<destroy>();
}
}  // namespace

#define TENON_SOFTMAX_KERNEL(space, level)                                                                                    \
  namespace space {                                                                                                           \
  extern const Table table;                                                                                                   \
  }                                                                                                                           \
  constexpr tenon_kernel kernel_##space = complete<false>(Kernel("softmax", level, &space::table).supports<supports_simd>()); \
  constexpr tenon_kernel log_kernel_##space = complete<true>(Kernel("log_softmax", level, &space::table).supports<supports_simd>());
TENON_SIMD_FOR_EACH_LEVEL(TENON_SOFTMAX_KERNEL)

namespace {
constexpr tenon_kernel kKernelF64 = complete<false>(Kernel("softmax_f64", {}, &kTableF64).supports<supports_f64>());
constexpr tenon_kernel kLogKernelF64 = complete<true>(Kernel("log_softmax_f64", {}, &kTableF64).supports<supports_f64>());
}  // namespace

#define TENON_SOFTMAX_ENTRY(space, level) &kernel_##space,
#define TENON_LOG_SOFTMAX_ENTRY(space, level) &log_kernel_##space,
constexpr const tenon_kernel* kSoftmaxKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_SOFTMAX_ENTRY) & kKernelF64};
constexpr const tenon_kernel* kLogSoftmaxKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_LOG_SOFTMAX_ENTRY) & kLogKernelF64};

}  // namespace tenon::softmax
