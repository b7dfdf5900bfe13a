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

// `bytes` of traffic on `threads` threads: "copy" reads and writes half each, by ordinary and by streaming stores, whichever is faster;
// "read" reads with four streams.
class Probe {
 public:
  Probe(const std::string& ceiling, double bytes, unsigned threads);
  double seconds(double budget) const;  // the least time in runs that take about `budget` seconds together; 0 for an unknown ceiling

 private:
  bool copy_, known_;
  double bytes_;
  unsigned threads_;
  std::size_t part_;
  Buffer from_, to_;
};

// Fused multiply-adds in f32: FLOP per second on `threads` threads at a SIMD level; 0 where there is no probe for it.
double fma_peak(const std::string& level, unsigned threads);

}  // namespace tenon::bench
