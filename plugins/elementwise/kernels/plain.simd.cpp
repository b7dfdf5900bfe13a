// Chunk functions of integers, booleans and f64: plain loops, which the compiler turns into the level's vectors.
#include <math.h>

#include "plugins/elementwise/kernels/job.h"

// Before a loop whose iterations touch only their own elements, also where the result is an operand's memory. Clang has only a demand,
// which fails the build where a loop cannot become vectors, so there it compares the addresses itself.
#if defined(__clang__)
#define TENON_EACH_ALONE
#else
#define TENON_EACH_ALONE _Pragma("GCC ivdep")
#endif

namespace {

using namespace tenon::elementwise;

using I1 = unsigned char;
using I32 = int32_t;
using I64 = int64_t;
using F64 = double;

// kFunction of the elements. An operand of one element becomes a piece of the first-level cache, so that there is one loop.
constexpr size_t kPiece = 256;

template <class T>
const T* operand(const Chunk& c, int o, T* piece, size_t count) {
  const T* const data = reinterpret_cast<const T*>(c.in[o]);
  if (!c.one[o]) return data;
  const T value = *data;
  for (size_t i = 0; i < count; ++i) piece[i] = value;
  return piece;
}
inline size_t first_piece(const Chunk& c, int operands) {
  bool one = false;
  for (int o = 0; o < operands; ++o) one = one || c.one[o];
  return one && c.count > kPiece ? kPiece : c.count;
}

template <class T, class R, auto kFunction>
void unary(const Job&, const Chunk& c) {
  T piece[kPiece];
  const size_t most = first_piece(c, 1);
  const T* x = operand(c, 0, piece, most);
  R* out = reinterpret_cast<R*>(c.out);
  for (size_t at = 0; at < c.count; at += most) {
    const size_t count = c.count - at < most ? c.count - at : most;
    TENON_EACH_ALONE
    for (size_t i = 0; i < count; ++i) out[at + i] = kFunction(x[i]);
    x += c.one[0] ? 0 : most;
  }
}
template <class T, class R, auto kFunction>
void binary(const Job&, const Chunk& c) {
  T pieces[2][kPiece];
  const size_t most = first_piece(c, 2);
  const T *x = operand(c, 0, pieces[0], most), *y = operand(c, 1, pieces[1], most);
  R* out = reinterpret_cast<R*>(c.out);
  for (size_t at = 0; at < c.count; at += most) {
    const size_t count = c.count - at < most ? c.count - at : most;
    TENON_EACH_ALONE
    for (size_t i = 0; i < count; ++i) out[at + i] = kFunction(x[i], y[i]);
    x += c.one[0] ? 0 : most;
    y += c.one[1] ? 0 : most;
  }
}
// First: the type of the first operand.
template <class First, class T, auto kFunction>
void ternary(const Job&, const Chunk& c) {
  First piece[kPiece];
  T pieces[2][kPiece];
  const size_t most = first_piece(c, 3);
  const First* x = operand(c, 0, piece, most);
  const T *y = operand(c, 1, pieces[0], most), *z = operand(c, 2, pieces[1], most);
  T* out = reinterpret_cast<T*>(c.out);
  for (size_t at = 0; at < c.count; at += most) {
    const size_t count = c.count - at < most ? c.count - at : most;
    TENON_EACH_ALONE
    for (size_t i = 0; i < count; ++i) out[at + i] = kFunction(x[i], y[i], z[i]);
    x += c.one[0] ? 0 : most;
    y += c.one[1] ? 0 : most;
    z += c.one[2] ? 0 : most;
  }
}

// ---- Functions. Integers wrap: they are added as unsigned ones. ----
template <class T>
struct Wrapping {
  using Type = T;
};
template <>
struct Wrapping<I32> {
  using Type = uint32_t;
};
template <>
struct Wrapping<I64> {
  using Type = uint64_t;
};
template <class T>
using W = typename Wrapping<T>::Type;

template <class T>
constexpr bool kIsFloat = T(0.5) != T(0);

template <class T>
T add(T x, T y) {
  return T(W<T>(x) + W<T>(y));
}
template <class T>
T subtract(T x, T y) {
  return T(W<T>(x) - W<T>(y));
}
template <class T>
T multiply(T x, T y) {
  return T(W<T>(x) * W<T>(y));
}
// By 0 all ones; the lowest number by -1 is itself.
template <class T>
T divide(T x, T y) {
  if constexpr (kIsFloat<T>)
    return x / y;
  else
    return y == 0 ? T(-1) : y == -1 ? T(W<T>(0) - W<T>(x)) : T(x / y);
}
template <class T>
T remainder_of(T x, T y) {
  if constexpr (kIsFloat<T>)
    return fmod(x, y);
  else
    return y == 0 ? x : y == -1 ? T(0) : T(x % y);
}
template <class T>
T modulo(T x, T y) {
  const T r = remainder_of(x, y);
  return r != 0 && (r < 0) != (y < 0) ? add(r, y) : r;
}
// NaN wins, then +0 over -0.
template <class T>
T larger(T x, T y) {
  if constexpr (kIsFloat<T>)
    return x != x ? x : x > y || (x == y && !signbit(x)) ? x : y;
  else
    return x > y ? x : y;
}
template <class T>
T smaller(T x, T y) {
  if constexpr (kIsFloat<T>)
    return x != x ? x : x < y || (x == y && signbit(x)) ? x : y;
  else
    return x < y ? x : y;
}
template <class T>
T clamp(T x, T low, T high) {
  return smaller(larger(x, low), high);
}
template <class T>
T both(T x, T y) {
  return T(x & y);
}
template <class T>
T either(T x, T y) {
  return T(x | y);
}
template <class T>
T differing(T x, T y) {
  return T(x ^ y);
}
template <class T>
I1 equal(T x, T y) {
  return x == y;
}
template <class T>
I1 not_equal(T x, T y) {
  return x != y;
}
template <class T>
I1 less(T x, T y) {
  return x < y;
}
template <class T>
I1 less_equal(T x, T y) {
  return x <= y;
}
template <class T>
I1 greater(T x, T y) {
  return x > y;
}
template <class T>
I1 greater_equal(T x, T y) {
  return x >= y;
}
template <class T>
T absolute(T x) {
  if constexpr (kIsFloat<T>)
    return fabs(x);
  else
    return x < 0 ? T(W<T>(0) - W<T>(x)) : x;
}
template <class T>
T negate(T x) {
  if constexpr (kIsFloat<T>)
    return -x;
  else
    return T(W<T>(0) - W<T>(x));
}
template <class T>
T sign(T x) {
  return x > 0 ? T(1) : x < 0 ? T(-1) : x;
}
template <class T>
T square(T x) {
  return multiply(x, x);
}
template <class T>
T relu(T x) {
  return x <= 0 ? T(0) : x;
}
template <class T>
T inverted(T x) {
  return T(~x);
}
I1 inverted_truth(I1 x) { return x == 0; }
F64 reciprocal(F64 x) { return 1 / x; }
F64 square_root(F64 x) { return __builtin_sqrt(x); }
F64 reciprocal_square_root(F64 x) { return 1 / __builtin_sqrt(x); }
F64 leaky_relu(F64 x, F64 slope) { return x > 0 ? x : slope * x; }
template <class T>
T chosen(I1 condition, T a, T b) {
  return condition != 0 ? a : b;
}
template <class T>
T same(T x) {
  return x;
}

// ---- By function and dtype ----
template <class T>
ChunkFn of_numbers(Fn fn) {
  switch (fn) {
    case Fn::Divide:
      return binary<T, T, divide<T>>;
    case Fn::Remainder:
      return binary<T, T, remainder_of<T>>;
    case Fn::Mod:
      return binary<T, T, modulo<T>>;
    case Fn::Maximum:
      return binary<T, T, larger<T>>;
    case Fn::Minimum:
      return binary<T, T, smaller<T>>;
    case Fn::Clamp:
      return ternary<T, T, clamp<T>>;
    case Fn::Abs:
      return unary<T, T, absolute<T>>;
    case Fn::Sign:
      return unary<T, T, sign<T>>;
    case Fn::Relu:
      return unary<T, T, relu<T>>;
    default:
      return nullptr;
  }
}
// What is the same for unsigned integers.
template <class T>
ChunkFn of_wrapping(Fn fn) {
  switch (fn) {
    case Fn::Add:
      return binary<T, T, add<T>>;
    case Fn::Subtract:
      return binary<T, T, subtract<T>>;
    case Fn::Multiply:
      return binary<T, T, multiply<T>>;
    case Fn::Negate:
      return unary<T, T, negate<T>>;
    case Fn::Square:
      return unary<T, T, square<T>>;
    case Fn::Equal:
      return binary<T, I1, equal<T>>;
    case Fn::NotEqual:
      return binary<T, I1, not_equal<T>>;
    default:
      return nullptr;
  }
}
template <class T>
ChunkFn of_ordered(Fn fn) {
  switch (fn) {
    case Fn::Less:
      return binary<T, I1, less<T>>;
    case Fn::LessEqual:
      return binary<T, I1, less_equal<T>>;
    case Fn::Greater:
      return binary<T, I1, greater<T>>;
    case Fn::GreaterEqual:
      return binary<T, I1, greater_equal<T>>;
    default:
      return nullptr;
  }
}
template <class T>
ChunkFn of_bits(Fn fn) {
  switch (fn) {
    case Fn::And:
      return binary<T, T, both<T>>;
    case Fn::Or:
      return binary<T, T, either<T>>;
    case Fn::Xor:
      return binary<T, T, differing<T>>;
    case Fn::Not:
      return unary<T, T, inverted<T>>;
    default:
      return nullptr;
  }
}
ChunkFn of_truth(Fn fn) {
  switch (fn) {
    case Fn::Maximum:
      return of_bits<I1>(Fn::Or);
    case Fn::Minimum:
      return of_bits<I1>(Fn::And);
    case Fn::Not:
      return unary<I1, I1, inverted_truth>;
    case Fn::Equal:
      return binary<I1, I1, equal<I1>>;
    case Fn::NotEqual:
      return of_bits<I1>(Fn::Xor);
    default:
      break;
  }
  const ChunkFn ordered = of_ordered<I1>(fn);
  return ordered != nullptr ? ordered : of_bits<I1>(fn);
}
ChunkFn of_f64(Fn fn) {
  switch (fn) {
    case Fn::Reciprocal:
      return unary<F64, F64, reciprocal>;
    case Fn::Sqrt:
      return unary<F64, F64, square_root>;
    case Fn::Rsqrt:
      return unary<F64, F64, reciprocal_square_root>;
    case Fn::LeakyRelu:
      return binary<F64, F64, leaky_relu>;
    default:
      return nullptr;
  }
}
// What moves data: of any dtype of that size.
template <class T>
ChunkFn of_data(Fn fn) {
  return fn == Fn::Select ? ternary<I1, T, chosen<T>> : fn == Fn::Identity ? unary<T, T, same<T>> : nullptr;
}

ChunkFn first_of(ChunkFn a, ChunkFn b, ChunkFn c = nullptr, ChunkFn d = nullptr) {
  return a != nullptr ? a : b != nullptr ? b : c != nullptr ? c : d;
}

// dtype: of the operands; of Select that of the second and third.
ChunkFn find(Fn fn, tenon_dtype dtype) {
  if (fn == Fn::Select || fn == Fn::Identity) switch (dtype) {
      case TENON_F64:
      case TENON_I64:
      case TENON_UI64:
        return of_data<uint64_t>(fn);
      case TENON_F32:
      case TENON_I32:
      case TENON_UI32:
        return of_data<uint32_t>(fn);
      case TENON_F16:
      case TENON_BF16:
      case TENON_I16:
      case TENON_UI16:
        return of_data<uint16_t>(fn);
      default:
        return of_data<uint8_t>(fn);
    }
  switch (dtype) {
    case TENON_I1:
      return of_truth(fn);
    case TENON_UI32:
      return first_of(of_wrapping<I32>(fn), of_bits<I32>(fn));
    case TENON_UI64:
      return first_of(of_wrapping<I64>(fn), of_bits<I64>(fn));
    case TENON_I32:
      return first_of(of_numbers<I32>(fn), of_wrapping<I32>(fn), of_ordered<I32>(fn), of_bits<I32>(fn));
    case TENON_I64:
      return first_of(of_numbers<I64>(fn), of_wrapping<I64>(fn), of_ordered<I64>(fn), of_bits<I64>(fn));
    case TENON_F64:
      return first_of(of_numbers<F64>(fn), of_wrapping<F64>(fn), of_ordered<F64>(fn), of_f64(fn));
    default:
      return nullptr;
  }
}

}  // namespace

namespace tenon::elementwise::TENON_SIMD_NAMESPACE {
extern const PlainTable plain;
const PlainTable plain = {find};
}  // namespace tenon::elementwise::TENON_SIMD_NAMESPACE
