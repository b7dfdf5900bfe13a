// The kernels of reductions over axes against their definitions in float64, at every level that this machine has. Bounds: sums and means
// within 2^-23 of the sum (mean) of magnitudes whatever the length; extremes exact; variances 1e-6 relative, where the mean is 1000
// deviations too; a product n roundings; logsumexp 2 ulp or 2e-7. 16-bit results add the half ulp of their own rounding.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "plugins/support/test_kernel.h"

#define FOR_EACH_REDUCTION(X) \
  X(sum) X(mean) X(sum_square) X(l1) X(l2) X(log_sum) X(log_sum_exp) X(variance) X(std) X(prod) X(max) X(min) X(any) X(all)
#define DECLARE(name) extern "C" const tenon_operator tenon_operator_reduce_##name;
FOR_EACH_REDUCTION(DECLARE)

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

#define LIST(name) {#name, &tenon_operator_reduce_##name},
const std::map<std::string, const tenon_operator*> kOperators = {FOR_EACH_REDUCTION(LIST)};
const double kNan = std::nan(""), kInf = HUGE_VAL;
constexpr tenon_dtype kFloats[] = {TENON_F32, TENON_F16, TENON_BF16, TENON_F64};

struct Case {
  std::string op = "sum";
  tenon_dtype dtype = TENON_F32;
  Dims input;
  Dims axes;
  bool keep = false;
  std::int64_t correction = 0;
  Lay lay = Lay::Compact, result_lay = Lay::Compact;
  double mean = 0, deviation = 1;
  unsigned seed = 1;
};

std::string describe(const Case& c, const std::string& level) {
  return level + " " + c.op + " " + plugin::dtype_name(c.dtype) + " " + plugin::text(c.input) + " over " + plugin::text(c.axes);
}

struct Ready {
  Tensor x, y;
  tenon_node node;
};
Ready prepare(const Case& c) {
  Ready r;
  r.x = Tensor({c.dtype, c.input}, c.lay);
  const bool truth = c.op == "any" || c.op == "all";
  Dims result;
  for (std::size_t d = 0; d < c.input.size(); ++d) {
    if (std::find(c.axes.begin(), c.axes.end(), static_cast<std::int64_t>(d)) == c.axes.end())
      result.push_back(c.input[d]);
    else if (c.keep)
      result.push_back(1);
  }
  r.y = Tensor({truth ? TENON_I1 : c.dtype, result}, c.result_lay);
  r.node.op = "reduce_" + c.op;
  r.node.attributes["keepdims"] = host::attribute(c.keep);
  r.node.attributes["correction"] = host::attribute(c.correction);
  r.node.attributes["empty_axes"] = host::attribute("none");
  return r;
}
Ran run(const Case& c, Ready& r, const std::string& level) {
  r.node.attributes["axes"] = host::attribute(c.axes);
  const Ran ran = test_kernel::run(find_kernel(*kOperators.at(c.op), "reduce_" + c.op, level), r.node, {&r.x}, {&r.y});
  EXPECT_EQ(ran.code, TENON_OK) << describe(c, level) << ": " << ran.message;
  EXPECT_TRUE(r.x.guards_hold() && r.y.guards_hold()) << describe(c, level) << ": something outside the tensors was written";
  return ran;
}

