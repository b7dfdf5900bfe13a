// Reductions of f32, f16 and bf16. Rows: runs are folded in chunks, four runs in turn. Columns: eight rows at once are added to a strip of
// accumulators that stays in the first-level cache. What is not contiguous is gathered into chunks and strips first, so a result depends on
// shape and level, not on strides or threads.
#include "plugins/reductions/reduce/folds.hpp"

namespace {

using namespace tenon::reductions;
using namespace folds;

// ---- Results ----

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

// ---- Rows ----

struct Partial {
  double first, second;
};
static_assert(sizeof(Partial) == kPartialBytes);

constexpr std::size_t kStreams = 4;  // tasks at once: one stream of reads does not fill a core's share of the memory bus

template <class Row, class A>
inline void fold_chunk(A& acc, const typename Row::T* p, std::size_t n) {
  std::size_t i = 0;
  for (; n - i >= kUnitsPerStep * kUnit; i += kUnitsPerStep * kUnit)
    acc.step(Row::load(p + i), Row::load(p + i + kUnit), Row::load(p + i + 2 * kUnit), Row::load(p + i + 3 * kUnit));
  for (; n - i >= kUnit; i += kUnit) acc.unit(Row::load(p + i));
  if (i < n) acc.unit(load_filled<Row>(p + i, n - i, acc.fill));
}

// Some tasks at once: x, part and acc of each. More than one only where results have one contiguous run each.
template <class T>
struct Tasks {
  std::size_t slot, count;
  const T* x[kStreams];
  std::size_t part[kStreams];
};

template <class Row, class A>
inline void fold(const Job& job, const Tasks<typename Row::T>& tasks, A* acc) {
  using T = typename Row::T;
  std::size_t run = 0, run_end = job.reduced.count;
  const std::size_t chunks = (job.inner.count + kChunk - 1) / kChunk;
  std::size_t begin[kStreams], end[kStreams], longest = 0;
  for (std::size_t t = 0; t < tasks.count; ++t) {
    begin[t] = 0;
    end[t] = job.inner.count;
    if (job.parts > 1 && job.parts_of_runs) {
      begin[t] = chunks * tasks.part[t] / job.parts * kChunk;
      if (tasks.part[t] + 1 < job.parts) end[t] = chunks * (tasks.part[t] + 1) / job.parts * kChunk;
    } else if (job.parts > 1) {
      run = job.reduced.count * tasks.part[t] / job.parts;
      run_end = job.reduced.count * (tasks.part[t] + 1) / job.parts;
    }
    if (end[t] - begin[t] > longest) longest = end[t] - begin[t];
  }
  const bool contiguous = x_is_contiguous(job.inner);
  T* const gathered = reinterpret_cast<T*>(job.buffers + tasks.slot * job.slot_bytes + kAccumulatorBytes);
  for (Cursor at(job.reduced, run); run < run_end; ++run, at.next())
    for (std::size_t i = 0; i < longest; i += kChunk)
      for (std::size_t t = 0; t < tasks.count; ++t) {
        const std::size_t from = begin[t] + i;
        if (from >= end[t]) continue;
        const std::size_t n = end[t] - from < kChunk ? end[t] - from : kChunk;
        const T* p = tasks.x[t] + at.x + from;
        if (!contiguous) {
          gather(job.inner, tasks.x[t] + at.x, from, n, gathered);
          p = gathered;
        }
        fold_chunk<Row>(acc[t], p, n);
      }
}

template <class Row, class Map>
TENON_SIMD_NOINLINE void sum_runs(const Job& job, const Tasks<typename Row::T>& tasks, Map map, typename Row::T fill, Partial* out) {
  SumOfRun<Row, Map> acc[kStreams];
  for (std::size_t t = 0; t < tasks.count; ++t) acc[t].begin(map, fill);
  fold<Row>(job, tasks, acc);
  for (std::size_t t = 0; t < tasks.count; ++t) out[t] = {acc[t].total(), 0};
}
template <class Row, class A>
TENON_SIMD_NOINLINE void fold_runs(const Job& job, const Tasks<typename Row::T>& tasks, Partial* out) {
  A acc[kStreams];
  for (std::size_t t = 0; t < tasks.count; ++t) acc[t].begin();
  fold<Row>(job, tasks, acc);
  for (std::size_t t = 0; t < tasks.count; ++t) out[t] = {static_cast<double>(acc[t].result()), 0};
}
template <class Row>
TENON_SIMD_NOINLINE void vary_runs(const Job& job, const Tasks<typename Row::T>& tasks, Partial* out) {
  VarianceOfRun<Row> acc[kStreams];
  for (std::size_t t = 0; t < tasks.count; ++t) {
    if (job.count == 0)
      acc[t].begin(0, {});
    else
      acc[t].begin(static_cast<double>(value_of<Row>(*tasks.x[t])), *tasks.x[t]);
  }
  fold<Row>(job, tasks, acc);
  for (std::size_t t = 0; t < tasks.count; ++t) out[t] = {acc[t].sum(), acc[t].squares()};
}

template <class Row>
TENON_SIMD_NOINLINE void log_sum_exp_runs(const Job& job, const Tasks<typename Row::T>& tasks, Partial* out) {
  Tasks<typename Row::T> one = tasks;  // a run is read twice, so it should stay in the cache
  one.count = 1;
  for (std::size_t t = 0; t < tasks.count; ++t) {
    one.x[0] = tasks.x[t];
    one.part[0] = tasks.part[t];
    alignas(64) float shift[kUnit];
    fold_runs<Row, ExtremeOfRun<Row, true>>(job, one, out + t);
    const float largest = static_cast<float>(out[t].first);
    out[t].second = out[t].first;
    if (!(__builtin_fabsf(largest) < __builtin_inff())) continue;
    for (float& s : shift) s = largest;
    sum_runs<Row>(job, one, Exponential{shift}, infinity<Row>(true), out + t);
    out[t].second = static_cast<double>(largest);
  }
}

template <class Row>
void run_tasks(const Job& job, const Tasks<typename Row::T>& tasks, Partial* out) {
  switch (job.op) {
    case Op::SumSquare:
    case Op::L2:
      return sum_runs<Row>(job, tasks, Square{}, zero<Row>(), out);
    case Op::L1:
      return sum_runs<Row>(job, tasks, Magnitude{}, zero<Row>(), out);
    case Op::LogSumExp:
      return log_sum_exp_runs<Row>(job, tasks, out);
    case Op::Variance:
    case Op::Std:
      return vary_runs<Row>(job, tasks, out);
    case Op::Prod:
      return fold_runs<Row, ProductOfRun<Row>>(job, tasks, out);
    case Op::Max:
      return fold_runs<Row, ExtremeOfRun<Row, true>>(job, tasks, out);
    case Op::Min:
      return fold_runs<Row, ExtremeOfRun<Row, false>>(job, tasks, out);
    default:
      return sum_runs<Row>(job, tasks, Same{}, zero<Row>(), out);
  }
}

template <class Row>
float result_of(const Job& job, const typename Row::T* x, Partial total) {
  switch (job.op) {
    case Op::Prod:
    case Op::Max:
    case Op::Min:
      return static_cast<float>(total.first);
    case Op::Variance:
    case Op::Std:
      return conclude(job, total.first, total.second, job.count == 0 ? 0 : static_cast<double>(value_of<Row>(*x)), 0);
    default:
      if (may_be_wrong(job, total.first)) total.first = sum_slowly<Row>(job, x);
      return conclude(job, total.first, 0, 0, static_cast<float>(total.second));
  }
}

inline Partial join(Op op, Partial u, Partial v) {
  switch (op) {
    case Op::Prod:
      return {static_cast<double>(static_cast<float>(u.first) * static_cast<float>(v.first)), 0};
    case Op::Max:
    case Op::Min:
      return {static_cast<double>(better(op == Op::Max, static_cast<float>(u.first), static_cast<float>(v.first))), 0};
    default:
      return {u.first + v.first, u.second + v.second};
  }
}

// Tasks are taken from as many places as there are streams, each far from the others.
template <class Row>
void run_rows(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  using T = typename Row::T;
  const bool together = job.reduced.count == 1 && x_is_contiguous(job.inner) && end - begin >= kStreams;
  Tasks<T> tasks;
  tasks.slot = slot;
  tasks.count = together ? kStreams : 1;
  const std::size_t distance = (end - begin + tasks.count - 1) / tasks.count;
  Partial partials[kStreams];
  for (std::size_t i = 0; i < distance; ++i) {
    std::size_t count = 0, task[kStreams];
    T* y[kStreams];
    for (std::size_t t = 0; t < tasks.count; ++t) {
      task[count] = begin + t * distance + i;
      if (task[count] >= end) continue;
      const Cursor at(job.kept, task[count] / job.parts);
      tasks.x[count] = reinterpret_cast<const T*>(job.x) + at.x;
      tasks.part[count] = task[count] % job.parts;
      y[count++] = reinterpret_cast<T*>(job.y) + at.y;
    }
    tasks.count = count;
    run_tasks<Row>(job, tasks, partials);
    for (std::size_t t = 0; t < count; ++t) {
      if (job.parts > 1)
        reinterpret_cast<Partial*>(job.partials)[task[t]] = partials[t];
      else
        put<Row>(y[t], result_of<Row>(job, tasks.x[t], partials[t]));
    }
    tasks.count = together ? kStreams : 1;
  }
}

template <class Row>
void merge_rows(const Job& job, std::size_t begin, std::size_t end) {
  using T = typename Row::T;
  Cursor at(job.kept, begin);
  for (std::size_t out = begin; out < end; ++out, at.next()) {
    const Partial* const partials = reinterpret_cast<const Partial*>(job.partials) + out * job.parts;
    Partial total = partials[0];
    for (std::size_t part = 1; part < job.parts; ++part) total = join(job.op, total, partials[part]);
    put<Row>(reinterpret_cast<T*>(job.y) + at.y, result_of<Row>(job, reinterpret_cast<const T*>(job.x) + at.x, total));
  }
}

// ---- Columns ----

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
      return {sums(0) / count, sums(kLanes) / count};
    }
    case Op::L2:
      return {xsimd::sqrt(sums(0)), xsimd::sqrt(sums(kLanes))};
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

template <class Row>
void run_all(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  job.columns ? run_columns<Row>(job, begin, end, slot) : run_rows<Row>(job, begin, end, slot);
}
template <class Row>
void merge_all(const Job& job, std::size_t begin, std::size_t end) {
  job.columns ? merge_columns<Row>(job, begin, end) : merge_rows<Row>(job, begin, end);
}

void run(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  job.dtype == TENON_F32   ? run_all<RowF32>(job, begin, end, slot)
  : job.dtype == TENON_F16 ? run_all<RowF16>(job, begin, end, slot)
                           : run_all<RowBF16>(job, begin, end, slot);
}
void merge(const Job& job, std::size_t begin, std::size_t end, std::size_t) {
  job.dtype == TENON_F32   ? merge_all<RowF32>(job, begin, end)
  : job.dtype == TENON_F16 ? merge_all<RowF16>(job, begin, end)
                           : merge_all<RowBF16>(job, begin, end);
}

}  // namespace

namespace tenon::reductions::TENON_SIMD_NAMESPACE {
extern const Table float_table;
const Table float_table = {kUnit, run, merge};
}  // namespace tenon::reductions::TENON_SIMD_NAMESPACE
