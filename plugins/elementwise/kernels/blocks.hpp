// For *.simd.cpp files of this folder: how a function of vectors becomes a block function.
#pragma once

#include "plugins/elementwise/kernels/job.h"
#include "plugins/support/simd.hpp"

namespace {

using namespace simd;
using tenon::elementwise::Block;
using tenon::elementwise::BlockFn;
using tenon::elementwise::BlockTable;
using tenon::elementwise::Fn;

constexpr std::size_t kBlockUnit = 2 * kLanes;

// kFunction(x), (x, y) or (x, y, z), of vectors. Two vectors at a time hide the latencies of one; streaming is a branch that is always
// taken the same way, because a second loop would double the code of every function.
template <int kOperands, auto kFunction>
TENON_SIMD_NOINLINE void over(const Block& b) {
  float* out = b.out;
  const float *x = b.in[0], *y = b.in[1], *z = b.in[2];
  const auto value = [&](std::size_t at) {
    if constexpr (kOperands == 1)
      return kFunction(load(x + at));
    else if constexpr (kOperands == 2)
      return kFunction(load(x + at), load(y + at));
    else
      return kFunction(load(x + at), load(y + at), load(z + at));
  };
  const bool streams = b.stream;
  for (std::size_t u = 0; u < b.units; ++u) {
    const F first = value(0), second = value(kLanes);
    if (streams) {
      stream(out, first);
      stream(out + kLanes, second);
    } else {
      store(out, first);
      store(out + kLanes, second);
    }
    out += kBlockUnit;
    x += b.step[0];
    if constexpr (kOperands > 1) y += b.step[1];
    if constexpr (kOperands > 2) z += b.step[2];
  }
}

template <int kOperands, auto kFunction>
constexpr void enter(BlockTable& table, Fn fn) {
  table.functions[static_cast<int>(fn)] = over<kOperands, kFunction>;
}

}  // namespace