// The definition, for one result's elements: the exact value and how far from it a kernel may be, before rounding to the dtype.
struct Exact {
  long double value, error;
};
Exact exact(const Case& c, const std::vector<double>& x) {
  const auto n = static_cast<long double>(x.size());
  const long double unit = c.dtype == TENON_F64 ? 0x1p-52L : 0x1p-23L;  // twice the rounding of one operation
  long double sum = 0, magnitudes = 0, squares = 0, product = 1, largest = -HUGE_VALL, smallest = HUGE_VALL;
  for (const double v : x) {
    sum += v;
    magnitudes += std::fabs(v);
    squares += static_cast<long double>(v) * v;
    product *= v;
    largest = std::max<long double>(largest, v);
    smallest = std::min<long double>(smallest, v);
  }
  if (c.op == "sum") return {sum, unit * magnitudes};
  if (c.op == "mean") return {sum / n, unit * magnitudes / n + unit * std::fabs(sum / n)};
  if (c.op == "l1") return {magnitudes, unit * magnitudes};
  if (c.op == "sum_square") return {squares, 2 * unit * squares};
  if (c.op == "l2") return {std::sqrt(squares), 2 * unit * std::sqrt(squares)};
  if (c.op == "log_sum") return {std::log(sum), unit * (std::fabs(std::log(sum)) + magnitudes / std::fabs(sum))};
  if (c.op == "max") return {largest, 0};
  if (c.op == "min") return {smallest, 0};
  if (c.op == "prod") return {product, n * unit * std::fabs(product)};
  if (c.op == "any") return {std::any_of(x.begin(), x.end(), [](double v) { return v != 0; }) ? 1.0L : 0.0L, 0};
  if (c.op == "all") return {std::all_of(x.begin(), x.end(), [](double v) { return v != 0; }) ? 1.0L : 0.0L, 0};
  if (c.op == "log_sum_exp") {
    if (x.empty()) return {-HUGE_VALL, 0};
    long double exponentials = 0;
    for (const double v : x) exponentials += std::exp(v - largest);
    const long double value = largest + std::log(exponentials);
    return {value,
            c.dtype == TENON_F64 ? 8 * unit * (1 + std::fabs(value) + std::fabs(largest)) : std::max(2e-7L, 2 * unit * std::fabs(value))};
  }
  long double deviations = 0;
  for (const double v : x) deviations += (v - sum / n) * (v - sum / n);
  const long double variance = deviations / (n - static_cast<long double>(c.correction));
  const long double value = c.op == "std" ? std::sqrt(variance) : variance;
  return {value, (c.dtype == TENON_F64 ? 1e-14L : 1e-6L) * value};
}

void expect_right(const Case& c, const std::string& level) {
  Ready r = prepare(c);
  const bool positive = c.op == "log_sum", product = c.op == "prod";
  const double spread = product ? 1.0 / std::sqrt(static_cast<double>(r.x.elements()) + 1) : c.deviation;
  r.x.fill_normal(c.seed, spread);
  for (std::size_t i = 0; i < r.x.elements(); ++i) {
    const double v = r.x.get(i) + (product ? 1 : c.mean);
    r.x.set(i, positive ? std::fabs(v) + 0.25 : v);
  }
  const Ran ran = run(c, r, level);
  // Elements by result, found by coordinates.
  std::vector<std::vector<double>> groups(r.y.elements());
  const std::size_t rank = c.input.size();
  std::vector<std::size_t> at(rank);
  for (std::size_t i = 0; i < r.x.elements(); ++i) {
    std::size_t out = 0;
    for (std::size_t d = 0; d < rank; ++d)
      if (std::find(c.axes.begin(), c.axes.end(), static_cast<std::int64_t>(d)) == c.axes.end())
        out = out * static_cast<std::size_t>(c.input[d]) + at[d];
    groups[out].push_back(r.x.get(i));
    for (std::size_t d = rank; d-- > 0;) {
      if (++at[d] < static_cast<std::size_t>(c.input[d])) break;
      at[d] = 0;
    }
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Exact e = exact(c, groups[i]);
    const double got = r.y.get(i), want = static_cast<double>(e.value);
    if (!std::isfinite(want) || c.dtype == TENON_I1 || r.y.type.dtype == TENON_I1) {
      ASSERT_TRUE(got == want || (std::isnan(got) && std::isnan(want)))
          << describe(c, level) << "[" << i << "]: " << got << ", not " << want;
      continue;
    }
    const double last_place =
        std::ldexp(1, std::max(want == 0 ? -2000 : std::ilogb(want), lowest_exponent(c.dtype)) - mantissa_bits(c.dtype));
    const double allowed = static_cast<double>(e.error) + (element_bytes(c.dtype) == 2 ? 0.51 : 0) * (e.error == 0 ? 0 : last_place);
    ASSERT_LE(std::fabs(got - want), allowed) << describe(c, level) << "[" << i << "]: " << got << ", not " << want << "; " << ran.note;
  }
}

