// A plugin that discovery accepted, as the registry sees it: opened on first use, at most once.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/op/environment.h"
#include "core/op/registry.h"
#include "core/plugin/inspect.h"
#include "core/plugin/loader.h"
#include "core/plugin/query.h"

namespace tenon {

class PluginProvider final : public Provider {
 public:
  struct Setup {
    std::shared_ptr<const Manifest> manifest;
    LibraryFile library;                    // path empty: static
    tenon_plugin_query_fn query = nullptr;  // static
    int tier = 0;
    TrustRules rules;
    std::string host_version;
    bool secure = false;
    const Environment* environment = nullptr;
    std::recursive_mutex* serial = nullptr;         // the context's
    std::atomic<std::uint32_t>* counter = nullptr;  // orders the creates
  };
  explicit PluginProvider(Setup setup) : setup_(std::move(setup)) {}

  const std::string& plugin_name() const override { return setup_.manifest->name; }
  const std::string& version() const override { return setup_.manifest->version; }
  std::string origin() const override { return is_static() ? "static" : setup_.library.path; }
  int priority() const override { return setup_.manifest->priority; }
  int tier() const override { return setup_.tier; }
  bool concurrent() const override { return setup_.manifest->concurrent; }
  bool flushes_denormals() const override { return setup_.manifest->ftz; }
  std::recursive_mutex& serial() override { return *setup_.serial; }
  Result<const tenon_operator*> open(std::size_t index) override;
  bool is_open() const override { return open_.load(std::memory_order_acquire); }
  void note_fp_violation() override { fp_violations_.fetch_add(1, std::memory_order_relaxed); }

  Status ensure_open();  // open() without an operator
  void destroy();        // calls the plugin's destroy if it was created; only from the loader's destructor
  std::uint32_t order() const { return order_; }

  // What open() has brought to light, for records.
  void describe(PluginRecord& record) const;

 private:
  enum class Phase { Closed, Opening, Open, Failed };
  bool is_static() const { return setup_.query != nullptr; }
  Status open_library();
  Status note_fp(std::string_view what);

  const Setup setup_;
  std::atomic<bool> open_{false};
  std::atomic<std::uint64_t> fp_violations_{0};

  // Never held while the plugin's code runs: who comes second waits for the phase to change.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::Closed;
  std::thread::id opener_;
  std::optional<Error> error_;  // Failed
  std::uint64_t open_ns_ = 0;

  // Written by the opener before open_ is set, constant from then on.
  PluginTable table_;
  void* state_ = nullptr;
  std::uint32_t order_ = 0;
};

}  // namespace tenon
