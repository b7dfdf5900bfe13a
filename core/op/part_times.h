// When and where the parts of parallel_for ran, during one run of a program. Room is made once: recording allocates nothing, from any
// thread; what does not fit is counted.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace tenon {

class PartTimes {
 public:
  using Clock = std::chrono::steady_clock;
  struct Part {
    std::uint32_t step = 0;
    std::thread::id thread;
    std::int64_t begin = 0, end = 0;  // nanoseconds since restart()
  };

  explicit PartTimes(std::size_t capacity) : parts_(capacity) {}
  void restart(Clock::time_point origin) {
    origin_ = origin;
    count_.store(0, std::memory_order_relaxed);
  }
  void begin_step(std::uint32_t step) { step_ = step; }  // between parallel regions only
  void add(Clock::time_point begin, Clock::time_point end) {
    const std::size_t at = count_.fetch_add(1, std::memory_order_relaxed);
    if (at < parts_.size()) parts_[at] = {step_, std::this_thread::get_id(), since_origin(begin), since_origin(end)};
  }
  std::int64_t since_origin(Clock::time_point time) const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time - origin_).count();
  }

  // After the run.
  std::vector<Part> recorded() const { return {parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(kept())}; }
  std::size_t left_out() const { return count_.load(std::memory_order_relaxed) - kept(); }

 private:
  std::size_t kept() const { return std::min(count_.load(std::memory_order_relaxed), parts_.size()); }
  std::vector<Part> parts_;
  std::atomic<std::size_t> count_{0};
  Clock::time_point origin_;
  std::uint32_t step_ = 0;
};

}  // namespace tenon