class ReduceLevel : public LevelTest {};

const char* const kAll[] = {"sum",      "mean", "sum_square", "l1",  "l2",  "log_sum", "log_sum_exp",
                            "variance", "std",  "prod",       "max", "min", "any",     "all"};

TEST_P(ReduceLevel, EveryLengthOfRows) {
  for (const char* op : kAll)
    for (tenon_dtype dtype : kFloats)
      for (std::int64_t n : {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 641, 1023, 1025, 2500, 5003})
        expect_right({.op = op, .dtype = dtype, .input = {n < 700 ? 9 : 2, n}, .axes = {1}}, GetParam());
}

TEST_P(ReduceLevel, EveryWidthOfColumns) {
  for (const char* op : kAll)
    for (tenon_dtype dtype : kFloats)
      for (std::int64_t n : {1, 2, 7, 8, 9, 23})
        for (std::int64_t width : {1, 3, 15, 16, 31, 32, 33, 65, 100, 4100})
          if (width < 1000 || n == 9) expect_right({.op = op, .dtype = dtype, .input = {n, width}, .axes = {0}}, GetParam());
}

TEST_P(ReduceLevel, EverySetOfAxesAndLayout) {
  for (const char* op : kAll)
    for (tenon_dtype dtype : kFloats)
      for (Lay lay : kLays)
        for (int set = 0; set < 16; ++set) {
          Case c{.op = op, .dtype = dtype, .input = {3, 5, 4, 37}, .axes = {}, .keep = set % 3 == 0, .lay = lay};
          c.result_lay = kLays[static_cast<std::size_t>(set) % std::size(kLays)];
          if (c.result_lay == Lay::Reversed) c.result_lay = Lay::Strided;
          for (int d = 0; d < 4; ++d)
            if ((set >> d & 1) != 0) c.axes.push_back(d);
          expect_right(c, GetParam());
        }
}

TEST_P(ReduceLevel, OnesAndNothing) {
  for (const char* op : {"sum", "sum_square", "l1", "l2", "log_sum_exp", "prod", "max", "min", "any", "all"})
    for (tenon_dtype dtype : kFloats) {
      expect_right({.op = op, .dtype = dtype, .input = {2, 0}, .axes = {1}}, GetParam());
      expect_right({.op = op, .dtype = dtype, .input = {0, 40}, .axes = {0}}, GetParam());
      expect_right({.op = op, .dtype = dtype, .input = {0, 40}, .axes = {1}}, GetParam());
      expect_right({.op = op, .dtype = dtype, .input = {2, 0, 40}, .axes = {0, 1}}, GetParam());
      expect_right({.op = op, .dtype = dtype, .input = {}, .axes = {}}, GetParam());
      expect_right({.op = op, .dtype = dtype, .input = {1, 1}, .axes = {0}, .keep = true}, GetParam());
      expect_right({.op = op, .dtype = dtype, .input = {3, 1, 50, 1}, .axes = {1, 3}}, GetParam());
    }
}

TEST_P(ReduceLevel, MeansFarFromZero) {
  for (const char* op : {"variance", "std"})
    for (const Dims& axes : {Dims{0}, Dims{1}, Dims{0, 1}})
      for (tenon_dtype dtype : {TENON_F32, TENON_F64}) {
        expect_right({.op = op, .dtype = dtype, .input = {70, 90}, .axes = axes, .correction = 1, .mean = 1000}, GetParam());
        expect_right({.op = op, .dtype = dtype, .input = {70, 90}, .axes = axes, .deviation = 1e-3}, GetParam());
      }
}

