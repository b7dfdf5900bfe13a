// layer_norm, group_norm and l2_norm over rows of f32, f16 and bf16 that stay in the cache.
//
// Mean and variance take two passes: the sum of x; then, with d = x - sum / n, the sums of d and d^2. The sum of d is what the first mean's
// rounding left (for a mean that is large beside the deviations all of it is wrong), so that it corrects both: the mean is known to the
// rounding of the deviations, not to its own. l2_norm takes one pass. Then y = ((x - mean) - correction) * k * scale + bias.
//
// Sums: eight vectors (of d: four, of pairs), folded every 2048 elements. The result depends on the row's length and the level alone: not
// on addresses, the path or the number of threads. A row whose variance is not finite is computed again in the order of the lowering,
// because which sums overflow depends on it.
#include <type_traits>

#include "plugins/normalization/norm_job.h"
#include "plugins/support/simd.hpp"
#include "plugins/support/simd_rows.hpp"

namespace {

using namespace simd;
using namespace tenon::normalization;
using tenon::rows::View;
using tenon::rows::walk;

constexpr std::size_t kUnitsPerStep = 4;
constexpr std::size_t kStep = kUnitsPerStep * kUnit;  // elements
constexpr std::size_t kFlush = 2048 > kStep ? 2048 / kStep* kStep : kStep;

inline Pair plus(Pair v, Pair w) { return {v.a + w.a, v.b + w.b}; }
inline Pair minus(Pair v, F w) { return {v.a - w, v.b - w}; }

// ---- Sums ----

class Sum {
 public:
  void add(std::size_t u, Pair v) { acc_[u] = plus(acc_[u], v); }
  void add_square(std::size_t u, Pair v) { acc_[u] = {fma(v.a, v.a, acc_[u].a), fma(v.b, v.b, acc_[u].b)}; }
  void flush() {
    const Pair all = plus(plus(acc_[0], acc_[1]), plus(acc_[2], acc_[3]));
    total_ = total_ + (all.a + all.b);
#pragma GCC unroll 4
    for (Pair& a : acc_) a = {F(0.0f), F(0.0f)};
  }
  float result() {
    flush();
    return xsimd::hadd(total_);
  }

 private:
  Pair acc_[kUnitsPerStep] = {{F(0.0f), F(0.0f)}, {F(0.0f), F(0.0f)}, {F(0.0f), F(0.0f)}, {F(0.0f), F(0.0f)}};
  F total_ = F(0.0f);
};

class HalfSum {  // of both vectors of a unit together
 public:
  void add(std::size_t u, Pair v) { acc_[u] = acc_[u] + (v.a + v.b); }
  void flush() {
    total_ = total_ + ((acc_[0] + acc_[1]) + (acc_[2] + acc_[3]));
#pragma GCC unroll 4
    for (F& a : acc_) a = F(0.0f);
  }
  float result() {
    flush();
    return xsimd::hadd(total_);
  }

