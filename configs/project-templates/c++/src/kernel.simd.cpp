// The speed, compiled once per SIMD level. Everything here but the table is in a namespace without a name, and no standard containers or
// algorithms are used: objects of two levels must not share a symbol, because the linker would keep one of them for both.
#include "kernel.h"

#include <xsimd/xsimd.hpp>

namespace {

using Floats = xsimd::batch<float, TENON_SIMD_ARCH>;
constexpr std::size_t kLanes = Floats::size;

// The lowering's steps in the lowering's order.
Floats dyt(Floats x, Floats alpha, Floats weight) { return xsimd::tanh(x * alpha) * weight; }

void row(const Job& job, const float* x, float* y) {
  const Floats alpha(job.alpha);
  std::size_t i = 0;
  for (; i + kLanes <= job.columns; i += kLanes) {
    Floats v = dyt(Floats::load_unaligned(x + i), alpha, Floats::load_unaligned(job.weight + i));
    if (job.bias != nullptr) v = v + Floats::load_unaligned(job.bias + i);
    v.store_unaligned(y + i);
  }
  if (i == job.columns) return;
  // The rest in a vector that zeros fill up.
  alignas(64) float part[3][kLanes] = {};
  const std::size_t rest = job.columns - i;
  for (std::size_t k = 0; k < rest; ++k) {
    part[0][k] = x[i + k];
    part[1][k] = job.weight[i + k];
    if (job.bias != nullptr) part[2][k] = job.bias[i + k];
  }
  Floats v = dyt(Floats::load_aligned(part[0]), alpha, Floats::load_aligned(part[1]));
  if (job.bias != nullptr) v = v + Floats::load_aligned(part[2]);
  v.store_aligned(part[0]);
  for (std::size_t k = 0; k < rest; ++k) y[i + k] = part[0][k];
}

void rows(const Job& job, std::size_t begin, std::size_t end) {
  for (std::size_t r = begin; r < end; ++r) row(job, job.x + r * job.columns, job.y + r * job.columns);
}

}  // namespace

namespace TENON_SIMD_NAMESPACE {
extern const Level kLevel;
const Level kLevel = {rows};
}  // namespace TENON_SIMD_NAMESPACE
