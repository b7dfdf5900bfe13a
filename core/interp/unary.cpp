// Elementwise functions of one operand. Transcendental functions compute in double and are rounded once by the store.
#include <bit>
#include <cmath>

#include "core/interp/loop_templates.h"

namespace tenon::interp {
namespace {

using stablehlo::OpCode;

template <class E>
using C = typename E::Compute;

struct Floats {
  template <class E>
  static constexpr bool kFor = E::kFloat;
};
struct Integers {
  template <class E>
  static constexpr bool kFor = E::kInteger;
};

// A function of one double.
template <double (*kFunction)(double)>
struct InDouble : Floats {
  template <class E>
  static C<E> apply(C<E> x) {
    return static_cast<C<E>>(kFunction(static_cast<double>(x)));
  }
};

double cbrt_of(double x) { return std::cbrt(x); }
double cos_of(double x) { return std::cos(x); }
double exp_of(double x) { return std::exp(x); }
double expm1_of(double x) { return std::expm1(x); }
double log_of(double x) { return std::log(x); }
double log1p_of(double x) { return std::log1p(x); }
double logistic_of(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double rsqrt_of(double x) { return 1.0 / std::sqrt(x); }
double sin_of(double x) { return std::sin(x); }
double tan_of(double x) { return std::tan(x); }
double tanh_of(double x) { return std::tanh(x); }
double afz_of(double x) { return std::round(x); }

struct Sqrt : Floats {  // correctly rounded in float as it is
  template <class E>
  static C<E> apply(C<E> x) {
    return std::sqrt(x);
  }
};
struct Ceil : Floats {
  template <class E>
  static C<E> apply(C<E> x) {
    return std::ceil(x);
  }
};
struct Floor : Floats {
  template <class E>
  static C<E> apply(C<E> x) {
    return std::floor(x);
  }
};
struct RoundEven : Floats {
  template <class E>
  static C<E> apply(C<E> x) {
    return std::nearbyint(x);
  }  // kernels and interpreter run in the default rounding mode
};

struct Abs {
  template <class E>
  static constexpr bool kFor = E::kFloat || E::kInteger;
  template <class E>
  static C<E> apply(C<E> x) {
    if constexpr (E::kFloat)
      return std::fabs(x);
    else if constexpr (E::kSigned)
      return x < 0 ? static_cast<C<E>>(0u - static_cast<std::uint64_t>(x)) : x;  // |lowest| = lowest
    else
      return x;
  }
};
struct Negate {
  template <class E>
  static constexpr bool kFor = E::kFloat || E::kInteger;
  template <class E>
  static C<E> apply(C<E> x) {
    if constexpr (E::kFloat)
      return -x;
    else
      return static_cast<C<E>>(0u - static_cast<std::uint64_t>(x));
  }
};
struct Sign {
  template <class E>
  static constexpr bool kFor = E::kFloat || E::kInteger;
  template <class E>
  static C<E> apply(C<E> x) {
    if constexpr (E::kFloat)
      return x > 0 ? C<E>{1} : x < 0 ? C<E>{-1} : x;  // NaN and both zeros stay
    else if constexpr (E::kSigned)
      return (x > 0) - (x < 0);
    else
      return x != 0;
  }
};

template <class E>
std::uint64_t pattern(C<E> x) {  // the element's own bits, zero above
  if constexpr (E::kBits == 64)
    return static_cast<std::uint64_t>(x);
  else
    return static_cast<std::uint64_t>(x) & ((std::uint64_t{1} << E::kBits) - 1);
}
struct Not {
  template <class E>
  static constexpr bool kFor = E::kBool || E::kInteger;
  template <class E>
  static C<E> apply(C<E> x) {
    return static_cast<C<E>>(~static_cast<std::uint64_t>(x));
  }  // i1: the store keeps the lowest bit
};
struct Popcount : Integers {
  template <class E>
  static C<E> apply(C<E> x) {
    return static_cast<C<E>>(std::popcount(pattern<E>(x)));
  }
};
struct LeadingZeros : Integers {
  template <class E>
  static C<E> apply(C<E> x) {
    return static_cast<C<E>>(std::countl_zero(pattern<E>(x)) - (64 - E::kBits));
  }
};

template <class E>
void is_finite_run(const LoopArgs& a) {
  for (std::int64_t i = 0; i < a.n; ++i)
    a.out[i * a.out_step] = static_cast<std::byte>(std::isfinite(E::load(a.in[0] + i * a.in_step[0])) ? 1 : 0);
}

}  // namespace

Loop unary_loop(OpCode code, DType dtype) {
  switch (code) {
    case OpCode::Abs:
      return unary_for<Abs>(dtype);
    case OpCode::Cbrt:
      return unary_for<InDouble<cbrt_of>>(dtype);
    case OpCode::Ceil:
      return unary_for<Ceil>(dtype);
    case OpCode::Cosine:
      return unary_for<InDouble<cos_of>>(dtype);
    case OpCode::Exponential:
      return unary_for<InDouble<exp_of>>(dtype);
    case OpCode::ExponentialMinusOne:
      return unary_for<InDouble<expm1_of>>(dtype);
    case OpCode::Floor:
      return unary_for<Floor>(dtype);
    case OpCode::IsFinite:
      return with_dtype(dtype, []<DType D>() -> Loop {
        if constexpr (Element<D>::kFloat)
          return is_finite_run<Element<D>>;
        else
          return nullptr;
      });
    case OpCode::Log:
      return unary_for<InDouble<log_of>>(dtype);
    case OpCode::LogPlusOne:
      return unary_for<InDouble<log1p_of>>(dtype);
    case OpCode::Logistic:
      return unary_for<InDouble<logistic_of>>(dtype);
    case OpCode::Negate:
      return unary_for<Negate>(dtype);
    case OpCode::Not:
      return unary_for<Not>(dtype);
    case OpCode::PopulationCount:
      return unary_for<Popcount>(dtype);
    case OpCode::CountLeadingZeros:
      return unary_for<LeadingZeros>(dtype);
    case OpCode::RoundNearestAfz:
      return unary_for<InDouble<afz_of>>(dtype);
    case OpCode::RoundNearestEven:
      return unary_for<RoundEven>(dtype);
    case OpCode::Rsqrt:
      return unary_for<InDouble<rsqrt_of>>(dtype);
    case OpCode::Sign:
      return unary_for<Sign>(dtype);
    case OpCode::Sine:
      return unary_for<InDouble<sin_of>>(dtype);
    case OpCode::Sqrt:
      return unary_for<Sqrt>(dtype);
    case OpCode::Tan:
      return unary_for<InDouble<tan_of>>(dtype);
    case OpCode::Tanh:
      return unary_for<InDouble<tanh_of>>(dtype);
    default:
      return nullptr;
  }
}

}  // namespace tenon::interp