TEST_P(ReduceLevel, AMillionTerms) {
  expect_right({.op = "sum", .input = {1000003}, .axes = {0}}, GetParam());
  for (const char* op : {"sum", "variance"})
    expect_right({.op = op, .dtype = TENON_BF16, .input = {200003}, .axes = {0}, .mean = 1}, GetParam());
  expect_right({.op = "sum", .input = {10007, 33}, .axes = {0}, .mean = 1}, GetParam());
}

// Equal terms: every lane rounds in the same direction.
TEST_P(ReduceLevel, EqualTermsDoNotAddUpErrors) {
  for (const Dims& axes : {Dims{0}, Dims{1}}) {
    Case c{.op = "sum", .input = {1000, 1000}, .axes = axes};
    Ready r = prepare(c);
    r.x.fill([](std::size_t) { return 0.1; });
    run(c, r, GetParam());
    const double want = 1000 * r.x.get(0);
    EXPECT_LE(std::fabs(r.y.get(0) - want), 0x1p-23 * want);
  }
}

// With one thread and with three, and in every layout, the same bits; with few results, in parts.
TEST_P(ReduceLevel, ThreadsAndLayoutsAgree) {
  std::vector<double> drawn(4096);
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  for (double& v : drawn) v = normal(random);
  const auto fill = [&](Tensor& x) { x.fill([&](std::size_t i) { return drawn[(i * 2654435761u >> 5) % drawn.size()]; }); };
  for (const char* op : {"sum", "variance", "log_sum_exp", "prod", "max", "any"})
    for (tenon_dtype dtype : {TENON_F32, TENON_BF16, TENON_F64})
      for (const auto& [input, axes] :
           {std::pair<Dims, Dims>{{300, 300}, {1}}, {{200000}, {0}}, {{5000, 40}, {0}}, {{3, 300, 130}, {0, 2}}, {{40, 30, 90}, {1}}}) {
        const Case c{.op = op, .dtype = dtype, .input = input, .axes = axes};
        host::machine.threads = 1;
        Ready one = prepare(c);
        fill(one.x);
        run(c, one, GetParam());
        host::machine.threads = 3;
        for (Lay lay : {Lay::Compact, Lay::Strided}) {
          Case other = c;
          other.lay = lay;
          Ready three = prepare(other);
          fill(three.x);
          const Ran ran = run(other, three, GetParam());
          if (dtype == TENON_F32 && c.op == "sum") {
            EXPECT_NE(ran.note.find("parallel"), std::string::npos) << describe(c, GetParam()) << ran.note;
          }
          for (std::size_t i = 0; i < one.y.elements(); ++i)
            ASSERT_TRUE(one.y.get(i) == three.y.get(i) || (std::isnan(one.y.get(i)) && std::isnan(three.y.get(i))))
                << describe(c, GetParam()) << "[" << i << "] " << one.y.get(i) << " " << three.y.get(i) << " " << ran.note;
        }
        host::machine.threads = 1;
      }
}

// One element read for all of a dimension.
TEST_P(ReduceLevel, StridesOfZero) {
  for (const Dims& axes : {Dims{0}, Dims{1}}) {
    Case c{.op = "sum", .input = {6, 50}, .axes = axes};
    Ready r = prepare(c);
    r.x.strides[0] = 0;
    r.x.fill([](std::size_t i) { return static_cast<double>(i % 50); });
    run(c, r, GetParam());
    EXPECT_EQ(r.y.get(0), axes[0] == 0 ? 0 : 1225);
    EXPECT_EQ(r.y.get(3), axes[0] == 0 ? 18 : 1225);
  }
}

