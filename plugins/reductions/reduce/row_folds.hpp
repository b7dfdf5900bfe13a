// For floats.simd.cpp: runs of elements become one result each. They are folded in chunks, four runs in turn.
#pragma once

#include "plugins/reductions/reduce/results.hpp"

namespace {

using namespace tenon::reductions;
using namespace folds;

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

}  // namespace
