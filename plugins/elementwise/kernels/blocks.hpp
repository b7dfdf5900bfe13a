// For *.simd.cpp files of this folder: how a function of vectors becomes a block function.
#pragma once

#include "plugins/elementwise/kernels/job.h"
#include "plugins/support/simd_rows.hpp"

namespace {

using namespace simd;
using tenon::elementwise::Block;
using tenon::elementwise::BlockFn;
using tenon::elementwise::BlockTable;
using tenon::elementwise::Fn;

// kFunction(x), (x, y) or (x, y, z), of vectors. Two vectors at a time hide the latencies of one; streaming is a branch that is always
// taken the same way, because a second loop would double the code of every function.
template <class Row, int kOperands, auto kFunction>
TENON_SIMD_NOINLINE void over(const Block& b) {
  using T = typename Row::T;
  char* out = b.out;
  const char *x = b.in[0], *y = b.in[1], *z = b.in[2];
  const bool streams = b.stream;
  const auto unit = [](const char* at) { return Row::load(reinterpret_cast<const T*>(at)); };
  for (std::size_t u = 0; u < b.units; ++u) {
    Pair r = unit(x);
    if constexpr (kOperands == 1) {
      r = {kFunction(r.a), kFunction(r.b)};
    } else if constexpr (kOperands == 2) {
      const Pair second = unit(y);
      r = {kFunction(r.a, second.a), kFunction(r.b, second.b)};
    } else {
      const Pair second = unit(y), third = unit(z);
      r = {kFunction(r.a, second.a, third.a), kFunction(r.b, second.b, third.b)};
    }
    T* const to = reinterpret_cast<T*>(out);
    if (streams)
      Row::stream(to, r);
    else
      Row::store(to, r);
    out += kUnit * sizeof(T);
    x += b.step[0];
    if constexpr (kOperands > 1) y += b.step[1];
    if constexpr (kOperands > 2) z += b.step[2];
  }
}

template <int kOperands, auto kFunction>
constexpr void enter(BlockTable& table, Fn fn) {
  table.f32[static_cast<int>(fn)] = over<RowF32, kOperands, kFunction>;
}
template <int kOperands, auto kFunction>
constexpr void enter_all(BlockTable& table, Fn fn) {
  enter<kOperands, kFunction>(table, fn);
  table.f16[static_cast<int>(fn)] = over<RowF16, kOperands, kFunction>;
  table.bf16[static_cast<int>(fn)] = over<RowBF16, kOperands, kFunction>;
}

}  // namespace
