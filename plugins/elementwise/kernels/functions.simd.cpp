// Block functions of f32 with exponentials, logarithms, sines; and those of the C library, where a vector function would not pay.
#include <math.h>

#include "plugins/elementwise/kernels/blocks.hpp"
#include "plugins/support/simd_math.hpp"

namespace {

F silu(F x) { return x * simd::sigmoid(x); }
F silu_mul(F gate, F up) { return silu(gate) * up; }
F swish(F x, F beta) { return x * simd::sigmoid(beta * x); }
F gelu_mul(F gate, F up) { return simd::gelu(gate) * up; }
// In the lowering's steps, without FMA: the logistic function multiplies the argument's rounding by its size.
F gelu_tanh(F x) {
  const F cube = (x * x) * x;
  const F inner = x + F(0.044715f) * cube;
  return x * simd::sigmoid(F(1.5957691216057307117f) * inner);
}
F gelu_tanh_mul(F gate, F up) { return gelu_tanh(gate) * up; }
F softplus(F x) {
  const F small = simd::log1p(simd::exp_not_large(F(0.0f) - xsimd::abs(x)));
  return xsimd::select(x <= F(0.0f), F(0.0f), x) + small;
}
F mish(F x) {
  const F e = simd::exp_not_large(simd::at_most(40.0f, x));
  const F n = e * (e + F(2.0f));
  return x * (n / (n + F(2.0f)));
}
F elu(F x, F alpha) { return xsimd::select(x > F(0.0f), x, alpha * simd::expm1(x)); }
F selu(F x) {
  constexpr double kScale = 1.0507009873554804934193349852946, kAlpha = 1.6732632423543772848170429916717;
  const F above = F(static_cast<float>(kScale)) * x, below = F(static_cast<float>(kScale * kAlpha)) * simd::expm1(x);
  return xsimd::select(x > F(0.0f), above, below);
}

// kFunction(element) or (element, element) for every element: loops that the compiler turns into vectors, or calls.
template <auto kFunction>
TENON_SIMD_NOINLINE void each(const Block& b) {
  for (std::size_t u = 0; u < b.units; ++u) {
    const float* x = b.in[0] + u * b.step[0];
    float* out = b.out + u * kBlockUnit;
    for (std::size_t i = 0; i < kBlockUnit; ++i) out[i] = kFunction(x[i]);
  }
}
template <auto kFunction>
TENON_SIMD_NOINLINE void each_pair(const Block& b) {
  for (std::size_t u = 0; u < b.units; ++u) {
    const float *x = b.in[0] + u * b.step[0], *y = b.in[1] + u * b.step[1];
    float* out = b.out + u * kBlockUnit;
    for (std::size_t i = 0; i < kBlockUnit; ++i) out[i] = kFunction(x[i], y[i]);
  }
}

// Sine and cosine in double: x = n pi/2 + r, of which n times the first part is exact up to kExactAngle.
constexpr float kExactAngle = 1e6f;
template <bool kCosine>
inline float of_angle(float x) {
  constexpr double kRound = 0x1.8p52, kFirst = 0x1.921fb544p0, kRest = 0x1.0b4611a626331p-34;
  const double angle = static_cast<double>(x);
  const double n = (angle * 0.63661977236758134308 + kRound) - kRound;
  const double r = (angle - n * kFirst) - n * kRest, y = r * r;
  const double sine = r + r * y * (-0.1666666664 + y * (8.333329182e-3 + y * (-1.983927269e-4 + y * 2.717744818e-6)));
  const double cosine = 1 - 0.5 * y + y * y * (0.04166666662 + y * (-1.388888333e-3 + y * (2.479941686e-5 + y * -2.720221331e-7)));
  const double quarter = n - 4 * ((n * 0.25 + kRound) - kRound);  // -2 to 2
  const bool is_odd = quarter * quarter == 1;
  const double value = is_odd != kCosine ? cosine : sine;
  // Sine: the third and the fourth quarter; cosine: the second and the third.
  const bool negative = kCosine ? quarter == 1 || quarter * quarter == 4 : quarter == -1 || quarter * quarter == 4;
  return static_cast<float>(negative ? -value : value);
}
template <bool kCosine>
TENON_SIMD_NOINLINE void angles(const Block& b) {
  for (std::size_t u = 0; u < b.units; ++u) {
    const float* x = b.in[0] + u * b.step[0];
    alignas(64) float y[kBlockUnit];
    float* out = b.out + u * kBlockUnit;
    const F limit(kExactAngle);
    const bool is_near = xsimd::all((xsimd::abs(load(x)) <= limit) & (xsimd::abs(load(x + kLanes)) <= limit));
    if (is_near) {
      for (std::size_t i = 0; i < kBlockUnit; ++i) y[i] = of_angle<kCosine>(x[i]);
    } else {
      for (std::size_t i = 0; i < kBlockUnit; ++i) y[i] = kCosine ? cosf(x[i]) : sinf(x[i]);
    }
    store(out, load(y));
    store(out + kLanes, load(y + kLanes));
  }
}

float modulo(float x, float y) {
  const float r = fmodf(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

constexpr BlockTable make_table() {
  BlockTable t{};
  enter<1, simd::exp>(t, Fn::Exp);
  enter<1, simd::expm1>(t, Fn::Expm1);
  enter<1, simd::log>(t, Fn::Log);
  enter<1, simd::log1p>(t, Fn::Log1p);
  enter<1, simd::sigmoid>(t, Fn::Sigmoid);
  enter<1, simd::tanh>(t, Fn::Tanh);
  enter<1, simd::erf>(t, Fn::Erf);
  enter<2, swish>(t, Fn::Swish);
  enter<1, silu>(t, Fn::Silu);
  enter<1, simd::gelu>(t, Fn::Gelu);
  enter<1, gelu_tanh>(t, Fn::GeluTanh);
  enter<2, silu_mul>(t, Fn::SiluMul);
  enter<2, gelu_mul>(t, Fn::GeluMul);
  enter<2, gelu_tanh_mul>(t, Fn::GeluTanhMul);
  enter<1, softplus>(t, Fn::Softplus);
  enter<1, mish>(t, Fn::Mish);
  enter<2, elu>(t, Fn::Elu);
  enter<1, selu>(t, Fn::Selu);
  const auto put = [&t](Fn fn, BlockFn function) { t.functions[static_cast<int>(fn)] = function; };
  put(Fn::Sin, angles<false>);
  put(Fn::Cos, angles<true>);
  put(Fn::Tan, each<tanf>);
  put(Fn::Asin, each<asinf>);
  put(Fn::Acos, each<acosf>);
  put(Fn::Atan, each<atanf>);
  put(Fn::Sinh, each<sinhf>);
  put(Fn::Cosh, each<coshf>);
  put(Fn::Asinh, each<asinhf>);
  put(Fn::Acosh, each<acoshf>);
  put(Fn::Atanh, each<atanhf>);
  put(Fn::Cbrt, each<cbrtf>);
  put(Fn::Power, each_pair<powf>);
  put(Fn::Remainder, each_pair<fmodf>);
  put(Fn::Mod, each_pair<modulo>);
  put(Fn::Atan2, each_pair<atan2f>);
  return t;
}

}  // namespace

namespace tenon::elementwise::TENON_SIMD_NAMESPACE {
extern const BlockTable functions;
const BlockTable functions = make_table();
}  // namespace tenon::elementwise::TENON_SIMD_NAMESPACE
