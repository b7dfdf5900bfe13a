#include "core/exec/executor.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/exec/arena.h"
#include "core/exec/index_check.h"

namespace tenon {
namespace {

constexpr std::size_t kAlign = 64;

bool is_aligned(const TensorView& view) {
  const std::size_t size = storage_size(view.dtype);
  return reinterpret_cast<std::uintptr_t>(view.data) % size == 0;  // strides count elements, so one element decides for all
}

// First and one past the last byte that a view touches; nothing for no elements.
std::pair<std::uintptr_t, std::uintptr_t> extent(const TensorView& view) {
  std::int64_t low = 0, high = 0;
  for (std::size_t i = 0; i < view.dims.size(); ++i) {
    if (view.dims[i] == 0) return {0, 0};
    const std::int64_t reach = (view.dims[i] - 1) * view.strides[i];
    (reach < 0 ? low : high) += reach;
  }
  const auto size = static_cast<std::int64_t>(storage_size(view.dtype));
  const auto base = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(view.data));
  return {static_cast<std::uintptr_t>(base + low * size), static_cast<std::uintptr_t>(base + (high + 1) * size)};
}

bool overlap(const TensorView& a, const TensorView& b) {
  const auto [a0, a1] = extent(a);
  const auto [b0, b1] = extent(b);
  return a0 < b1 && b0 < a1;
}

bool same_memory(const TensorView& a, const TensorView& b) {
  return a.data == b.data && a.dtype == b.dtype && std::equal(a.dims.begin(), a.dims.end(), b.dims.begin(), b.dims.end()) &&
         std::equal(a.strides.begin(), a.strides.end(), b.strides.begin(), b.strides.end());
}

Status check_views(std::span<const TensorView> views, const std::vector<NamedType>& expected, std::string_view what) {
  if (views.size() != expected.size())
    return fail(Code::InvalidArgument, "the program has ", expected.size(), " ", what, "s, got ", views.size());
  for (std::size_t i = 0; i < views.size(); ++i) {
    const TensorView& view = views[i];
    const NamedType& type = expected[i];
    const bool same_dims = (view.dims.data() == type.type.dims.data() && view.dims.size() == type.type.dims.size()) ||
                           std::equal(view.dims.begin(), view.dims.end(), type.type.dims.begin(), type.type.dims.end());
    if (view.dtype != type.type.dtype || !same_dims)
      return fail(Code::InvalidArgument, what, " ", type.name, ": expected ", to_string(type.type), ", got ",
                  is_valid(view.dtype) ? name(view.dtype) : "an invalid dtype", dims_text(view.dims))
          .operand(type.name);
    if (view.data == nullptr && type.type.elements() > 0)
      return fail(Code::InvalidArgument, what, " ", type.name, " has no data").operand(type.name);
  }
  return {};
}

tenon_tensor_view to_c_view(const TensorView& view) {
  return {view.data, view.dims.data(), view.strides.data(), view.rank(), static_cast<tenon_dtype>(view.dtype), 0, 0};
}

}  // namespace

// Everything one run needs, kept between runs: the second run of a state allocates nothing.
struct Program::State {
  void* memory = nullptr;
  std::size_t memory_bytes = 0, memory_align = 0;
  Allocator* allocator = nullptr;
  ~State() {
    if (memory != nullptr) allocator->release(memory, memory_bytes, memory_align);
  }
  std::byte* workspace = nullptr;
  std::vector<TensorView> views;  // one per planned value
  std::vector<TensorView> operands, results;
  std::vector<interp::Captured> captured;
  std::vector<tenon_tensor_view> c_operands, c_results;
  std::vector<TensorView> staged;  // per output: where it is written first; data null if straight into the caller's memory
  interp::Scratch scratch;
  Arena arena;  // copies of strided or misaligned data
  tenon_call frame;
  std::unique_ptr<Timeline> timeline;  // null: not kept
};

