// The kernels of this pack against float64, at every level: dtypes, lengths around vectors and blocks, layouts, broadcasting, in place,
// past the caches, threads, and values by hand. What functions compute over their whole range is in functions_test.cpp.
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "plugins/support/test_kernel.h"

extern "C" {
extern const tenon_operator tenon_operator_add, tenon_operator_subtract, tenon_operator_multiply, tenon_operator_divide,
    tenon_operator_maximum, tenon_operator_minimum, tenon_operator_mod, tenon_operator_power, tenon_operator_and, tenon_operator_or,
    tenon_operator_xor, tenon_operator_equal, tenon_operator_not_equal, tenon_operator_less, tenon_operator_less_equal,
    tenon_operator_greater, tenon_operator_greater_equal, tenon_operator_where, tenon_operator_clamp, tenon_operator_abs,
    tenon_operator_negate, tenon_operator_sign, tenon_operator_square, tenon_operator_not, tenon_operator_identity, tenon_operator_relu,
    tenon_operator_relu6, tenon_operator_floor, tenon_operator_ceil, tenon_operator_round, tenon_operator_is_finite, tenon_operator_is_nan,
    tenon_operator_is_inf, tenon_operator_leaky_relu, tenon_operator_prelu, tenon_operator_hard_sigmoid, tenon_operator_silu_mul,
    tenon_operator_gelu_mul, tenon_operator_gelu, tenon_operator_silu, tenon_operator_cast, tenon_operator_add_scalar,
    tenon_operator_reverse_subtract_scalar, tenon_operator_less_scalar, tenon_operator_power_scalar, tenon_operator_elu;
}

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

class Elementwise : public LevelTest {};

const double kNan = std::nan(""), kInf = HUGE_VAL;

// What StableHLO says about the larger of two: NaN wins, then +0.
double larger(double a, double b) { return std::isnan(a) || std::isnan(b) ? kNan : a > b || (a == b && !std::signbit(a)) ? a : b; }
double smaller(double a, double b) { return std::isnan(a) || std::isnan(b) ? kNan : a < b || (a == b && std::signbit(a)) ? a : b; }

tenon_node node_of(const tenon_operator& op) { return {std::string(op.name, op.name_length), {}, {}, {}}; }
bool is_float(tenon_dtype dtype) { return dtype == TENON_F16 || dtype == TENON_BF16 || dtype == TENON_F32 || dtype == TENON_F64; }
tenon_dtype computed_in(tenon_dtype dtype) { return dtype == TENON_F16 || dtype == TENON_BF16 ? TENON_F32 : dtype; }

// Row-major element number `i` of a result of shape `to`, as a number of an operand's element.
std::size_t source(std::size_t i, const Dims& to, const Dims& from) {
  std::size_t out = 0, step = 1;
  for (std::size_t back = 1; back <= to.size(); ++back) {
    const auto size = static_cast<std::size_t>(to[to.size() - back]);
    const std::size_t at = i % size;
    i /= size;
    if (back > from.size()) continue;
    const auto own = static_cast<std::size_t>(from[from.size() - back]);
    if (own != 1) out += at * step;
    step *= own;
  }
  return out;
}

Dims joined(const Dims& a, const Dims& b) {
  Dims out = a.size() >= b.size() ? a : b;
  const Dims& other = a.size() >= b.size() ? b : a;
  for (std::size_t back = 1; back <= other.size(); ++back)
    if (out[out.size() - back] == 1) out[out.size() - back] = other[other.size() - back];
  return out;
}

