// The only file that knows pthreadpool.
#include <pthreadpool.h>

#include <algorithm>
#include <atomic>
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

// A slot draws chunks from one counter until none is left: heavy parts balance, and the slot numbers the share of a workspace.
void run_slot(void* context, std::size_t slot) {
  Region& region = *static_cast<Region*>(context);
  const bool outer = inside_region;
  inside_region = true;
  for (;;) {
    const std::size_t begin = region.next.fetch_add(region.chunk, std::memory_order_relaxed);
    if (begin >= region.count) break;
    region.task(region.argument, begin, std::min(region.count, begin + region.chunk), slot);
  }
  inside_region = outer;
}

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
    pthreadpool_parallelize_1d(pool_, run_slot, &region, slots, PTHREADPOOL_FLAG_YIELD_WORKERS);
  }

 private:
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
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<ThreadPool> make_thread_pool(std::uint32_t threads) { return std::make_unique<PthreadPool>(std::max(1u, threads)); }

}  // namespace tenon
