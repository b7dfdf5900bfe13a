// For floats.simd.cpp: what follows a fold: the lowering's last steps, rounding, and the sums that overflowed on the way.
#pragma once

#include "plugins/reductions/reduce/folds.hpp"

namespace {

using namespace tenon::reductions;
using namespace folds;

// What follows the fold, in the lowering's order of steps. For sums and variances; `squares` is a variance's sum of d^2.
inline float conclude(const Job& job, double sum, double squares, double shift, float largest) {
  const float narrow_sum = static_cast<float>(sum), count = static_cast<float>(job.count);
  switch (job.op) {
    case Op::Mean:
      return narrow_sum / count;
    case Op::L2:
      return square_root(narrow_sum);
    case Op::LogSum:
      return static_cast<float>(__builtin_log(static_cast<double>(narrow_sum)));
    case Op::LogSumExp:
      if (!(__builtin_fabsf(largest) < __builtin_inff())) return largest;
      return static_cast<float>(__builtin_log(static_cast<double>(narrow_sum))) + largest;
    case Op::Variance:
    case Op::Std: {
      const double n = static_cast<double>(job.count);
      const float total = static_cast<float>(sum + n * shift);
      if (!(__builtin_fabsf(total) < __builtin_inff())) return __builtin_nanf("");  // there is no finite mean
      const double centered = squares - sum * (sum / n);
      const float variance = static_cast<float>(centered < 0 ? 0 : centered) / static_cast<float>(job.divisor);
      return job.op == Op::Std ? square_root(variance) : variance;
    }
    default:
      return narrow_sum;
  }
}

template <class Row>
inline float value_of(typename Row::T element) {
  if constexpr (sizeof element == 4) {
    return element;
  } else {
    alignas(64) typename Row::T buffer[kUnit] = {element};
    return Row::load(buffer).a.get(0);
  }
}
template <class Row>
inline void put(typename Row::T* to, float value) {
  if constexpr (sizeof *to == 4) {
    *to = value;
  } else {
    alignas(64) typename Row::T buffer[kUnit];
    Row::store(buffer, {F(value), F(value)});
    *to = buffer[0];
  }
}

// Where the sum of a pair overflowed, which the sum of all perhaps does not: each element in f64. `x`: the result's first element.
template <class Row>
TENON_SIMD_NOINLINE double sum_slowly(const Job& job, const typename Row::T* x) {
  double sum = 0;
  Cursor run(job.reduced, 0);
  for (std::size_t r = 0; r < job.reduced.count; ++r, run.next()) {
    if (job.columns) {
      const double v = static_cast<double>(value_of<Row>(x[run.x]));
      sum += job.op == Op::L1 ? __builtin_fabs(v) : v;
      continue;
    }
    Cursor at(job.inner, 0);
    for (std::size_t i = 0; i < job.inner.count; ++i, at.next()) {
      const double v = static_cast<double>(value_of<Row>(x[run.x + at.x]));
      sum += job.op == Op::L1 ? __builtin_fabs(v) : v;
    }
  }
  return sum;
}
inline bool may_be_wrong(const Job& job, double sum) {
  const bool plain = job.op == Op::Sum || job.op == Op::Mean || job.op == Op::L1 || job.op == Op::LogSum;
  return plain && !(__builtin_fabs(sum) < __builtin_inf());
}

}  // namespace