Result<std::unique_ptr<Program>> Program::create(std::unique_ptr<Plan> plan, std::span<const TensorView> parameters,
                                                 const Environment& environment, bool timeline) {
  TENON_TRY(check_views(parameters, plan->parameters, "parameter"));
  auto program = std::unique_ptr<Program>(new Program());
  program->environment_ = &environment;
  program->plan_ = std::move(plan);
  program->copies_.reserve(parameters.size());
  program->keeps_timeline_ = timeline;
  if (timeline) program->last_ = std::make_unique<Timeline>(program->plan_->steps.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (is_aligned(parameters[i]) && parameters[i].is_compact()) {
      program->parameters_.push_back(parameters[i].data);
      continue;
    }
    TENON_ASSIGN(Tensor copy, Tensor::zeros(program->plan_->parameters[i].type));
    copy_strided(parameters[i], copy.view());
    program->copies_.push_back(std::move(copy));
    program->parameters_.push_back(program->copies_.back().data());
  }
  // First use of every value by a step that reads it last, for outputs in place of inputs.
  program->last_read_.assign(program->plan_->values.size(), -1);
  program->first_write_.assign(program->plan_->values.size(), -1);
  for (std::size_t i = 0; i < program->plan_->steps.size(); ++i) {
    const Step& step = program->plan_->steps[i];
    for (std::uint32_t v : step.operands)
      if (v != kAbsentValue) program->last_read_[v] = static_cast<std::int64_t>(i);
    for (const auto& [id, v] : step.captured) program->last_read_[v] = static_cast<std::int64_t>(i);
    for (std::uint32_t v : step.results)
      if (v != kAbsentValue) program->first_write_[v] = static_cast<std::int64_t>(i);
  }
  return program;
}

std::size_t Program::peak_bytes() const { return states_.load() * plan_->workspace_bytes; }

std::optional<TimelineCopy> Program::timeline() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!has_last_) return std::nullopt;
  return TimelineCopy{last_->steps, last_->parts.recorded(), last_->parts.left_out(), last_->caller, last_->nanoseconds};
}

void Program::keep(State& state) const {
  state.timeline->nanoseconds = state.timeline->parts.since_origin(PartTimes::Clock::now());
  const std::lock_guard<std::mutex> lock(mutex_);
  std::swap(last_, state.timeline);
  has_last_ = true;
}

std::unique_ptr<Program::State> Program::take_state() const {
  if (State* spare = spare_.exchange(nullptr, std::memory_order_acquire)) return std::unique_ptr<State>(spare);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<State> state = std::move(idle_.back());
      idle_.pop_back();
      return state;
    }
    idle_.reserve(states_.fetch_add(1) + 1);  // so that giving back never allocates
  }
  auto state = std::make_unique<State>();
  if (keeps_timeline_) state->timeline = std::make_unique<Timeline>(plan_->steps.size());
  std::size_t align = kAlign;
  for (const Step& step : plan_->steps)
    if (step.kernel != nullptr) align = std::max(align, step.kernel->plan().workspace_align);
  state->allocator = environment_->allocator;
  state->memory_align = align;
  state->memory_bytes = std::max<std::size_t>(plan_->workspace_bytes, align);
  state->memory = state->allocator->allocate(state->memory_bytes, align);
  if (state->memory == nullptr) {
    states_.fetch_sub(1);
    return nullptr;
  }
  state->workspace = static_cast<std::byte*>(state->memory);
  std::size_t operands = 0, results = 0, captured = 0;
  for (const Step& step : plan_->steps) {
    operands = std::max(operands, step.operands.size());
    results = std::max(results, step.results.size());
    captured = std::max(captured, step.captured.size());
  }
  state->operands.reserve(operands);
  state->c_operands.reserve(operands);
  state->results.reserve(results);
  state->c_results.reserve(results);
  state->captured.reserve(captured);
  state->views.resize(plan_->values.size());
  state->staged.resize(plan_->outputs.size());
  for (std::size_t v = 0; v < plan_->values.size(); ++v) {
    const PlannedValue& value = plan_->values[v];
    TensorView& view = state->views[v];
    view = {nullptr, value.type.dtype, value.type.dims, value.strides};
    if (value.location.kind == Location::Kind::Workspace) view.data = state->workspace + value.location.offset;
    // Nobody writes through the view of a constant or a parameter: only operands have these locations.
    if (value.location.kind == Location::Kind::Constant)
      view.data = const_cast<std::byte*>(plan_->constants[value.location.index]->data().data());
    if (value.location.kind == Location::Kind::Parameter) view.data = parameters_[value.location.index];
  }
  return state;
}

