// cumsum, by the very additions of the lowering: log2(n) steps, each of which adds the array to itself, shifted by twice as much as before.
// So the result is the lowering's, bit by bit, and the error of a sum of n terms grows with log2(n). Some columns beside the axis are taken
// together: then a shift is by whole rows of them. Integers wrap, so their order does not matter: they are added one after the other.
#include <type_traits>

#include "plugins/reductions/cumulative/job.h"
#include "plugins/support/simd_rows.hpp"

namespace {

using namespace simd;
using namespace tenon::reductions;
using namespace tenon::reductions::cumulative;

// ---- Elements, as they are added ----

struct F32Element {
  using T = float;
  using Sum = float;
  static void load(const T* from, std::size_t n, Sum* to) { __builtin_memcpy(to, from, n * sizeof(T)); }
  static void store(const Sum* from, std::size_t n, T* to) { __builtin_memcpy(to, from, n * sizeof(T)); }
};
struct F64Element {
  using T = double;
  using Sum = double;
  static void load(const T* from, std::size_t n, Sum* to) { __builtin_memcpy(to, from, n * sizeof(T)); }
  static void store(const Sum* from, std::size_t n, T* to) { __builtin_memcpy(to, from, n * sizeof(T)); }
};
struct F16Element {
  using T = std::uint16_t;
  using Sum = float;
  static void load(const T* from, std::size_t n, Sum* to) {
    std::size_t i = 0;
    for (; n - i >= kUnit; i += kUnit) RowF32::store(to + i, RowF16::load(from + i));
    if (i < n) RowF32::store_part(to + i, RowF16::load_part(from + i, n - i), n - i);
  }
  static void store(const Sum* from, std::size_t n, T* to) {
    std::size_t i = 0;
    for (; n - i >= kUnit; i += kUnit) RowF16::store(to + i, RowF32::load(from + i));
    if (i < n) RowF16::store_part(to + i, RowF32::load_part(from + i, n - i), n - i);
  }
};
struct BF16Element {
  using T = std::uint16_t;
  using Sum = float;
  static void load(const T* from, std::size_t n, Sum* to) {
    for (std::size_t i = 0; i < n; ++i) to[i] = __builtin_bit_cast(float, static_cast<std::uint32_t>(from[i]) << 16);
  }
  static void store(const Sum* from, std::size_t n, T* to) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto all = __builtin_bit_cast(std::uint32_t, from[i]);
      const std::uint32_t rounded = (all + 0x7fffu + ((all >> 16) & 1u)) >> 16;
      to[i] = static_cast<T>((all & 0x7fffffffu) > 0x7f800000u ? (all >> 16) | 0x40u : rounded);
    }
  }
};
template <class Word>
struct WordElement {
  using T = Word;
  using Sum = Word;
  static void load(const T* from, std::size_t n, Sum* to) { __builtin_memcpy(to, from, n * sizeof(T)); }
  static void store(const Sum* from, std::size_t n, T* to) { __builtin_memcpy(to, from, n * sizeof(T)); }
};

// ---- Sums ----

// Of `size` elements, in steps of `row`; returns the buffer that holds them.
template <class Sum>
TENON_SIMD_NOINLINE Sum* add_up(Sum* __restrict from, Sum* __restrict to, std::size_t size, std::size_t row) {
  if constexpr (std::is_integral_v<Sum>) {
    for (std::size_t i = row; i < size; ++i) from[i] = static_cast<Sum>(from[i] + from[i - row]);
    return from;
  } else {
    for (std::size_t shift = row; shift < size; shift *= 2) {
      __builtin_memcpy(to, from, shift * sizeof(Sum));
      for (std::size_t i = shift; i < size; ++i) to[i] = from[i] + from[i - shift];
      Sum* const done = to;
      to = from;
      from = done;
    }
    return from;
  }
}

template <class Element>
void run_tasks(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  using T = typename Element::T;
  using Sum = typename Element::Sum;
  char* const memory = job.buffers + slot * job.slot_bytes;
  Sum* const first = reinterpret_cast<Sum*>(memory);
  Sum* const second = reinterpret_cast<Sum*>(memory + job.slot_bytes / 3 / 64 * 64);
  T* const elements = reinterpret_cast<T*>(memory + 2 * (job.slot_bytes / 3 / 64 * 64));
  const std::size_t n = job.length;
  for (std::size_t task = begin; task < end; ++task) {
    const Cursor at(job.kept, task / job.strips);
    const std::size_t from = task % job.strips * job.columns;
    const std::size_t row = job.inner.count - from < job.columns ? job.inner.count - from : job.columns;
    const T* const x = reinterpret_cast<const T*>(job.x) + at.x;
    T* const y = reinterpret_cast<T*>(job.y) + at.y;
    const auto place = [&](std::size_t i) { return static_cast<std::int64_t>(job.reverse ? n - 1 - i : i); };
    // In.
    const bool plain = row == 1 && job.x_stride == 1 && !job.reverse;
    if (plain) {
      Element::load(x + Cursor(job.inner, from).x, n, first);
    } else if (x_is_contiguous(job.inner) && row > 1) {
      for (std::size_t i = 0; i < n; ++i) Element::load(x + place(i) * job.x_stride + from, row, first + i * row);
    } else {
      for (std::size_t i = 0; i < n; ++i) gather(job.inner, x + place(i) * job.x_stride, from, row, elements + i * row);
      Element::load(elements, n * row, first);
    }
    Sum* const sums = add_up(first, second, n * row, row);
    // Out: exclusive sums are those of the element before; the first is of none.
    const auto source = [&](std::size_t i) { return job.exclusive ? sums + (i - 1) * row : sums + i * row; };
    const std::size_t skip = job.exclusive && n > 0 ? 1 : 0;
    Element::store(source(skip), (n - skip) * row, elements + skip * row);
    for (std::size_t j = 0; skip != 0 && j < row; ++j) elements[j] = 0;
    if (row == 1 && job.y_stride == 1 && !job.reverse) {
      __builtin_memcpy(y + Cursor(job.inner, from).y, elements, n * sizeof(T));
    } else if (y_is_contiguous(job.inner)) {
      for (std::size_t i = 0; i < n; ++i) __builtin_memcpy(y + place(i) * job.y_stride + from, elements + i * row, row * sizeof(T));
    } else {
      for (std::size_t i = 0; i < n; ++i) scatter(job.inner, elements + i * row, from, row, y + place(i) * job.y_stride);
    }
  }
}

void run(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  switch (job.dtype) {
    case TENON_F32:
      return run_tasks<F32Element>(job, begin, end, slot);
    case TENON_F64:
      return run_tasks<F64Element>(job, begin, end, slot);
    case TENON_F16:
      return run_tasks<F16Element>(job, begin, end, slot);
    case TENON_BF16:
      return run_tasks<BF16Element>(job, begin, end, slot);
    default:
      break;
  }
  switch (job.element_bytes) {
    case 1:
      return run_tasks<WordElement<std::uint8_t>>(job, begin, end, slot);
    case 2:
      return run_tasks<WordElement<std::uint16_t>>(job, begin, end, slot);
    case 4:
      return run_tasks<WordElement<std::uint32_t>>(job, begin, end, slot);
    default:
      return run_tasks<WordElement<std::uint64_t>>(job, begin, end, slot);
  }
}

}  // namespace

namespace tenon::reductions::cumulative::TENON_SIMD_NAMESPACE {
extern const Table table;
const Table table = {run};
}  // namespace tenon::reductions::cumulative::TENON_SIMD_NAMESPACE
