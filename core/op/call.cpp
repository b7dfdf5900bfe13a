#include "core/op/call.h"

#include <exception>
#include <new>
#if defined(__GLIBCXX__)
#include <cxxabi.h>
#endif

#include "core/op/fp_environment.h"
#include "core/op/host_functions.h"

namespace tenon {
namespace {

Error thrown(std::string_view what, std::string_view text) {
  return fail(Code::Internal, what, " threw an exception", text.empty() ? "" : ": ", text)
      .advise("report it to the plugin's author: no callback may throw");
}

// The callback's code, with what it throws as an error of the frame.
template <class Callback>
std::int32_t fenced(tenon_call& frame, std::string_view what, Callback&& callback) {
  try {
    return callback();
  }
#if defined(__GLIBCXX__)
  catch (abi::__forced_unwind&) {
    throw;  // the thread is being cancelled: swallowing it would end the process
  }
#endif
  catch (const std::bad_alloc&) {
    return host::keep_out_of_memory(frame);
  } catch (const std::exception& exception) {
    return host::keep(frame, thrown(what, host::text_of(exception.what(), std::char_traits<char>::length(exception.what()))));
  } catch (...) {
    return host::keep(frame, thrown(what, ""));
  }
}

// What the callback left behind, as an error that names the plugin. Cold: nothing here is on the way of a success.
[[gnu::cold, gnu::noinline]] Error call_error(Provider& provider, std::string_view what, tenon_call& frame, std::int32_t code) {
  Error error = frame.error ? *std::move(frame.error) : fail(Code::Unknown, what, " failed without a message (code ", code, ")");
  if (!frame.error) {
    error.raw_code = code;
    error.code = code_name(code) == "UNKNOWN" ? Code::Unknown : static_cast<Code>(code);
    error.advice = "ask the plugin's author: a callback that fails says why with error_set";
  }
  frame.error.reset();
  if (error.domain == "core") error.domain = cat(provider.plugin_name(), " ", provider.version());
  if (error.where.plugin.empty()) error.where.plugin = provider.plugin_name();
  return error;
}

void log_line(const Environment& environment, std::int32_t level, std::string_view plugin, std::string_view line) {
  if (!environment.log || level > environment.log_level) return;
  try {
    environment.log(level, plugin, line);
  } catch (...) {  // the embedding program's own code
  }
}

// The state has been restored; this tells who has to know, and whether the call counts as failed.
[[gnu::cold, gnu::noinline]] Status report_fp(Provider& provider, const Environment* environment, std::string_view what,
                                              std::string_view difference) {
  provider.note_fp_violation();
  const std::string text = cat(what, " changed ", difference, " of the floating-point environment; it was restored");
  if (provider.first_fp_violation() && environment != nullptr) log_line(*environment, TENON_LOG_WARNING, provider.plugin_name(), text);
  if (environment == nullptr || !environment->strict_fp) return {};
  Error error = fail(Code::FpEnvChanged, text)
                    .plugin(provider.plugin_name())
                    .advise("build the plugin without -ffast-math, or declare fp: {ftz: true} in its manifest if its kernels want that");
  error.domain = cat(provider.plugin_name(), " ", provider.version());
  return error;
}

// Restores the FP environment on every way out, also when an error's text could not be allocated.
class FpGuard {
 public:
  explicit FpGuard(bool flush = false) : before_(FpState::read()), during_(flush ? before_.flushing() : before_) {
    if (!(during_ == before_)) during_.write();
  }
  ~FpGuard() {
    if (!done_) before_.write();
  }
  FpGuard(const FpGuard&) = delete;
  FpGuard& operator=(const FpGuard&) = delete;

  // Restores; true if the callback left another state than it found.
  bool finish() {
    after_ = FpState::read();
    if (!(after_ == before_)) before_.write();
    done_ = true;
    return !(after_ == during_);
  }
  std::string difference() const { return FpState::difference(during_, after_); }

 private:
  FpState before_, during_, after_;
  bool done_ = false;
};

// What belongs to one callback goes with it; the frame may live on.
struct Entered {
  explicit Entered(tenon_call& f, bool locked) : frame(f) { frame.locked = locked; }
  ~Entered() {
    frame.locked = false;
    frame.scratch.clear();
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;
  tenon_call& frame;
};

void deliver_lines(tenon_call& frame, const Environment& environment) {
  for (const auto& [level, line] : frame.lines) log_line(environment, level, frame.plugin, line);
  frame.lines.clear();
}

}  // namespace

Status invoke(Provider& provider, const Environment& environment, std::string_view what, tenon_call& frame,
              const std::function<std::int32_t(tenon_call*)>& callback) {
  frame.environment = &environment;
  frame.provider = &provider;
  frame.plugin = provider.plugin_name();
  frame.error.reset();
  frame.flush = false;
  std::int32_t code = TENON_OK;
  bool changed = false;
  std::string difference;
  {
    std::unique_lock<std::recursive_mutex> serial(provider.serial(), std::defer_lock);
    if (!provider.concurrent()) serial.lock();
    const Entered entered(frame, serial.owns_lock());
    FpGuard fp;
    code = fenced(frame, what, [&] { return callback(&frame); });
    changed = fp.finish();
    if (changed) difference = fp.difference();
  }
  if (!frame.lines.empty()) deliver_lines(frame, environment);
  if (frame.fp_changed) {
    frame.fp_changed = false;
    difference = changed ? difference : "control bits";
    changed = true;
  }
  Status fp = changed ? report_fp(provider, &environment, what, difference) : Status();
  // A builder or reader call that failed counts, whatever the callback returned.
  if (code != TENON_OK || frame.error) return call_error(provider, what, frame, code);
  return fp;
}

Status invoke_run(Provider& provider, tenon_call& frame, const tenon_kernel& kernel, const void* state,
                  std::span<const tenon_tensor_view> operands, std::span<const tenon_tensor_view> results, void* workspace) {
  if (kernel.run == nullptr)
    return fail(Code::PluginRejected, "kernel ", std::string_view(kernel.name, kernel.name_length), " has no run")
        .plugin(provider.plugin_name());
  frame.provider = &provider;
  if (frame.error) frame.error.reset();
  frame.flush = provider.flushes_denormals();
  frame.fp_changed = false;
  frame.running = true;
  FpGuard fp(frame.flush);
  const std::int32_t code = fenced(frame, "run", [&] {
    return kernel.run(&frame, &kernel, state, operands.data(), operands.size(), results.data(), results.size(), workspace);
  });
  const bool changed = fp.finish();
  frame.running = false;
  if (code == TENON_OK && !frame.error && !changed && !frame.fp_changed) [[likely]]
    return {};

  const std::string what = cat("kernel ", std::string_view(kernel.name, kernel.name_length), ": run");
  if (changed || frame.fp_changed) {
    Status strict = report_fp(provider, frame.environment, what, changed ? fp.difference() : "control bits");
    if (code == TENON_OK && !frame.error) return strict;
  }
  return call_error(provider, what, frame, code);
}

}  // namespace tenon
