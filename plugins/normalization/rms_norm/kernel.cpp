// What the kernels of rms_norm need outside the SIMD loop: which nodes they take, how a run is planned, how tensors become rows. And the
// f64 kernel, which is scalar.
#include <algorithm>
#include <cmath>
#include <memory>

#include "plugins/normalization/rms_norm/job.h"
#include "plugins/normalization/rms_norm/rms_norm.h"
#include "plugins/support/planning.h"
#include "tenon_simd_levels.h"

namespace tenon::rms_norm {
namespace {

using namespace plugin;
using namespace kernels;

// Everything that run needs and the types decide.
struct Plan {
  int rank = 0, first = 0;
  rows::Space space{};
  tenon_dtype dtype{};
  double epsilon = 0;
  bool unit_offset = false;
  Path path = Path::Plain;
  Split split;                    // of rows
  std::size_t weights_bytes = 0;  // of the workspace, before the row buffers
  std::size_t row_bytes = 0;
  Note note;
};

// ---- f64 ----

double* row_of(const Job& job, int slot, std::size_t row) {
  return reinterpret_cast<double*>(job.views[slot].data) + rows::offset_of(job.space, job.views[slot], row);
}

// y = x * k * scale * multiplicand for one row. A factor that is absent is read from a one with strides of zero.
template <class ScaleElement>
void scale_row(const Job& job, const double* x, const std::int64_t* x_strides, const double* m, double* y, double k) {
  static constexpr std::int64_t kNoSteps[TENON_MAX_RANK] = {};
  static constexpr ScaleElement kOne = 1;
  const bool scaled = job.scale.data != nullptr;
  const ScaleElement* w = scaled ? reinterpret_cast<const ScaleElement*>(job.scale.data) : &kOne;
  const double offset = scaled && job.scale.unit_offset ? 1 : 0;
  const bool multiplied = job.views[kM].data != nullptr;
  const std::int64_t* const strides[] = {x_strides, scaled ? job.scale.strides : kNoSteps, multiplied ? job.views[kM].inner : kNoSteps,
                                         job.views[kY].inner};
  rows::walk<4>(job.space, strides, [&](std::size_t, const std::int64_t(&at)[4]) {
    const double value = x[at[0]] * k * (static_cast<double>(w[at[1]]) + offset);
    y[at[3]] = multiplied ? value * m[at[2]] : value;
  });
}

void run_f64(const Job& job, std::size_t begin, std::size_t end, std::size_t) {
  for (std::size_t row = begin; row < end; ++row) {
    const double* x = row_of(job, kX, row);
    const std::int64_t* x_strides = job.views[kX].inner;
    if (job.views[kR].data != nullptr) {
      const double* r = row_of(job, kR, row);
      double* s = row_of(job, kS, row);
      rows::walk<3>(job.space, {x_strides, job.views[kR].inner, job.views[kS].inner},
                    [=](std::size_t, const std::int64_t(&at)[3]) { s[at[2]] = x[at[0]] + r[at[1]]; });
      x = s;
      x_strides = job.views[kS].inner;
    }
    double sum = 0, part = 0;
    rows::walk<1>(job.space, {x_strides}, [&](std::size_t i, const std::int64_t(&at)[1]) {
      part += x[at[0]] * x[at[0]];
      if (i % 256 == 255) {  // in blocks: the error of a sum grows with the number of its terms
        sum += part;
        part = 0;
      }
    });
    const double k = 1.0 / std::sqrt((sum + part) / static_cast<double>(job.space.length) + job.epsilon);
    const double* m = job.views[kM].data == nullptr ? nullptr : row_of(job, kM, row);
    if (job.scale.data != nullptr && job.scale.dtype == TENON_F32)
      scale_row<float>(job, x, x_strides, m, row_of(job, kY, row), k);
    else
      scale_row<double>(job, x, x_strides, m, row_of(job, kY, row), k);
  }
}

// ---- Planning ----

const Table& table_of(const tenon_kernel& kernel) { return *static_cast<const Table*>(kernel.table); }

// What one run moves: every tensor once.
double bytes_moved(const Node& node, const Plan& plan) {
  const double full = static_cast<double>(plan.space.count * plan.space.length) * static_cast<double>(element_bytes(plan.dtype));
  return full * (node.has(kResidual) ? 4 : 2) + bytes_of(node.operand(kScale)) + bytes_of(node.operand(kMultiplicand));
}

void supports_simd(const Node& node, const tenon_kernel&) {
  const tenon_dtype dtype = node.operand(kInput).dtype;
  if (dtype != TENON_F32 && dtype != TENON_F16 && dtype != TENON_BF16)
    node.decline(cat("takes f16, bf16 and f32, not ", dtype_name(dtype)));
}

void supports_f64(const Node& node, const tenon_kernel&) {
  if (node.operand(kInput).dtype != TENON_F64) node.decline(cat("takes f64, not ", dtype_name(node.operand(kInput).dtype)));
}

void plan(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) {
  const Type input = node.operand(kInput);
  const Axes axes = normalized_axes(node, input);
  auto plan = std::make_unique<Plan>();
  plan->rank = static_cast<int>(input.rank());
  plan->first = static_cast<int>(axes.first);
  plan->space = rows::make_space(input.dims.data(), plan->rank, plan->first, static_cast<int>(axes.count));
  plan->dtype = input.dtype;
  plan->epsilon = node.real("epsilon");
  plan->unit_offset = node.flag("unit_offset");

  const tenon_machine machine = machine_of(node);
  out.bytes = bytes_moved(node, *plan);
  out.flops = static_cast<double>(plan->space.count * plan->space.length) * 4;
  const std::size_t rows = plan->space.count;
  plan->split = split_of(machine, rows, out.bytes / 20 + static_cast<double>(rows) * 20);  // a core moves some 20 bytes per ns
  plan->path = path_for(machine, out.bytes);

  const Table& table = table_of(kernel);
  if (plan->dtype != TENON_F64) {
    if (node.has(kScale)) plan->weights_bytes = round_up((plan->space.length + 2 * table.unit) * sizeof(float), 64);
    plan->row_bytes = round_up(plan->space.length * element_bytes(plan->dtype), 64);
  }
  out.workspace_bytes = plan->weights_bytes + plan->split.threads * 3 * plan->row_bytes;
  out.workspace_align = 64;
  // Rows are independent, and every element is read before it is written. A multiplicand must not be spread over several outputs.
  const Type multiplicand = node.operand(kMultiplicand);
  const bool whole = multiplicand && element_count(multiplicand.dims) == plan->space.count * plan->space.length;
  out.result0_may_alias = 1u << kInput | 1u << kResidual | (whole ? 1u << kMultiplicand : 0u);
  out.result1_may_alias = 1u << kInput | 1u << kResidual;
  plan->note.set("%zu rows of %zu, %s, %s", rows, plan->space.length, plan->dtype == TENON_F64 ? "scalar" : name_of(plan->path),
                 name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

void destroy(void* state) { delete static_cast<Plan*>(state); }

// ---- Running ----

// Tensors into rows. The job is not initialised as a whole: it is large, and a small run is short.
void fill_job(const Plan& plan, const tenon_tensor_view* operands, std::size_t operand_count, const tenon_tensor_view* results,
              std::size_t result_count, Job& job) {
  const tenon_tensor_view* tensors[kSlots] = {present(operands, operand_count, kInput), present(operands, operand_count, kResidual),
                                              present(operands, operand_count, kMultiplicand), present(results, result_count, kOutput),
                                              present(results, result_count, kSum)};
  job.dtype = plan.dtype;
  job.path = plan.path;
  job.epsilon = plan.epsilon;
  rows::copy(plan.space, &job.space);
  rows::View* views[kSlots];
  int count = 0;
  for (int slot = 0; slot < kSlots; ++slot) {
    job.views[slot].data = nullptr;
    if (tensors[slot] == nullptr) continue;
    rows::make_view(plan.space, *tensors[slot], plan.rank, plan.first, &job.views[slot]);
    views[count++] = &job.views[slot];
  }
  rows::collapse_outer(&job.space, views, count);
  job.scale.data = nullptr;
  if (const tenon_tensor_view* scale = present(operands, operand_count, kScale)) {
    job.scale.data = static_cast<const char*>(scale->data);
    job.scale.dtype = scale->dtype;
    job.scale.unit_offset = plan.unit_offset;
    for (int d = 0; d < scale->rank; ++d) job.scale.strides[d] = scale->strides[d];
    job.scale.contiguous = rows::is_contiguous(job.space, job.scale.strides);
  }
}

// Streaming stores need aligned addresses, the same distance into every row. In place the line is in the cache already.
void choose_stores(Job& job, const Table& table) {
  job.head = 0;
  if (job.path != Path::Stream) return;
  const rows::View& y = job.views[kY];
  const std::size_t size = element_bytes(job.dtype);
  bool even = y.contiguous && y.data != job.views[kX].data && y.data != job.views[kR].data && y.data != job.views[kM].data;
  for (int d = 0; d < job.space.outer_rank; ++d) even = even && static_cast<std::size_t>(y.outer[d]) * size % table.vector_bytes == 0;
  if (!even) {
    job.path = Path::Prefetch;
    return;
  }
  const std::size_t over = reinterpret_cast<std::uintptr_t>(y.data) % table.vector_bytes;
  job.head = over == 0 ? 0 : (table.vector_bytes - over) / size;
}

// The scale as it is where the rows' order and type allow it, else converted once for all rows.
void choose_weights(Job& job, const Table& table, char* memory) {
  const Scale& scale = job.scale;
  job.weights_form = Weights::None;
  job.prepared = false;
  if (scale.data == nullptr) return;
  const bool as_it_is = !scale.unit_offset && scale.contiguous;
  job.weights = scale.data;
  job.weights_form = Weights::Own;
  if (as_it_is && scale.dtype == job.dtype && job.dtype != TENON_F32) return;
  job.weights_form = Weights::Wide;
  if (as_it_is && scale.dtype == TENON_F32 && job.dtype != TENON_BF16) return;  // bf16 rows are read even elements first
  job.weights = memory;
  job.prepared = true;
  table.prepare(job, reinterpret_cast<float*>(memory));
}

}  // namespace

std::int32_t run(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                 std::size_t operand_count, const tenon_tensor_view* results, std::size_t result_count, void* workspace) {
  const Plan& plan = *static_cast<const Plan*>(state);
  const Table& table = table_of(*self);
  if (plan.space.count == 0) return TENON_OK;
  Job job;
  fill_job(plan, operands, operand_count, results, result_count, job);
  char* const memory = static_cast<char*>(workspace);
  job.buffers = memory + plan.weights_bytes;
  job.row_bytes = plan.row_bytes;
  if (plan.dtype != TENON_F64) {
    choose_stores(job, table);
    choose_weights(job, table, memory);
  }
  run_split(call, plan.split, plan.space.count, table.run, job);
  return TENON_OK;
}

namespace {
constexpr Table kTableF64 = {sizeof(double), 1, nullptr, run_f64};

template <class Described>
constexpr Kernel complete(const Described& kernel) {
  return kernel.strided().template plan<plan>().run(run).template destroy<destroy>();
}
}  // namespace

#define TENON_RMS_NORM_KERNEL(space, level) \
  namespace space {                         \
  extern const Table table;                 \
  }                                         \
  constexpr tenon_kernel kernel_##space = complete(Kernel("rms_norm", level, &space::table).supports<supports_simd>());
TENON_SIMD_FOR_EACH_LEVEL(TENON_RMS_NORM_KERNEL)

namespace {
constexpr tenon_kernel kKernelF64 = complete(Kernel("rms_norm_f64", {}, &kTableF64).supports<supports_f64>());

#define TENON_RMS_NORM_ENTRY(space, level) &kernel_##space,
constexpr const tenon_kernel* kKernels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_RMS_NORM_ENTRY) & kKernelF64};
}  // namespace

}  // namespace tenon::rms_norm

using namespace tenon::plugin;
TENON_OPERATOR(rms_norm) = Operator("rms_norm")
                               .infer<tenon::rms_norm::infer>()
                               .lower<tenon::rms_norm::lower>()
                               .lower_as<tenon::rms_norm::lower_as>()
                               .kernels(tenon::rms_norm::kKernels);
