// For the kernel.cpp files of layer_norm, group_norm and l2_norm: how a run is planned, how parameters reach the rows, how it is started.
// And the f64 kernel of all three, which is scalar.
#pragma once

#include <cmath>
#include <memory>

#include "plugins/normalization/norm_job.h"
#include "plugins/support/planning.h"

namespace tenon::normalization {

// What a kernel's table points to.
struct Tables {
  const Table* rows;
  const ColumnTable* columns;
};

// Everything that run needs and the types decide.
struct Plan {
  int rank = 0, first = 0;  // of the input; the row's first dimension (layer_norm, l2_norm)
  rows::Space space{};
  tenon_dtype dtype{};
  Statistic statistic{};
  double epsilon = 0;
  std::size_t groups = 1, channels = 1, run = 0;
  int channel_axis = 0;
  Path path = Path::Plain;
  kernels::Split split;  // of rows
  std::size_t unit = 1;
  std::size_t tile = 0;    // columns that are handled together; 0: the shape has none
  std::size_t stride = 0;  // of prepared parameters, from one group to the next
  std::size_t parameter_bytes = 0, row_bytes = 0;
  kernels::Note note;
};

inline const Tables& tables_of(const tenon_kernel& kernel) { return *static_cast<const Tables*>(kernel.table); }

inline void supports_simd(const plugin::Node& node, const tenon_kernel&) {
  const tenon_dtype dtype = node.operand(0).dtype;
  if (dtype != TENON_F32 && dtype != TENON_F16 && dtype != TENON_BF16)
    node.decline(plugin::cat("takes f16, bf16 and f32, not ", plugin::dtype_name(dtype)));
}
inline void supports_f64(const plugin::Node& node, const tenon_kernel&) {
  if (node.operand(0).dtype != TENON_F64) node.decline(plugin::cat("takes f64, not ", plugin::dtype_name(node.operand(0).dtype)));
}

enum : std::size_t { kInput, kScale, kBias };  // operands of layer_norm and group_norm

// With space, groups, channels, run and tile set: the rest. `parameters`: bytes of scale and bias.
inline void finish_plan(const plugin::Node& node, std::unique_ptr<Plan> plan, double parameters, tenon_kernel_plan& out) {
  using namespace kernels;
  const tenon_machine machine = machine_of(node);
  const std::size_t count = plan->space.count, length = plan->space.length;
  plan->epsilon = node.real("epsilon");
  out.bytes = 2 * bytes_of(node.operand(0)) + parameters;
  out.flops = static_cast<double>(count * length) * (plan->statistic == Statistic::Moments ? 8 : 3);
  plan->split = split_of(machine, count, out.bytes / 15 + static_cast<double>(count) * 30);  // a core moves some 15 bytes per ns
  plan->path = path_for(machine, out.bytes);
  if (plan->dtype != TENON_F64) {
    if (parameters != 0) {
      // One for each element of a row, in whole units, of every group where they are spread out; or one for each channel.
      const bool each = plan->run < 4 * plan->unit;
      plan->stride = each ? round_up(length, plan->unit) : 0;
      plan->parameter_bytes = round_up((plan->groups * std::max(plan->stride, plan->channels) + plan->unit) * sizeof(float), 64);
    }
    plan->row_bytes = round_up(length * element_bytes(plan->dtype), 64);
  }
  out.workspace_bytes = 2 * plan->parameter_bytes + plan->split.threads * plan->row_bytes;
  out.workspace_align = 64;
  out.result0_may_alias = 1;  // rows are independent, and every element is read before it is written
  plan->note.set("%zu rows of %zu, %s, %s", count, length, way_of(plan->dtype, plan->tile, plan->path), name_of(plan->split));
  plan->note.give(out);
  out.state = plan.release();
}

inline void destroy(void* state) { delete static_cast<Plan*>(state); }

// ---- Running ----

inline void begin_job(const Plan& plan, Job& job) {
  job.dtype = plan.dtype;
  job.statistic = plan.statistic;
  job.path = plan.path;
  job.epsilon = plan.epsilon;
  rows::copy(plan.space, &job.space);
  job.scale.data = job.bias.data = nullptr;
  job.groups = plan.groups;
  job.channels = plan.channels;
  job.run = plan.run;
}

// A scale or bias of the row's shape, or [C]: then `strides` beyond the first are 0.
inline void set_parameter(const tenon_tensor_view* view, const rows::Space& space, Parameter& out) {
  if (view == nullptr) return;
  out.data = static_cast<const char*>(view->data);
  out.dtype = view->dtype;
  for (int d = 0; d < space.inner_rank; ++d) out.strides[d] = d < view->rank ? view->strides[d] : 0;
  out.contiguous = rows::is_contiguous(space, out.strides);
}

inline void set_parameters(const tenon_tensor_view* operands, std::size_t count, Job& job) {
  set_parameter(kernels::present(operands, count, kScale), job.space, job.scale);
  set_parameter(kernels::present(operands, count, kBias), job.space, job.bias);
}

inline void collapse(Job& job) {
  rows::View* const views[] = {&job.x, &job.y};
  rows::collapse_outer(&job.space, views, 2);
}

// Parameters as they are where the rows' order and type allow it, else converted once for all rows.
inline void choose_parameters(Job& job, const Plan& plan, const Table& table, bool as_columns, char* memory) {
  const Parameter* const both[] = {&job.scale, &job.bias};
  const void** const out[] = {&job.scales, &job.biases};
  job.scales = job.biases = nullptr;
  job.stride = 0;
  if (job.scale.data == nullptr && job.bias.data == nullptr) {
    job.form = Form::Runs;
    if (as_columns) return;
    job.groups = job.channels = 1;
    job.run = job.space.length;
    return;
  }
  const auto all_lie = [&](tenon_dtype dtype) {
    if (job.run != 0) return false;
    for (const Parameter* p : both)
      if (p->data != nullptr && (!p->contiguous || p->dtype != dtype)) return false;
    return true;
  };
  const bool own = job.dtype != TENON_F32 && all_lie(job.dtype);
  if (own || (job.dtype != TENON_BF16 && all_lie(TENON_F32))) {  // bf16 rows are read even elements first
    job.form = own ? Form::Own : Form::Wide;
    for (int i = 0; i < 2; ++i) *out[i] = both[i]->data;
    return;
  }
  job.form = as_columns || plan.stride == 0 ? Form::Runs : Form::Wide;
  job.stride = job.form == Form::Wide ? plan.stride : 0;
  for (int i = 0; i < 2; ++i) {
    if (both[i]->data == nullptr) continue;
    float* const to = reinterpret_cast<float*>(memory + static_cast<std::size_t>(i) * plan.parameter_bytes);
    table.prepare(job, *both[i], to);
    *out[i] = to;
  }
}

// Streaming stores need aligned addresses. In place the line is in the cache already.
inline void choose_stores(Job& job, const Table& table) {
  if (job.path != Path::Stream) return;
  const std::size_t size = kernels::element_bytes(job.dtype);
  const auto even = [&](std::size_t elements) { return elements * size % table.vector_bytes == 0; };
  bool may = job.y.contiguous && job.y.data != job.x.data && reinterpret_cast<std::uintptr_t>(job.y.data) % table.vector_bytes == 0;
  for (int d = 0; d < job.space.outer_rank; ++d) may = may && even(static_cast<std::size_t>(job.y.outer[d]));
  if (job.form == Form::Runs && job.run != job.space.length) may = may && even(job.run);
  if (!may) job.path = Path::Prefetch;
}

using Body = void (*)(const Job&, std::size_t, std::size_t, std::size_t);
// columns: what to run on tiles of job.columns, or null for rows.
inline std::int32_t run_job(tenon_call* call, const Plan& plan, const Tables& tables, Job& job, Body columns, void* workspace) {
  char* const memory = static_cast<char*>(workspace);
  job.buffers = memory + 2 * plan.parameter_bytes;
  job.row_bytes = plan.row_bytes;
  if (plan.dtype != TENON_F64) {
    choose_parameters(job, plan, *tables.rows, columns != nullptr, memory);
    choose_stores(job, *tables.rows);
  }
  kernels::Split split = plan.split;
  std::size_t items = plan.space.count;
  if (columns != nullptr) {
    items = plan.space.count * (plan.run != 0 ? plan.channels : 1) / job.columns.count * job.columns.tiles;
    if (split.grain != 0) split.grain = std::max<std::size_t>(1, items * split.grain / plan.space.count);
  }
  kernels::run_split(call, split, items, columns != nullptr ? columns : tables.rows->rows, job);
  return TENON_OK;
}

// ---- f64 ----

// The sum of term(offset of an element) over a row; plain: in the order of the lowering and nothing else. Otherwise corrected (Kahan), as
// far as it is finite: a correction of Inf is NaN.
template <class Term>
double sum_row(const Job& job, bool plain, Term term) {
  double sum = 0, lost = 0;
  rows::walk<1>(job.space, {job.x.inner}, [&](std::size_t, const std::int64_t(&at)[1]) {
    const double corrected = term(at[0]) - lost, next = sum + corrected;
    if (!plain) lost = (next - sum) - corrected;
    sum = next;
  });
  return plain || std::isfinite(sum) ? sum : sum_row(job, true, term);
}

inline double parameter_at(const Parameter& parameter, std::int64_t offset) {
  return parameter.dtype == TENON_F32 ? static_cast<double>(reinterpret_cast<const float*>(parameter.data)[offset])
                                      : reinterpret_cast<const double*>(parameter.data)[offset];
}

inline void rows_f64(const Job& job, std::size_t begin, std::size_t end, std::size_t) {
  static constexpr std::int64_t kNoSteps[TENON_MAX_RANK] = {};
  const double length = static_cast<double>(job.space.length);
  for (std::size_t row = begin; row < end; ++row) {
    const double* x = reinterpret_cast<const double*>(job.x.data) + rows::offset_of(job.space, job.x, row);
    double* y = reinterpret_cast<double*>(job.y.data) + rows::offset_of(job.space, job.y, row);
    if (job.statistic == Statistic::Length) {
      const double root = std::sqrt(sum_row(job, false, [x](std::int64_t at) { return x[at] * x[at]; }));
      const double divisor = root < job.epsilon ? job.epsilon : root;
      rows::walk<2>(job.space, {job.x.inner, job.y.inner}, [=](std::size_t, const std::int64_t(&at)[2]) { y[at[1]] = x[at[0]] / divisor; });
      continue;
    }
    double mean = sum_row(job, false, [x](std::int64_t at) { return x[at]; }) / length;
    double correction = sum_row(job, false, [=](std::int64_t at) { return x[at] - mean; }) / length;
    const auto square = [&](std::int64_t at) { return ((x[at] - mean) - correction) * ((x[at] - mean) - correction); };
    double squares = sum_row(job, false, square);
    if (!(squares < HUGE_VAL)) {  // which sums overflow depends on their order: here that of the lowering
      mean = sum_row(job, true, [x](std::int64_t at) { return x[at]; }) / length;
      correction = 0;
      squares = sum_row(job, true, square);
    }
    const double k = 1.0 / std::sqrt(squares / length + job.epsilon);
    const Parameter &scale = job.scale, &bias = job.bias;
    const auto group = static_cast<std::int64_t>(row % job.groups * job.channels);
    const std::int64_t scale_first = scale.data != nullptr && job.run != 0 ? group * scale.strides[0] : 0;
    const std::int64_t bias_first = bias.data != nullptr && job.run != 0 ? group * bias.strides[0] : 0;
    const std::int64_t* const strides[] = {job.x.inner, scale.data != nullptr ? scale.strides : kNoSteps,
                                           bias.data != nullptr ? bias.strides : kNoSteps, job.y.inner};
    rows::walk<4>(job.space, strides, [&](std::size_t, const std::int64_t(&at)[4]) {
      double value = ((x[at[0]] - mean) - correction) * k;
      if (scale.data != nullptr) value *= parameter_at(scale, scale_first + at[1]);
      if (bias.data != nullptr) value += parameter_at(bias, bias_first + at[2]);
      y[at[3]] = value;
    });
  }
}
inline constexpr Table kTableF64 = {sizeof(double), 1, nullptr, rows_f64};
inline constexpr Tables kTablesF64 = {&kTableF64, nullptr};

// The kernels of one operator, from its plan and run: a row per level, and f64.
template <auto Planned>
constexpr plugin::Kernel complete(const plugin::Kernel& kernel, decltype(tenon_kernel::run) run) {
  return kernel.strided().template plan<Planned>().run(run).template destroy<destroy>();
}

}  // namespace tenon::normalization

// In namespace tenon::normalization: kKernels of the operator `name` with the functions plan and run.
#define TENON_NORM_LEVEL(space, level)   \
  namespace space {                      \
  extern const Table table;              \
  extern const ColumnTable column_table; \
  }
#define TENON_NORM_KERNEL(space, level, name)                              \
  constexpr Tables tables_##space = {&space::table, &space::column_table}; \
  constexpr tenon_kernel kernel_##space = complete<plan>(plugin::Kernel(name, level, &tables_##space).supports<supports_simd>(), run);
