// parallel_for: the plugin's function on threads of the host's pool, each part fenced and guarded like a callback of its own.
#include <algorithm>
#include <atomic>

#include "core/op/fp_environment.h"
#include "core/op/host_functions.h"

namespace tenon::host {
namespace {

struct Region {
  tenon_parallel_fn fn;
  void* argument;
  bool flush;
  PartTimes* times;
  std::atomic<bool> fp_changed{false};
  std::atomic<bool> thrown{false};
};

void run_part(void* opaque, std::size_t begin, std::size_t end, std::size_t slot) {
  Region& region = *static_cast<Region*>(opaque);
  const auto started = region.times == nullptr ? PartTimes::Clock::time_point() : PartTimes::Clock::now();
  // The FP state belongs to the thread: what run's thread has, a worker has not.
  const FpState before = FpState::read();
  const FpState during = region.flush ? before.flushing() : before;
  if (!(during == before)) during.write();
  try {
    region.fn(region.argument, begin, end, slot);
  } catch (...) {
    region.thrown.store(true, std::memory_order_relaxed);
  }
  if (region.times != nullptr) region.times->add(started, PartTimes::Clock::now());
  const FpState after = FpState::read();
  if (!(after == before)) before.write();
  if (!(after == during)) region.fp_changed.store(true, std::memory_order_relaxed);
}

}  // namespace

void parallel_for(tenon_call* call, std::size_t count, std::size_t grain, tenon_parallel_fn fn, void* argument) {
  if (call == nullptr || count == 0) return;
  if (fn == nullptr) {
    guarded(call, []() -> Status { return fail(Code::InvalidArgument, "parallel_for: fn is NULL"); });
    return;
  }
  Region region{fn, argument, call->flush, call->part_times};
  ThreadPool* pool = call->environment == nullptr ? nullptr : call->environment->pool;
  guarded(call, [&]() -> Status {
    if (pool == nullptr)
      run_part(&region, 0, count, 0);
    else
      pool->parallel_for(count, std::max<std::size_t>(grain, 1), run_part, &region);
    if (region.thrown.load(std::memory_order_relaxed))
      return fail(Code::Internal, "a part of a parallel_for threw an exception")
          .advise("report it to the plugin's author: nothing may throw");
    return {};
  });
  if (region.fp_changed.load(std::memory_order_relaxed)) call->fp_changed = true;
}

}  // namespace tenon::host
