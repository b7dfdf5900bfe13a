// Runs a plan: many times, from many threads, without allocating in the steady state.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/exec/timeline.h"
#include "core/plan/plan.h"

namespace tenon {

struct StepTime {
  std::uint64_t nanoseconds = 0;
};

struct RunOptions {
  std::span<StepTime> times;                      // one per step, or empty: no timing
  const volatile std::int32_t* cancel = nullptr;  // not 0: stop; checked between steps and by kernels
};

class Program {
 public:
  // parameters: the value of every Plan::parameters entry, in order; the data must outlive the program. Misaligned data is copied once.
  // timeline: runs that ask for times also keep when each step and part ran.
  static Result<std::unique_ptr<Program>> create(std::unique_ptr<Plan> plan, std::span<const TensorView> parameters,
                                                 const Environment& environment, bool timeline = false);

  const Plan& plan() const { return *plan_; }
  const Environment& environment() const { return *environment_; }

  // inputs and outputs in the plan's order, any strides and alignment. dtypes and dims must equal the plan's. An output may be the very
  // same memory as an input (in place) or must not overlap any: anything else is an error. Thread-safe; each concurrent run has a
  // workspace of its own, kept for the next run.
  Status run(std::span<const TensorView> inputs, std::span<const TensorView> outputs, const RunOptions& options = {}) const;

  std::size_t peak_bytes() const;                // of all workspaces that exist
  std::optional<TimelineCopy> timeline() const;  // of the last timed run that ended; none: not kept, or no such run yet
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

 private:
  struct State;
  Program();
  std::unique_ptr<State> take_state() const;
  void give_back(std::unique_ptr<State> state) const;
  bool needs_staging(std::uint32_t output_value, std::span<const TensorView> inputs, const TensorView& output) const;
  Status bind(State& state, std::span<const TensorView> inputs, std::span<const TensorView> outputs) const;
  Status run_kernel(State& state, const Step& step) const;
  Status run_step(State& state, const Step& step) const;
  void keep(State& state) const;  // its timeline, as the last one
  Status run_timed_step(State& state, std::size_t index, const RunOptions& options) const;
  std::unique_ptr<Plan> plan_;
  std::vector<std::byte*> parameters_;  // compact and aligned
  std::vector<Tensor> copies_;
  std::vector<std::int64_t> last_read_, first_write_;  // step numbers by value; -1: none
  const Environment* environment_ = nullptr;
  mutable std::atomic<State*> spare_{nullptr};  // one idle state without the lock: a program run by one thread needs no other
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<State>> idle_;
  mutable std::atomic<std::size_t> states_{0};
  bool keeps_timeline_ = false;
  mutable std::unique_ptr<Timeline> last_;  // under mutex_; null: timelines are not kept
  mutable bool has_last_ = false;           // under mutex_
};

}  // namespace tenon
