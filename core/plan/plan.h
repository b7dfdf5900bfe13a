// From a module to a plan: which step runs where, in which buffers. Made once, immutable, printable; run by core/exec.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/interp/interp.h"
#include "core/op/call.h"
#include "core/plan/index_check.h"
#include "core/stablehlo/module.h"

namespace tenon {

// Why a kernel was or was not taken, in the order of preference. The decomposition is always the last candidate.
struct Candidate {
  std::string kernel, plugin, level;
  int priority = 0;
  bool chosen = false;
  std::string reason;  // the rule that removed it, or why it won; for the decomposition: "last candidate"
  std::string advice;
};

// A kernel bound to one node: owns the plan state. Destroyed with the plan.
class KernelInstance {
 public:
  KernelInstance(std::shared_ptr<Provider> provider, const tenon_kernel* kernel, const Environment& environment)
      : provider_(std::move(provider)), kernel_(kernel), environment_(environment) {}
  KernelInstance(const KernelInstance&) = delete;
  KernelInstance& operator=(const KernelInstance&) = delete;
  ~KernelInstance();
  // Asks the kernel for its plan, once; what it allocates is ours from then on. PLUGIN_REJECTED for a plan that cannot be.
  Status make_plan(const tenon_node& node);
  Provider& provider() const { return *provider_; }
  const tenon_kernel& kernel() const { return *kernel_; }
  const tenon_kernel_plan& plan() const { return plan_; }

 private:
  std::shared_ptr<Provider> provider_;
  const tenon_kernel* kernel_;
  tenon_kernel_plan plan_ = TENON_KERNEL_PLAN_INIT;
  bool planned_ = false;
  const Environment& environment_;
};

// Where a value lives while the program runs.
struct Location {
  enum class Kind : std::uint8_t { None, Input, Output, Parameter, Constant, Workspace } kind = Kind::None;
  std::uint32_t index = 0;  // Input, Output, Parameter, Constant
  std::size_t offset = 0;   // Workspace
};

struct PlannedValue {
  TensorType type;
  Dims strides;  // compact; inputs and outputs are bound with their own at run time
  Location location;
};

// One use of an operator, and how it was decided.
struct OperatorDecision {
  std::string node, op;  // op: "rms_norm"
  std::vector<Candidate> candidates;
};
inline constexpr std::uint32_t kNoDecision = 0xFFFFFFFFu;

struct Step {
  enum class Kind : std::uint8_t { Kernel, Interpreter, Copy, Check } kind{};
  std::string node;                     // the graph node that it came from
  std::string op;                       // "rms_norm" or "stablehlo.add"; of a check, the operator whose indices it checks
  std::vector<std::uint32_t> operands;  // into Plan::values; kAbsentValue for absent operands of a kernel
  std::vector<std::uint32_t> results;
  std::vector<std::pair<stablehlo::ValueId, std::uint32_t>> captured;  // Interpreter
  const stablehlo::Op* hlo = nullptr;                                  // Interpreter: in Plan::module
  const stablehlo::Func* func = nullptr;
  std::unique_ptr<KernelInstance> kernel;  // Kernel
  std::size_t workspace_offset = 0;        // Kernel
  IndexCheck check;                        // Check: of operand 0; no results
  std::uint32_t decision = kNoDecision;    // into Plan::operators: the innermost operator that this step is, or is part of
  double bytes = 0, flops = 0;
};
inline constexpr std::uint32_t kAbsentValue = 0xFFFFFFFFu;

struct NamedType {
  std::string name;
  TensorType type;
};

struct Plan {
  stablehlo::Module module;  // owns the operations that steps point into
  std::vector<NamedType> inputs, outputs, parameters;
  std::vector<PlannedValue> values;
  std::vector<std::shared_ptr<const stablehlo::Constant>> constants;
  std::vector<Step> steps;
  std::vector<OperatorDecision> operators;  // in the order of the walk; nested ones after what contains them
  std::size_t workspace_bytes = 0;
  std::size_t unshared_bytes = 0;  // what the workspace would be without reuse by liveness
  std::string level;               // SIMD level in force
};

struct PlanOptions {
  bool reference = false;         // only the interpreter
  bool strict = false;            // an operator without a kernel is an error that names it
  std::optional<double> max_ulp;  // a kernel must claim at most this in its manifest
  bool bitwise = false;           // a kernel must claim determinism: bitwise
  std::string pinned_plugin;      // kernels of this plugin first
  bool timeline = false;          // for core/exec: runs that time their steps keep when each step and part ran
};

// `module` is lower_graph's: composites with decompositions, all types static. names: of inputs and outputs.
Result<std::unique_ptr<Plan>> make_plan(stablehlo::Module module, std::vector<std::string> input_names,
                                        std::vector<std::string> output_names, const Registry& registry, const Environment& environment,
                                        const PlanOptions& options);

// The candidates of one operator instance, sorted, with verdicts; the chosen one (if any) bound. Does not fail for a kernel that declines.
struct Selection {
  std::vector<Candidate> candidates;
  std::unique_ptr<KernelInstance> kernel;
};
Result<Selection> select_kernel(const OpDef& op, const tenon_node& node, const Registry& registry, const Environment& environment,
                                const PlanOptions& options);

std::string to_text(const Plan& plan);  // the printable plan: a line per step, then memory

}  // namespace tenon