struct Binary {
  const tenon_operator* op;
  double (*exact)(double, double);
  bool predicate = false;
};
const Binary kArithmetic[] = {
    {&tenon_operator_add, [](double a, double b) { return a + b; }},
    {&tenon_operator_subtract, [](double a, double b) { return a - b; }},
    {&tenon_operator_multiply, [](double a, double b) { return a * b; }},
    {&tenon_operator_maximum, larger},
    {&tenon_operator_minimum, smaller},
    {&tenon_operator_equal, [](double a, double b) { return double(a == b); }, true},
    {&tenon_operator_not_equal, [](double a, double b) { return double(a != b); }, true},
    {&tenon_operator_less, [](double a, double b) { return double(a < b); }, true},
    {&tenon_operator_less_equal, [](double a, double b) { return double(a <= b); }, true},
    {&tenon_operator_greater, [](double a, double b) { return double(a > b); }, true},
    {&tenon_operator_greater_equal, [](double a, double b) { return double(a >= b); }, true},
};

void fill(Tensor& t, unsigned seed) {
  t.fill_normal(seed, is_float(t.type.dtype) ? 3 : 30);
  if (is_float(t.type.dtype) && t.elements() > 8) {
    const double special[] = {kNan, kInf, -kInf, 0, -0.0, 1e-40, -1};
    for (std::size_t i = 0; i < 7; ++i) t.set((i * 5 + seed) % t.elements(), special[i]);
  }
}

// Results are the exact ones: f16 and bf16 are computed in f32 and rounded once.
void expect_exact(const std::string& level, const Binary& f, tenon_dtype dtype, const Dims& a_dims, const Dims& b_dims, Lay lay,
                  Lay result_lay, bool in_place = false) {
  Tensor a({dtype, a_dims}, lay), b({dtype, b_dims}, lay);
  fill(a, 1);
  fill(b, 2);
  Tensor y({f.predicate ? TENON_I1 : dtype, joined(a_dims, b_dims)}, result_lay);
  std::vector<double> expected(y.elements());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double exact = f.exact(a.get(source(i, y.type.dims, a_dims)), b.get(source(i, y.type.dims, b_dims)));
    expected[i] = f.predicate || !is_float(dtype) ? exact + 0.0 : rounded(dtype, rounded(computed_in(dtype), exact));
  }
  tenon_node node = node_of(*f.op);
  Tensor& out = in_place ? a : y;
  const Ran ran = run(find_kernel(*f.op, "elementwise", level), node, {&a, &b}, {&out});
  const std::string what = node.op + " " + plugin::dtype_name(dtype) + " " + plugin::text(a_dims) + plugin::text(b_dims);
  ASSERT_EQ(ran.code, TENON_OK) << what << ": " << ran.message;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double got = out.get(i);
    const bool same = got == expected[i] ? std::signbit(got) == std::signbit(expected[i]) : std::isnan(got) && std::isnan(expected[i]);
    ASSERT_TRUE(same) << what << " element " << i << " is " << got << ", not " << expected[i] << "; " << ran.note;
  }
  EXPECT_TRUE(out.guards_hold() && a.guards_hold() && b.guards_hold()) << what;
}

constexpr tenon_dtype kTypes[] = {TENON_F32, TENON_F16, TENON_BF16, TENON_F64, TENON_I32, TENON_I64};

TEST_P(Elementwise, EveryLength) {
  for (const Binary& f : kArithmetic)
    for (tenon_dtype dtype : kTypes)
      for (std::int64_t n : {1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 511, 513, 4097})
        expect_exact(GetParam(), f, dtype, {n}, {n}, Lay::Compact, Lay::Compact);
}

TEST_P(Elementwise, EveryLayout) {
  for (const Binary& f : kArithmetic)
    for (tenon_dtype dtype : kTypes)
      for (Lay lay : kLays)
        for (Lay result : {Lay::Compact, Lay::Strided, Lay::Misaligned})
          expect_exact(GetParam(), f, dtype, {3, 5, 67}, {3, 5, 67}, lay, result);
}

