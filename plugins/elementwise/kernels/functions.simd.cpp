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
  return x * simd::divide(n, n + F(2.0f));
}
F elu(F x, F alpha) { return xsimd::select(x > F(0.0f), x, alpha * simd::expm1(x)); }
F selu(F x) {
  constexpr double kScale = 1.0507009873554804934193349852946, kAlpha = 1.6732632423543772848170429916717;
  const F above = F(static_cast<float>(kScale)) * x, below = F(static_cast<float>(kScale * kAlpha)) * simd::expm1(x);
  return xsimd::select(x > F(0.0f), above, below);
}
// In the lowering's steps.
F softcap(F x, F cap) { return cap * simd::tanh(simd::divide(x, cap)); }

// kFunction(element) or (element, element) for every element.
const float* floats(const char* at) { return reinterpret_cast<const float*>(at); }
template <auto kFunction>
TENON_SIMD_NOINLINE void each(const Block& b) {
  for (std::size_t u = 0; u < b.units; ++u) {
    const float* x = floats(b.in[0] + u * b.step[0]);
    float* out = reinterpret_cast<float*>(b.out) + u * kUnit;
    for (std::size_t i = 0; i < kUnit; ++i) out[i] = kFunction(x[i]);
  }
}
template <auto kFunction>
TENON_SIMD_NOINLINE void each_pair(const Block& b) {
  for (std::size_t u = 0; u < b.units; ++u) {
    const float *x = floats(b.in[0] + u * b.step[0]), *y = floats(b.in[1] + u * b.step[1]);
    float* out = reinterpret_cast<float*>(b.out) + u * kUnit;
    for (std::size_t i = 0; i < kUnit; ++i) out[i] = kFunction(x[i], y[i]);
  }
}

// Angles beyond what simd_math.hpp reduces go to the C library, a unit at a time.
template <auto kVector, auto kElement>
TENON_SIMD_NOINLINE void angles(const Block& b) {
  for (std::size_t u = 0; u < b.units; ++u) {
    const float* x = floats(b.in[0] + u * b.step[0]);
    float* out = reinterpret_cast<float*>(b.out) + u * kUnit;
    const Pair v = RowF32::load(x);
    if (xsimd::all(xsimd::max(xsimd::abs(v.a), xsimd::abs(v.b)) <= F(simd::kLargestAngle))) {
      RowF32::store(out, {kVector(v.a), kVector(v.b)});
    } else {
      for (std::size_t i = 0; i < kUnit; ++i) out[i] = kElement(x[i]);
    }
  }
}

float modulo(float x, float y) {
  const float r = fmodf(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

constexpr BlockTable make_table() {
  BlockTable t{};
  enter_all<1, simd::exp>(t, Fn::Exp);
  enter<1, simd::expm1>(t, Fn::Expm1);
  enter<1, simd::log>(t, Fn::Log);
  enter<1, simd::log1p>(t, Fn::Log1p);
  enter_all<1, simd::sigmoid>(t, Fn::Sigmoid);
  enter_all<1, simd::tanh>(t, Fn::Tanh);
  enter<1, simd::erf>(t, Fn::Erf);
  enter<2, swish>(t, Fn::Swish);
  enter_all<1, silu>(t, Fn::Silu);
  enter_all<1, simd::gelu>(t, Fn::Gelu);
  enter_all<1, gelu_tanh>(t, Fn::GeluTanh);
  enter_all<2, silu_mul>(t, Fn::SiluMul);
  enter_all<2, gelu_mul>(t, Fn::GeluMul);
  enter_all<2, gelu_tanh_mul>(t, Fn::GeluTanhMul);
  enter<1, softplus>(t, Fn::Softplus);
  enter<1, mish>(t, Fn::Mish);
  enter<2, elu>(t, Fn::Elu);
  enter<1, selu>(t, Fn::Selu);
  enter_all<2, softcap>(t, Fn::Softcap);
  const auto put = [&t](Fn fn, BlockFn function) { t.f32[static_cast<int>(fn)] = function; };
  put(Fn::Sin, angles<simd::sin, sinf>);
  put(Fn::Cos, angles<simd::cos, cosf>);
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
