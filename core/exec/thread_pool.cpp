// The only file that knows pthreadpool.
#include <pthreadpool.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/exec/machine.h"

namespace tenon {
namespace {

// True on a thread that is inside a region: pthreadpool would deadlock on a nested one.
thread_local bool inside_region = false;

struct Region {
  ThreadPool::Task task;
  void* argument;
  std::size_t count, chunk;
  std::atomic<std::size_t> next{0};
};

class PthreadPool final : public ThreadPool {
 public:
  explicit PthreadPool(std::uint32_t threads) : threads_(threads) {}
  ~PthreadPool() override {
    if (pool_ != nullptr) pthreadpool_destroy(pool_);
  }
  int threads() const override { return static_cast<int>(threads_); }

  void parallel_for(std::size_t count, std::size_t grain, Task task, void* argument) override {
    if (count == 0) return;
    grain = std::max<std::size_t>(grain, 1);
    const std::size_t slots = std::min<std::size_t>(threads_, (count + grain - 1) / grain);
    // A second host thread does not wait for the pool: its region runs inline.
    std::unique_lock<std::mutex> busy(mutex_, std::defer_lock);
    if (slots <= 1 || inside_region || !busy.try_lock() || !ensure_pool()) {
      const bool outer = inside_region;
      inside_region = true;
      task(argument, 0, count, 0);
      inside_region = outer;
      return;
    }
    // About four chunks per slot: balance without much counting.
    Region region{task, argument, count, std::max(grain, (count + slots * 4 - 1) / (slots * 4))};
    // Workers sleep after the region: spinning would burn 30 ms of CPU per worker and region.
    region_ = &region;
    handed_over_.fetch_add(1, std::memory_order_release);
    pthreadpool_parallelize_1d(pool_, run_slot, this, slots, PTHREADPOOL_FLAG_YIELD_WORKERS);
    (void)finished_.load(std::memory_order_acquire);
  }

 private:
  // A slot draws chunks from one counter until none is left: heavy parts balance, and the slot numbers the share of a workspace. The two
  // counters say in our own code what pthreadpool promises: what was written before the region is seen in it, and the other way round. (The
  // thread sanitizer cannot see into the library.)
  static void run_slot(void* context, std::size_t slot) {
    auto& pool = *static_cast<PthreadPool*>(context);
    (void)pool.handed_over_.load(std::memory_order_acquire);
    Region& region = *pool.region_;
    const bool outer = inside_region;
    inside_region = true;
    for (;;) {
      const std::size_t begin = region.next.fetch_add(region.chunk, std::memory_order_relaxed);
      if (begin >= region.count) break;
      region.task(region.argument, begin, std::min(region.count, begin + region.chunk), slot);
    }
    inside_region = outer;
    pool.finished_.fetch_add(1, std::memory_order_release);
  }

  bool ensure_pool() {  // under mutex_
    if (pool_ == nullptr && !failed_) {
      pool_ = pthreadpool_create(threads_);
      failed_ = pool_ == nullptr;
    }
    return pool_ != nullptr;
  }
  const std::uint32_t threads_;
  std::mutex mutex_;
  pthreadpool_t pool_ = nullptr;
  Region* region_ = nullptr;  // of the region that runs, under mutex_
  std::atomic<std::uint64_t> handed_over_{0}, finished_{0};
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<ThreadPool> make_thread_pool(std::uint32_t threads) { return std::make_unique<PthreadPool>(std::max(1u, threads)); }

}  // namespace tenon
