// Reductions of integers, booleans and f64: loops over arrays of accumulators, which the compiler turns into each level's vectors. A strip
// has an accumulator per column; a run is folded as rows of kLanesOfRun elements, whose accumulators are joined at the end.
//
// Sums of f64 carry the error of each addition along (Knuth's two-sum): the lowering's sum is rounded once.
#include "plugins/reductions/reduce/job.h"
#include "plugins/support/simd.hpp"

namespace {

using namespace tenon::reductions;

constexpr std::size_t kLanesOfRun = 64;

// Accumulators: a and b are folded, c is what a first pass found, d a second sum.
template <class T>
struct Arrays {
  T *a, *b, *c, *d;
};

// ---- Folds. T: elements and accumulators, R: results. put: one element into an accumulator; join: another accumulator.
struct None {};

template <class Word>
struct AddWords {
  using T = Word;
  using R = Word;
  using First = None;
  static T start(const Job&) { return 0; }
  static void put(T& a, T&, T&, T, T x) { a = static_cast<T>(a + x); }
  static void join(T& a, T&, T&, T a2, T, T) { a = static_cast<T>(a + a2); }
  static R finish(const Job&, T a, T, T, T) { return a; }
};
// Of small words in 32 bits without a sign: as int they could overflow.
template <class Word>
inline Word product(Word u, Word v) {
  if constexpr (sizeof(Word) < 4)
    return static_cast<Word>(std::uint32_t{u} * v);
  else
    return u * v;
}
template <class Word>
struct MultiplyWords : AddWords<Word> {
  using T = Word;
  static T start(const Job&) { return 1; }
  static void put(T& a, T&, T&, T, T x) { a = product(a, x); }
  static void join(T& a, T&, T&, T a2, T, T) { a = product(a, a2); }
};
template <class Word>
struct AddSquares : AddWords<Word> {
  using T = Word;
  static void put(T& a, T&, T&, T, T x) { a = static_cast<T>(a + product(x, x)); }
};
template <class Word>
struct AddMagnitudes : AddWords<Word> {  // of signed ones
  using T = Word;
  static void put(T& a, T&, T&, T, T x) {
    const T sign = static_cast<T>(0 - (x >> (8 * sizeof(T) - 1)));
    a = static_cast<T>(a + ((x ^ sign) - sign));
  }
};
// Largest and smallest of signed and unsigned words: the largest unsigned one, when bits are flipped so that the order is that.
template <class Word>
struct Extreme : AddWords<Word> {
  using T = Word;
  T flip;
  explicit Extreme(T f) : flip(f) {}
  void put(T& a, T&, T&, T, T x) const {
    const T y = x ^ flip;
    a = y > a ? y : a;
  }
  static void join(T& a, T&, T&, T a2, T, T) { a = a2 > a ? a2 : a; }
  T finish(const Job&, T a, T, T, T) const { return a ^ flip; }
};
// Whether some element is true; or, for `all`, whether some is false, and then the contrary.
template <class Word>
struct Truth : AddWords<Word> {
  using T = Word;
  using R = std::uint8_t;
  T mask;  // without the sign of floats: -0 is 0
  bool all;
  Truth(T m, bool a) : mask(m), all(a) {}
  void put(T& a, T&, T&, T, T x) const { a = static_cast<T>(a | T(((x & mask) != 0) != all)); }
  static void join(T& a, T&, T&, T a2, T, T) { a = static_cast<T>(a | a2); }
  R finish(const Job&, T a, T, T, T) const { return (a != 0) != all; }
};

inline void add_exactly(double& sum, double& error, double x) {
  const double s = sum + x, rest = s - sum;
  error += (sum - (s - rest)) + (x - rest);
  sum = s;
}
inline double total(double sum, double error) { return __builtin_fabs(sum) < __builtin_inf() ? sum + error : sum; }

struct SumF64 {
  using T = double;
  using R = double;
  using First = None;
  static T start(const Job&) { return 0; }
  static void put(T& a, T& b, T&, T, T x) { add_exactly(a, b, x); }
  static void join(T& a, T& b, T& d, T a2, T b2, T d2) {
    add_exactly(a, b, a2);
    b += b2;
    d += d2;
  }
  static R finish(const Job& job, T a, T b, T c, T d) {
    const double sum = total(a, b), n = static_cast<double>(job.count);
    switch (job.op) {
      case Op::Mean:
        return sum / n;
      case Op::L2:
        return __builtin_sqrt(sum);
      case Op::LogSum:
        return __builtin_log(sum);
      case Op::LogSumExp:
        return __builtin_log(sum) + c;
      case Op::Variance:
      case Op::Std: {
        const double centered = sum - d * (d / n), variance = (centered < 0 ? 0 : centered) / static_cast<double>(job.divisor);
        return job.op == Op::Std ? __builtin_sqrt(variance) : variance;
      }
      default:
        return sum;
    }
  }
};
struct SquaresF64 : SumF64 {
  static void put(T& a, T& b, T&, T, T x) { add_exactly(a, b, x * x); }
};
struct MagnitudesF64 : SumF64 {
  static void put(T& a, T& b, T&, T, T x) { add_exactly(a, b, __builtin_fabs(x)); }
};
struct MultiplyF64 : SumF64 {
  static T start(const Job&) { return 1; }
  static void put(T& a, T&, T&, T, T x) { a = a * x; }
  static void join(T& a, T&, T&, T a2, T, T) { a = a * a2; }
  static R finish(const Job&, T a, T, T, T) { return a; }
};
template <bool kLargest>
struct ExtremeF64 : SumF64 {
  static T start(const Job&) { return kLargest ? -__builtin_inf() : __builtin_inf(); }
  static void put(T& a, T&, T&, T, T x) {
    a = (bool(x != x) | bool(kLargest ? x > a : x < a)) ? x : a;
  }  // a NaN stays: nothing is above it
  static void join(T& a, T& b, T& d, T a2, T, T) { put(a, b, d, 0, a2); }
  static R finish(const Job&, T a, T, T, T) { return a; }
};
struct VarianceF64 : SumF64 {
  using First = SumF64;
  static T prepare(const Job& job, T a, T b) { return total(a, b) / static_cast<double>(job.count); }
  static void put(T& a, T& b, T& d, T c, T x) {
    const double difference = x - c;
    d += difference;
    add_exactly(a, b, difference * difference);
  }
};
struct LogSumExpF64 : SumF64 {
  using First = ExtremeF64<true>;
  static T prepare(const Job&, T a, T) { return __builtin_fabs(a) < __builtin_inf() ? a : 0; }
  static void put(T& a, T& b, T&, T c, T x) { add_exactly(a, b, __builtin_exp(x - c)); }
};

// ---- Loops ----

template <class F>
inline void sweep(const F& f, const typename F::T* const* rows, std::size_t count, std::size_t width, const Arrays<typename F::T>& arrays) {
  using T = typename F::T;
  T* __restrict a = arrays.a, * __restrict b = arrays.b, * __restrict d = arrays.d;
  const T* __restrict c = arrays.c;
  for (std::size_t i = 0; i < count; ++i) {
    const T* const p = rows[i];
    for (std::size_t j = 0; j < width; ++j) f.put(a[j], b[j], d[j], c[j], p[j]);
  }
}

template <class F>
inline void begin_fold(const Job& job, const F& f, std::size_t width, const Arrays<typename F::T>& arrays) {
  for (std::size_t j = 0; j < width; ++j) {
    arrays.a[j] = f.start(job);
    arrays.b[j] = arrays.d[j] = 0;
  }
}

// All runs of one result, into the first accumulator.
template <class F>
TENON_SIMD_NOINLINE void fold_rows(const Job& job, const F& f, const typename F::T* x, typename F::T* gathered,
                                   const Arrays<typename F::T>& arrays) {
  using T = typename F::T;
  begin_fold(job, f, kLanesOfRun, arrays);
  const bool contiguous = x_is_contiguous(job.inner);
  std::size_t used = 0;
  Cursor at(job.reduced, 0);
  for (std::size_t run = 0; run < job.reduced.count; ++run, at.next())
    for (std::size_t begin = 0; begin < job.inner.count; begin += kChunk) {
      const std::size_t n = job.inner.count - begin < kChunk ? job.inner.count - begin : kChunk;
      const T* p = x + at.x + begin;
      if (!contiguous) {
        gather(job.inner, x + at.x, begin, n, gathered);
        p = gathered;
      }
      for (std::size_t i = 0; i < n; i += kLanesOfRun) {
        const T* const rest = p + i;
        sweep(f, &rest, 1, n - i < kLanesOfRun ? n - i : kLanesOfRun, arrays);
      }
      used = n >= kLanesOfRun ? kLanesOfRun : n > used ? n : used;
    }
  for (std::size_t j = 1; j < used; ++j) f.join(arrays.a[0], arrays.b[0], arrays.d[0], arrays.a[j], arrays.b[j], arrays.d[j]);
}

template <class F>
TENON_SIMD_NOINLINE void fold_columns(const Job& job, const F& f, const typename F::T* x, std::size_t first, std::size_t width,
                                      typename F::T* gathered, const Arrays<typename F::T>& arrays) {
  using T = typename F::T;
  begin_fold(job, f, width, arrays);
  const bool contiguous = x_is_contiguous(job.inner);
  const T* rows[kSweep];
  Cursor at(job.reduced, 0);
  for (std::size_t r = 0; r < job.reduced.count;) {
    const std::size_t count = job.reduced.count - r < kSweep ? job.reduced.count - r : kSweep;
    for (std::size_t i = 0; i < count; ++i, at.next()) {
      rows[i] = x + at.x + first;
      if (contiguous) continue;
      gather(job.inner, x + at.x, first, width, gathered + i * kStrip);
      rows[i] = gathered + i * kStrip;
    }
    sweep(f, rows, count, width, arrays);
    r += count;
  }
}

template <class F>
void run_all(const Job& job, const F& f, std::size_t begin, std::size_t end, std::size_t slot) {
  using T = typename F::T;
  using First = typename F::First;
  T* const memory = reinterpret_cast<T*>(job.buffers + slot * job.slot_bytes);
  const Arrays<T> arrays = {memory, memory + kStrip, memory + 2 * kStrip, memory + 3 * kStrip};
  T* const gathered = reinterpret_cast<T*>(reinterpret_cast<char*>(memory) + kAccumulatorBytes);
  for (std::size_t task = begin; task < end; ++task) {
    const Cursor at(job.kept, task / job.strips);
    const T* const x = reinterpret_cast<const T*>(job.x) + at.x;
    auto* const y = reinterpret_cast<typename F::R*>(job.y) + at.y;
    const std::size_t first = job.columns ? task % job.strips * kStrip : 0;
    const std::size_t width = !job.columns ? 1 : job.inner.count - first < kStrip ? job.inner.count - first : kStrip;
    const auto fold = [&](const auto& which) {
      if (job.columns)
        fold_columns(job, which, x, first, width, gathered, arrays);
      else
        fold_rows(job, which, x, gathered, arrays);
    };
    if constexpr (!std::is_same_v<First, None>) {
      fold(First{});
      for (std::size_t j = 0; j < width; ++j) arrays.c[j] = F::prepare(job, arrays.a[j], arrays.b[j]);
      for (std::size_t j = width; j < kLanesOfRun; ++j) arrays.c[j] = arrays.c[0];
    }
    fold(f);
    if (!job.columns) {
      *y = f.finish(job, arrays.a[0], arrays.b[0], arrays.c[0], arrays.d[0]);
      continue;
    }
    Cursor out(job.inner, first);
    for (std::size_t j = 0; j < width; ++j, out.next()) y[out.y] = f.finish(job, arrays.a[j], arrays.b[j], arrays.c[j], arrays.d[j]);
  }
}

// ---- Which fold ----

struct Range {
  std::size_t begin, end, slot;
};
template <class F>
inline void go(const Job& job, const F& f, const Range& r) {
  run_all(job, f, r.begin, r.end, r.slot);
}

template <class Word>
void run_integers(const Job& job, bool is_signed, const Range& r) {
  constexpr Word kOnes = static_cast<Word>(~Word{0}), kSign = static_cast<Word>(kOnes ^ (kOnes >> 1));
  switch (job.op) {
    case Op::Max:
      return go(job, Extreme<Word>(is_signed ? kSign : Word{0}), r);
    case Op::Min:
      return go(job, Extreme<Word>(is_signed ? static_cast<Word>(~kSign) : kOnes), r);
    case Op::Prod:
      return go(job, MultiplyWords<Word>{}, r);
    case Op::SumSquare:
      return go(job, AddSquares<Word>{}, r);
    default:
      return is_signed && job.op == Op::L1 ? go(job, AddMagnitudes<Word>{}, r) : go(job, AddWords<Word>{}, r);
  }
}

void run_f64(const Job& job, const Range& r) {
  switch (job.op) {
    case Op::SumSquare:
    case Op::L2:
      return go(job, SquaresF64{}, r);
    case Op::L1:
      return go(job, MagnitudesF64{}, r);
    case Op::LogSumExp:
      return go(job, LogSumExpF64{}, r);
    case Op::Variance:
    case Op::Std:
      return go(job, VarianceF64{}, r);
    case Op::Prod:
      return go(job, MultiplyF64{}, r);
    case Op::Max:
      return go(job, ExtremeF64<true>{}, r);
    case Op::Min:
      return go(job, ExtremeF64<false>{}, r);
    default:
      return go(job, SumF64{}, r);
  }
}

template <class Word>
void run_words(const Job& job, const Range& r) {
  const bool is_float = job.dtype == TENON_F64 || job.dtype == TENON_F32 || job.dtype == TENON_F16 || job.dtype == TENON_BF16;
  const Word ones = static_cast<Word>(~Word{0});
  if (job.op == Op::Any || job.op == Op::All)
    return go(job, Truth<Word>(static_cast<Word>(is_float ? ones >> 1 : ones), job.op == Op::All), r);
  const bool is_signed = job.dtype == TENON_I8 || job.dtype == TENON_I16 || job.dtype == TENON_I32 || job.dtype == TENON_I64;
  run_integers<Word>(job, is_signed, r);
}

void run(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  const Range r{begin, end, slot};
  switch (job.element_bytes) {
    case 1:
      return run_words<std::uint8_t>(job, r);
    case 2:
      return run_words<std::uint16_t>(job, r);
    case 4:
      return run_words<std::uint32_t>(job, r);
    default:
      return job.dtype == TENON_F64 && job.op != Op::Any && job.op != Op::All ? run_f64(job, r) : run_words<std::uint64_t>(job, r);
  }
}

}  // namespace

namespace tenon::reductions::TENON_SIMD_NAMESPACE {
extern const Table plain_table;
const Table plain_table = {16, run, nullptr};
}  // namespace tenon::reductions::TENON_SIMD_NAMESPACE
