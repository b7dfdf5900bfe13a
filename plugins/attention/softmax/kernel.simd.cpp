// softmax and log_softmax over rows of f32, f16 and bf16. Three passes: the largest value; e^(x - largest) into a buffer of f32, and its
// sum; the buffer times 1 / sum, rounded once. (log_softmax keeps x - largest and takes log(sum) away.) An input that is NaN or +Inf, and a
// row of -Inf alone, makes the sum NaN, and with it the row: the largest value need not mind NaN.
//
// Sums: eight vectors of partial sums of a row, folded every 2048 elements. A column has one number, which would lose what is small beside
// the largest power, so that it is summed with a correction (Kahan): the exponential hides it. The result depends on the row's length, the
// level and whether rows lie side by side: not on addresses, the path or the number of threads.
#include "plugins/attention/softmax/job.h"
#include "plugins/support/simd_columns.hpp"
#include "plugins/support/simd_exp_negative.hpp"

namespace {

using namespace simd;
using namespace tenon::softmax;
using tenon::rows::View;

constexpr std::size_t kFlush = 2048 / kUnit;  // units

inline float logarithm(float x) { return __builtin_logf(x); }

inline F largest_below() { return F(-__builtin_inff()); }
inline Pair larger(Pair v, Pair m) { return {xsimd::max(v.a, m.a), xsimd::max(v.b, m.b)}; }
inline Pair load_wide(const float* p) { return RowF32::load(p); }
inline void store_wide(float* p, Pair v) { RowF32::store(p, v); }
inline Pair plus(Pair v, Pair w) { return {v.a + w.a, v.b + w.b}; }

// ---- Rows ----

// An incomplete unit, filled up with -Inf, which changes neither the largest value nor the sum.
template <class Row>
TENON_SIMD_NOINLINE Pair load_rest(const typename Row::T* p, std::size_t count) {
  alignas(64) typename Row::T buffer[kUnit];
  Row::store(buffer, {largest_below(), largest_below()});
  __builtin_memcpy(buffer, p, count * sizeof *p);
  return Row::load(buffer);
}

template <class Row>
TENON_SIMD_NOINLINE float largest_of(const typename Row::T* x, std::size_t n) {
  const Pair lowest{largest_below(), largest_below()};
  Pair m[4] = {lowest, lowest, lowest, lowest};
  std::size_t i = 0;
  for (; n - i >= 4 * kUnit; i += 4 * kUnit) {
#pragma GCC unroll 4
    for (std::size_t u = 0; u < 4; ++u) m[u] = larger(Row::load(x + i + u * kUnit), m[u]);
  }
  for (; n - i >= kUnit; i += kUnit) m[0] = larger(Row::load(x + i), m[0]);
  if (i < n) m[0] = larger(n >= kUnit ? Row::load(x + n - kUnit) : load_rest<Row>(x, n), m[0]);
  const Pair all = larger(larger(m[0], m[1]), larger(m[2], m[3]));
  alignas(64) float lanes[kLanes];
  simd::store(lanes, xsimd::max(all.a, all.b));
  float out = lanes[0];
  for (std::size_t lane = 1; lane < kLanes; ++lane) out = lanes[lane] > out ? lanes[lane] : out;
  return out;
}

// Writes whole units to `wide`; gives the sum.
template <class Row, bool kLog>
TENON_SIMD_NOINLINE float powers_of(const typename Row::T* x, std::size_t n, float largest, float* wide) {
  const F m(largest), zero(0.0f);
  Pair sums[4] = {{zero, zero}, {zero, zero}, {zero, zero}, {zero, zero}};
  F total(0.0f);
  const auto powers = [m, wide](Pair v, std::size_t i) {
    const Pair d{v.a - m, v.b - m};
    const Pair e{exp_of_negative(d.a), exp_of_negative(d.b)};
    store_wide(wide + i, kLog ? d : e);
    return e;
  };
  const auto flush = [&] {
    const Pair all = plus(plus(sums[0], sums[1]), plus(sums[2], sums[3]));
    total = total + (all.a + all.b);
    for (Pair& s : sums) s = {zero, zero};
  };
  std::size_t unit = 0, i = 0;
  for (; n - i >= kUnit; i += kUnit) {
    sums[unit % 4] = plus(sums[unit % 4], powers(Row::load(x + i), i));
    if (++unit % kFlush == 0) flush();
  }
  if (i < n) sums[unit % 4] = plus(sums[unit % 4], powers(load_rest<Row>(x + i, n - i), i));
  flush();
  return xsimd::hadd(total);
}

inline const char* bytes(const void* p) { return static_cast<const char*>(p); }

// next: the row that comes next, to be fetched meanwhile; or null.
template <class Row, bool kLog, bool kStream>
TENON_SIMD_NOINLINE void finish_row(const float* wide, std::size_t n, float last, typename Row::T* y, const typename Row::T* next) {
  const F k(last);
  const auto finished = [k](Pair v) { return kLog ? Pair{v.a - k, v.b - k} : Pair{v.a * k, v.b * k}; };
  std::size_t i = 0;
  for (; n - i >= kUnit; i += kUnit) {
    if (next != nullptr)
      for (std::size_t b = 0; b < kUnit * sizeof(typename Row::T); b += 64) prefetch(bytes(next + i) + b);
    const Pair v = finished(load_wide(wide + i));
    if constexpr (kStream)
      Row::stream(y + i, v);
    else
      Row::store(y + i, v);
  }
  if (i < n) Row::store_part(y + i, finished(load_wide(wide + i)), n - i);
}

template <class T>
inline T* row_of(const Job& job, const View& view, std::size_t row) {
  return reinterpret_cast<T*>(view.data) + tenon::rows::offset_of(job.space, view, row);
}

template <class Row, bool kLog>
void run_rows(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  using T = typename Row::T;
  const std::size_t n = job.space.length;
  float* const wide = reinterpret_cast<float*>(job.buffers + slot * job.slot_bytes);
  T* const own = reinterpret_cast<T*>(job.buffers + slot * job.slot_bytes + job.wide_bytes);
  for (std::size_t row = begin; row < end; ++row) {
    const T* x = row_of<T>(job, job.x, row);
    if (!job.x.contiguous) {
      tenon::rows::gather<T>(job.space, job.x, x, own);
      x = own;
    }
    const float sum = powers_of<Row, kLog>(x, n, largest_of<Row>(x, n), wide);
    const float last = kLog ? logarithm(sum) : 1.0f / sum;
    T* const y = row_of<T>(job, job.y, row);
    T* const to = job.y.contiguous ? y : own;
    const bool fetch = job.path != Path::Plain && row + 1 < end && job.x.contiguous;
    const T* const next = fetch ? row_of<T>(job, job.x, row + 1) : nullptr;
    if (job.path == Path::Stream)
      finish_row<Row, kLog, true>(wide, n, last, to, next);
    else
      finish_row<Row, kLog, false>(wide, n, last, to, next);
    if (!job.y.contiguous) tenon::rows::scatter<T>(job.space, job.y, own, y);
  }
  if (job.path == Path::Stream) stream_fence();
}

// ---- Columns ----

template <class Row, bool kLog>
void run_tile(const Job& job, const typename Row::T* x, typename Row::T* y, std::size_t width, float* wide) {
  const std::size_t n = job.space.length, units = units_of(width);
  const std::int64_t x_step = job.columns.step[0], y_step = job.columns.step[1];
  alignas(64) float largest[kMostUnits * kUnit], sum[kMostUnits * kUnit], lost[kMostUnits * kUnit];
  for (std::size_t i = 0; i < units * kUnit; ++i) {
    largest[i] = -__builtin_inff();
    sum[i] = lost[i] = 0;
  }
  const typename Row::T* from = x;
  for (std::size_t r = 0; r < n; ++r, from += x_step) {
    across<Row>(from, width, [&](std::size_t u, Pair v) {
      float* const m = largest + u * kUnit;
      store_wide(m, larger(v, load_wide(m)));
    });
  }
  from = x;
  float* to = wide;
  for (std::size_t r = 0; r < n; ++r, from += x_step) {
    across<Row>(from, width, [&](std::size_t u, Pair v) {
      const Pair m = load_wide(largest + u * kUnit);
      const Pair d{v.a - m.a, v.b - m.b};
      const Pair e{exp_of_negative(d.a), exp_of_negative(d.b)};
      store_wide(to, kLog ? d : e);
      to += kUnit;
      add_corrected<false>(e, sum + u * kUnit, lost + u * kUnit);
    });
  }
  for (std::size_t i = 0; i < units * kUnit; ++i) sum[i] = kLog ? logarithm(sum[i]) : 1.0f / sum[i];
  const float* back = wide;
  for (std::size_t r = 0; r < n; ++r, y += y_step) {
    for (std::size_t u = 0; u < units; ++u, back += kUnit) {
      const Pair v = load_wide(back), k = load_wide(sum + u * kUnit);
      Row::store(y + unit_begin(u, width), kLog ? Pair{v.a - k.a, v.b - k.b} : Pair{v.a * k.a, v.b * k.b});
    }
  }
}

template <class Row, bool kLog>
void run_columns(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  using T = typename Row::T;
  float* const wide = reinterpret_cast<float*>(job.buffers + slot * job.slot_bytes);
  for (std::size_t tile = begin; tile < end; ++tile) {
    const std::size_t row = tenon::columns::first_row(job.columns, tile);
    run_tile<Row, kLog>(job, row_of<T>(job, job.x, row), row_of<T>(job, job.y, row), tenon::columns::width(job.columns, tile), wide);
  }
}

// ---- The table ----

using Run = void (*)(const Job&, std::size_t, std::size_t, std::size_t);

inline Run choose(const Job& job, Run f32, Run f16, Run bf16) { return job.dtype == TENON_F32 ? f32 : job.dtype == TENON_F16 ? f16 : bf16; }

void run_by_rows(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  const Run run = job.log ? choose(job, run_rows<RowF32, true>, run_rows<RowF16, true>, run_rows<RowBF16, true>)
                          : choose(job, run_rows<RowF32, false>, run_rows<RowF16, false>, run_rows<RowBF16, false>);
  run(job, begin, end, slot);
}
void run_by_columns(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  const Run run = job.log ? choose(job, run_columns<RowF32, true>, run_columns<RowF16, true>, run_columns<RowBF16, true>)
                          : choose(job, run_columns<RowF32, false>, run_columns<RowF16, false>, run_columns<RowBF16, false>);
  run(job, begin, end, slot);
}

}  // namespace

namespace tenon::softmax::TENON_SIMD_NAMESPACE {
extern const Table table;
const Table table = {kVectorBytes, kUnit, run_by_rows, run_by_columns};
}  // namespace tenon::softmax::TENON_SIMD_NAMESPACE
