// The kernels of cumsum against running sums in float64, at every level: the error of the sum of n terms is at most log2(n) roundings of
// the sum of their magnitudes, because the additions are a tree of that height. 16-bit results add the half ulp of their own rounding.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "plugins/support/test_kernel.h"

extern "C" const tenon_operator tenon_operator_cumsum;

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

class CumsumLevel : public LevelTest {};

struct Case {
  tenon_dtype dtype = TENON_F32;
  Dims input;
  std::int64_t axis = -1;
  bool exclusive = false, reverse = false;
  Lay lay = Lay::Compact, result_lay = Lay::Compact;
  bool in_place = false;
};

std::vector<double> run(const Case& c, Tensor& x, const std::string& level) {
  Tensor y({c.dtype, c.input}, c.result_lay);
  tenon_node node{"cumsum", {}, {}, {}};
  node.attributes["axis"] = host::attribute(c.axis);
  node.attributes["exclusive"] = host::attribute(c.exclusive);
  node.attributes["reverse"] = host::attribute(c.reverse);
  Tensor& out = c.in_place ? x : y;
  const Ran ran = test_kernel::run(find_kernel(tenon_operator_cumsum, "cumsum", level), node, {&x}, {&out});
  EXPECT_EQ(ran.code, TENON_OK) << ran.message;
  EXPECT_TRUE(x.guards_hold() && y.guards_hold());
  return out.values();
}

void expect_right(const Case& c, const std::string& level) {
  Tensor x({c.dtype, c.input}, c.lay);
  const bool is_float = plugin::is_float(c.dtype);
  if (is_float)
    x.fill_normal(5);
  else
    x.fill([](std::size_t i) { return static_cast<double>(i * 7 % 3); });
  const std::vector<double> in = x.values(), got = run(c, x, level);
  const auto axis = static_cast<std::size_t>(c.axis < 0 ? c.axis + static_cast<std::int64_t>(c.input.size()) : c.axis);
  std::size_t after = 1;
  for (std::size_t d = axis + 1; d < c.input.size(); ++d) after *= static_cast<std::size_t>(c.input[d]);
  const auto n = static_cast<std::size_t>(c.input[axis]);
  const long double unit = (c.dtype == TENON_F64 ? 0x1p-53L : 0x1p-24L) * (std::log2(static_cast<long double>(n)) + 1);
  for (std::size_t line = 0; n != 0 && line < in.size() / n; ++line) {
    long double sum = 0, magnitudes = 0;
    for (std::size_t k = 0; k < n; ++k) {
      const std::size_t i = line / after * n * after + line % after + (c.reverse ? n - 1 - k : k) * after;
      const long double before = sum, before_magnitudes = magnitudes;
      sum += in[i];
      magnitudes += std::fabs(in[i]);
      const auto want = static_cast<double>(c.exclusive ? before : sum);
      if (!is_float) {
        ASSERT_EQ(got[i], static_cast<double>(static_cast<std::int64_t>(want) & (element_bytes(c.dtype) == 1 ? 0xff : -1)));
        continue;
      }
      const double last_place =
          std::ldexp(1, std::max(want == 0 ? -2000 : std::ilogb(want), lowest_exponent(c.dtype)) - mantissa_bits(c.dtype));
      const double allowed = static_cast<double>(unit * (c.exclusive ? before_magnitudes : magnitudes)) +
                             (element_bytes(c.dtype) == 2 ? 0.51 * last_place : 0);
      ASSERT_LE(std::fabs(got[i] - want), allowed) << level << " " << plugin::dtype_name(c.dtype) << " " << plugin::text(c.input)
                                                   << " axis " << c.axis << " [" << i << "]: " << got[i] << ", not " << want;
    }
  }
}

constexpr tenon_dtype kTypes[] = {TENON_F32, TENON_F16, TENON_BF16, TENON_F64, TENON_I16, TENON_UI8, TENON_I32, TENON_I64};

TEST_P(CumsumLevel, EveryTypeAxisVariantAndLayout) {
  for (tenon_dtype dtype : kTypes)
    for (int bits = 0; bits < 4; ++bits)
      for (std::int64_t axis : {0, 1, 2})
        for (Lay lay : kLays)
          expect_right({.dtype = dtype,
                        .input = {5, 37, 11},
                        .axis = axis,
                        .exclusive = (bits & 1) != 0,
                        .reverse = (bits & 2) != 0,
                        .lay = lay,
                        .result_lay = bits == 0   ? Lay::Strided
                                      : bits == 1 ? Lay::Misaligned
                                                  : Lay::Compact},
                       GetParam());
}

TEST_P(CumsumLevel, EveryLength) {
  for (tenon_dtype dtype : {TENON_F32, TENON_F16, TENON_BF16, TENON_F64})
    for (std::int64_t n : {0, 1, 2, 3, 15, 16, 17, 33, 64, 100, 1023, 1025, 9000})
      for (bool reverse : {false, true}) {
        expect_right({.dtype = dtype, .input = {3, n}, .axis = 1, .exclusive = reverse, .reverse = reverse}, GetParam());
        expect_right({.dtype = dtype, .input = {n, 23}, .axis = 0, .reverse = reverse}, GetParam());
      }
}

TEST_P(CumsumLevel, InPlaceAndThreads) {
  for (std::int64_t axis : {0, 1}) {
    Case c{.input = {300, 401}, .axis = axis};
    Tensor x({c.dtype, c.input});
    x.fill_normal(2);
    const std::vector<double> plain = run(c, x, GetParam());
    host::machine.threads = 3;
    EXPECT_EQ(run(c, x, GetParam()), plain);
    c.in_place = true;
    EXPECT_EQ(run(c, x, GetParam()), plain);
    host::machine.threads = 1;
  }
}

TEST_P(CumsumLevel, ByHand) {
  for (tenon_dtype dtype : {TENON_F32, TENON_F16, TENON_BF16, TENON_F64}) {
    Case c{.dtype = dtype, .input = {6}, .axis = 0};
    Tensor x({dtype, c.input});
    const double given[] = {-0.0, 1, HUGE_VAL, 2, -HUGE_VAL, 3};
    x.fill([&](std::size_t i) { return given[i]; });
    const std::vector<double> y = run(c, x, GetParam());
    EXPECT_TRUE(y[0] == 0 && std::signbit(y[0]));
    EXPECT_EQ(y[1], 1);
    EXPECT_EQ(y[3], HUGE_VAL);
    EXPECT_TRUE(std::isnan(y[4]) && std::isnan(y[5]));
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, CumsumLevel, testing::ValuesIn(kLevels), level_name);

}  // namespace