void Program::give_back(std::unique_ptr<State> state) const {
  State* nobody = nullptr;
  if (spare_.compare_exchange_strong(nobody, state.get(), std::memory_order_release, std::memory_order_relaxed)) {
    (void)state.release();
    return;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  idle_.push_back(std::move(state));
}

// An output that is an input's memory may be written directly only when nobody reads the input afterwards, and when the step that writes it
// either does not read it or is a kernel that allows it. Otherwise the output is written elsewhere and copied at the end.
bool Program::needs_staging(std::uint32_t output_value, std::span<const TensorView> inputs, const TensorView& output) const {
  const std::int64_t write = first_write_[output_value];
  for (std::size_t v = 0; v < plan_->values.size(); ++v) {
    const Location& at = plan_->values[v].location;
    if (at.kind != Location::Kind::Input || !overlap(inputs[at.index], output)) continue;
    if (last_read_[v] < write) continue;
    if (last_read_[v] > write) return true;
    const Step& step = plan_->steps[static_cast<std::size_t>(write)];
    if (step.kernel == nullptr) return true;
    for (std::size_t r = 0; r < step.results.size(); ++r) {
      if (step.results[r] != output_value) continue;
      const std::uint64_t may = r == 0 ? step.kernel->plan().result0_may_alias : r == 1 ? step.kernel->plan().result1_may_alias : 0;
      for (std::size_t o = 0; o < step.operands.size(); ++o)
        if (step.operands[o] == v && (o >= 64 || !(may >> o & 1))) return true;
    }
  }
  return false;
}

Status Program::bind(State& state, std::span<const TensorView> inputs, std::span<const TensorView> outputs) const {
  state.arena.reset();
  bool in_place = false;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j)
      if (overlap(outputs[i], outputs[j]))
        return fail(Code::InvalidArgument, "outputs ", plan_->outputs[j].name, " and ", plan_->outputs[i].name, " overlap");
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      if (!overlap(outputs[i], inputs[j])) continue;
      in_place = true;
      if (!same_memory(outputs[i], inputs[j]))
        return fail(Code::InvalidArgument, "output ", plan_->outputs[i].name, " overlaps input ", plan_->inputs[j].name)
            .advise("an output may be the very same memory as an input, with equal type and strides, or must not touch it");
    }
  }
  for (std::size_t v = 0; v < plan_->values.size(); ++v) {
    const Location& at = plan_->values[v].location;
    if (at.kind == Location::Kind::Input) {
      state.views[v] = inputs[at.index];
      if (!is_aligned(inputs[at.index])) state.views[v] = state.arena.copy_of(inputs[at.index], plan_->values[v].strides);
    } else if (at.kind == Location::Kind::Output) {
      const TensorView& target = outputs[at.index];
      state.staged[at.index].data = nullptr;
      state.views[v] = target;
      const bool negative = std::any_of(target.strides.begin(), target.strides.end(), [](std::int64_t s) { return s <= 0; });
      if (!is_aligned(target) || negative || (in_place && needs_staging(static_cast<std::uint32_t>(v), inputs, target))) {
        state.views[v] = state.arena.like(target, plan_->values[v].strides);
        state.staged[at.index] = state.views[v];
      }
    }
  }
  return {};
}

Status Program::run_kernel(State& state, const Step& step) const {
  const tenon_kernel& kernel = step.kernel->kernel();
  const bool strided = (kernel.flags & TENON_KERNEL_STRIDED) != 0;
  state.c_operands.clear();
  state.c_results.clear();
  state.results.clear();
  const std::size_t mark = state.arena.mark();
  for (std::uint32_t v : step.operands) {
    if (v == kAbsentValue) {
      state.c_operands.push_back(TENON_TENSOR_VIEW_INIT);
      continue;
    }
    TensorView view = state.views[v];
    if (!strided && !view.is_compact())
      view = state.arena.copy_of(view, plan_->values[v].location.kind == Location::Kind::Constant
                                           ? state.arena.compact_strides_of(view)
                                           : std::span<const std::int64_t>(plan_->values[v].strides));
    state.c_operands.push_back(to_c_view(view));
    state.c_operands.back().flags = TENON_TENSOR_READ_ONLY;
  }
  for (std::uint32_t v : step.results) {
    if (v == kAbsentValue) {
      state.c_results.push_back(TENON_TENSOR_VIEW_INIT);
      state.results.push_back({});
      continue;
    }
    TensorView view = state.views[v];
    if (!strided && !view.is_compact()) view = state.arena.like(view, plan_->values[v].strides);
    state.results.push_back(view);
    state.c_results.push_back(to_c_view(view));
  }
  Status done = invoke_run(step.kernel->provider(), state.frame, kernel, step.kernel->plan().state, state.c_operands, state.c_results,
                           state.workspace + step.workspace_offset);
  if (!done.ok()) return std::move(done.take_error()).node(step.node);
  for (std::size_t r = 0; r < step.results.size(); ++r)
    if (step.results[r] != kAbsentValue && state.results[r].data != state.views[step.results[r]].data)
      copy_strided(state.results[r], state.views[step.results[r]]);
  state.arena.release(mark);
  return {};
}

