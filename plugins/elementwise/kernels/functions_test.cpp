// The functions of plugins/support/simd_math.hpp and what this pack makes of them, as kernels, over the whole range of f32: a dense sample
// of bit patterns with every exponent, both signs, subnormal numbers, Inf and NaN. The references are the C library's in f64.
#include <cmath>
#include <cstring>

#include "plugins/support/test_kernel.h"

extern "C" {
extern const tenon_operator tenon_operator_exp, tenon_operator_expm1, tenon_operator_log, tenon_operator_log1p, tenon_operator_sigmoid,
    tenon_operator_tanh, tenon_operator_erf, tenon_operator_silu, tenon_operator_gelu, tenon_operator_softplus, tenon_operator_mish,
    tenon_operator_selu, tenon_operator_sin, tenon_operator_cos, tenon_operator_tan, tenon_operator_asin, tenon_operator_acos,
    tenon_operator_atan, tenon_operator_sinh, tenon_operator_cosh, tenon_operator_asinh, tenon_operator_acosh, tenon_operator_atanh,
    tenon_operator_cbrt, tenon_operator_sqrt, tenon_operator_rsqrt, tenon_operator_reciprocal, tenon_operator_softcap;
}

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

class Functions : public LevelTest {};

struct Function {
  const tenon_operator* op;
  double (*exact)(double);
  double bound;     // in ulp of f32
  double lost = 0;  // beside it: in smallest subnormal numbers, times |x|
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double silu(double x) { return x * sigmoid(x); }
double gelu(double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); }
double softplus(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))) + (std::isnan(x) ? x : 0); }
double softcap(double x) { return 2 * std::tanh(x / 2); }  // with run_function's cap
double mish(double x) {
  const double e = std::exp(std::isnan(x) ? x : std::fmin(x, 300)), n = e * (e + 2);
  return x * (n / (n + 2));
}
double selu(double x) {
  constexpr double kScale = 1.0507009873554804934193349852946, kAlpha = 1.6732632423543772848170429916717;
  return kScale * (x > 0 ? x : kAlpha * std::expm1(x));
}

const Function kFunctions[] = {
    // What simd_math.hpp promises.
    {&tenon_operator_exp, std::exp, 2},
    {&tenon_operator_expm1, std::expm1, 2},
    {&tenon_operator_log, std::log, 2},
    {&tenon_operator_log1p, std::log1p, 2},
    {&tenon_operator_sigmoid, sigmoid, 2.1},
    {&tenon_operator_tanh, std::tanh, 2},
    {&tenon_operator_erf, std::erf, 2},
    {&tenon_operator_sin, std::sin, 2},
    {&tenon_operator_cos, std::cos, 2},
    // Compositions. `lost`: a factor that is subnormal has lost half of its last place, which the product multiplies.
    {&tenon_operator_silu, silu, 3, 0.5},
    {&tenon_operator_gelu, gelu, 5, 0.5},
    {&tenon_operator_softplus, softplus, 3},
    {&tenon_operator_mish, mish, 5, 1.5},
    {&tenon_operator_selu, selu, 3},
    {&tenon_operator_softcap, softcap, 3},
    // Correctly rounded steps.
    {&tenon_operator_sqrt, [](double x) { return std::sqrt(x); }, 0.5},
    {&tenon_operator_reciprocal, [](double x) { return 1 / x; }, 0.5},
    {&tenon_operator_rsqrt, [](double x) { return 1 / std::sqrt(x); }, 1.5},
    // The C library's.
    {&tenon_operator_tan, std::tan, 2},
    {&tenon_operator_asin, std::asin, 2},
    {&tenon_operator_acos, std::acos, 2},
    {&tenon_operator_atan, std::atan, 2},
    {&tenon_operator_sinh, std::sinh, 3},
    {&tenon_operator_cosh, std::cosh, 3},
    {&tenon_operator_asinh, std::asinh, 3},
    {&tenon_operator_acosh, std::acosh, 3},
    {&tenon_operator_atanh, std::atanh, 3},
    {&tenon_operator_cbrt, std::cbrt, 2},
};

std::string node_name(const Function& f) { return std::string(f.op->name, f.op->name_length); }

Ran run_function(const Function& f, const std::string& level, Tensor& x, Tensor& y) {
  tenon_node node{node_name(f), {}, {}, {}};
  node.attributes["approximate"] = test_host::attribute("none");
  node.attributes["cap"] = test_host::attribute(2.0);
  return run(find_kernel(*f.op, "elementwise", level), node, {&x}, {&y});
}

TEST_P(Functions, WholeRangeOfF32) {
  constexpr std::uint32_t kStep = 9973;  // a prime: some 430000 patterns
  const std::size_t count = static_cast<std::size_t>((std::uint64_t{1} << 32) / kStep);
  Tensor x({TENON_F32, {static_cast<std::int64_t>(count)}}), y(x.type);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t pattern = static_cast<std::uint32_t>(i) * kStep;
    std::memcpy(x.at(i), &pattern, 4);
  }
  for (const Function& f : kFunctions) {
    const Ran ran = run_function(f, GetParam(), x, y);
    ASSERT_EQ(ran.code, TENON_OK) << ran.message;
    double worst = 0, at = 0, got = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double value = x.get(i), exact = f.exact(value);
      double off = ulps(TENON_F32, y.get(i), exact);
      if (std::isfinite(off) && std::fabs(exact) < 0x1p-100)
        off -= f.lost * std::fabs(value) * 0x1p-149 / std::ldexp(1, std::max(std::ilogb(exact), -126) - 23);
      if (off > worst) worst = off, at = value, got = y.get(i);
    }
    EXPECT_LE(worst, f.bound) << node_name(f) << " of " << at << " is " << got << ", not " << f.exact(at);
    if (std::getenv("TENON_TEST_SHOW") != nullptr)
      std::printf("%-12s %-8s %.3f ulp at %.9g\n", node_name(f).c_str(), GetParam(), worst, at);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, Functions, testing::ValuesIn(kLevels), level_name);

}  // namespace