TEST_P(Elementwise, Broadcasts) {
  const std::pair<Dims, Dims> shapes[] = {
      {{3, 4, 67}, {67}},  {{3, 4, 1}, {3, 1, 67}}, {{}, {5}}, {{4, 1}, {1, 3}}, {{2, 3, 5}, {5}}, {{70, 1}, {70, 64}},
      {{1}, {4099}},       {{2, 600}, {2, 1}},      {{}, {}},  {{1, 1}, {1}},    {{0, 3}, {1, 3}}, {{5, 1, 7, 1}, {3, 1, 2}},
      {{2, 5000}, {5000}}, {{33}, {7, 1}}};
  for (const Binary& f : kArithmetic)
    for (tenon_dtype dtype : {TENON_F32, TENON_F16, TENON_BF16, TENON_I64})
      for (const auto& [a, b] : shapes) {
        expect_exact(GetParam(), f, dtype, a, b, Lay::Compact, Lay::Compact);
        expect_exact(GetParam(), f, dtype, b, a, Lay::Strided, Lay::Compact);
      }
}

TEST_P(Elementwise, InPlace) {
  for (const Binary& f : kArithmetic)
    for (tenon_dtype dtype : kTypes)
      for (Lay lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
        if (!f.predicate)
          for (const Dims& b : {Dims{5, 67}, Dims{67}, Dims{5, 1}}) expect_exact(GetParam(), f, dtype, {5, 67}, b, lay, lay, true);
}

// Runs f on two tensors of that many elements, with `threads`; the bytes of the result.
std::vector<char> bytes_of_run(const tenon_operator& op, const std::string& level, tenon_dtype dtype, std::int64_t n, unsigned threads,
                               std::uint64_t last_level, std::string* note, Lay lay) {
  host::machine.threads = threads;
  host::machine.l3_bytes = last_level;
  Tensor a({dtype, {3, n}}, lay), b({dtype, {3, n}}, lay), y({dtype, {3, n}}, lay);
  fill(a, 1);
  fill(b, 2);
  tenon_node node = node_of(op);
  node.attributes["approximate"] = host::attribute("none");
  const Ran ran = run(find_kernel(op, "elementwise", level), node, {&a, &b}, {&y});
  EXPECT_EQ(ran.code, TENON_OK) << ran.message;
  EXPECT_TRUE(y.guards_hold());
  *note = ran.note;
  std::vector<char> out;
  for (std::size_t i = 0; i < y.elements(); ++i) out.insert(out.end(), y.at(i), y.at(i) + element_bytes(dtype));
  return out;
}

TEST_P(Elementwise, ThreadsAndStreamingDoNotReachTheNumbers) {
  for (const tenon_operator* op : {&tenon_operator_add, &tenon_operator_silu_mul, &tenon_operator_gelu_mul, &tenon_operator_power})
    for (tenon_dtype dtype : {TENON_F32, TENON_F16, TENON_BF16})
      for (Lay lay : {Lay::Compact, Lay::Misaligned}) {
        std::string note;
        const std::vector<char> one = bytes_of_run(*op, GetParam(), dtype, 12007, 1, 64 << 20, &note, lay);
        EXPECT_EQ(note.find("streaming"), std::string::npos) << note;
        EXPECT_EQ(one, bytes_of_run(*op, GetParam(), dtype, 12007, 3, 64 << 20, &note, lay)) << node_of(*op).op;
        host::machine.l2_bytes = 4096;
        EXPECT_EQ(one, bytes_of_run(*op, GetParam(), dtype, 12007, 3, 8192, &note, lay)) << node_of(*op).op;
        EXPECT_NE(note.find("streaming"), std::string::npos) << note;
        host::machine.l2_bytes = 512 << 10;
      }
}

// ---- Values by hand ----

// Runs op on rows of values; expected ones are compared with their signs.
void for_given(const std::string& level, const tenon_operator& op, const std::vector<std::pair<tenon_dtype, std::vector<double>>>& operands,
               tenon_dtype result, const std::vector<double>& expected, const std::map<std::string, tenon_attr>& attributes = {}) {
  std::vector<Tensor> tensors;
  std::vector<Tensor*> pointers;
  tensors.reserve(operands.size());
  for (const auto& [dtype, values] : operands) {
    tensors.emplace_back(Type(dtype, {static_cast<std::int64_t>(values.size())}), Lay::Misaligned);
    for (std::size_t i = 0; i < values.size(); ++i) tensors.back().set(i, values[i]);
    pointers.push_back(&tensors.back());
  }
  Tensor y({result, {static_cast<std::int64_t>(expected.size())}});
  tenon_node node = node_of(op);
  node.attributes = attributes;
  const Ran ran = run(find_kernel(op, "elementwise", level), node, pointers, {&y});
  ASSERT_EQ(ran.code, TENON_OK) << node.op << ": " << ran.message;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double got = y.get(i);
    const bool same = std::isnan(expected[i]) ? std::isnan(got) : got == expected[i] && std::signbit(got) == std::signbit(expected[i]);
    EXPECT_TRUE(same) << level << " " << node.op << " " << plugin::dtype_name(operands[0].first) << " element " << i << " is " << got
                      << ", not " << expected[i];
  }
}

