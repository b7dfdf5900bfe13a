// softmax and log_softmax against float64, at every level that this machine has.
//
// Bounds. softmax in f32: each element within (4 + |x - largest|) * 2^-24 relative: the difference x - largest is rounded, which costs as
// much as it is large, and so is the exponential, the sum and the last product. f16 and bf16: half an ulp for the one rounding, and that.
// Below the smallest normal number, one place of the type. log_softmax: the difference's rounding, the logarithm's and the sum's: 4 * 2^-24
// of |x - largest| + 1 + log(sum).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "plugins/support/test_kernel.h"

extern "C" const tenon_operator tenon_operator_softmax;
extern "C" const tenon_operator tenon_operator_log_softmax;

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

const double kNan = std::nan(""), kInf = HUGE_VAL;

struct Case {
  tenon_dtype dtype = TENON_F32;
  Dims input = {4, 640};
  std::int64_t axis = -1;
  bool log = false;
  Lay lay = Lay::Compact, result_lay = Lay::Compact;
  bool in_place = false;
  double magnitude = 3;
  double masked = 0;  // this share of the elements is -Inf
};

const tenon_kernel* kernel_for(const Case& c, const std::string& level) {
  const std::string name = c.log ? "log_softmax" : "softmax";
  const tenon_operator& op = c.log ? tenon_operator_log_softmax : tenon_operator_softmax;
  return c.dtype == TENON_F64 ? find_kernel(op, name + "_f64", "") : find_kernel(op, name, level);
}

struct Exact {
  std::vector<double> value, allowed;  // the allowed distance from it
};

Exact compute_exact(const Case& c, Tensor& x) {
  const std::size_t n = x.elements(), axis = static_cast<std::size_t>(c.axis < 0 ? c.axis + static_cast<int>(c.input.size()) : c.axis);
  std::size_t after = 1;
  for (std::size_t d = axis + 1; d < c.input.size(); ++d) after *= static_cast<std::size_t>(c.input[d]);
  const auto length = static_cast<std::size_t>(c.input[axis]);
  Exact out{std::vector<double>(n), std::vector<double>(n)};
  const double eps = c.dtype == TENON_F64 ? 0x1p-53 : 0x1p-24;
  for (std::size_t i = 0; i < n; ++i) {
    if (i / after % length != 0) continue;  // the first of its row
    double largest = -kInf, sum;
    bool nan = false;
    for (std::size_t j = 0; j < length; ++j) {
      const double value = x.get(i + j * after);
      nan = nan || std::isnan(value);
      largest = std::max(largest, value);
    }
    long double total = 0;  // longer than what f64 kernels are held to
    for (std::size_t j = 0; j < length; ++j) total += std::exp(x.get(i + j * after) - largest);
    sum = static_cast<double>(total);
    for (std::size_t j = 0; j < length; ++j) {
      const std::size_t at = i + j * after;
      const double d = x.get(at) - largest, y = nan ? kNan : c.log ? d - std::log(sum) : std::exp(d) / sum;
      out.value[at] = y;
      const double off = c.log ? 4 * eps * (std::fabs(d) + 1 + std::log(sum)) : y * (4 + std::fabs(d)) * eps;
      const double place =
          std::ldexp(1, std::max(y == 0 || !std::isfinite(y) ? -2000 : std::ilogb(y), lowest_exponent(c.dtype)) - mantissa_bits(c.dtype));
      const double least = std::ldexp(1, lowest_exponent(TENON_F32) - mantissa_bits(TENON_F32));  // f32's subnormal numbers
      out.allowed[at] = off + (c.dtype == TENON_F64 ? 0 : least) + (element_bytes(c.dtype) == 2 ? 0.5 * place : 0);
    }
  }
  return out;
}

std::string describe(const Case& c, const std::string& level) {
  return level + (c.log ? " log " : " ") + tenon::plugin::dtype_name(c.dtype) + " " + tenon::plugin::text(c.input) + " axis " +
         std::to_string(c.axis) + " layouts " + std::to_string(static_cast<int>(c.lay)) + std::to_string(static_cast<int>(c.result_lay));
}

struct Outcome {
  std::vector<double> input, output;
  std::string note;
};

Outcome run(const Case& c, Tensor& x, const std::string& level) {
  Tensor y({c.dtype, c.input}, c.result_lay);
  tenon_node node{c.log ? "log_softmax" : "softmax", {}, {}, {}};
  node.attributes["axis"] = host::attribute(c.axis);
  const Ran ran = test_kernel::run(kernel_for(c, level), node, {&x}, {c.in_place ? &x : &y});
  EXPECT_EQ(ran.code, TENON_OK) << ran.message;
  EXPECT_TRUE(x.guards_hold() && y.guards_hold()) << describe(c, level) << ": something outside the tensors was written";
  return {{}, c.in_place ? x.values() : y.values(), ran.note};
}

