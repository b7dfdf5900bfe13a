#include "core/plugin/provider.h"

#include <chrono>

#include "core/op/call.h"

namespace tenon {

Result<const tenon_operator*> PluginProvider::open(std::size_t index) {
  if (!is_open()) TENON_TRY(ensure_open());
  if (index >= table_.operators.size()) return fail(Code::Internal, "plugin ", plugin_name(), " has no operator number ", index);
  return table_.operators[index];
}

Status PluginProvider::ensure_open() {
  {
    std::unique_lock lock(mutex_);
    if (phase_ == Phase::Opening && opener_ == std::this_thread::get_id())
      return fail(Code::FailedPrecondition, "plugin ", plugin_name(), " uses its own operator while it is being created")
          .plugin(plugin_name());
    changed_.wait(lock, [&] { return phase_ != Phase::Opening; });
    if (phase_ == Phase::Open) return {};
    if (phase_ == Phase::Failed) return Error(*error_);
    phase_ = Phase::Opening;
    opener_ = std::this_thread::get_id();
  }
  // Memory that ran out says nothing about the plugin: it is closed again, and the next use tries again.
  struct Closing {
    PluginProvider& provider;
    Phase phase = Phase::Closed;
    ~Closing() {
      {
        const std::lock_guard lock(provider.mutex_);
        provider.phase_ = phase;
        if (phase == Phase::Open) provider.open_.store(true, std::memory_order_release);
      }
      provider.changed_.notify_all();
    }
  } closing{*this};
  const auto start = std::chrono::steady_clock::now();
  Status status = open_library();
  const auto elapsed = std::chrono::steady_clock::now() - start;
  std::optional<Error> failure;
  if (!status.ok()) {
    failure = status.take_error();
    failure->message = cat("plugin ", plugin_name(), ": ", failure->message);
    if (failure->where.plugin.empty()) failure->where.plugin = plugin_name();
    if (failure->code == Code::ResourceExhausted) return *std::move(failure);
  }
  const std::lock_guard lock(mutex_);
  open_ns_ = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
  error_ = failure;
  closing.phase = failure ? Phase::Failed : Phase::Open;
  if (failure) return *std::move(failure);
  return {};
}

// A change while loading is logged once, as those in callbacks are.
Status PluginProvider::note_fp(std::string_view what) {
  note_fp_violation();
  const Environment& environment = *setup_.environment;
  const std::string text = cat(what, " changed rounding or denormal handling; it was restored");
  if (first_fp_violation() && environment.log && environment.log_level >= TENON_LOG_WARNING)
    environment.log(TENON_LOG_WARNING, plugin_name(), text);
  if (!environment.strict_fp) return {};
  return fail(Code::FpEnvChanged, text).advise("build the plugin without -ffast-math, at the link too");
}

Status PluginProvider::open_library() {
  tenon_plugin_query_fn query = setup_.query;
  const MappedLibrary* library = nullptr;
  if (!is_static()) {
    // Once more: time has passed since discovery.
    const Manifest& manifest = *setup_.manifest;
    const std::size_t slash = setup_.library.path.rfind('/');
    TENON_ASSIGN(const TrustedFolder folder, open_trusted_folder(setup_.library.path.substr(0, slash), setup_.rules));
    DependencyIndex dependencies(setup_.secure);
    const Manifest::Variant variant{setup_.library.path.substr(slash + 1), {}};
    TENON_ASSIGN(const LibraryFile file, check_library(folder, manifest, variant, dependencies, true));
    if (manifest.runtime == "go") TENON_TRY(claim_runtime(manifest.runtime, file.path));
    TENON_ASSIGN(library, map_library(file.path, file.device, file.inode));
    if (library->changed_fp()) TENON_TRY(note_fp("a static initialiser"));
    query = reinterpret_cast<tenon_plugin_query_fn>(library->symbol(TENON_PLUGIN_QUERY_SYMBOL));
    if (query == nullptr)
      return fail(Code::PluginRejected, "the library does not export ", TENON_PLUGIN_QUERY_SYMBOL)
          .file(file.path)
          .advise("define TENON_PLUGIN_ENTRY in one of its sources, and build it with tenon_add_plugin()");
    if (!library->executable(reinterpret_cast<const void*>(query)))
      return fail(Code::PluginRejected, TENON_PLUGIN_QUERY_SYMBOL, " is no function of the library")
          .file(file.path)
          .advise("report it to the plugin's author");
  }
  TENON_ASSIGN(table_, query_plugin(query, *setup_.manifest, library, *setup_.environment, setup_.host_version));
  if (table_.fp_changed) TENON_TRY(note_fp("the query"));
  if (table_.create != nullptr) {
    tenon_call frame;
    TENON_TRY(invoke(*this, *setup_.environment, "create", frame, [&](tenon_call* call) { return table_.create(call, &state_); }));
  }
  order_ = setup_.counter->fetch_add(1) + 1;
  return {};
}

void PluginProvider::destroy() {
  if (!is_open() || table_.destroy == nullptr) return;
  tenon_call frame;
  try {  // What a destroy complains about concerns nobody any more.
    (void)invoke(*this, *setup_.environment, "destroy", frame, [this](tenon_call* call) {
      table_.destroy(call, state_);
      return TENON_OK;
    });
  } catch (...) {  // the text of a complaint that found no memory
  }
}

void PluginProvider::describe(PluginRecord& record) const {
  const std::lock_guard lock(mutex_);
  record.open_ns = open_ns_;
  record.fp_violations = fp_violations_.load(std::memory_order_relaxed);
  if (phase_ == Phase::Open) record.state = PluginState::Active;
  if (phase_ == Phase::Failed) {
    record.state = PluginState::Rejected;
    record.error = error_;
  }
}

}  // namespace tenon
