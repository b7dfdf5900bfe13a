// argmax and argmin. Each element becomes a signed integer of its width, its key: the order of keys is that of elements, -0 and +0 have the
// same, NaN the largest, and for argmin all is reversed. So the loops know neither NaN nor which extreme is wanted, and each width of
// elements has one: the largest key of each block of a row, then the place in the first (or last) block that has it.
#include <limits>
#include <type_traits>

#include "plugins/reductions/arg_reduce/job.h"
#include "plugins/support/simd.hpp"

namespace {

using namespace tenon::reductions;
using namespace tenon::reductions::arg;

// T: signed, of the elements' width.
template <class T>
struct IntegerKey {
  T flip;
  explicit IntegerKey(const Job& job)
      : flip(static_cast<T>((job.is_signed ? T{0} : std::numeric_limits<T>::min()) ^ (job.smallest ? T{-1} : T{0}))) {}
  T operator()(T x) const { return static_cast<T>(x ^ flip); }
};
template <class T>
struct FloatKey {
  T reversed, infinity;
  explicit FloatKey(const Job& job)
      : reversed(job.smallest ? T{-1} : T{0}),
        infinity(static_cast<T>(job.dtype == TENON_F64   ? 0x7ff0000000000000
                                : job.dtype == TENON_F32 ? 0x7f800000
                                : job.dtype == TENON_F16 ? 0x7c00
                                                         : 0x7f80)) {}
  T operator()(T x) const {
    const T magnitude = static_cast<T>(x & std::numeric_limits<T>::max());
    const T sign = static_cast<T>((x >> (8 * sizeof(T) - 1)) ^ reversed);
    const T key = static_cast<T>((magnitude ^ sign) - sign);
    // All ones for NaN; not as a condition, which the compiler would turn into a branch of the loop.
    const T nan = static_cast<T>(static_cast<T>(infinity - magnitude) >> (8 * sizeof(T) - 1));
    return static_cast<T>((key & ~nan) | (nan & std::numeric_limits<T>::max()));
  }
};

void put(const Job& job, std::int64_t y, std::size_t index) {
  if (job.wide_index)
    reinterpret_cast<std::int64_t*>(job.y)[y] = static_cast<std::int64_t>(index);
  else
    reinterpret_cast<std::int32_t*>(job.y)[y] = static_cast<std::int32_t>(index);
}

template <class T, class Key>
TENON_SIMD_NOINLINE T largest_of(const T* p, std::size_t n, Key key) {
  T out = std::numeric_limits<T>::min();
  for (std::size_t i = 0; i < n; ++i) {
    const T k = key(p[i]);
    out = k > out ? k : out;
  }
  return out;
}
template <class T, class Key>
TENON_SIMD_NOINLINE std::int32_t place_of(const T* p, std::int32_t n, Key key, T wanted, bool last) {
  std::int32_t first = n, final = 0;
  if (last) {
    for (std::int32_t i = 0; i < n; ++i) final = key(p[i]) == wanted ? i : final;
    return final;
  }
  for (std::int32_t i = 0; i < n; ++i) first = key(p[i]) == wanted && i < first ? i : first;
  return first;
}

template <class T, class Key>
void run_rows(const Job& job, Key key, std::size_t begin, std::size_t end, std::size_t slot) {
  T* const gathered = reinterpret_cast<T*>(job.buffers + slot * job.slot_bytes);
  Cursor at(job.kept, begin);
  for (std::size_t task = begin; task < end; ++task, at.next()) {
    const T* const x = reinterpret_cast<const T*>(job.x) + at.x;
    const auto block = [&](std::size_t i, std::size_t n) -> const T* {
      if (job.stride == 1) return x + i;
      for (std::size_t j = 0; j < n; ++j) gathered[j] = x[static_cast<std::int64_t>(i + j) * job.stride];
      return gathered;
    };
    const auto size = [&](std::size_t i) { return job.length - i < kBlock ? job.length - i : kBlock; };
    T best{};
    std::size_t found = 0;
    for (std::size_t i = 0; i < job.length; i += kBlock) {
      const T largest = largest_of(block(i, size(i)), size(i), key);
      if (i != 0 && (job.last ? largest < best : largest <= best)) continue;
      best = largest;
      found = i;
    }
    const auto n = static_cast<std::int32_t>(size(found));
    put(job, at.y, found + static_cast<std::size_t>(place_of(block(found, size(found)), n, key, best, job.last)));
  }
}

// Index: of the elements' width where the axis is that short, for one width of lanes.
template <class T, class Key, class Index>
void run_columns(const Job& job, Key key, std::size_t begin, std::size_t end, std::size_t slot) {
  T* const best = reinterpret_cast<T*>(job.buffers + slot * job.slot_bytes);
  T* const gathered = best + kStrip;
  Index* const index = reinterpret_cast<Index*>(job.buffers + slot * job.slot_bytes + 16 * kStrip);
  for (std::size_t task = begin; task < end; ++task) {
    const Cursor at(job.kept, task / job.strips);
    const std::size_t first = task % job.strips * kStrip;
    const std::size_t width = job.inner.count - first < kStrip ? job.inner.count - first : kStrip;
    const bool contiguous = x_is_contiguous(job.inner);
    for (std::size_t r = 0; r < job.length; ++r) {
      const T* row = reinterpret_cast<const T*>(job.x) + at.x + static_cast<std::int64_t>(r) * job.stride;
      if (contiguous) {
        row += first;
      } else {
        gather(job.inner, row, first, width, gathered);
        row = gathered;
      }
      T* __restrict b = best;
      Index* __restrict where = index;
      const T* __restrict x = row;
      const auto here = static_cast<Index>(r);
      if (r == 0) {
        for (std::size_t j = 0; j < width; ++j) {
          b[j] = key(x[j]);
          where[j] = 0;
        }
      } else if (job.last) {
        for (std::size_t j = 0; j < width; ++j) {
          const T k = key(x[j]);
          where[j] = k >= b[j] ? here : where[j];
          b[j] = k >= b[j] ? k : b[j];
        }
      } else {
        for (std::size_t j = 0; j < width; ++j) {
          const T k = key(x[j]);
          where[j] = k > b[j] ? here : where[j];
          b[j] = k > b[j] ? k : b[j];
        }
      }
    }
    Cursor out(job.inner, first);
    for (std::size_t j = 0; j < width; ++j, out.next()) put(job, at.y + out.y, static_cast<std::size_t>(index[j]));
  }
}

template <class T, class Key>
void run_keys(const Job& job, Key key, std::size_t begin, std::size_t end, std::size_t slot) {
  if (!job.columns) return run_rows<T>(job, key, begin, end, slot);
  if (sizeof(T) > 1 && job.length <= static_cast<std::uint64_t>(std::numeric_limits<T>::max()))
    run_columns<T, Key, T>(job, key, begin, end, slot);
  else
    run_columns<T, Key, std::int64_t>(job, key, begin, end, slot);
}

void run(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  switch (job.element_bytes) {
    case 1:
      return run_keys<std::int8_t>(job, IntegerKey<std::int8_t>(job), begin, end, slot);
    case 2:
      return job.is_float ? run_keys<std::int16_t>(job, FloatKey<std::int16_t>(job), begin, end, slot)
                          : run_keys<std::int16_t>(job, IntegerKey<std::int16_t>(job), begin, end, slot);
    case 4:
      return job.is_float ? run_keys<std::int32_t>(job, FloatKey<std::int32_t>(job), begin, end, slot)
                          : run_keys<std::int32_t>(job, IntegerKey<std::int32_t>(job), begin, end, slot);
    default:
      return job.is_float ? run_keys<std::int64_t>(job, FloatKey<std::int64_t>(job), begin, end, slot)
                          : run_keys<std::int64_t>(job, IntegerKey<std::int64_t>(job), begin, end, slot);
  }
}

}  // namespace

namespace tenon::reductions::arg::TENON_SIMD_NAMESPACE {
extern const Table table;
const Table table = {run};
}  // namespace tenon::reductions::arg::TENON_SIMD_NAMESPACE
