// The two loops that every elementwise function is poured into. A function F has
//   template <class E> static constexpr bool kFor;              // is it defined for Element E?
//   template <class E> static E::Compute apply(E::Compute...);  // one element
// Internal to this folder.
#pragma once

#include <cmath>

#include "core/interp/element.h"
#include "core/interp/loops.h"

namespace tenon::interp {

// IEEE 754-2019 maximum and minimum: NaN comes through, -0 is less than +0.
template <class E>
typename E::Compute maximum_of(typename E::Compute x, typename E::Compute y) {
  if constexpr (E::kFloat) {
    if (x != x || y != y) return x + y;
    if (x == y) return std::signbit(x) ? y : x;
  }
  return x > y ? x : y;
}
template <class E>
typename E::Compute minimum_of(typename E::Compute x, typename E::Compute y) {
  if constexpr (E::kFloat) {
    if (x != x || y != y) return x + y;
    if (x == y) return std::signbit(x) ? x : y;
  }
  return x < y ? x : y;
}

template <class E, class F>
void unary_run(const LoopArgs& a) {
  const std::byte* x = a.in[0];
  std::byte* out = a.out;
  for (std::int64_t i = 0; i < a.n; ++i) E::store(out + i * a.out_step, F::template apply<E>(E::load(x + i * a.in_step[0])));
}

template <class E, class F>
void binary_run(const LoopArgs& a) {
  const std::byte* x = a.in[0];
  const std::byte* y = a.in[1];
  std::byte* out = a.out;
  constexpr std::ptrdiff_t kStep = E::kBytes;
  if (a.in_step[0] == kStep && a.in_step[1] == kStep && a.out_step == kStep) {  // the case that compilers turn into SIMD
    for (std::int64_t i = 0; i < a.n; ++i) E::store(out + i * kStep, F::template apply<E>(E::load(x + i * kStep), E::load(y + i * kStep)));
  } else {
    for (std::int64_t i = 0; i < a.n; ++i)
      E::store(out + i * a.out_step, F::template apply<E>(E::load(x + i * a.in_step[0]), E::load(y + i * a.in_step[1])));
  }
}

template <class E, class F>
void fold_run(const LoopArgs& a) {
  const std::byte* x = a.in[0];
  std::byte* out = a.out;
  constexpr std::ptrdiff_t kStep = E::kBytes;
  if (a.out_step == 0) {
    typename E::Compute sum = E::load(out);
    for (std::int64_t i = 0; i < a.n; ++i) sum = E::round(F::template apply<E>(sum, E::load(x + i * a.in_step[0])));
    E::store(out, sum);
  } else if (a.in_step[0] == kStep && a.out_step == kStep) {
    for (std::int64_t i = 0; i < a.n; ++i)
      E::store(out + i * kStep, F::template apply<E>(E::load(out + i * kStep), E::load(x + i * kStep)));
  } else {
    for (std::int64_t i = 0; i < a.n; ++i)
      E::store(out + i * a.out_step, F::template apply<E>(E::load(out + i * a.out_step), E::load(x + i * a.in_step[0])));
  }
}

template <class F>
Loop unary_for(DType dtype) {
  return with_dtype(dtype, []<DType D>() -> Loop {
    if constexpr (F::template kFor<Element<D>>)
      return unary_run<Element<D>, F>;
    else
      return nullptr;
  });
}

template <class F>
Loop binary_for(DType dtype) {
  return with_dtype(dtype, []<DType D>() -> Loop {
    if constexpr (F::template kFor<Element<D>>)
      return binary_run<Element<D>, F>;
    else
      return nullptr;
  });
}

template <class F>
Loop fold_for(DType dtype) {
  return with_dtype(dtype, []<DType D>() -> Loop {
    if constexpr (F::template kFor<Element<D>>)
      return fold_run<Element<D>, F>;
    else
      return nullptr;
  });
}

}  // namespace tenon::interp
