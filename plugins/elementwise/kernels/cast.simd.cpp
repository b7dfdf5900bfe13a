// Chunk functions of cast where an integer, i1 or f64 is on one side: plain loops. f16 and bf16 go to f32 first, which is exact; to them
// only what f32 holds goes, because a second rounding would show.
#include "plugins/elementwise/kernels/job.h"

namespace {

using namespace tenon::elementwise;

struct Truth {  // i1: a byte of its own type, because nothing else turns into it as into a number
  unsigned char value;
};

template <class T>
constexpr bool kIsFloat = false;
template <>
constexpr bool kIsFloat<float> = true;
template <>
constexpr bool kIsFloat<double> = true;

// The ends of an integer type.
template <class T>
constexpr T kLowest = T(T(-1) < T(0) ? T(1) << (8 * sizeof(T) - 1) : 0);
template <>
constexpr int64_t kLowest<int64_t> = -0x7fffffffffffffff - 1;
template <>
constexpr int32_t kLowest<int32_t> = -0x7fffffff - 1;
template <class T>
constexpr T kHighest = T(~kLowest<T>);

template <class From, class To>
inline To converted(From x) {
  if constexpr (kIsFloat<From> && !kIsFloat<To>) {                                                   // truncates and saturates; NaN is 0
    constexpr From kLow = From(kLowest<To>), kEnd = From(2) * From(uint64_t(kHighest<To>) / 2 + 1);  // the first that is too large
    const bool fits = x > kLow && x < kEnd;
    const To inside = To(fits ? x : From(0));
    return fits ? inside : x <= kLow ? kLowest<To> : x >= kEnd ? kHighest<To> : To(0);
  } else {
    return To(x);
  }
}
template <class From, class To>
inline To value_of(From x) {
  if constexpr (sizeof(To) == sizeof(Truth) && __is_same(To, Truth))
    return {x != From(0)};
  else
    return converted<From, To>(x);
}

template <class From, class To>
void convert(const From* from, char* to, size_t count) {
  To* out = reinterpret_cast<To*>(to);
  for (size_t i = 0; i < count; ++i) {
    if constexpr (__is_same(From, Truth))
      out[i] = value_of<unsigned char, To>(from[i].value != 0);
    else
      out[i] = value_of<From, To>(from[i]);
  }
}

template <class From, class To>
void cast(const Job&, const Chunk& c) {
  const From* from = reinterpret_cast<const From*>(c.in[0]);
  if (!c.one[0]) return convert<From, To>(from, c.out, c.count);
  for (size_t i = 0; i < c.count; ++i) convert<From, To>(from, c.out + i * sizeof(To), 1);
}

constexpr size_t kBlock = 512;

template <class To>
void cast_half(const Job& job, const Chunk& c) {
  alignas(64) float wide[kBlock];
  for (size_t at = 0; at < c.count; at += kBlock) {
    const size_t count = c.count - at < kBlock ? c.count - at : kBlock;
    job.widen(job.in[0], c.in[0] + (c.one[0] ? 0 : at * 2), wide, c.one[0] ? 1 : count);
    if (c.one[0])
      for (size_t i = 1; i < count; ++i) wide[i] = wide[0];
    convert<float, To>(wide, c.out + at * sizeof(To), count);
  }
}

template <class To>
ChunkFn to_type(tenon_dtype from) {
  switch (from) {
    case TENON_I1:
      return cast<Truth, To>;
    case TENON_I8:
      return cast<int8_t, To>;
    case TENON_UI8:
      return cast<uint8_t, To>;
    case TENON_I32:
      return cast<int32_t, To>;
    case TENON_I64:
      return cast<int64_t, To>;
    case TENON_F16:
    case TENON_BF16:
      return cast_half<To>;
    case TENON_F32:
      return cast<float, To>;
    case TENON_F64:
      return cast<double, To>;
    default:
      return nullptr;
  }
}

ChunkFn find(tenon_dtype from, tenon_dtype to) {
  switch (to) {
    case TENON_I1:
      return to_type<Truth>(from);
    case TENON_I8:
      return to_type<int8_t>(from);
    case TENON_UI8:
      return to_type<uint8_t>(from);
    case TENON_I32:
      return to_type<int32_t>(from);
    case TENON_I64:
      return to_type<int64_t>(from);
    case TENON_F32:
      return to_type<float>(from);
    case TENON_F64:
      return to_type<double>(from);
    default:
      return nullptr;
  }
}

}  // namespace

namespace tenon::elementwise::TENON_SIMD_NAMESPACE {
extern const CastTable cast;
const CastTable cast = {find};
}  // namespace tenon::elementwise::TENON_SIMD_NAMESPACE
