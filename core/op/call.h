// Calling into plugins, and the host's function table that they call back. tenon_call, tenon_node and tenon_builder of plugin.h are
// defined here; nothing else in the library touches a plugin's function pointer directly.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/op/environment.h"
#include "core/op/part_times.h"
#include "core/op/registry.h"

// One use of an operator as a plugin sees it. Borrowed by callbacks.
struct tenon_node {
  const tenon::OpSchema* schema = nullptr;
  std::string name;                                        // the user's name for the node
  std::vector<std::optional<tenon::TensorType>> operands;  // nullopt: absent
  tenon::Dict attributes;                                  // canonical, defaults filled in, sorted
  std::vector<std::optional<tenon::TensorType>> results;   // empty until inferred
  std::vector<bool> operand_is_constant;                   // a parameter or constant (for carriers' `constant`); may be empty
};

// Where a lowering writes. Implemented by core/lower over stablehlo::Builder; core/op knows only this interface.
struct tenon_builder {
  virtual ~tenon_builder() = default;
  virtual tenon::Result<tenon_hlo_value> operand(std::size_t index) = 0;
  virtual tenon::Result<const tenon::TensorType*> type(tenon_hlo_value value) = 0;
  virtual tenon::Result<std::vector<tenon_hlo_value>> op(std::string_view name, std::span<const tenon_hlo_value> operands,
                                                         tenon::Dict attributes, std::span<const tenon::TensorType> result_types) = 0;
  virtual tenon::Result<tenon_hlo_value> constant(const tenon::TensorType& type, std::span<const std::byte> bytes) = 0;
  virtual tenon::Result<std::vector<tenon_hlo_value>> region_begin(std::span<const tenon::TensorType> arguments) = 0;
  virtual tenon::Status region_end(std::span<const tenon_hlo_value> results) = 0;
  virtual tenon::Result<std::vector<tenon_hlo_value>> use_operator(std::string_view name, std::span<const tenon_hlo_value> operands,
                                                                   const tenon::Dict& attributes, bool carrier) = 0;
  virtual tenon::Status finish(std::span<const tenon_hlo_value> results) = 0;
  bool finished = false;
};

// The frame of one callback. Making one allocates nothing: destructors do.
struct tenon_call {
  const tenon::Environment* environment = nullptr;
  std::string_view plugin;  // the provider's
  std::optional<tenon::Error> error;
  std::vector<std::optional<tenon::TensorType>>* inferred = nullptr;  // infer only
  bool variadic_result = false;                                       // infer only: `inferred` may grow
  const volatile std::int32_t* cancel = nullptr;                      // not 0: the caller wants the run to end soon
  bool running = false;                                               // in run: nothing may allocate
  // scratch memory, freed with the frame
  std::vector<std::unique_ptr<std::byte[]>> scratch;

  tenon::Provider* provider = nullptr;  // whose callback it is; set by invoke and invoke_run
  std::mutex mutex;                     // around `error` and `lines`: parts of a parallel_for may use both at once
  bool locked = false;                  // Provider::serial() is held: lines for the log wait until it is not
  std::vector<std::pair<std::int32_t, std::string>> lines;
  bool flush = false;                      // in run: the plugin asked for denormals as zero, on every thread
  bool fp_changed = false;                 // in run: a part of a parallel_for changed the FP environment of its thread
  tenon::PartTimes* part_times = nullptr;  // in run: where the parts of a parallel_for note their times; null: nobody asked
};

namespace tenon {

const tenon_host_api& host_api();  // constant

// Runs one callback: locks Provider::serial() unless it is concurrent, guards the FP environment (saves, restores, notes a change),
// fences C++ exceptions, and turns a code into an Error whose domain is the plugin. `what` is for messages: "[rms_norm] infer". A callback
// that sets an error, or whose builder call failed, has failed, also if it returns TENON_OK. Scratch memory is freed before the return.
// What the plugin logs reaches the sink after the lock is let go.
// invoke(*provider, environment, "[rms_norm] infer", [&](tenon_call* call) { return op->infer(call, op, &node); })
Status invoke(Provider& provider, const Environment& environment, std::string_view what, tenon_call& frame,
              const std::function<std::int32_t(tenon_call*)>& callback);

// The hot path: a kernel's run. No lock, no std::function, no allocation on success; FP environment checked. The frame is the caller's and
// reused: it sets `environment` and `cancel`, the rest is ours.
Status invoke_run(Provider& provider, tenon_call& frame, const tenon_kernel& kernel, const void* state,
                  std::span<const tenon_tensor_view> operands, std::span<const tenon_tensor_view> results, void* workspace);

// True if `when` of a result schema holds: the operand is present, or the attribute is there (true, not empty).
bool is_given(const tenon_node& node, const std::string& when);

// Fills node.results: the stock rule or the plugin's infer; then checks them against the schema (like, when, dtypes, static sizes).
Status infer(const OpDef& op, tenon_node& node, const Environment& environment);

}  // namespace tenon
