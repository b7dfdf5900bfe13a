// silu(gate) * up = gate / (1 + exp(-gate)) * up, compiled once per SIMD level. Everything here but the table is in a namespace without a
// name: objects of two levels must not share a symbol.
#include "kernel.h"

#include <xsimd/xsimd.hpp>

namespace {

using Floats = xsimd::batch<float, TENON_SIMD_ARCH>;
constexpr std::size_t kLanes = Floats::size;

// With h = exp(-|gate| / 2), no exponential overflows, and a result that is small is rounded where it is small: for a negative gate
// silu is gate * h * h / (1 + h * h), one factor after the other.
Floats silu_mul(Floats gate, Floats up) {
  const Floats h = xsimd::exp(Floats(-0.5f) * xsimd::abs(gate));
  const Floats top = xsimd::select(gate < Floats(0.0f), gate * h * h, gate);
  return top / (Floats(1.0f) + h * h) * up;
}

void run(const Job& job, std::size_t begin, std::size_t end) {
  std::size_t i = begin;
  for (; i + kLanes <= end; i += kLanes)
    silu_mul(Floats::load_unaligned(job.gate + i), Floats::load_unaligned(job.up + i)).store_unaligned(job.y + i);
  if (i == end) return;
  alignas(64) float part[2][kLanes] = {};  // the rest, in a vector that zeros fill up
  for (std::size_t k = 0; i + k < end; ++k) {
    part[0][k] = job.gate[i + k];
    part[1][k] = job.up[i + k];
  }
  silu_mul(Floats::load_aligned(part[0]), Floats::load_aligned(part[1])).store_aligned(part[0]);
  for (std::size_t k = 0; i + k < end; ++k) job.y[i + k] = part[0][k];
}

}  // namespace

namespace TENON_SIMD_NAMESPACE {
extern const Level kLevel;
const Level kLevel = {run};
}  // namespace TENON_SIMD_NAMESPACE