 private:
  F acc_[kUnitsPerStep] = {F(0.0f), F(0.0f), F(0.0f), F(0.0f)};
  F total_ = F(0.0f);
};

// add(accumulator, unit) for each unit of a row, the last one filled up with `rest`; flush() in between.
template <class Row, class Add, class Flush>
inline void for_row(const typename Row::T* x, std::size_t n, float rest, Add add, Flush flush) {
  std::size_t i = 0;
  while (n - i >= kStep) {
    const std::size_t end = n - i >= kFlush ? i + kFlush : i + (n - i) / kStep * kStep;
    for (; i < end; i += kStep) {
#pragma GCC unroll 4
      for (std::size_t u = 0; u < kUnitsPerStep; ++u) add(u, Row::load(x + i + u * kUnit));
    }
    flush();
  }
  std::size_t u = 0;
  for (; n - i >= kUnit; i += kUnit) add(u++, Row::load(x + i));
  if (i == n) return;
  // In f32, not in the row's type: `rest` may be any number.
  alignas(64) float count[kUnit];
  for (std::size_t lane = 0; lane < kUnit; ++lane) {
    const std::size_t element = Row::kInterleaved ? lane % kLanes * 2 + lane / kLanes : lane;
    count[lane] = element < n - i ? 1.0f : 0.0f;
  }
  const Pair inside = RowF32::load(count), v = Row::load_part(x + i, n - i);
  add(u, {xsimd::select(inside.a > F(0.0f), v.a, F(rest)), xsimd::select(inside.b > F(0.0f), v.b, F(rest))});
}

struct Statistics {
  float mean, correction, k;
};

template <class Row>
TENON_SIMD_NOINLINE float sum_of(const typename Row::T* x, std::size_t n) {
  Sum sum;
  for_row<Row>(
      x, n, 0.0f, [&](std::size_t u, Pair v) { sum.add(u, v); }, [&] { sum.flush(); });
  return sum.result();
}

// The sums of x - mean and of its square.
template <class Row>
TENON_SIMD_NOINLINE void deviations_of(const typename Row::T* x, std::size_t n, float mean, float* sum, float* squares) {
  HalfSum first;
  Sum second;
  const F m(mean);
  for_row<Row>(
      x, n, mean,
      [&](std::size_t u, Pair v) {
        const Pair d = minus(v, m);
        first.add(u, d);
        second.add_square(u, d);
      },
      [&] {
        first.flush();
        second.flush();
      });
  *sum = first.result();
  *squares = second.result();
}

template <class Row>
TENON_SIMD_NOINLINE float squares_of(const typename Row::T* x, std::size_t n) {
  Sum sum;
  for_row<Row>(
      x, n, 0.0f, [&](std::size_t u, Pair v) { sum.add_square(u, v); }, [&] { sum.flush(); });
  return sum.result();
}

// visit(value) for each element in order.
template <class Row, class Visit>
inline void in_order(const typename Row::T* x, std::size_t n, Visit visit) {
  alignas(64) float values[kUnit];
  for (std::size_t i = 0; i < n; i += kUnit) {
    const std::size_t count = n - i < kUnit ? n - i : kUnit;
    RowF32::store(values, Row::load_part(x + i, count));
    for (std::size_t e = 0; e < count; ++e) visit(values[Row::kInterleaved ? e % 2 * kLanes + e / 2 : e]);
  }
}

template <class Row>
TENON_SIMD_NOINLINE Statistics as_lowered(const typename Row::T* x, std::size_t n, float epsilon) {
  float sum = 0, squares = 0;
  in_order<Row>(x, n, [&](float v) { sum += v; });
  const float mean = sum / static_cast<float>(n);
  in_order<Row>(x, n, [&](float v) { squares += (v - mean) * (v - mean); });
  return {mean, 0.0f, 1.0f / square_root(squares / static_cast<float>(n) + epsilon)};
}

template <class Row>
inline Statistics moments_of(const typename Row::T* x, std::size_t n, float epsilon) {
  const float length = static_cast<float>(n), mean = sum_of<Row>(x, n) / length;
  float sum, squares;
  deviations_of<Row>(x, n, mean, &sum, &squares);
  if (!(squares < __builtin_inff())) return as_lowered<Row>(x, n, epsilon);
  const float correction = sum / length, rest = squares - sum * correction;
  const float variance = (rest > 0 ? rest : 0.0f) / length;
  return {mean, correction, 1.0f / square_root(variance + epsilon)};
}

// ---- Writing ----

inline const char* bytes(const void* p) { return static_cast<const char*>(p); }

template <class Row>
inline void prefetch_unit(const typename Row::T* next, std::size_t i) {
  if (next != nullptr)
    for (std::size_t b = 0; b < kUnit * sizeof(typename Row::T); b += 64) prefetch(bytes(next + i) + b);
}

template <class Row, bool kStream>
inline void put(typename Row::T* y, Pair v) {
  if constexpr (kStream)
    Row::stream(y, v);
  else
    Row::store(y, v);
}

inline Pair centred(Pair v, F mean, F correction) { return {(v.a - mean) - correction, (v.b - mean) - correction}; }

// One scale and one bias for all.
template <class Row, bool kStream>
TENON_SIMD_NOINLINE void write_run(const typename Row::T* x, std::size_t n, const Statistics& s, float scale, float bias,
                                   typename Row::T* y, const typename Row::T* next) {
  const F mean(s.mean), correction(s.correction), k(s.k), factor(scale), offset(bias);
  const auto value = [&](Pair v) {
    const Pair d = centred(v, mean, correction);
    return Pair{fma(d.a * k, factor, offset), fma(d.b * k, factor, offset)};
  };
  std::size_t i = 0;
  for (; n - i >= kUnit; i += kUnit) {
    prefetch_unit<Row>(next, i);
    put<Row, kStream>(y + i, value(Row::load(x + i)));
  }
  if (i < n) Row::store_part(y + i, value(Row::load_part(x + i, n - i)), n - i);
}

// A scale and a bias for each element, in rows of ParameterRow; one that is null is 1 or -0, which change nothing. padded: they have whole
// units.
template <class Row, class ParameterRow, bool kStream>
TENON_SIMD_NOINLINE void write_elements(const typename Row::T* x, std::size_t n, const Statistics& s, const typename ParameterRow::T* scale,
                                        const typename ParameterRow::T* bias, bool padded, typename Row::T* y,
                                        const typename Row::T* next) {
  using P = typename ParameterRow::T;
  const F mean(s.mean), correction(s.correction), k(s.k);
  alignas(64) P ones[kUnit], zeros[kUnit];
  if (scale == nullptr) ParameterRow::store(ones, {F(1.0f), F(1.0f)});
  if (bias == nullptr) ParameterRow::store(zeros, {F(-0.0f), F(-0.0f)});
  const P* w = scale != nullptr ? scale : ones;
  const P* b = bias != nullptr ? bias : zeros;
  const std::size_t w_step = scale != nullptr ? kUnit : 0, b_step = bias != nullptr ? kUnit : 0;
  const auto value = [&](Pair v, Pair factor, Pair offset) {
    const Pair d = centred(v, mean, correction);
    return Pair{fma(d.a * k, factor.a, offset.a), fma(d.b * k, factor.b, offset.b)};
  };
  std::size_t i = 0;
  for (; n - i >= kUnit; i += kUnit, w += w_step, b += b_step) {
    prefetch_unit<Row>(next, i);
    put<Row, kStream>(y + i, value(Row::load(x + i), ParameterRow::load(w), ParameterRow::load(b)));
  }
  if (i == n) return;
  const auto last = [&](const P* p, std::size_t step) {
    return padded || step == 0 ? ParameterRow::load(p) : ParameterRow::load_part(p, n - i);
  };
  Row::store_part(y + i, value(Row::load_part(x + i, n - i), last(w, w_step), last(b, b_step)), n - i);
}

// x / divisor, where 1 / divisor is not finite or has lost bits.
template <class Row>
TENON_SIMD_NOINLINE void divide_row(const typename Row::T* x, std::size_t n, float divisor, typename Row::T* y) {
  const F d(divisor);
  for (std::size_t i = 0; i < n; i += kUnit) {
    const std::size_t count = n - i < kUnit ? n - i : kUnit;
    const Pair v = Row::load_part(x + i, count);
    Row::store_part(y + i, {divide(v.a, d), divide(v.b, d)}, count);
  }
}

// ---- Rows ----

template <class T>
inline const T* parameter_at(const void* base, std::size_t offset) {
  return base == nullptr ? nullptr : static_cast<const T*>(base) + offset;
}

template <class Row, bool kStream>
inline void write_row(const Job& job, std::size_t row, const typename Row::T* x, const Statistics& s, typename Row::T* y,
                      const typename Row::T* next) {
  using T = typename Row::T;
  const std::size_t n = job.space.length, group = job.groups == 1 ? 0 : row % job.groups, own = group * job.stride;
  if (job.form == Form::Runs) {
    for (std::size_t c = 0, i = 0; i < n; ++c, i += job.run) {
      const float* scale = parameter_at<float>(job.scales, group * job.channels + c);
      const float* bias = parameter_at<float>(job.biases, group * job.channels + c);
      write_run<Row, kStream>(x + i, job.run, s, scale != nullptr ? *scale : 1.0f, bias != nullptr ? *bias : -0.0f, y + i,
                              next == nullptr ? nullptr : next + i);
    }
    return;
  }
  if constexpr (!std::is_same_v<Row, RowF32>)
    if (job.form == Form::Own)
      return write_elements<Row, Row, kStream>(x, n, s, parameter_at<T>(job.scales, own), parameter_at<T>(job.biases, own), false, y, next);
  write_elements<Row, RowF32, kStream>(x, n, s, parameter_at<float>(job.scales, own), parameter_at<float>(job.biases, own), job.stride != 0,
                                       y, next);
}

template <class Row>
void run_rows(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  using T = typename Row::T;
  const std::size_t n = job.space.length;
  const float epsilon = static_cast<float>(job.epsilon);
  T* const own = reinterpret_cast<T*>(job.buffers + slot * job.row_bytes);
  const auto at = [&](const View& view, std::size_t row) {
    return reinterpret_cast<T*>(view.data) + tenon::rows::offset_of(job.space, view, row);
  };
  for (std::size_t row = begin; row < end; ++row) {
    const T* x = at(job.x, row);
    if (!job.x.contiguous) {
      tenon::rows::gather<T>(job.space, job.x, x, own);
      x = own;
    }
    T* const y = job.y.contiguous ? at(job.y, row) : own;
    const bool fetch = job.path != Path::Plain && row + 1 < end && job.x.contiguous;
    const T* const next = fetch ? at(job.x, row + 1) : nullptr;
    Statistics s{0.0f, 0.0f, 0.0f};
    float divisor = 1.0f;
    if (job.statistic == Statistic::Moments) {
      s = moments_of<Row>(x, n, epsilon);
    } else {
      const float length = square_root(squares_of<Row>(x, n));
      divisor = length < epsilon ? epsilon : length;
      s.k = 1.0f / divisor;
    }
    if (divisor < 0x1p-100f)
      divide_row<Row>(x, n, divisor, y);
    else if (job.path == Path::Stream)
      write_row<Row, true>(job, row, x, s, y, next);
    else
      write_row<Row, false>(job, row, x, s, y, next);
    if (!job.y.contiguous) tenon::rows::scatter<T>(job.space, job.y, own, at(job.y, row));
  }
  if (job.path == Path::Stream) stream_fence();
}

void run(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  if (job.dtype == TENON_F32) return run_rows<RowF32>(job, begin, end, slot);
  if (job.dtype == TENON_F16) return run_rows<RowF16>(job, begin, end, slot);
  run_rows<RowBF16>(job, begin, end, slot);
}

// ---- Parameters ----

// Takes elements one by one or in units, and writes f32, in the order in which rows are read (`units`) or in their own.
template <class From>
class Widened {
 public:
  using T = typename From::T;
  Widened(float* out, bool interleaved, bool tamed) : out_(out), interleaved_(interleaved), tamed_(tamed) {}
  void add(T value) {
    unit_[filled_++] = value;
    if (filled_ == kUnit) flush();
  }
  void flush() {
    if (filled_ != 0) add_unit(From::load(unit_));
    filled_ = 0;
  }
  void add_unit(Pair v) {
    if (tamed_) v = {tame(v.a), tame(v.b)};
    if (interleaved_ == From::kInterleaved) {
      RowF32::store(out_, v);
    } else {
      alignas(64) float values[kUnit];
      RowF32::store(values, v);
      for (std::size_t i = 0; i < kLanes; ++i) {
        const std::size_t even = 2 * i, odd = 2 * i + 1;
        out_[interleaved_ ? i : even] = values[interleaved_ ? even : i];
        out_[interleaved_ ? kLanes + i : odd] = values[interleaved_ ? odd : kLanes + i];
      }
    }
    out_ += kUnit;
  }

