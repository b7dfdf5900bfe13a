// rms_norm over rows of f32, f16 and bf16. Two passes over a row that stays in the cache: the sum of its squares, then
// y = x * k * weight * multiplicand with k = 1 / sqrt(mean + epsilon). With a residual the first pass also writes x + residual, rounded,
// and that is the row which the second one reads.
//
// Sums: eight vectors of partial sums, folded into one every 2048 elements, so that no lane adds more than 64 terms in a row. The result
// depends on the row's length and the level alone: not on addresses, the path, or the number of threads.
#include <type_traits>

#include "plugins/normalization/rms_norm/job.h"
#include "plugins/support/simd_rows.hpp"

namespace {

using namespace simd;
using namespace tenon::rms_norm;
using tenon::rows::View;
using tenon::rows::walk;

// ---- Pass 1 ----

constexpr std::size_t kUnitsPerStep = 4;              // eight accumulators
constexpr std::size_t kStep = kUnitsPerStep * kUnit;  // elements
constexpr std::size_t kFlush = 2048 > kStep ? 2048 / kStep* kStep : kStep;

class SumOfSquares {
 public:
  void step(const Pair (&v)[kUnitsPerStep]) {
#pragma GCC unroll 4
    for (std::size_t u = 0; u < kUnitsPerStep; ++u) {
      acc_[2 * u] = fma(v[u].a, v[u].a, acc_[2 * u]);
      acc_[2 * u + 1] = fma(v[u].b, v[u].b, acc_[2 * u + 1]);
    }
  }
  void unit(Pair v) {
    acc_[0] = fma(v.a, v.a, acc_[0]);
    acc_[1] = fma(v.b, v.b, acc_[1]);
  }
  void flush() {
    total_ = total_ + (((acc_[0] + acc_[1]) + (acc_[2] + acc_[3])) + ((acc_[4] + acc_[5]) + (acc_[6] + acc_[7])));
#pragma GCC unroll 8
    for (F& a : acc_) a = F(0.0f);
  }
  float result() {
    flush();
    return xsimd::hadd(total_);
  }

