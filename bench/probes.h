// What the machine can do at best, measured in this process on as many bytes as a benchmark moves: the ceilings that a kernel's time is
// compared with.
#pragma once

#include <cstddef>
#include <string>

namespace tenon::bench {

// Memory on huge pages where the system gives them, 2 MiB aligned.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  char* data() const { return data_; }

 private:
  char* data_;
};

// Seconds for `bytes` of traffic, the best of several runs, on `threads` threads: "copy" reads and writes half each, by ordinary and by
// streaming stores, whichever is faster; "read" reads with four streams. 0 for an unknown ceiling.
double probe_seconds(const std::string& ceiling, double bytes, unsigned threads);

// Fused multiply-adds in f32: FLOP per second on `threads` threads at a SIMD level; 0 where there is no probe for it.
double fma_peak(const std::string& level, unsigned threads);

}  // namespace tenon::bench
