// For floats.simd.cpp: rows are folded into each other, eight at once, a strip of accumulators that stays in the first-level cache at a
// time.
#pragma once

#include "plugins/reductions/reduce/results.hpp"

namespace {

using namespace tenon::reductions;
using namespace folds;

// Accumulators of a strip, in the order of units. The last unit of a strip that is no multiple of one overlaps the one before.
struct Strip {
  std::size_t first, width, units;
  double *sum, *squares, *shift;
  float* folded;  // product or extreme, in the place of `sum`; a log_sum_exp's largest elements in the place of `shift`
  std::size_t unit_at(std::size_t unit) const {
    const std::size_t at = unit * kUnit;
    return width < kUnit ? 0 : at + kUnit > width ? width - kUnit : at;
  }
};
inline Strip strip_of(const Job& job, std::size_t index, char* memory) {
  Strip strip;
  strip.first = index * kStrip;
  strip.width = job.inner.count - strip.first < kStrip ? job.inner.count - strip.first : kStrip;
  strip.units = (strip.width + kUnit - 1) / kUnit;
  strip.sum = reinterpret_cast<double*>(memory);
  strip.squares = strip.sum + kStrip;
  strip.shift = strip.squares + kStrip;
  strip.folded = job.op == Op::LogSumExp ? reinterpret_cast<float*>(strip.shift) : reinterpret_cast<float*>(strip.sum);
  return strip;
}
static_assert(kStrip % kUnit == 0);

// sweep(rows, count) for all rows of the strip, at most kSweep at once; x: the strip's outer begin.
template <class T, class Sweep>
inline void for_rows(const Job& job, std::size_t slot, const T* x, const Strip& strip, std::size_t begin, std::size_t end, Sweep sweep) {
  const bool contiguous = x_is_contiguous(job.inner);
  T* const gathered = reinterpret_cast<T*>(job.buffers + slot * job.slot_bytes + kAccumulatorBytes);
  const T* rows[kSweep];
  Cursor at(job.reduced, begin);
  for (std::size_t r = begin; r < end;) {
    const std::size_t count = end - r < kSweep ? end - r : kSweep;
    for (std::size_t i = 0; i < count; ++i, at.next()) {
      rows[i] = x + at.x + strip.first;
      if (contiguous) continue;
      gather(job.inner, x + at.x, strip.first, strip.width, gathered + i * kStrip);
      rows[i] = gathered + i * kStrip;
    }
    sweep(rows, count);
    r += count;
  }
}

template <class Row, class Map>
TENON_SIMD_NOINLINE void sum_strip(const Job& job, std::size_t slot, const typename Row::T* x, const Strip& strip, std::size_t begin,
                                   std::size_t end, Map map) {
  using T = typename Row::T;
  for (std::size_t i = 0; i < strip.units * kUnit; ++i) strip.sum[i] = 0;
  for_rows(job, slot, x, strip, begin, end, [&](const T* const* rows, std::size_t count) {
    if (count == kSweep && strip.width >= kUnit)
      for (std::size_t u = 0; u < strip.units; ++u)
        add_unit<Row, true>(map, rows, kSweep, strip.unit_at(u), kUnit, u, strip.sum + u * kUnit);
    else
      for (std::size_t u = 0; u < strip.units; ++u)
        add_unit<Row, false>(map, rows, count, strip.unit_at(u), strip.width, u, strip.sum + u * kUnit);
  });
}

template <class Row>
TENON_SIMD_NOINLINE void vary_strip(const Job& job, std::size_t slot, const typename Row::T* x, const Strip& strip, std::size_t begin,
                                    std::size_t end) {
  using T = typename Row::T;
  for (std::size_t i = 0; i < strip.units * kUnit; ++i) strip.sum[i] = strip.squares[i] = strip.shift[i] = 0;
  // The first row is the shift, also of a part that begins later.
  for_rows(job, slot, x, strip, 0, job.count == 0 ? 0 : 1, [&](const T* const* rows, std::size_t) {
    for (std::size_t u = 0; u < strip.units; ++u)
      add_unit<Row, false>(Same{}, rows, 1, strip.unit_at(u), strip.width, u, strip.shift + u * kUnit);
  });
  for_rows(job, slot, x, strip, begin, end, [&](const T* const* rows, std::size_t count) {
    for (std::size_t u = 0; u < strip.units; ++u)
      vary_unit<Row>(rows, count, strip.unit_at(u), strip.width, strip.sum + u * kUnit, strip.squares + u * kUnit, strip.shift + u * kUnit);
  });
}

template <class Row, void (*kFold)(const typename Row::T* const*, std::size_t, std::size_t, std::size_t, float*)>
TENON_SIMD_NOINLINE void fold_strip(const Job& job, std::size_t slot, const typename Row::T* x, const Strip& strip, std::size_t begin,
                                    std::size_t end, float start) {
  using T = typename Row::T;
  for (std::size_t i = 0; i < strip.units * kUnit; ++i) strip.folded[i] = start;
  for_rows(job, slot, x, strip, begin, end, [&](const T* const* rows, std::size_t count) {
    for (std::size_t u = 0; u < strip.units; ++u) kFold(rows, count, strip.unit_at(u), strip.width, strip.folded + u * kUnit);
  });
}

template <class Row>
void run_strip(const Job& job, std::size_t slot, const typename Row::T* x, const Strip& strip, std::size_t begin, std::size_t end) {
  constexpr float kInf = __builtin_inff();
  switch (job.op) {
    case Op::SumSquare:
    case Op::L2:
      return sum_strip<Row>(job, slot, x, strip, begin, end, Square{});
    case Op::L1:
      return sum_strip<Row>(job, slot, x, strip, begin, end, Magnitude{});
    case Op::LogSumExp:
      fold_strip<Row, better_unit<Row, true>>(job, slot, x, strip, begin, end, -kInf);
      return sum_strip<Row>(job, slot, x, strip, begin, end, Exponential{strip.folded});
    case Op::Variance:
    case Op::Std:
      return vary_strip<Row>(job, slot, x, strip, begin, end);
    case Op::Prod:
      return fold_strip<Row, multiply_unit<Row>>(job, slot, x, strip, begin, end, 1.0f);
    case Op::Max:
      return fold_strip<Row, better_unit<Row, true>>(job, slot, x, strip, begin, end, -kInf);
    case Op::Min:
      return fold_strip<Row, better_unit<Row, false>>(job, slot, x, strip, begin, end, kInf);
    default:
      return sum_strip<Row>(job, slot, x, strip, begin, end, Same{});
  }
}

// A unit's results. Overflow of a pair is looked for by the caller.
inline Pair result_of_unit(const Job& job, const Strip& strip, std::size_t unit) {
  const std::size_t base = unit * kUnit;
  const auto sums = [&](std::size_t i) { return narrow({load_wide(strip.sum + base + i), load_wide(strip.sum + base + i + kWideLanes)}); };
  switch (job.op) {
    case Op::Prod:
    case Op::Max:
    case Op::Min:
      return {load(strip.folded + base), load(strip.folded + base + kLanes)};
    case Op::LogSum:
    case Op::LogSumExp:
    case Op::Variance:
    case Op::Std: {
      alignas(64) float out[kUnit];
      for (std::size_t i = 0; i < kUnit; ++i) {
        const bool varies = job.op == Op::Variance || job.op == Op::Std;
        out[i] = conclude(job, strip.sum[base + i], strip.squares[base + i], varies ? strip.shift[base + i] : 0,
                          job.op == Op::LogSumExp ? strip.folded[base + i] : 0);
      }
      return {load(out), load(out + kLanes)};
    }
    case Op::Mean: {
      const F count(static_cast<float>(job.count));
      return {divide(sums(0), count), divide(sums(kLanes), count)};
    }
    case Op::L2:
      return {root(sums(0)), root(sums(kLanes))};
    default:
      return {sums(0), sums(kLanes)};
  }
}

template <class Row>
void write_strip(const Job& job, const typename Row::T* x, const Strip& strip, typename Row::T* y) {
  using T = typename Row::T;
  const bool contiguous = y_is_contiguous(job.inner);
  alignas(64) T results[kUnit];
  for (std::size_t u = 0; u < strip.units; ++u) {
    const std::size_t at = strip.first + strip.unit_at(u), count = strip.width < kUnit ? strip.width : kUnit;
    bool wrong = false;
    for (std::size_t i = 0; i < kUnit; ++i) wrong |= may_be_wrong(job, strip.sum[u * kUnit + i]);
    if (!wrong && contiguous && count == kUnit) {
      Row::store(y + at, result_of_unit(job, strip, u));
      continue;
    }
    Row::store(results, result_of_unit(job, strip, u));
    for (std::size_t i = 0; wrong && i < count; ++i)
      put<Row>(results + i, conclude(job, sum_slowly<Row>(job, x + Cursor(job.inner, at + i).x), 0, 0, 0));
    scatter(job.inner, results, at, count, y);
  }
}

template <class Row>
void run_columns(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  using T = typename Row::T;
  for (std::size_t task = begin; task < end; ++task) {
    const std::size_t part = task % job.parts, block = task / job.parts;
    const Cursor at(job.kept, block / job.strips);
    const T* const x = reinterpret_cast<const T*>(job.x) + at.x;
    char* const memory = job.parts > 1 ? job.partials + task * kAccumulatorBytes : job.buffers + slot * job.slot_bytes;
    const Strip strip = strip_of(job, block % job.strips, memory);
    run_strip<Row>(job, slot, x, strip, job.reduced.count * part / job.parts, job.reduced.count * (part + 1) / job.parts);
    if (job.parts == 1) write_strip<Row>(job, x, strip, reinterpret_cast<T*>(job.y) + at.y);
  }
}

template <class Row>
void merge_columns(const Job& job, std::size_t begin, std::size_t end) {
  using T = typename Row::T;
  for (std::size_t block = begin; block < end; ++block) {
    const Cursor at(job.kept, block / job.strips);
    char* const memory = job.partials + block * job.parts * kAccumulatorBytes;
    const Strip total = strip_of(job, block % job.strips, memory);
    for (std::size_t part = 1; part < job.parts; ++part) {
      const Strip other = strip_of(job, block % job.strips, memory + part * kAccumulatorBytes);
      for (std::size_t i = 0; i < total.units * kUnit; ++i) {
        if (job.op == Op::Max || job.op == Op::Min) {
          total.folded[i] = better(job.op == Op::Max, total.folded[i], other.folded[i]);
        } else if (job.op == Op::Prod) {
          total.folded[i] *= other.folded[i];
        } else {
          total.sum[i] += other.sum[i];
          if (job.op == Op::Variance || job.op == Op::Std) total.squares[i] += other.squares[i];
        }
      }
    }
    write_strip<Row>(job, reinterpret_cast<const T*>(job.x) + at.x, total, reinterpret_cast<T*>(job.y) + at.y);
  }
}

}  // namespace