 private:
  float* out_;
  bool interleaved_, tamed_;
  alignas(64) T unit_[kUnit] = {};
  std::size_t filled_ = 0;
};

template <class From>
void prepare_from(const Job& job, const Parameter& from, float* out) {
  using T = typename From::T;
  const T* const data = reinterpret_cast<const T*>(from.data);
  const bool bf16 = job.dtype == TENON_BF16;
  const std::size_t n = job.space.length, step = job.channels;
  if (job.form == Form::Runs) {
    Widened<From> to(out, false, bf16);
    for (std::size_t c = 0; c < job.groups * step; ++c) to.add(data[static_cast<std::int64_t>(c) * from.strides[0]]);
    return to.flush();
  }
  if (job.run != 0) {  // by channels
    for (std::size_t group = 0; group < job.groups; ++group) {
      Widened<From> to(out + group * job.stride, bf16, bf16);
      for (std::size_t c = 0; c < step; ++c)
        for (std::size_t i = 0; i < job.run; ++i) to.add(data[static_cast<std::int64_t>(group * step + c) * from.strides[0]]);
      to.flush();
    }
    return;
  }
  Widened<From> to(out, bf16, bf16);
  if (from.contiguous) {
    std::size_t i = 0;
    for (; n - i >= kUnit; i += kUnit) to.add_unit(From::load(data + i));
    if (i < n) to.add_unit(From::load_part(data + i, n - i));
    return;
  }
  walk<1>(job.space, {from.strides}, [&](std::size_t, const std::int64_t(&at)[1]) { to.add(data[at[0]]); });
  to.flush();
}

void prepare(const Job& job, const Parameter& from, float* out) {
  if (from.dtype == TENON_F32) return prepare_from<RowF32>(job, from, out);
  if (from.dtype == TENON_F16) return prepare_from<RowF16>(job, from, out);
  prepare_from<RowBF16>(job, from, out);
}

}  // namespace

namespace tenon::normalization::TENON_SIMD_NAMESPACE {
extern const Table table;
const Table table = {kVectorBytes, kUnit, prepare, run};
}  // namespace tenon::normalization::TENON_SIMD_NAMESPACE
