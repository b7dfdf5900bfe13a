#include "core/op/call.h"

#include "core/op/fp_environment.h"

namespace tenon {
namespace {

Error make_error(Provider& provider, std::string_view what, tenon_call& frame, std::int32_t code) {
  Error error = frame.error ? std::move(*frame.error) : fail(Code::Unknown, what, " failed with code ", code, " and no message");
  frame.error.reset();
  // An unknown code keeps its number.
  error.raw_code = code;
  error.code = code_name(code) == "UNKNOWN" ? Code::Unknown : static_cast<Code>(code);
  if (error.domain == "core") error.domain = cat(provider.plugin_name(), " ", provider.version());
  if (error.where.plugin.empty()) error.where.plugin = provider.plugin_name();
  return error;
}

Status fp_changed(Provider& provider, const Environment& environment, std::string_view what) {
  provider.note_fp_violation();
  if (environment.log && environment.log_level >= TENON_LOG_WARNING)
    environment.log(TENON_LOG_WARNING, provider.plugin_name(),
                    cat(what, " changed the floating-point environment (rounding or denormals); it was restored"));
  if (!environment.strict_fp) return {};
  return fail(Code::FpEnvChanged, "plugin ", provider.plugin_name(), ": ", what, " changed the floating-point environment")
      .plugin(provider.plugin_name())
      .advise("rebuild the plugin without -ffast-math, or declare fp: {ftz: true} in its manifest");
}

}  // namespace

Status invoke(Provider& provider, const Environment& environment, std::string_view what, tenon_call& frame,
              const std::function<std::int32_t(tenon_call*)>& callback) {
  frame.environment = &environment;
  frame.plugin = provider.plugin_name();
  frame.error.reset();
  std::unique_lock<std::mutex> serial(provider.serial(), std::defer_lock);
  if (!provider.concurrent()) serial.lock();
  const FpState before = FpState::read();
  std::int32_t code = TENON_OK;
  try {
    code = callback(&frame);
  } catch (const std::exception& e) {
    code = TENON_INTERNAL;
    frame.error =
        fail(Code::Internal, what, " threw an exception: ", e.what()).advise("report it to the plugin's author: nothing may throw");
  } catch (...) {
    code = TENON_INTERNAL;
    frame.error = fail(Code::Internal, what, " threw an exception").advise("report it to the plugin's author: nothing may throw");
  }
  const bool changed = !(FpState::read() == before);
  if (changed) before.write();
  if (serial.owns_lock()) serial.unlock();
  if (changed) TENON_TRY(fp_changed(provider, environment, what));
  // A builder or reader call that failed counts, whatever the callback returned.
  if (code == TENON_OK && frame.error) code = frame.error->raw_code;
  if (code != TENON_OK) return make_error(provider, what, frame, code);
  return {};
}

Status invoke_run(Provider& provider, tenon_call& frame, const tenon_kernel& kernel, const void* state,
                  std::span<const tenon_tensor_view> operands, std::span<const tenon_tensor_view> results, void* workspace) {
  frame.running = true;
  frame.error.reset();
  const FpState before = FpState::read();
  const bool flush = provider.flushes_denormals();
  const FpState during = flush ? before.flushing() : before;
  if (flush) during.write();
  std::int32_t code = TENON_OK;
  try {
    code = kernel.run(&frame, &kernel, state, operands.data(), operands.size(), results.data(), results.size(), workspace);
  } catch (...) {
    code = TENON_INTERNAL;
    frame.error = fail(Code::Internal, "run threw an exception").advise("report it to the plugin's author: nothing may throw");
  }
  const bool changed = !(FpState::read() == during);
  if (changed || flush) before.write();
  frame.running = false;
  if (changed) TENON_TRY(fp_changed(provider, *frame.environment, "run"));
  if (code != TENON_OK) return make_error(provider, "run", frame, code);
  return {};
}

}  // namespace tenon