// Values by hand, as a run and as columns among 40 of them, in every float type.
void expect_values(const std::string& op, const std::vector<double>& x, double want, const std::string& level,
                   std::vector<tenon_dtype> dtypes = {TENON_F32, TENON_F16, TENON_BF16, TENON_F64}) {
  const auto n = static_cast<std::int64_t>(x.size());
  for (tenon_dtype dtype : dtypes)
    for (bool columns : {false, true}) {
      Case c{.op = op, .dtype = dtype, .input = columns ? Dims{n, 40} : Dims{40, n}, .axes = {columns ? 0 : 1}};
      Ready r = prepare(c);
      r.x.fill([&](std::size_t i) { return columns ? x[i / 40] : x[i % x.size()]; });
      run(c, r, level);
      for (std::size_t i = 0; i < 40; ++i) {
        const double got = r.y.get(i), expected = r.y.type.dtype == TENON_I1 ? want : rounded(dtype, want);
        ASSERT_TRUE(got == expected || (std::isnan(got) && std::isnan(expected)))
            << describe(c, level) << "[" << i << "]: " << got << ", not " << expected;
      }
    }
}

TEST_P(ReduceLevel, NanAndInfinity) {
  const std::string level = GetParam();
  for (std::size_t place : {0u, 5u, 20u, 69u, 70u}) {
    std::vector<double> x(71, 1);
    x[place] = kNan;
    for (const char* op : {"sum", "mean", "sum_square", "l1", "l2", "log_sum", "log_sum_exp", "variance", "std", "prod", "max", "min"})
      expect_values(op, x, kNan, level);
    expect_values("any", x, 1, level);
    expect_values("all", x, 1, level);
    x[place] = kInf;
    for (const char* op : {"sum", "mean", "sum_square", "l1", "l2", "log_sum", "log_sum_exp", "prod", "max"})
      expect_values(op, x, kInf, level);
    expect_values("min", x, 1, level);
    expect_values("variance", x, kNan, level);
    x[(place + 9) % 71] = -kInf;
    expect_values("sum", x, kNan, level);
    expect_values("max", x, kInf, level);
    expect_values("min", x, -kInf, level);
    x[place] = 1;
    expect_values("log_sum_exp", std::vector<double>(71, -kInf), -kInf, level);
    expect_values("sum", x, -kInf, level);
    x[(place + 9) % 71] = -0.0;
    expect_values("all", x, 0, level);
    expect_values("prod", x, 0, level);
  }
  expect_values("any", std::vector<double>(50, -0.0), 0, level);
}

TEST_P(ReduceLevel, ByHand) {
  const std::string level = GetParam();
  expect_values("sum", {1, 2, 3, 4, 5}, 15, level);
  expect_values("mean", {1, 2, 3, 6}, 3, level);
  expect_values("variance", {1, 2, 3, 6}, 3.5, level);
  expect_values("std", {1, 5, 1, 5}, 2, level);
  expect_values("prod", {1, -2, 3, 0.5}, -3, level);
  expect_values("l1", {1, -2, 3}, 6, level);
  expect_values("l2", {3, -4}, 5, level);
  expect_values("log_sum", {0.25, 0.75}, 0, level);
  expect_values("mean", {65504, 65504}, 65504, level, {TENON_F16});
  expect_values("sum", {2048, 1, 1}, 2050, level, {TENON_F16});
  expect_values("sum", {3e38, 3e38, -3e38, -3e38, 1}, 1, level, {TENON_F32});  // though the sums of pairs overflow
  expect_values("sum", {3e38, 3e38, 3e38}, kInf, level, {TENON_F32});
  expect_values("sum_square", {1e30, 1}, kInf, level, {TENON_F32, TENON_BF16});
  expect_values("variance", {1e7, 1e7 + 1, 1e7 + 1, 1e7 + 2}, 0.5, level, {TENON_F32});
  expect_values("log_sum_exp", {-1e4, -1e4, -kInf}, -9999.306852819440, level, {TENON_F32});
  expect_values("sum", {1e-45, 1e-45}, 2.8e-45, level, {TENON_F32});
}