 private:
  F acc_[2 * kUnitsPerStep] = {F(0.0f), F(0.0f), F(0.0f), F(0.0f), F(0.0f), F(0.0f), F(0.0f), F(0.0f)};
  F total_ = F(0.0f);
};

// at(i) gives the unit at element i, last(i, count) an incomplete one.
template <class At, class Last>
inline float sum_of_squares(std::size_t n, At at, Last last) {
  SumOfSquares sum;
  std::size_t i = 0;
  while (n - i >= kStep) {
    const std::size_t end = n - i >= kFlush ? i + kFlush : i + (n - i) / kStep * kStep;
    for (; i < end; i += kStep) {
      Pair v[kUnitsPerStep];
#pragma GCC unroll 4
      for (std::size_t u = 0; u < kUnitsPerStep; ++u) v[u] = at(i + u * kUnit);
      sum.step(v);
    }
    sum.flush();
  }
  for (; n - i >= kUnit; i += kUnit) sum.unit(at(i));
  if (i < n) sum.unit(last(i, n - i));
  return sum.result();
}

template <class Row>
TENON_SIMD_NOINLINE float squares(const typename Row::T* x, std::size_t n) {
  return sum_of_squares(
      n, [x](std::size_t i) { return Row::load(x + i); }, [x](std::size_t i, std::size_t count) { return Row::load_part(x + i, count); });
}

// s = x + r, rounded; s may be x or r.
template <class Row>
TENON_SIMD_NOINLINE float add_and_squares(const typename Row::T* x, const typename Row::T* r, typename Row::T* s, std::size_t n) {
  const auto add = [](Pair p, Pair q) { return Row::round({p.a + q.a, p.b + q.b}); };
  return sum_of_squares(
      n,
      [=](std::size_t i) {
        const Pair v = add(Row::load(x + i), Row::load(r + i));
        Row::store(s + i, v);
        return v;
      },
      [=](std::size_t i, std::size_t count) {
        const Pair v = add(Row::load_part(x + i, count), Row::load_part(r + i, count));
        Row::store_part(s + i, v, count);
        return v;
      });
}

// ---- Pass 2 ----

template <class T>
struct RowPointers {
  const T* x;
  T* y;
  const T* m;
  const void* next;  // the row that comes next, and its residual: for prefetching; null at the end
  const void* next_residual;
};

// One unit; kPart: only its first `count` elements. whole: the weights have a complete unit there nevertheless.
template <class Row, Weights kWeights, bool kMultiplied, bool kPart>
inline Pair scaled(const RowPointers<typename Row::T>& p, std::size_t i, std::size_t count, F k, const void* weights, bool whole) {
  Pair v = kPart ? Row::load_part(p.x + i, count) : Row::load(p.x + i);
  v = {v.a * k, v.b * k};
  if constexpr (kWeights != Weights::None) {
    using WeightRow = std::conditional_t<kWeights == Weights::Wide, RowF32, Row>;
    const auto* w = static_cast<const typename WeightRow::T*>(weights);
    const Pair weight = kPart && !whole ? WeightRow::load_part(w, count) : WeightRow::load(w);
    v = {v.a * weight.a, v.b * weight.b};
  }
  if constexpr (kMultiplied) {
    const Pair m = kPart ? Row::load_part(p.m + i, count) : Row::load(p.m + i);
    v = {v.a * m.a, v.b * m.b};
  }
  return v;
}

template <class Row, Path kPath, Weights kWeights, bool kMultiplied>
void write_row(const Job& job, const RowPointers<typename Row::T>& p, float factor) {
  constexpr std::size_t kWeightBytes = kWeights == Weights::Wide ? sizeof(float) : sizeof(typename Row::T);
  const F k(factor);
  const std::size_t n = job.space.length;
  const char* w = static_cast<const char*>(job.weights);
  std::size_t i = 0;
  if constexpr (kPath == Path::Stream) {
    if (const std::size_t head = job.head < n ? job.head : n; head > 0) {
      Row::store_part(p.y, scaled<Row, kWeights, kMultiplied, true>(p, 0, head, k, w, job.prepared), head);
      i = head;
      w += (job.prepared ? kUnit : head) * kWeightBytes;
    }
  }
  for (; n - i >= kUnit; i += kUnit) {
    if constexpr (kPath != Path::Plain) {
#pragma GCC unroll 2
      for (std::size_t b = 0; b < kUnit * sizeof(typename Row::T); b += 64) {
        if (p.next != nullptr) prefetch(static_cast<const char*>(p.next) + i * sizeof(typename Row::T) + b);
        if (p.next_residual != nullptr) prefetch(static_cast<const char*>(p.next_residual) + i * sizeof(typename Row::T) + b);
      }
    }
    const Pair v = scaled<Row, kWeights, kMultiplied, false>(p, i, kUnit, k, w, true);
    if constexpr (kPath == Path::Stream)
      Row::stream(p.y + i, v);
    else
      Row::store(p.y + i, v);
    if constexpr (kWeights != Weights::None) w += kUnit * kWeightBytes;
  }
  if (i < n) Row::store_part(p.y + i, scaled<Row, kWeights, kMultiplied, true>(p, i, n - i, k, w, job.prepared), n - i);
}

// ---- Rows ----

template <class T>
inline const T* gather(const Job& job, const View& view, const T* from, char* buffer) {
  if (view.contiguous) return from;
  T* const to = reinterpret_cast<T*>(buffer);
  tenon::rows::gather(job.space, view, from, to);
  return to;
}
template <class T>
inline void scatter(const Job& job, const View& view, const T* from, T* to) {
  if (!view.contiguous) tenon::rows::scatter(job.space, view, from, to);
}

// The second pass for this job, chosen once.
template <class Row>
using WriteRow = void (*)(const Job&, const RowPointers<typename Row::T>&, float);

template <class Row, Path kPath>
WriteRow<Row> choose_on_path(const Job& job) {
  const bool multiplied = job.views[kM].data != nullptr;
  if (job.weights_form == Weights::None)
    return multiplied ? write_row<Row, kPath, Weights::None, true> : write_row<Row, kPath, Weights::None, false>;
  if constexpr (!std::is_same_v<Row, RowF32>)
    if (job.weights_form == Weights::Own)
      return multiplied ? write_row<Row, kPath, Weights::Own, true> : write_row<Row, kPath, Weights::Own, false>;
  return multiplied ? write_row<Row, kPath, Weights::Wide, true> : write_row<Row, kPath, Weights::Wide, false>;
}
template <class Row>
WriteRow<Row> choose(const Job& job) {
  return job.path == Path::Plain      ? choose_on_path<Row, Path::Plain>(job)
         : job.path == Path::Prefetch ? choose_on_path<Row, Path::Prefetch>(job)
                                      : choose_on_path<Row, Path::Stream>(job);
}

template <class Row>
void run_rows(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  using T = typename Row::T;
  const float length = static_cast<float>(job.space.length), epsilon = static_cast<float>(job.epsilon);
  char* const buffers = job.buffers + 3 * slot * job.row_bytes;
  const auto at = [&](int which, std::size_t row) {
    return reinterpret_cast<T*>(job.views[which].data) + tenon::rows::offset_of(job.space, job.views[which], row);
  };
  const bool residual = job.views[kR].data != nullptr, multiplied = job.views[kM].data != nullptr;
  const WriteRow<Row> write = choose<Row>(job);
  for (std::size_t row = begin; row < end; ++row) {
    RowPointers<T> p{};
    p.x = gather<T>(job, job.views[kX], at(kX, row), buffers);
    float sum;
    if (residual) {
      const T* r = gather<T>(job, job.views[kR], at(kR, row), buffers + job.row_bytes);
      T* s = job.views[kS].contiguous ? at(kS, row) : reinterpret_cast<T*>(buffers);  // the gathered input is not needed any more
      sum = add_and_squares<Row>(p.x, r, s, job.space.length);
      p.x = s;
    } else {
      sum = squares<Row>(p.x, job.space.length);
    }
    const float factor = 1.0f / square_root(sum / length + epsilon);
    if (multiplied) p.m = gather<T>(job, job.views[kM], at(kM, row), buffers + 2 * job.row_bytes);
    p.y = job.views[kY].contiguous ? at(kY, row) : reinterpret_cast<T*>(buffers + job.row_bytes);  // nor is the gathered residual
    if (job.path != Path::Plain && row + 1 < end) {
      if (job.views[kX].contiguous) p.next = at(kX, row + 1);
      if (residual && job.views[kR].contiguous) p.next_residual = at(kR, row + 1);
    }
    write(job, p, factor);
    if (residual) scatter<T>(job, job.views[kS], p.x, at(kS, row));
    scatter<T>(job, job.views[kY], p.y, at(kY, row));
  }
  if (job.path == Path::Stream) stream_fence();
}

void run(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  switch (job.dtype) {
    case TENON_F32:
      return run_rows<RowF32>(job, begin, end, slot);
    case TENON_F16:
      return run_rows<RowF16>(job, begin, end, slot);
    case TENON_BF16:
      return run_rows<RowBF16>(job, begin, end, slot);
    default:
      return;
  }
}

// ---- Weights ----

// Scale in f32, plus 1 if asked for, unit by unit: the head's elements take a unit of their own, as write_row reads them.
template <class ScaleRow>
void prepare_from(const Job& job, float* out) {
  const Scale& scale = job.scale;
  using T = typename ScaleRow::T;
  const T* const data = reinterpret_cast<const T*>(scale.data);
  const bool interleave = job.dtype == TENON_BF16 && !ScaleRow::kInterleaved;
  const F offset(1.0f);
  const auto put = [&](Pair v) {
    if (scale.unit_offset) v = {v.a + offset, v.b + offset};
    if (!interleave) {
      RowF32::store(out, v);
    } else {
      alignas(64) float values[kUnit];
      RowF32::store(values, {tame(v.a), tame(v.b)});
      for (std::size_t i = 0; i < kLanes; ++i) {
        out[i] = values[2 * i];
        out[kLanes + i] = values[2 * i + 1];
      }
    }
    out += kUnit;
  };
  const std::size_t n = job.space.length;
  if (scale.contiguous) {
    std::size_t i = job.head < n ? job.head : n;
    if (i > 0) put(ScaleRow::load_part(data, i));
    for (; n - i >= kUnit; i += kUnit) put(ScaleRow::load(data + i));
    if (i < n) put(ScaleRow::load_part(data + i, n - i));
    return;
  }
  alignas(64) T unit[kUnit] = {};
  std::size_t filled = 0;
  walk<1>(job.space, {scale.strides}, [&](std::size_t i, const std::int64_t(&at)[1]) {
    unit[filled++] = data[at[0]];
    if (filled != kUnit && i + 1 != n && i + 1 != job.head) return;
    put(ScaleRow::load(unit));
    filled = 0;
  });
}

void prepare(const Job& job, float* out) {
  switch (job.scale.dtype) {
    case TENON_F32:
      return prepare_from<RowF32>(job, out);
    case TENON_F16:
      return prepare_from<RowF16>(job, out);
    case TENON_BF16:
      return prepare_from<RowBF16>(job, out);
    default:
      return;
  }
}

}  // namespace

namespace tenon::rms_norm::TENON_SIMD_NAMESPACE {
extern const Table table;
const Table table = {kVectorBytes, kUnit, prepare, run};
}  // namespace tenon::rms_norm::TENON_SIMD_NAMESPACE
