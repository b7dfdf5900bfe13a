// One run of the kernels: what kernel.cpp hands to a level's table in kernel.simd.cpp. Plain types only.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tenon/plugin.h"

namespace tenon::quantization::affine {

// A run of neighbours that share one scale, or have one each.
struct Run {
  size_t begin, count;  // elements
  size_t scale;         // where its scale, or the first of them, stands
};

struct Job {
  bool quantizes;
  tenon_dtype from, to;
  // The tensor as [outer, axis, inner]. `block`: elements of the axis that share a scale; 0: one scale per index of the axis.
  size_t outer, axis, inner, block;
  bool whole;         // one scale for all
  bool each;          // runs have a scale for each of their elements
  size_t run_length;  // of the longest run
  size_t runs;
  const char* in;
  char* out;
  const float *scales, *zeros;  // zeros null: none
  const float* numbers;         // of the 256 values of an f8, which dequantize looks up
};

// Run number r.
static inline struct Run run_at(const struct Job* job, size_t r) {
  struct Run run;
  if (job->whole) {
    const size_t count = job->outer * job->axis * job->inner;
    run.begin = r * job->run_length;
    run.count = count - run.begin < job->run_length ? count - run.begin : job->run_length;
    run.scale = 0;
  } else if (job->block == 0) {
    const size_t length = job->each ? job->axis : job->inner;
    run.begin = r * length;
    run.count = length;
    run.scale = job->each ? 0 : r % job->axis;
  } else {
    const size_t blocks = (job->axis + job->block - 1) / job->block;
    if (job->each) {  // the inner elements at one index of the axis
      run.begin = r * job->inner;
      run.count = job->inner;
      run.scale = (r / job->axis * blocks + r % job->axis / job->block) * job->inner;
    } else {  // a block of the last dimension
      const size_t at = r % blocks * job->block;
      run.begin = r / blocks * job->axis + at;
      run.count = job->axis - at < job->block ? job->axis - at : job->block;
      run.scale = r;
    }
  }
  return run;
}

struct Table {
  void (*run)(const Job& job, size_t begin, size_t end);  // runs
  void (*widen)(tenon_dtype dtype, const char* from, size_t count, float* to);
};

}  // namespace tenon::quantization::affine
