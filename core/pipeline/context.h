// A context: everything that a tenon_context owns. Plugins are discovered on first use; after that the registry is read without locks.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/exec/machine.h"
#include "core/op/registry.h"
#include "core/plugin/loader.h"

namespace tenon {

struct ContextOptions {
  LoaderOptions loader;
  std::string arch;            // a SIMD level to force; empty: TENON_ARCH, else the best
  std::uint32_t threads = 0;   // 0: as many as the process may use
  LogSink log;                 // empty: errors to stderr, each text once
  std::int32_t log_level = 0;  // 0: TENON_LOG, else errors
  bool strict_fp = false;
  std::unique_ptr<Allocator> allocator;  // null: the system's
  std::unique_ptr<ThreadPool> pool;      // null: pthreadpool
};

class Context {
 public:
  static Result<std::unique_ptr<Context>> create(ContextOptions options);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Before the first use; FAILED_PRECONDITION after it.
  Status configure(const std::function<Status(LoaderOptions&)>& change);

  // Reads the manifests once. Never fails as a whole: a bad plugin is a record with a reason.
  const Registry& registry();
  Loader& loader();  // after discovery
  const Environment& environment() const { return environment_; }

  Status after_fork_child();

 private:
  Context() = default;
  void discover();

  ContextOptions options_;
  Environment environment_;
  std::unique_ptr<ThreadPool> pool_;
  Registry registry_;
  std::unique_ptr<Loader> loader_;
  std::once_flag discovered_;
  std::atomic<bool> in_use_{false};
};

}  // namespace tenon