Tensor input_of(const Case& c) {
  Tensor x({c.dtype, c.input}, c.lay);
  x.fill_normal(1, c.magnitude);
  std::mt19937 random(2);
  if (c.masked > 0)
    for (std::size_t i = 0; i < x.elements(); ++i)
      if (std::uniform_real_distribution<double>()(random) < c.masked) x.set(i, -kInf);
  return x;
}

bool is_right(tenon_dtype dtype, double got, double want, double allowed) {
  if (std::isnan(want)) return std::isnan(got);
  return got == rounded(dtype, want) || std::fabs(got - want) <= allowed;
}

void expect_right(const Case& c, const std::string& level) {
  Tensor x = input_of(c);
  const Exact exact = compute_exact(c, x);
  const Outcome out = run(c, x, level);
  for (std::size_t i = 0; i < out.output.size(); ++i) {
    const double got = out.output[i], want = exact.value[i];
    if (is_right(c.dtype, got, want, exact.allowed[i])) continue;
    ADD_FAILURE() << describe(c, level) << "; " << out.note << ": element " << i << " is " << got << ", not " << want << ", "
                  << std::fabs(got - want) / exact.allowed[i] << " times the bound";
    return;
  }
}

class SoftmaxLevel : public LevelTest {};

constexpr tenon_dtype kSimdTypes[] = {TENON_F32, TENON_F16, TENON_BF16};

TEST_P(SoftmaxLevel, EveryLengthAndType) {
  for (bool log : {false, true})
    for (tenon_dtype dtype : kSimdTypes)
      for (std::int64_t length : {1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 640, 641, 2047, 2049, 5003})
        expect_right({.dtype = dtype, .input = {3, length}, .log = log}, GetParam());
}