constexpr tenon_dtype kFloats[] = {TENON_F32, TENON_F16, TENON_BF16};

TEST_P(Elementwise, OneOperandByHand) {
  const std::vector<double> x = {0.0, -0.0, kInf, -kInf, kNan, 0.5, -0.5, 1.5, 2.5, -2.5, -0.75, 3, -3};
  struct Given {
    const tenon_operator* op;
    std::vector<double> expected;
    bool predicate = false;
  };
  const Given given[] = {
      {&tenon_operator_abs, {0, 0, kInf, kInf, kNan, 0.5, 0.5, 1.5, 2.5, 2.5, 0.75, 3, 3}},
      {&tenon_operator_negate, {-0.0, 0, -kInf, kInf, kNan, -0.5, 0.5, -1.5, -2.5, 2.5, 0.75, -3, 3}},
      {&tenon_operator_sign, {0, -0.0, 1, -1, kNan, 1, -1, 1, 1, -1, -1, 1, -1}},
      {&tenon_operator_square, {0, 0, kInf, kInf, kNan, 0.25, 0.25, 2.25, 6.25, 6.25, 0.5625, 9, 9}},
      {&tenon_operator_identity, x},
      {&tenon_operator_relu, {0, 0, kInf, 0, kNan, 0.5, 0, 1.5, 2.5, 0, 0, 3, 0}},
      {&tenon_operator_relu6, {0, 0, 6, 0, kNan, 0.5, 0, 1.5, 2.5, 0, 0, 3, 0}},
      {&tenon_operator_floor, {0, -0.0, kInf, -kInf, kNan, 0, -1, 1, 2, -3, -1, 3, -3}},
      {&tenon_operator_ceil, {0, -0.0, kInf, -kInf, kNan, 1, -0.0, 2, 3, -2, -0.0, 3, -3}},
      {&tenon_operator_round, {0, -0.0, kInf, -kInf, kNan, 0, -0.0, 2, 2, -2, -1, 3, -3}},
      {&tenon_operator_is_finite, {1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}, true},
      {&tenon_operator_is_nan, {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, true},
      {&tenon_operator_is_inf, {0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, true},
  };
  for (const Given& g : given)
    for (tenon_dtype dtype : kFloats) for_given(GetParam(), *g.op, {{dtype, x}}, g.predicate ? TENON_I1 : dtype, g.expected);
  // Whole numbers beyond 2^23 stay; so do the largest ones.
  for (const tenon_operator* op : {&tenon_operator_floor, &tenon_operator_ceil, &tenon_operator_round})
    for_given(GetParam(), *op, {{TENON_F32, {8388609, -16777218, 3e38, 8388607.5, 4194304.5}}}, TENON_F32,
              {8388609, -16777218, rounded(TENON_F32, 3e38), op == &tenon_operator_floor ? 8388607.0 : 8388608.0,
               op == &tenon_operator_ceil ? 4194305.0 : 4194304.0});
}

TEST_P(Elementwise, AttributesByHand) {
  const auto number = [](double value) { return host::attribute(value); };
  for (tenon_dtype dtype : kFloats) {
    const std::vector<double> x = {-4, -0.5, 0, 0.5, 4, kNan, kInf};
    for_given(GetParam(), tenon_operator_leaky_relu, {{dtype, x}}, dtype, {-2, -0.25, 0, 0.5, 4, kNan, kInf}, {{"alpha", number(0.5)}});
    for_given(GetParam(), tenon_operator_prelu, {{dtype, x}, {dtype, {0.5}}}, dtype, {-2, -0.25, 0, 0.5, 4, kNan, kInf});
    for_given(GetParam(), tenon_operator_hard_sigmoid, {{dtype, x}}, dtype, {0, 0.25, 0.5, 0.75, 1, kNan, 1},
              {{"alpha", number(0.5)}, {"beta", number(0.5)}});
    for_given(GetParam(), tenon_operator_clamp, {{dtype, x}}, dtype, {-1, -0.5, 0, 0.5, 2, kNan, 2},
              {{"min", number(-1)}, {"max", number(2)}});
    for_given(GetParam(), tenon_operator_clamp, {{dtype, x}}, dtype, {-4, -0.5, 0, 0.5, 2, kNan, 2}, {{"max", number(2)}});
    for_given(GetParam(), tenon_operator_reverse_subtract_scalar, {{dtype, x}}, dtype, {5, 1.5, 1, 0.5, -3, kNan, -kInf},
              {{"value", number(1)}});
    for_given(GetParam(), tenon_operator_less_scalar, {{dtype, x}}, TENON_I1, {1, 1, 1, 0, 0, 0, 0}, {{"value", number(0.5)}});
    for_given(GetParam(), tenon_operator_power_scalar, {{dtype, x}}, dtype, {16, 0.25, 0, 0.25, 16, kNan, kInf}, {{"value", number(2)}});
    for_given(GetParam(), tenon_operator_power_scalar, {{dtype, x}}, dtype, {-64, -0.125, 0, 0.125, 64, kNan, kInf},
              {{"value", number(3)}});
    for_given(GetParam(), tenon_operator_elu, {{dtype, {2, 0, -kInf, kNan}}}, dtype, {2, 0, -3, kNan}, {{"alpha", number(3)}});
    for (const char* approximate : {"none", "tanh"})
      for_given(GetParam(), tenon_operator_gelu, {{dtype, {0, kInf, kNan, -kInf}}}, dtype, {0, kInf, kNan, kNan},
                {{"approximate", host::attribute(approximate)}});
  }
  // The number is not rounded to the operand's 16 bits: 1.0005 would be 1 in f16, and 2049 a tie that goes to 2048.
  for_given(GetParam(), tenon_operator_add_scalar, {{TENON_F16, {2048}}}, TENON_F16, {2050}, {{"value", number(1.0005)}});
  // In a comparison it is.
  for_given(GetParam(), tenon_operator_less_scalar, {{TENON_F16, {1}}}, TENON_I1, {0}, {{"value", number(1.0001)}});
}

TEST_P(Elementwise, IntegersByHand) {
  constexpr double kLow = std::numeric_limits<std::int32_t>::lowest();
  for_given(GetParam(), tenon_operator_divide, {{TENON_I32, {7, -7, 5, kLow, kLow, 0}}, {TENON_I32, {2, 2, 0, -1, 1, 0}}}, TENON_I32,
            {3, -3, -1, kLow, kLow, -1});
  for_given(GetParam(), tenon_operator_mod, {{TENON_I64, {7, -7, 7, 5, -6}}, {TENON_I64, {3, 3, -3, 0, 3}}}, TENON_I64, {1, 2, -2, 5, 0});
  for_given(GetParam(), tenon_operator_add, {{TENON_I32, {2147483647, kLow}}, {TENON_I32, {1, -1}}}, TENON_I32, {kLow, 2147483647});
  for_given(GetParam(), tenon_operator_add, {{TENON_UI32, {4294967295, 1}}, {TENON_UI32, {1, 2}}}, TENON_UI32, {0, 3});
  for_given(GetParam(), tenon_operator_abs, {{TENON_I32, {kLow, -3, 0}}}, TENON_I32, {kLow, 3, 0});
  for_given(GetParam(), tenon_operator_and, {{TENON_I64, {12, -1}}, {TENON_I64, {10, 5}}}, TENON_I64, {8, 5});
  for_given(GetParam(), tenon_operator_or, {{TENON_I1, {0, 0, 1, 1}}, {TENON_I1, {0, 1, 0, 1}}}, TENON_I1, {0, 1, 1, 1});
  for_given(GetParam(), tenon_operator_xor, {{TENON_I1, {0, 0, 1, 1}}, {TENON_I1, {0, 1, 0, 1}}}, TENON_I1, {0, 1, 1, 0});
  for_given(GetParam(), tenon_operator_not, {{TENON_I1, {0, 1}}}, TENON_I1, {1, 0});
  for_given(GetParam(), tenon_operator_not, {{TENON_I32, {0, 5, -1}}}, TENON_I32, {-1, -6, 0});
  for_given(GetParam(), tenon_operator_clamp, {{TENON_I64, {-9, 3, 9}}}, TENON_I64, {-9, 3, 4}, {{"max", host::attribute(4.0)}});
}

TEST_P(Elementwise, SelectsOfEveryWidth) {
  for (tenon_dtype dtype : {TENON_I1, TENON_I8, TENON_UI16, TENON_BF16, TENON_F32, TENON_I32, TENON_F64, TENON_I64})
    for (const Dims& condition : {Dims{5, 67}, Dims{67}, Dims{5, 1}, Dims{}})
      for (Lay lay : kLays) {
        Tensor c({TENON_I1, condition}, lay), a({dtype, {5, 67}}, lay), b({dtype, {5, 1}}, lay), y({dtype, {5, 67}});
        c.fill([](std::size_t i) { return double(i % 3 == 0); });
        a.fill([](std::size_t i) { return double(i % 2); });
        b.fill([](std::size_t i) { return double(i % 2 == 0); });
        tenon_node node = node_of(tenon_operator_where);
        ASSERT_EQ(run(find_kernel(tenon_operator_where, "elementwise", GetParam()), node, {&c, &a, &b}, {&y}).code, TENON_OK);
        for (std::size_t i = 0; i < y.elements(); ++i)
          ASSERT_EQ(y.get(i), c.get(source(i, y.type.dims, condition)) != 0 ? a.get(i) : b.get(i / 67)) << i;
        EXPECT_TRUE(y.guards_hold());
      }
}

TEST_P(Elementwise, Casts) {
  const auto cast = [](tenon_dtype from, std::vector<double> x, tenon_dtype to, const std::vector<double>& expected) {
    for_given(GetParam(), tenon_operator_cast, {{from, std::move(x)}}, to, expected);
  };
  for (tenon_dtype from : {TENON_F32, TENON_F16, TENON_BF16, TENON_F64}) {
    cast(from, {1.5, -1.5, kNan, kInf, -kInf, 300, -0.0}, TENON_I32, {1, -1, 0, 2147483647, -2147483648.0, 300, 0});
    cast(from, {1.5, -1.5, kNan, 0, -0.75, 300}, TENON_I64, {1, -1, 0, 0, 0, 300});
    cast(from, {1.5, -1.5, kNan, kInf, -kInf, 300, 127}, TENON_I8, {1, -1, 0, 127, -128, 127, 127});
    cast(from, {1.5, -1.5, kNan, kInf, -kInf, 300}, TENON_UI8, {1, 0, 0, 255, 0, 255});
    cast(from, {0, -0.0, kNan, 0.25, -kInf}, TENON_I1, {0, 0, 1, 1, 1});
    for (tenon_dtype to : {TENON_F32, TENON_F16, TENON_BF16, TENON_F64})
      if ((to != TENON_F16 && to != TENON_BF16) || from != TENON_F64)
        cast(from, {1.5, -0.0, kNan, kInf, -2}, to, {1.5, -0.0, kNan, kInf, -2});
  }
  cast(TENON_F32, {2049, 2051, 65520, 65519, 1e-40}, TENON_F16, {2048, 2052, kInf, 65504, 0});
  cast(TENON_F32, {257, 259, 3.4e38, 1.00390625}, TENON_BF16, {256, 260, kInf, 1});
  cast(TENON_F32, {2147483520, 2147483648.0, -2147483648.0, -3e9}, TENON_I32, {2147483520, 2147483647, -2147483648.0, -2147483648.0});
  cast(TENON_I32, {16777217, -3}, TENON_F32, {16777216, -3});
  cast(TENON_I64, {4294967297, -3}, TENON_I32, {1, -3});
  cast(TENON_I1, {0, 1}, TENON_F32, {0, 1});
  cast(TENON_I64, {0, 7}, TENON_I1, {0, 1});
  // Every length, so that tails of 16-bit blocks keep their places; a NaN with any payload stays one.
  for (tenon_dtype from : kFloats)
    for (tenon_dtype to : kFloats)
      for (std::int64_t n : {1, 33, 67, 511, 513}) {
        Tensor x({from, {n}}), y({to, {n}});
        x.fill_normal(3);
        if (from == TENON_F32) {
          const std::uint32_t nan = 0x7fffffffu;
          std::memcpy(x.at(0), &nan, 4);
        }
        tenon_node node = node_of(tenon_operator_cast);
        ASSERT_EQ(run(find_kernel(tenon_operator_cast, "elementwise", GetParam()), node, {&x}, {&y}).code, TENON_OK);
        for (std::size_t i = 0; i < x.elements(); ++i) ASSERT_EQ(ulps(to, y.get(i), rounded(to, x.get(i))), 0) << n << " " << i;
        EXPECT_TRUE(y.guards_hold());
      }
}

TEST_P(Elementwise, SaysWhyItDeclines) {
  const auto refusal = [](const tenon_operator& op, tenon_dtype a, tenon_dtype b, tenon_dtype result) {
    Tensor x({a, {2}}), y({b, {2}}), out({result, {2}});
    tenon_node node = node_of(op);
    return run(find_kernel(op, "elementwise", GetParam()), node, {&x, &y}, {&out}).message;
  };
  EXPECT_EQ(refusal(tenon_operator_add, TENON_F32, TENON_BF16, TENON_F32), "takes operands of one dtype, not f32 and bf16");
  EXPECT_EQ(refusal(tenon_operator_add, TENON_I8, TENON_I8, TENON_I8), "has no loop for i8");
  EXPECT_EQ(refusal(tenon_operator_power, TENON_F64, TENON_F64, TENON_F64), "has no loop for f64");
}

TEST(ElementwisePlan, SaysWhatMayAlias) {
  tenon::plugin::host_table = &host::api();
  const tenon_kernel* kernel = tenon_operator_add.kernels[0];
  tenon_node node = node_of(tenon_operator_add);
  node.operands = {{TENON_F32, {4, 640}}, {TENON_F32, {640}}};
  node.results = {{TENON_F32, {4, 640}}};
  tenon_call call;
  tenon_kernel_plan plan = TENON_KERNEL_PLAN_INIT;
  ASSERT_EQ(kernel->plan(&call, kernel, &node, &plan), TENON_OK) << call.message;
  EXPECT_EQ(plan.result0_may_alias, 0b01u);  // the second belongs to several rows
  EXPECT_EQ(plan.bytes, (2 * 4 * 640 + 640) * 4);
  EXPECT_EQ(plan.workspace_bytes, 0u);
  kernel->plan_destroy(&call, kernel, plan.state);
}

INSTANTIATE_TEST_SUITE_P(Levels, Elementwise, testing::ValuesIn(kLevels), level_name);

}  // namespace