Status Program::run_step(State& state, const Step& step) const {
  if (step.kind == Step::Kind::Kernel) return run_kernel(state, step);
  if (step.kind == Step::Kind::Check) {
    Status checked = check_indices(step.check, step.op, state.views[step.operands[0]]);
    if (!checked.ok()) return std::move(checked.take_error()).node(step.node);
    return {};
  }
  state.operands.clear();
  state.results.clear();
  for (std::uint32_t v : step.operands) state.operands.push_back(state.views[v]);
  for (std::uint32_t v : step.results) state.results.push_back(state.views[v]);
  if (step.kind == Step::Kind::Copy) {
    if (!same_memory(state.operands[0], state.results[0])) copy_strided(state.operands[0], state.results[0]);
    return {};
  }
  state.captured.clear();
  for (const auto& [id, v] : step.captured) state.captured.push_back({id, state.views[v]});
  Status done = interp::run_op(plan_->module, *step.func, *step.hlo, state.operands, state.captured, state.results, state.scratch);
  if (!done.ok()) return std::move(done.take_error()).node(step.node);
  return {};
}

Status Program::run_timed_step(State& state, std::size_t index, const RunOptions& options) const {
  PartTimes* const parts = state.frame.part_times;
  if (parts != nullptr) parts->begin_step(static_cast<std::uint32_t>(index));
  const auto begin = PartTimes::Clock::now();
  Status done = run_step(state, plan_->steps[index]);
  const auto end = PartTimes::Clock::now();
  options.times[index].nanoseconds = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(end - begin).count());
  if (parts != nullptr) state.timeline->steps[index] = {parts->since_origin(begin), parts->since_origin(end)};
  return done;
}

Status Program::run(std::span<const TensorView> inputs, std::span<const TensorView> outputs, const RunOptions& options) const {
  TENON_TRY(check_views(inputs, plan_->inputs, "input"));
  TENON_TRY(check_views(outputs, plan_->outputs, "output"));
  std::unique_ptr<State> state = take_state();
  if (state == nullptr)
    return fail(Code::ResourceExhausted, "no memory for a workspace of ", plan_->workspace_bytes, " bytes")
        .advise("run fewer programs at once, or smaller shapes");
  state->frame.environment = environment_;
  state->frame.cancel = options.cancel;
  state->frame.error.reset();
  Timeline* const timeline = options.times.empty() ? nullptr : state->timeline.get();
  state->frame.part_times = timeline == nullptr ? nullptr : &timeline->parts;
  if (timeline != nullptr) {
    timeline->parts.restart(PartTimes::Clock::now());
    timeline->caller = std::this_thread::get_id();
    std::fill(timeline->steps.begin(), timeline->steps.end(), Timeline::Span());
  }
  Status done = bind(*state, inputs, outputs);
  for (std::size_t i = 0; done.ok() && i < plan_->steps.size(); ++i) {
    if (options.cancel != nullptr && *options.cancel != 0) {
      done = fail(Code::Cancelled, "the run was cancelled before step ", i);
      break;
    }
    done = options.times.size() > i ? run_timed_step(*state, i, options) : run_step(*state, plan_->steps[i]);
  }
  for (std::size_t i = 0; done.ok() && i < outputs.size(); ++i)
    if (state->staged[i].data != nullptr) copy_strided(state->staged[i], outputs[i]);
  if (timeline != nullptr) keep(*state);
  give_back(std::move(state));
  return done;
}

Program::~Program() { delete spare_.load(); }
Program::Program() = default;

}  // namespace tenon
