// For product.simd.cpp: runs of elements in and out of the type that sums are computed in.
#pragma once

#include <type_traits>

#include "plugins/linalg/product/job.h"
#include "plugins/support/simd.hpp"
#include "plugins/support/simd_rows.hpp"

namespace {

using simd::F;
using simd::kLanes;
using tenon::linalg::Group;
using tenon::linalg::Job;
using tenon::linalg::kAdded;
using tenon::linalg::kLanesSide;
using tenon::linalg::kOutput;
using tenon::linalg::kRowsSide;
using tenon::linalg::offset_of;

struct F16 {
  std::uint16_t bits;
};
struct BF16 {
  std::uint16_t bits;
};

constexpr std::size_t kRun = 64;  // elements that are converted at once

inline std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

// ---- In ----

inline void widen(const F16* from, std::size_t n, float* to) {
  const std::uint16_t* const p = &from->bits;
  std::size_t i = 0;
  for (; n - i >= simd::kUnit; i += simd::kUnit) simd::RowF32::store(to + i, simd::RowF16::load(p + i));
  if (i < n) simd::RowF32::store_part(to + i, simd::RowF16::load_part(p + i, n - i), n - i);
}
// GNU vectors, for the order of elements: xsimd has no batch of 16-bit floats, and RowBF16 reads even ones first.
typedef std::uint32_t Bits __attribute__((vector_size(simd::kVectorBytes)));
typedef std::uint16_t Halves __attribute__((vector_size(simd::kVectorBytes / 2)));

inline F widened(const void* from) {
  Halves halves;
  __builtin_memcpy(&halves, from, sizeof halves);
  return F(reinterpret_cast<F::register_type>(__builtin_convertvector(halves, Bits) << 16));
}
inline void widen(const BF16* from, std::size_t n, float* to) {
  std::size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) simd::store(to + i, widened(from + i));
  if (i == n) return;
  BF16 part[kLanes] = {};
  __builtin_memcpy(part, from + i, (n - i) * sizeof(BF16));
  float wide[kLanes];
  simd::store(wide, widened(part));
  __builtin_memcpy(to + i, wide, (n - i) * sizeof(float));
}
// The compiler does not see that these do not overlap.
inline void widen(const float* from, std::size_t n, float* to) {
  std::size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) simd::store(to + i, simd::load(from + i));
  __builtin_memcpy(to + i, from + i, (n - i) * sizeof(float));
}
// Every other pair of types. Unsigned sums wrap; a signed source is extended by its sign.
template <class S, class T>
inline void widen(const S* from, std::size_t n, T* to) {
  if constexpr (std::is_same_v<T, double> && (std::is_same_v<S, F16> || std::is_same_v<S, BF16>)) {
    float buffer[kRun];
    for (std::size_t i = 0; i < n; i += kRun) {
      const std::size_t count = least(kRun, n - i);
      widen(from + i, count, buffer);
      for (std::size_t j = 0; j < count; ++j) to[i + j] = static_cast<double>(buffer[j]);
    }
  } else {
    for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<T>(from[i]);
  }
}
// Elements that lie apart.
template <class S, class T>
inline void widen_apart(const S* from, std::int64_t step, std::size_t n, T* to) {
  S buffer[kRun];
  for (std::size_t i = 0; i < n; i += kRun) {
    const std::size_t count = least(kRun, n - i);
    for (std::size_t j = 0; j < count; ++j) buffer[j] = from[static_cast<std::int64_t>(i + j) * step];
    widen(buffer, count, to + i);
  }
}

// ---- Out ----

inline void narrow(const float* from, std::size_t n, F16* to) {
  std::uint16_t* const p = &to->bits;
  std::size_t i = 0;
  for (; n - i >= simd::kUnit; i += simd::kUnit) simd::RowF16::store(p + i, simd::RowF32::load(from + i));
  if (i < n) simd::RowF16::store_part(p + i, simd::RowF32::load_part(from + i, n - i), n - i);
}
// Half to even; NaN stays one.
inline Halves narrowed(const void* from) {
  Bits bits;
  __builtin_memcpy(&bits, from, sizeof bits);
  const Bits rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return __builtin_convertvector((bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16) | 0x40u : rounded, Halves);
}
inline void narrow(const float* from, std::size_t n, BF16* to) {
  std::size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) {
    const Halves halves = narrowed(from + i);
    __builtin_memcpy(to + i, &halves, sizeof halves);
  }
  if (i == n) return;
  float part[kLanes] = {};
  __builtin_memcpy(part, from + i, (n - i) * sizeof(float));
  const Halves halves = narrowed(part);
  __builtin_memcpy(to + i, &halves, (n - i) * sizeof(BF16));
}
inline void narrow(const float* from, std::size_t n, float* to) { widen(from, n, to); }
template <class T, class O>
inline void narrow(const T* from, std::size_t n, O* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<O>(from[i]);
}

