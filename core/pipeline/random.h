// Numbers and tensors drawn from a seed, for verify and for `tenon run --random`.
#pragma once

#include <cstdint>

#include "core/type/tensor.h"

namespace tenon {

// SplitMix64: equal seeds, equal numbers, on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::int64_t between(std::int64_t low, std::int64_t high);  // both ends included
  double uniform();                                           // [0, 1)
  double normal();                                            // mean 0, variance 1, within 6
  bool chance(int percent) { return static_cast<int>(next() % 100) < percent; }

 private:
  std::uint64_t state_;
};

// Which floats: N(0, 1); near the largest finite; subnormal or near it; N(0, 1) with a quarter of signed zeros, infinities and NaN.
enum class ValueClass : std::uint8_t { Normal, Huge, Tiny, Special };

void fill(Tensor& tensor, Random& random, ValueClass values);

}  // namespace tenon
