// What a context lends to everything that calls plugins: allocator, log, thread pool, machine. One per context, shared read-only.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/parallel.h"
#include "core/base/status.h"
#include "tenon/plugin.h"

namespace tenon {

// Sized, aligned memory; NULL on failure. Thread-safe.
class Allocator {
 public:
  virtual ~Allocator() = default;
  virtual void* allocate(std::size_t bytes, std::size_t align) = 0;
  virtual void* reallocate(void* memory, std::size_t old_bytes, std::size_t new_bytes, std::size_t align) = 0;
  virtual void release(void* memory, std::size_t bytes, std::size_t align) = 0;
};
Allocator& system_allocator();  // aligned operator new; stateless

// level as TENON_LOG_*; category "loader", "plan", or a plugin's name. Called from any thread, never under a lock of ours.
using LogSink = std::function<void(std::int32_t level, std::string_view category, std::string_view text)>;

struct Machine {
  std::uint32_t threads = 1;
  std::uint64_t l1d_bytes = 0, l2_bytes = 0, l3_bytes = 0;
  std::uint64_t features[4] = {0, 0, 0, 0};  // bits in the order of configs/arch.json's features
  std::string level;                         // in force: the best that the machine has, or the one that was forced
  std::vector<std::string> levels;           // usable ones, best first, from `level` down to the baseline
};

struct Environment {
  Allocator* allocator = &system_allocator();
  LogSink log;
  std::int32_t log_level = TENON_LOG_ERROR;
  ThreadPool* pool = nullptr;  // null: everything runs inline
  Machine machine;
  bool strict_fp = false;  // a plugin that changes the FP environment fails the call (always: it is restored and logged)
};

}  // namespace tenon
