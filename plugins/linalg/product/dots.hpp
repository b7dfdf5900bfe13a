// For product.simd.cpp: a few rows with many lanes whose elements lie side by side along the depth, as x and a weight [N, K]: the time is
// that of reading the weight once. Several of its rows are multiplied at once with up to four rows of x, straight from where they lie.
#pragma once

#include "plugins/linalg/product/pack.hpp"

namespace {

using simd::kUnit;
using simd::Pair;

constexpr std::size_t kDotLanes = 16;  // of one item
constexpr std::size_t kDotGroup = 4;   // lanes at once: four streams of reads
constexpr std::size_t kDotFlush = 32;  // units: no lane of a vector adds more than 64 products in a row
constexpr std::size_t kMostFew = 8;

// sums[f][g] of rows x[f] and lanes w[g]; x is in the order in which Row reads, zeros behind the last element.
template <class Row, std::size_t kFew, std::size_t kGroup>
TENON_SIMD_NOINLINE void dots(const float* x, std::size_t x_stride, const typename Row::T* const* lanes, std::size_t n, float* sums,
                              std::size_t sums_stride) {
  constexpr std::size_t kSplit = kFew == 1 ? 2 : 1;  // enough independent sums
  const typename Row::T* w[kGroup];
#pragma GCC unroll 4
  for (std::size_t g = 0; g < kGroup; ++g) w[g] = lanes[g];
  F total[kFew][kGroup];
  F acc[kFew][kGroup][kSplit];
#pragma GCC unroll 4
  for (std::size_t f = 0; f < kFew; ++f)
#pragma GCC unroll 4
    for (std::size_t g = 0; g < kGroup; ++g) {
      total[f][g] = F(0.0f);
#pragma GCC unroll 2
      for (std::size_t s = 0; s < kSplit; ++s) acc[f][g][s] = F(0.0f);
    }
  const auto add = [&](std::size_t at, const Pair(&v)[kGroup]) {
#pragma GCC unroll 4
    for (std::size_t f = 0; f < kFew; ++f) {
      const Pair p = simd::RowF32::load(x + f * x_stride + at);
#pragma GCC unroll 4
      for (std::size_t g = 0; g < kGroup; ++g) {
        acc[f][g][0] = simd::fma(p.a, v[g].a, acc[f][g][0]);
        acc[f][g][kSplit - 1] = simd::fma(p.b, v[g].b, acc[f][g][kSplit - 1]);
      }
    }
  };
  const auto flush = [&] {
#pragma GCC unroll 4
    for (std::size_t f = 0; f < kFew; ++f)
#pragma GCC unroll 4
      for (std::size_t g = 0; g < kGroup; ++g) {
        if constexpr (kSplit == 2) acc[f][g][0] = acc[f][g][0] + acc[f][g][1];
        total[f][g] = total[f][g] + acc[f][g][0];
        acc[f][g][0] = F(0.0f);
        acc[f][g][kSplit - 1] = F(0.0f);
      }
  };
  std::size_t i = 0;
  while (n - i >= kUnit) {
    const std::size_t end = i + least(kDotFlush, (n - i) / kUnit) * kUnit;
    for (; i < end; i += kUnit) {
      Pair v[kGroup];
#pragma GCC unroll 4
      for (std::size_t g = 0; g < kGroup; ++g) v[g] = Row::load(w[g] + i);
      add(i, v);
    }
    flush();
  }
  if (i < n) {
    Pair v[kGroup];
    for (std::size_t g = 0; g < kGroup; ++g) v[g] = Row::load_part(w[g] + i, n - i);
    add(i, v);
    flush();
  }
  for (std::size_t f = 0; f < kFew; ++f)
    for (std::size_t g = 0; g < kGroup; ++g) sums[f * sums_stride + g] = xsimd::hadd(total[f][g]);
}

// The rows for dots(): in f32, each in `stride` elements.
template <class Row, class S>
void pack_few(const Job& job, std::int64_t from, std::size_t stride, float* to) {
  const Group& depth = job.depth;
  const S* const data = reinterpret_cast<const S*>(job.data[kRowsSide]) + from;
  for (std::size_t f = 0; f < job.rows.count; ++f, to += stride) {
    const std::int64_t row = offset_of(job.rows, kRowsSide, f);
    for (std::size_t k = 0; k < stride; k += kUnit) {
      const std::size_t n = k < depth.count ? least(kUnit, depth.count - k) : 0;
      S elements[kUnit];
      alignas(64) float values[kUnit];
      for (std::size_t j = 0; j < n; ++j) elements[j] = data[row + offset_of(depth, kRowsSide, k + j)];
      widen(elements, n, values);
      for (std::size_t j = n; j < kUnit; ++j) values[j] = 0;
      for (std::size_t j = 0; j < kUnit; ++j) to[k + (Row::kInterleaved ? j % 2 * kLanes + j / 2 : j)] = values[j];
    }
  }
}

template <class Row, std::size_t kGroup>
inline void dots_of_group(const float* x, std::size_t stride, const typename Row::T* const* lanes, std::size_t n, std::size_t few,
                          float* sums) {
  std::size_t f = 0;
  for (; few - f >= 4; f += 4) dots<Row, 4, kGroup>(x + f * stride, stride, lanes, n, sums + f * kDotLanes, kDotLanes);
  if (few - f >= 2) {
    dots<Row, 2, kGroup>(x + f * stride, stride, lanes, n, sums + f * kDotLanes, kDotLanes);
    f += 2;
  }
  if (f < few) dots<Row, 1, kGroup>(x + f * stride, stride, lanes, n, sums + f * kDotLanes, kDotLanes);
}

template <class Row, class S>
void run_dots(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  using T = typename Row::T;
  const Finish<float> finish = finish_of<float>(job);
  const std::size_t n = job.depth.count, few = job.rows.count, stride = (n + kUnit - 1) / kUnit * kUnit;
  char* const memory = job.workspace + slot * job.workspace_bytes;
  float* const x = reinterpret_cast<float*>(memory);
  T* const gathered = reinterpret_cast<T*>(memory + few * stride * sizeof(float));
  const bool run = job.depth.count <= 1 || (job.depth.rank == 1 && job.depth.steps[kLanesSide][0] == 1);
  std::size_t packed = SIZE_MAX;  // the batch whose rows are in x
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t batch = item / job.shape.stream_count, first = item % job.shape.stream_count * kDotLanes;
    if (batch != packed) pack_few<Row, S>(job, offset_of(job.batch, kRowsSide, batch), stride, x);
    packed = batch;
    const T* const data = reinterpret_cast<const T*>(job.data[kLanesSide]) + offset_of(job.batch, kLanesSide, batch);
    const std::size_t count = least(kDotLanes, job.lanes.count - first);
    float sums[kMostFew * kDotLanes];
    for (std::size_t i = 0; i < count;) {
      const std::size_t group = count - i >= kDotGroup ? kDotGroup : 1;
      const T* lanes[kDotGroup];
      for (std::size_t g = 0; g < group; ++g) {
        lanes[g] = data + offset_of(job.lanes, kLanesSide, first + i + g);
        if (run) continue;
        T* const to = gathered + g * stride;
        for (std::size_t k = 0; k < n; ++k) to[k] = lanes[g][offset_of(job.depth, kLanesSide, k)];
        lanes[g] = to;
      }
      if (group == kDotGroup)
        dots_of_group<Row, kDotGroup>(x, stride, lanes, n, few, sums + i);
      else
        dots_of_group<Row, 1>(x, stride, lanes, n, few, sums + i);
      i += group;
    }
    char* const output = job.output + offset_of(job.batch, kOutput, batch) * static_cast<std::int64_t>(finish.output_bytes);
    const char* const added =
        job.added == nullptr ? nullptr : job.added + offset_of(job.batch, kAdded, batch) * static_cast<std::int64_t>(finish.added_bytes);
    for (std::size_t f = 0; f < few; ++f)
      finish_run(finish, job.lanes, first, count, sums + f * kDotLanes,
                 output + offset_of(job.rows, kOutput, f) * static_cast<std::int64_t>(finish.output_bytes),
                 added == nullptr ? nullptr : added + offset_of(job.rows, kAdded, f) * static_cast<std::int64_t>(finish.added_bytes));
  }
}

}  // namespace