// use(element): with a zero of the type behind a dtype that is summed in T.
template <class T, class Use>
inline void with_element(tenon_dtype dtype, Use use) {
  if constexpr (std::is_floating_point_v<T>) {
    if (dtype == TENON_F16) return use(F16{});
    if (dtype == TENON_BF16) return use(BF16{});
    if (dtype == TENON_F32) return use(float{});
    if constexpr (std::is_same_v<T, double>)
      if (dtype == TENON_F64) return use(double{});
  } else {
    switch (dtype) {
      case TENON_I8:
        return use(std::int8_t{});
      case TENON_UI8:
        return use(std::uint8_t{});
      case TENON_I16:
        return use(std::int16_t{});
      case TENON_UI16:
        return use(std::uint16_t{});
      case TENON_I32:
        return use(std::int32_t{});
      case TENON_UI32:
        return use(std::uint32_t{});
      default:
        break;
    }
    if constexpr (sizeof(T) == 8) return use(std::uint64_t{});
  }
}

// ---- The last step: output = alpha * sum + beta * added, rounded once ----

// How runs of sums become a run of the output; chosen once for a job.
template <class T>
struct Finish {
  bool plain;  // alpha is 1 and nothing is added
  T alpha, beta;
  std::size_t added_bytes, output_bytes;  // of an element
  void (*load)(const char* from, std::int64_t step, std::size_t n, T* to);
  void (*store)(const T* from, std::size_t n, char* to);
};

template <class S, class T>
TENON_SIMD_NOINLINE void load_run(const char* from, std::int64_t step, std::size_t n, T* to) {
  const S* const p = reinterpret_cast<const S*>(from);
  if (step == 1)
    widen(p, n, to);
  else
    widen_apart(p, step, n, to);
}
template <class T, class O>
TENON_SIMD_NOINLINE void store_run(const T* from, std::size_t n, char* to) {
  narrow(from, n, reinterpret_cast<O*>(to));
}

// An integer factor has its own dtype's value, which a signed one extends to T.
template <class T>
inline T factor_of(double value) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(value < 0 ? static_cast<T>(static_cast<std::int64_t>(value)) : static_cast<T>(value));
  else
    return static_cast<T>(value);
}

template <class T>
Finish<T> finish_of(const Job& job) {
  Finish<T> finish{};
  finish.alpha = factor_of<T>(job.alpha);
  finish.beta = factor_of<T>(job.beta);
  finish.plain = job.added == nullptr && finish.alpha == T(1);
  const auto set_store = [&](auto element) {
    finish.output_bytes = sizeof element;
    finish.store = store_run<T, decltype(element)>;
  };
  const auto set_load = [&](auto element) {
    finish.added_bytes = sizeof element;
    finish.load = load_run<decltype(element), T>;
  };
  if constexpr (std::is_same_v<T, double>) {  // whose results are f64
    set_store(double{});
    set_load(double{});
  } else {
    with_element<T>(job.output_dtype, set_store);
    with_element<T>(job.added_dtype, set_load);
  }
  return finish;
}

// Sums of n elements, one after another in `along`, from element number `first` on. `output`, `added`: where that group's element 0 is.
template <class T>
void finish_run(const Finish<T>& finish, const Group& along, std::size_t first, std::size_t n, const T* sums, char* output,
                const char* added) {
  const bool line = along.rank == 1;
  T buffer[kRun], more[kRun];
  for (std::size_t i = 0; i < n; i += kRun) {
    const std::size_t count = least(kRun, n - i), at = first + i;
    const T* values = sums + i;
    if (!finish.plain) {
      for (std::size_t j = 0; j < count; ++j) buffer[j] = values[j] * finish.alpha;
      if (added != nullptr) {
        if (line)
          finish.load(added + offset_of(along, kAdded, at) * static_cast<std::int64_t>(finish.added_bytes), along.steps[kAdded][0], count,
                      more);
        else
          for (std::size_t j = 0; j < count; ++j)
            finish.load(added + offset_of(along, kAdded, at + j) * static_cast<std::int64_t>(finish.added_bytes), 1, 1, more + j);
        for (std::size_t j = 0; j < count; ++j) buffer[j] = buffer[j] + more[j] * finish.beta;
      }
      values = buffer;
    }
    if (line && along.steps[kOutput][0] == 1) {
      finish.store(values, count, output + offset_of(along, kOutput, at) * static_cast<std::int64_t>(finish.output_bytes));
      continue;
    }
    alignas(64) char elements[kRun * sizeof(T)];
    finish.store(values, count, elements);
    for (std::size_t j = 0; j < count; ++j)
      __builtin_memcpy(output + offset_of(along, kOutput, at + j) * static_cast<std::int64_t>(finish.output_bytes),
                       elements + j * finish.output_bytes, finish.output_bytes);
  }
}

}  // namespace
