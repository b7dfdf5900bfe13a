// One run of a reduction: what kernel.cpp hands to the tables of the SIMD sources. Plain types only.
//
// Dimensions are in three groups. `inner` is the one whose elements are side by side in memory (if the input is compact): in *rows* it is
// reduced, a result is the fold of runs of it; in *columns* it is kept, and rows of it are folded element by element into as many results.
// `kept` and `reduced` are the other dimensions.
#pragma once

#include "plugins/reductions/space.h"

namespace tenon::reductions {

enum class Op : uint8_t { Sum, Mean, SumSquare, L1, L2, LogSum, LogSumExp, Variance, Std, Prod, Max, Min, Any, All };

constexpr size_t kChunk = 1024;  // elements of a run that are folded at once
constexpr size_t kStrip = 4096;  // columns of one task
constexpr size_t kSweep = 8;     // rows that are added to a strip at once

struct Job {
  Op op;
  tenon_dtype dtype;
  size_t element_bytes;
  bool columns;
  size_t count;    // elements of one result
  size_t divisor;  // of a variance
  const char* x;
  char* y;
  Group kept, reduced, inner;
  // Long reductions are split: by the shape alone, so that the number of threads does not reach the result.
  size_t parts;        // of each result
  bool parts_of_runs;  // rows: a part is some of a run's elements; else some of the `reduced` runs
  size_t strips;       // columns: of `inner`
  // A partial result has room for kPartialBytes in rows, kAccumulatorBytes in columns. Only if parts > 1.
  char* partials;
  // For each slot: the accumulators of a strip, and elements that were gathered.
  char* buffers;
  size_t slot_bytes;
};

constexpr size_t kPartialBytes = 16;
constexpr size_t kAccumulatorBytes = 4 * sizeof(double) * kStrip;
// Of gathered elements: a chunk of a run, or a sweep of rows of a strip.
constexpr size_t kGatheredElements = kSweep * kStrip;
static_assert(kGatheredElements >= kChunk);

struct Table {
  size_t least;  // an inner group of fewer elements is slow
  // Tasks [begin, end) of kept * strips * parts: each writes its results, or its partial results if parts > 1.
  void (*run)(const Job& job, size_t begin, size_t end, size_t slot);
  // Results [begin, end) of kept * strips from their parts.
  void (*merge)(const Job& job, size_t begin, size_t end, size_t slot);
};

}  // namespace tenon::reductions