TEST_P(ReduceLevel, Integers) {
  for (tenon_dtype dtype : {TENON_I8, TENON_I16, TENON_I32, TENON_I64, TENON_UI8, TENON_UI16, TENON_UI32, TENON_UI64})
    for (const char* op : {"sum", "sum_square", "l1", "prod", "max", "min", "any", "all"})
      for (const auto& [input, axes] : {std::pair<Dims, Dims>{{5, 300}, {1}}, {{300, 19}, {0}}, {{7, 3, 11}, {0, 2}}, {{4, 0}, {1}}}) {
        const Case c{.op = op, .dtype = dtype, .input = input, .axes = axes};
        Ready r = prepare(c);
        const int bits = static_cast<int>(8 * element_bytes(dtype));
        const bool is_signed = dtype == TENON_I8 || dtype == TENON_I16 || dtype == TENON_I32 || dtype == TENON_I64;
        r.x.fill([&](std::size_t i) { return static_cast<double>((i * 37 + 11) % 256 % 200) - (is_signed ? 100 : 0); });
        run(c, r, GetParam());
        std::vector<std::uint64_t> want(r.y.elements(), std::string(op) == "prod" || std::string(op) == "all" ? 1 : 0);
        std::vector<double> extreme(r.y.elements(), std::string(op) == "max" ? -kInf : kInf);
        for (std::size_t i = 0; i < r.x.elements(); ++i) {
          std::size_t out = 0, rest = i, step = 1;
          for (std::size_t d = input.size(); d-- > 0;) {
            const auto size = static_cast<std::size_t>(input[d]);
            if (std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(d)) == axes.end()) {
              out += rest % size * step;
              step *= size;
            }
            rest /= size;
          }
          const double v = r.x.get(i);
          const auto word = static_cast<std::uint64_t>(static_cast<std::int64_t>(v));
          if (c.op == "sum") want[out] += word;
          if (c.op == "sum_square") want[out] += word * word;
          if (c.op == "l1") want[out] += static_cast<std::uint64_t>(std::fabs(v));
          if (c.op == "prod") want[out] *= word;
          if (c.op == "any") want[out] |= v != 0;
          if (c.op == "all") want[out] &= v != 0 ? 1 : 0;
          extreme[out] = c.op == "max" ? std::max(extreme[out], v) : std::min(extreme[out], v);
        }
        for (std::size_t i = 0; i < want.size(); ++i) {
          double value;
          if (c.op == "max" || c.op == "min") {
            value = extreme[i];
            if (input[1] == 0) value = c.op == "max" ? (is_signed ? -std::ldexp(1, bits - 1) : 0) : std::ldexp(1, bits - is_signed) - 1;
          } else {
            const std::uint64_t kept = bits == 64 ? want[i] : want[i] & ((std::uint64_t{1} << bits) - 1);
            const bool negative = is_signed && r.y.type.dtype != TENON_I1 && (kept >> (bits - 1) & 1) != 0;
            value = negative ? -static_cast<double>((bits == 64 ? std::uint64_t{0} : std::uint64_t{1} << bits) - kept)
                             : static_cast<double>(kept);
          }
          ASSERT_EQ(r.y.get(i), value) << describe(c, GetParam()) << "[" << i << "]";
        }
      }
}

INSTANTIATE_TEST_SUITE_P(Levels, ReduceLevel, testing::ValuesIn(kLevels), level_name);

TEST(ReducePlan, DeclinesAndSays) {
  tenon::plugin::host_table = &host::api();
  tenon_call call;
  const tenon_kernel* kernel = tenon_operator_reduce_sum.kernels[0];
  tenon_node node{"reduce_sum", {{TENON_I4, {2, 2}}}, {}, {}};
  EXPECT_NE(kernel->supports(&call, kernel, &node), TENON_OK);
  EXPECT_EQ(call.message, "takes i1, whole-byte integers, f16, bf16, f32 and f64, not i4");
}

}  // namespace