TEST_P(SoftmaxLevel, EveryAxisAndLayout) {
  for (bool log : {false, true})
    for (tenon_dtype dtype : kSimdTypes)
      for (Lay lay : kLays)
        for (Lay result_lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
          for (std::int64_t axis : {0, 1, 2})
            expect_right({.dtype = dtype, .input = {3, 7, 37}, .axis = axis, .log = log, .lay = lay, .result_lay = result_lay}, GetParam());
}

// As columns: every remainder beside a tile and a vector, long columns, several tiles.
TEST_P(SoftmaxLevel, Columns) {
  for (bool log : {false, true})
    for (tenon_dtype dtype : kSimdTypes) {
      for (std::int64_t columns : {1, 2, 7, 8, 9, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300, 385})
        expect_right({.dtype = dtype, .input = {2, 5, columns}, .axis = 1, .log = log}, GetParam());
      for (std::int64_t length : {1, 63, 64, 65, 129, 1000})
        expect_right({.dtype = dtype, .input = {length, 70}, .axis = 0, .log = log}, GetParam());
      expect_right({.dtype = dtype, .input = {2, 5, 3, 4, 33}, .axis = 1, .log = log}, GetParam());
    }
}

TEST_P(SoftmaxLevel, InPlace) {
  for (bool log : {false, true})
    for (tenon_dtype dtype : kSimdTypes)
      for (Lay lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
        for (std::int64_t length : {1, 33, 641})
          for (std::int64_t axis : {0, 1})
            expect_right({.dtype = dtype, .input = {5, length}, .axis = axis, .log = log, .lay = lay, .in_place = true}, GetParam());
}

TEST_P(SoftmaxLevel, LongRowsAndLargeDifferences) {
  expect_right({.input = {2, 32768}}, GetParam());
  expect_right({.input = {2, 100003}, .magnitude = 0.01}, GetParam());
  for (bool log : {false, true})
    for (tenon_dtype dtype : kSimdTypes)
      for (double magnitude : {20.0, 60.0, 10000.0}) {
        expect_right({.dtype = dtype, .input = {5, 1003}, .log = log, .magnitude = magnitude}, GetParam());
        expect_right({.dtype = dtype, .input = {103, 67}, .axis = 0, .log = log, .magnitude = magnitude}, GetParam());
      }
}

TEST_P(SoftmaxLevel, Masks) {
  for (bool log : {false, true})
    for (tenon_dtype dtype : kSimdTypes)
      for (double share : {0.3, 0.95, 1.0})
        for (std::int64_t axis : {0, 1})
          expect_right({.dtype = dtype, .input = {40, 67}, .axis = axis, .log = log, .masked = share}, GetParam());
}

// Far above the others: what comes after it must not pass by as the largest.
TEST_P(SoftmaxLevel, TheLargestStandsAnywhere) {
  for (tenon_dtype dtype : kSimdTypes)
    for (std::int64_t length : {67, 131, 300})
      for (std::int64_t axis : {0, 1}) {
        const auto size = static_cast<std::size_t>(length);
        const Case c{.dtype = dtype, .input = {length, length}, .axis = axis};
        Tensor x = input_of(c);
        for (std::size_t i = 0; i < size; ++i) x.set(i * size + i, 1000);
        const Outcome out = run(c, x, GetParam());
        for (std::size_t i = 0; i < out.output.size(); ++i)
          ASSERT_EQ(out.output[i], i % (size + 1) == 0 ? 1 : 0) << describe(c, GetParam()) << " element " << i;
      }
}

// One special value in each of the rows, at another place in each.
TEST_P(SoftmaxLevel, NanAndInfinityStayInTheirRow) {
  for (bool log : {false, true})
    for (tenon_dtype dtype : kSimdTypes)
      for (double special : {kNan, kInf, -kInf})
        for (std::int64_t axis : {0, 1}) {
          Case c{.dtype = dtype, .input = {70, 70}, .axis = axis, .log = log};
          Tensor x = input_of(c);
          for (std::size_t i = 0; i < 70; i += 3) x.set(i * 71, special);
          const Exact exact = compute_exact(c, x);
          const Outcome out = run(c, x, GetParam());
          for (std::size_t i = 0; i < out.output.size(); ++i) {
            ASSERT_TRUE(is_right(c.dtype, out.output[i], exact.value[i], exact.allowed[i]))
                << describe(c, GetParam()) << " element " << i << ": " << out.output[i] << ", not " << exact.value[i];
          }
        }
}

// Every size of the caches and number of threads gives the same bits; streaming stores leave what lies between rows alone.
TEST_P(SoftmaxLevel, PathsAndThreadsAgree) {
  for (bool log : {false, true})
    for (tenon_dtype dtype : kSimdTypes)
      for (const Dims& dims : {Dims{300, 96}, Dims{60, 641}, Dims{3, 60, 333}})
        for (std::int64_t axis : {0, -1})
          for (Lay result_lay : {Lay::Compact, Lay::Misaligned}) {
            Case c{.dtype = dtype, .input = dims, .axis = axis, .log = log, .result_lay = result_lay};
            Tensor x = input_of(c);
            on_every_path([&] { return run(c, x, GetParam()); },
                          [&](const Outcome& other, const Outcome& plain, bool, std::uint32_t) {
                            ASSERT_EQ(std::memcmp(other.output.data(), plain.output.data(), plain.output.size() * sizeof(double)), 0)
                                << describe(c, GetParam()) << "; " << other.note;
                          });
          }
}

TEST_P(SoftmaxLevel, EmptyAndSmallShapes) {
  for (tenon_dtype dtype : {tenon_dtype{TENON_F32}, tenon_dtype{TENON_F16}, tenon_dtype{TENON_BF16}, tenon_dtype{TENON_F64}})
    for (const Dims& dims : {Dims{0, 640}, Dims{3, 0}, Dims{2, 0, 4}, Dims{640}, Dims{1, 1, 1, 1}, Dims{2, 1, 3, 2, 19}})
      expect_right({.dtype = dtype, .input = dims, .lay = Lay::Strided}, GetParam());
}

// A row that is broadcast: every stride between rows is 0.
TEST_P(SoftmaxLevel, RowsThatShareTheirMemory) {
  for (std::int64_t axis : {0, 1}) {
    Tensor x({TENON_F32, {5, 40}}), y({TENON_F32, {5, 40}});
    x.strides[0] = 0;
    x.fill([](std::size_t i) { return static_cast<double>(i % 40) / 8; });
    tenon_node node{"softmax", {}, {}, {}};
    node.attributes["axis"] = host::attribute(axis);
    const Ran ran = test_kernel::run(find_kernel(tenon_operator_softmax, "softmax", GetParam()), node, {&x}, {&y});
    ASSERT_EQ(ran.code, TENON_OK) << ran.message;
    double sum = 0;
    for (int j = 0; j < 40; ++j) sum += std::exp(j / 8.0);
    for (std::size_t i = 0; i < 200; ++i)
      EXPECT_NEAR(y.get(i), axis == 0 ? 0.2 : std::exp(static_cast<double>(i % 40) / 8.0) / sum, 1e-7) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, SoftmaxLevel, testing::ValuesIn(kLevels), level_name);

TEST(SoftmaxF64, EveryVariant) {
  host::machine.threads = 1;
  for (bool log : {false, true})
    for (Lay lay : kLays)
      for (std::int64_t axis : {0, 1, 2})
        for (double masked : {0.0, 0.9})
          expect_right({.dtype = TENON_F64, .input = {3, 17, 19}, .axis = axis, .log = log, .lay = lay, .masked = masked}, "");
}

TEST(SoftmaxPlan, DeclinesWhatIsNotItsType) {
  tenon::plugin::host_table = &host::api();
  tenon_call call;
  tenon_node node{"softmax", {{TENON_F32, {2, 2}}}, {}, {}};
  const tenon_kernel* f64 = find_kernel(tenon_operator_softmax, "softmax_f64", "");
  EXPECT_NE(f64->supports(&call, f64, &node), TENON_OK);
  EXPECT_EQ(call.message, "takes f64, not f32");
  const tenon_kernel* simd = tenon_operator_log_softmax.kernels[0];
  node.operands[0].dtype = TENON_F64;
  EXPECT_NE(simd->supports(&call, simd, &node), TENON_OK);
  EXPECT_EQ(call.message, "takes f16, bf16 and f32, not f64");
}

}  // namespace
