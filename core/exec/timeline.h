// What ran when, in one run: every step on the thread that called run, and the parts of its parallel_for on theirs.
#pragma once

#include "core/op/part_times.h"

namespace tenon {

struct Timeline {
  static constexpr std::size_t kParts = 16384;  // 512 KiB: a program of 2,000 parallel steps on two threads
  struct Span {
    std::int64_t begin = 0, end = 0;  // nanoseconds since the run began
  };

  explicit Timeline(std::size_t step_count) : steps(step_count), parts(kParts) {}
  std::vector<Span> steps;  // those of a run that failed end early: end is 0
  PartTimes parts;
  std::thread::id caller;
  std::int64_t nanoseconds = 0;  // the whole run
};

// A copy to read while the program runs on.
struct TimelineCopy {
  std::vector<Timeline::Span> steps;
  std::vector<PartTimes::Part> parts;
  std::size_t parts_left_out = 0;
  std::thread::id caller;
  std::int64_t nanoseconds = 0;
};

}  // namespace tenon
