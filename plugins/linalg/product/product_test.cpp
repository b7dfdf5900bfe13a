// The kernels of matmul, linear, gemm, dot_general and einsum against float64, at every level that this machine has.
//
// The bound: |error| <= 4 * 2^-24 * sum|a * b|, and what the last rounding costs. A sum of f32 is a chain of at most 256 products, so its
// rounding errors are at most 256 * 2^-24 of the magnitude, but random ones, on partial sums that are mostly smaller than the magnitude:
// for values of either sign they are below 1 in 2^24 of it whatever the length, and 4 leaves room. Values of one sign have a test of their
// own: there the errors grow as the root of the chain's length.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "plugins/support/test_kernel.h"

extern "C" const tenon_operator tenon_operator_matmul, tenon_operator_linear, tenon_operator_gemm, tenon_operator_dot_general,
    tenon_operator_einsum;

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

// A term names a tensor's dimensions by letters: those that the output lacks are summed over. '1': a dimension of size 1.
struct Case {
  std::string op = "matmul";
  tenon_dtype dtype = TENON_F32;
  std::string a = "mk", b = "kn", out = "mn";
  std::map<char, std::int64_t> sizes;
  tenon_dtype result = TENON_DTYPE_INVALID;  // asked for; else the operands'
  std::string added;                         // linear's bias, gemm's c
  bool has_added = false;
  double alpha = 1, beta = 1;
  Lay lay = Lay::Compact, result_lay = Lay::Compact;
  double magnitude = 1;
  bool positive = false;
  unsigned seed = 1;
};

const tenon_operator& operator_of(const std::string& op) {
  return op == "matmul"        ? tenon_operator_matmul
         : op == "linear"      ? tenon_operator_linear
         : op == "gemm"        ? tenon_operator_gemm
         : op == "dot_general" ? tenon_operator_dot_general
                               : tenon_operator_einsum;
}

Dims dims_of(const Case& c, const std::string& term) {
  Dims dims;
  for (char letter : term) dims.push_back(letter == '1' ? 1 : c.sizes.at(letter));
  return dims;
}

// How far apart the elements of a compact tensor are along a letter; of one that stands twice, along the diagonal.
std::size_t step_of(const Case& c, const std::string& term, char letter) {
  std::size_t step = 0, size = 1;
  for (std::size_t i = term.size(); i-- > 0;) {
    if (term[i] == letter) step += size;
    if (term[i] != '1') size *= static_cast<std::size_t>(c.sizes.at(term[i]));
  }
  return step;
}

// visit(indices) for all values of the letters, the last one fastest: the element of each term there.
template <std::size_t kTerms, class Visit>
void for_all(const Case& c, const std::string& letters, const std::array<std::string, kTerms>& terms, std::array<std::size_t, kTerms> at,
             const Visit& visit, std::size_t from = 0) {
  if (from == letters.size()) return visit(at);
  std::array<std::size_t, kTerms> steps;
  for (std::size_t t = 0; t < kTerms; ++t) steps[t] = step_of(c, terms[t], letters[from]);
  for (std::int64_t i = 0; i < c.sizes.at(letters[from]); ++i) {
    if (from + 1 == letters.size())
      visit(at);
    else
      for_all(c, letters, terms, at, visit, from + 1);
    for (std::size_t t = 0; t < kTerms; ++t) at[t] += steps[t];
  }
}

struct Outcome {
  std::vector<double> got, exact, magnitude;  // magnitude: of the sum and what is added
  std::string note, message;
  std::int32_t code = TENON_OK;
  bool guards = true;
};

double wrapped(tenon_dtype dtype, std::uint64_t bits) {
  double out = 0;
  with_integer(dtype, [&](auto element) { out = static_cast<double>(static_cast<decltype(element)>(bits)); });
  return out;
}

Outcome run(const Case& c, const std::string& level) {
  const tenon_dtype result = c.result == TENON_DTYPE_INVALID ? c.dtype : c.result;
  const bool floats = tenon::plugin::is_float(c.dtype);
  Tensor a({c.dtype, dims_of(c, c.a)}, c.lay), b({c.dtype, dims_of(c, c.b)}, c.lay), added, out({result, dims_of(c, c.out)}, c.result_lay);
  if (c.has_added) added = Tensor({c.dtype, dims_of(c, c.added)}, c.lay);
  unsigned seed = c.seed;
  for (Tensor* t : {&a, &b, &added}) {
    if (!t->type) continue;
    if (floats && c.positive) {
      std::mt19937 random(seed++);
      t->fill([&](std::size_t) { return c.magnitude * (static_cast<double>(random() % 1000) + 1) / 1000; });
    } else if (floats) {
      t->fill_normal(seed++, c.magnitude);
    } else {
      std::mt19937 random(seed++);
      const bool has_sign = c.dtype < TENON_UI4;
      t->fill([&](std::size_t) { return static_cast<double>(random() % 117) - (has_sign ? 58 : 0); });
    }
  }

  Outcome outcome;
  std::string summed;
  for (char letter : c.a)
    if (letter != '1' && c.out.find(letter) == std::string::npos && summed.find(letter) == std::string::npos) summed.push_back(letter);
  std::string outer;
  for (char letter : c.out)
    if (letter != '1') outer.push_back(letter);
  const double alpha = c.dtype == TENON_F64 ? c.alpha : static_cast<double>(static_cast<float>(c.alpha));
  const double beta = c.dtype == TENON_F64 ? c.beta : static_cast<double>(static_cast<float>(c.beta));
  const auto whole = [](double value) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(value)); };
  const std::vector<double> left = a.values(), right = b.values();
  for_all<3>(c, outer, {c.a, c.b, c.added}, {}, [&](const std::array<std::size_t, 3>& at) {
    double sum = 0, size = 0;
    std::uint64_t bits = 0;
    for_all<2>(c, summed, {c.a, c.b}, {at[0], at[1]}, [&](const std::array<std::size_t, 2>& element) {
      const double x = left[element[0]], y = right[element[1]];
      sum += x * y;
      size += std::fabs(x * y);
      if (!floats) bits += whole(x) * whole(y);
    });
    const double more = c.has_added ? added.get(at[2]) : 0;
    sum = alpha * sum + beta * more;
    size = std::fabs(alpha) * size + std::fabs(beta * more);
    if (!floats) sum = wrapped(result, whole(c.alpha) * bits + whole(c.beta) * whole(more));
    outcome.exact.push_back(sum);
    outcome.magnitude.push_back(size);
  });

  tenon_node node{c.op, {}, {}, {}};
  std::string equation;
  std::vector<std::int64_t> lists[4];
  if (c.op == "matmul" || c.op == "gemm") {
    const auto turned = [](const std::string& term, char last) { return term.size() > 1 && term.back() == last; };
    node.attributes["transpose_a"] = host::attribute(turned(c.a, 'm'));
    node.attributes["transpose_b"] = host::attribute(c.b.size() > 1 && c.b.back() == 'k');
  }
  if (c.op == "gemm") {
    node.attributes["alpha"] = host::attribute(c.alpha);
    node.attributes["beta"] = host::attribute(c.beta);
  }
  if (c.result != TENON_DTYPE_INVALID) {
    tenon_attr dtype = host::attribute(static_cast<std::int64_t>(c.result));
    dtype.kind = TENON_ATTR_DTYPE;
    node.attributes["result_dtype"] = dtype;
  }
  if (c.op == "einsum") {
    equation = c.a + "," + c.b + "->" + c.out;
    node.attributes["equation"] = host::attribute(equation);
  }
  if (c.op == "dot_general") {
    for (std::size_t i = 0; i < c.a.size(); ++i) {
      const std::size_t j = c.b.find(c.a[i]);
      if (j == std::string::npos) continue;
      const int list = c.out.find(c.a[i]) == std::string::npos ? 2 : 0;
      lists[list].push_back(static_cast<std::int64_t>(i));
      lists[list + 1].push_back(static_cast<std::int64_t>(j));
    }
    node.attributes["lhs_batching_dimensions"] = host::attribute(lists[0]);
    node.attributes["rhs_batching_dimensions"] = host::attribute(lists[1]);
    node.attributes["lhs_contracting_dimensions"] = host::attribute(lists[2]);
    node.attributes["rhs_contracting_dimensions"] = host::attribute(lists[3]);
  }
  std::vector<Tensor*> operands{&a, &b};
  if (c.op == "linear" || c.op == "gemm") operands.push_back(c.has_added ? &added : nullptr);
  const Ran ran = test_kernel::run(find_kernel(operator_of(c.op), c.op, level), node, operands, {&out});
  outcome.code = ran.code;
  outcome.message = ran.message;
  outcome.note = ran.note;
  outcome.got = out.values();
  for (Tensor* t : {&a, &b, &added, &out}) outcome.guards = outcome.guards && (!t->type || t->guards_hold());
  return outcome;
}

// In units of 2^-24 (f64: 2^-53) of the magnitude, beyond half an ulp of the result.
double error_of(tenon_dtype result, const Outcome& out, std::size_t i) {
  const double error = std::fabs(out.got[i] - out.exact[i]);
  if (out.got[i] == rounded(result, out.exact[i])) return 0;
  if (!(error < HUGE_VAL)) return HUGE_VAL;
  const int exponent = std::max(out.exact[i] == 0 ? -2000 : std::ilogb(out.exact[i]), lowest_exponent(result));
  const double over = std::max(0.0, error - 0.5 * std::ldexp(1, exponent - mantissa_bits(result)));
  return over / std::ldexp(std::max(out.magnitude[i], 1e-300), result == TENON_F64 ? -53 : -24);
}

std::string describe(const Case& c) {
  return c.op + " " + tenon::plugin::dtype_name(c.dtype) + " " + c.a + tenon::plugin::text(dims_of(c, c.a)) + " " + c.b +
         tenon::plugin::text(dims_of(c, c.b)) + " layout " + std::to_string(static_cast<int>(c.lay)) + "," +
         std::to_string(static_cast<int>(c.result_lay));
}

void expect_right(const Case& c, const std::string& level, double bound = 4) {
  const Outcome out = run(c, level);
  ASSERT_EQ(out.code, TENON_OK) << describe(c) << ": " << out.message;
  EXPECT_TRUE(out.guards) << describe(c) << ": wrote outside";
  ASSERT_EQ(out.got.size(), out.exact.size());
  const tenon_dtype result = c.result == TENON_DTYPE_INVALID ? c.dtype : c.result;
  for (std::size_t i = 0; i < out.got.size(); ++i) {
    const double error = tenon::plugin::is_float(result) ? error_of(result, out, i) : out.got[i] == out.exact[i] ? 0 : HUGE_VAL;
    ASSERT_LE(error, bound) << describe(c) << " (" << out.note << ") element " << i << ": " << out.got[i] << ", not " << out.exact[i];
  }
}

class ProductTest : public LevelTest {};
INSTANTIATE_TEST_SUITE_P(Levels, ProductTest, testing::ValuesIn(kLevels), level_name);

constexpr tenon_dtype kFloats[] = {TENON_F32, TENON_BF16, TENON_F16, TENON_F64};
constexpr tenon_dtype kIntegers[] = {TENON_I8, TENON_UI8, TENON_I16, TENON_UI16, TENON_I32, TENON_UI32, TENON_I64, TENON_UI64};
using Sizes = std::map<char, std::int64_t>;

// Around the tiles of every level (4, 6 and 8 rows; 4 to 32 lanes), in the four orders.
TEST_P(ProductTest, SizesAroundTiles) {
  for (std::int64_t m : {1, 2, 5, 6, 7, 8, 9, 17})
    for (std::int64_t n : {1, 3, 8, 15, 16, 17, 31, 33, 67})
      for (const char* a : {"mk", "km"})
        for (const char* b : {"kn", "nk"})
          expect_right({.a = a, .b = b, .sizes = {{'m', m}, {'n', n}, {'k', 19}}, .seed = static_cast<unsigned>(m * n)}, GetParam());
}

TEST_P(ProductTest, Depths) {
  for (tenon_dtype dtype : kFloats)
    for (std::int64_t k : {1, 2, 63, 64, 65, 255, 256, 257, 700})
      for (const char* b : {"kn", "nk"})
        expect_right({.dtype = dtype, .b = b, .sizes = {{'m', 11}, {'n', 21}, {'k', k}}}, GetParam(), dtype == TENON_F64 ? 64 : 4);
}

// A few rows with a weight whose rows are contiguous: no packing. Sixteen columns are one item, four one group.
TEST_P(ProductTest, FewRows) {
  for (tenon_dtype dtype : {TENON_F32, TENON_BF16, TENON_F16})
    for (std::int64_t m = 1; m <= 9; ++m)
      for (std::int64_t n : {16, 19, 37})
        for (std::int64_t k : {16, 31, 64, 97, 1200})
          expect_right(
              {.op = "linear", .dtype = dtype, .b = "nk", .sizes = {{'m', m}, {'n', n}, {'k', k}}, .added = "n", .has_added = m % 2 == 0},
              GetParam());
  const Outcome out = run({.op = "linear", .b = "nk", .sizes = {{'m', 3}, {'n', 64}, {'k', 64}}}, GetParam());
  EXPECT_NE(out.note.find("dot products"), std::string::npos) << out.note;
  // The small side may be the weight.
  expect_right({.op = "linear", .b = "nk", .sizes = {{'m', 40}, {'n', 3}, {'k', 130}}, .added = "n", .has_added = true}, GetParam());
}

TEST_P(ProductTest, Layouts) {
  for (tenon_dtype dtype : {TENON_F32, TENON_BF16, TENON_F64, TENON_I8})
    for (Lay lay : kLays)
      for (Lay result : {Lay::Compact, Lay::Strided, Lay::Misaligned})
        for (std::int64_t m : {3, 13})
          for (const char* b : {"kn", "nk"})
            expect_right({.op = "gemm",
                          .dtype = dtype,
                          .a = "mk",
                          .b = b,
                          .sizes = {{'m', m}, {'n', 35}, {'k', 33}},
                          .added = "mn",
                          .has_added = true,
                          .alpha = 2,
                          .beta = 3,
                          .lay = lay,
                          .result_lay = result},
                         GetParam(), dtype == TENON_F64 ? 64 : 4);
}

TEST_P(ProductTest, Batches) {
  const Sizes sizes{{'x', 3}, {'y', 2}, {'m', 5}, {'n', 18}, {'k', 23}};
  for (const auto& [a, b, out] : std::vector<std::array<std::string, 3>>{{"xmk", "xkn", "xmn"},
                                                                         {"xymk", "kn", "xymn"},
                                                                         {"mk", "xykn", "xymn"},
                                                                         {"1mk", "xkn", "xmn"},
                                                                         {"xmk", "1kn", "xmn"},
                                                                         {"x1mk", "1ykn", "xymn"},
                                                                         {"x1mk", "ynk", "xymn"},
                                                                         {"xykm", "xynk", "xymn"},
                                                                         {"k", "xykn", "xyn"},
                                                                         {"xymk", "k", "xym"},
                                                                         {"k", "k", ""}})
    for (tenon_dtype dtype : {TENON_F32, TENON_BF16})
      for (Lay lay : {Lay::Compact, Lay::Strided})
        expect_right({.dtype = dtype, .a = a, .b = b, .out = out, .sizes = sizes, .lay = lay}, GetParam());
  Case many{.op = "linear", .a = "xymk", .b = "nk", .out = "xymn", .sizes = sizes, .added = "n", .has_added = true};
  expect_right(many, GetParam());
}

TEST_P(ProductTest, LabelsInEveryOrder) {
  const Sizes sizes{{'a', 3}, {'b', 4}, {'c', 5}, {'d', 6}, {'e', 7}};
  for (const auto& [a, b, out] : std::vector<std::array<std::string, 3>>{{"ab", "bc", "ca"},
                                                                         {"abc", "cde", "adbe"},
                                                                         {"abcd", "bdce", "eca"},
                                                                         {"abc", "bca", ""},
                                                                         {"ab", "cd", "dbca"},
                                                                         {"aab", "bc", "ac"},
                                                                         {"aba", "bcb", "abc"},
                                                                         {"abcde", "ace", "bd"}})
    for (Lay lay : {Lay::Compact, Lay::Strided}) {
      expect_right({.op = "einsum", .a = a, .b = b, .out = out, .sizes = sizes, .lay = lay, .result_lay = lay}, GetParam());
      expect_right({.op = "einsum", .dtype = TENON_I16, .a = a, .b = b, .out = out, .sizes = sizes, .lay = lay}, GetParam());
    }
  for (const auto& [a, b, out] :
       std::vector<std::array<std::string, 3>>{{"abc", "cde", "abde"}, {"abcd", "bdce", "cae"}, {"dab", "acdb", "dc"}})
    expect_right({.op = "dot_general", .dtype = TENON_BF16, .a = a, .b = b, .out = out, .sizes = sizes}, GetParam());
}

TEST_P(ProductTest, Integers) {
  for (tenon_dtype dtype : kIntegers)
    for (const char* b : {"kn", "nk"}) {
      expect_right({.dtype = dtype, .b = b, .sizes = {{'m', 7}, {'n', 21}, {'k', 300}}}, GetParam());
      const bool has_sign = dtype < TENON_UI4;
      for (tenon_dtype result : {has_sign ? TENON_I32 : TENON_UI32, has_sign ? TENON_I64 : TENON_UI64})
        if (element_bytes(result) >= element_bytes(dtype))
          expect_right({.dtype = dtype, .b = b, .sizes = {{'m', 5}, {'n', 9}, {'k', 40}}, .result = result}, GetParam());
      expect_right({.op = "gemm",
                    .dtype = dtype,
                    .b = b,
                    .sizes = {{'m', 5}, {'n', 9}, {'k', 40}},
                    .added = "m1",
                    .has_added = true,
                    .alpha = has_sign ? -3.0 : 3.0,
                    .beta = 7},
                   GetParam());
    }
}

TEST_P(ProductTest, WiderResults) {
  for (tenon_dtype dtype : {TENON_F16, TENON_BF16, TENON_F32})
    for (tenon_dtype result : {TENON_F32, TENON_F64})
      expect_right({.dtype = dtype, .sizes = {{'m', 9}, {'n', 33}, {'k', 70}}, .result = result}, GetParam(), result == TENON_F64 ? 64 : 4);
}

TEST_P(ProductTest, WhatIsAdded) {
  for (tenon_dtype dtype : kFloats)
    for (const char* added : {"mn", "n", "m1", "1n", "11", "1", ""})
      for (std::int64_t m : {2, 12})
        expect_right({.op = "gemm",
                      .dtype = dtype,
                      .b = "nk",
                      .sizes = {{'m', m}, {'n', 35}, {'k', 40}},
                      .added = added,
                      .has_added = true,
                      .alpha = 0.1,
                      .beta = -2.5},
                     GetParam(), dtype == TENON_F64 ? 64 : 4);
}

TEST_P(ProductTest, Nothing) {
  for (const char* op : {"matmul", "gemm"})
    for (const auto& [m, n, k] : std::vector<std::array<std::int64_t, 3>>{{0, 5, 3}, {3, 0, 5}, {3, 5, 0}, {0, 0, 0}, {40, 50, 0}})
      expect_right({.op = op, .sizes = {{'m', m}, {'n', n}, {'k', k}}}, GetParam());
  expect_right({.op = "gemm", .sizes = {{'m', 3}, {'n', 5}, {'k', 0}}, .added = "n", .has_added = true, .beta = 2}, GetParam());
  expect_right({.a = "xmk", .b = "xkn", .out = "xmn", .sizes = {{'x', 0}, {'m', 3}, {'n', 5}, {'k', 2}}}, GetParam());
}

// Values of one sign: a chain of 256 products errs by about 0.4 * sqrt(256 / 3) in 2^-24 of the sum, four times that in the worst of some
// thousand sums; long sums are no worse, because panels are added up by themselves.
TEST_P(ProductTest, OneSign) {
  for (std::int64_t k : {256, 3000}) expect_right({.sizes = {{'m', 24}, {'n', 48}, {'k', k}}, .positive = true}, GetParam(), 16);
  for (std::int64_t k : {256, 3000})
    expect_right({.op = "linear", .b = "nk", .sizes = {{'m', 4}, {'n', 48}, {'k', k}}, .positive = true}, GetParam(), 8);
}

// Several blocks and chunks, because the caches are said to be small; and as many threads as parts.
TEST_P(ProductTest, BlocksAndThreadsDoNotReachTheNumbers) {
  for (tenon_dtype dtype : {TENON_F32, TENON_BF16, TENON_F64, TENON_I32})
    for (const char* a : {"mk", "km"})
      for (const char* b : {"kn", "nk"})
        for (std::int64_t m : {4, 50}) {
          const Case c{.dtype = dtype, .a = a, .b = b, .sizes = {{'m', m}, {'n', 150}, {'k', 300}}};
          host::machine.l2_bytes = 512 << 10;
          host::machine.threads = 1;
          const Outcome one = run(c, GetParam());
          expect_right(c, GetParam(), dtype == TENON_F64 ? 64 : 4);
          host::machine.l2_bytes = 16 << 10;
          EXPECT_EQ(run(c, GetParam()).got, one.got) << describe(c);
          host::machine.threads = 3;
          const Outcome three = run(c, GetParam());
          EXPECT_NE(three.note.find("parallel"), std::string::npos) << three.note;
          EXPECT_EQ(three.got, one.got) << describe(c);
        }
}

// The same operands in another layout give the same bits.
TEST_P(ProductTest, LayoutsDoNotReachTheNumbers) {
  for (tenon_dtype dtype : {TENON_F32, TENON_F16})
    for (std::int64_t m : {5, 30}) {
      Case c{.op = "linear", .dtype = dtype, .b = "nk", .sizes = {{'m', m}, {'n', 50}, {'k', 300}}};
      const std::vector<double> compact = run(c, GetParam()).got;
      for (Lay lay : kLays) {
        c.lay = lay;
        c.result_lay = lay == Lay::Reversed ? Lay::Strided : lay;
        EXPECT_EQ(run(c, GetParam()).got, compact) << describe(c);
      }
    }
}

// An operand with strides of 0, and both operands in one memory.
TEST_P(ProductTest, BroadcastAndSharedMemory) {
  for (std::int64_t n : {7, 40}) {
    Tensor x({TENON_F32, {n, n}}), out({TENON_F32, {n, n}});
    x.fill_normal(3);
    tenon_node node{"matmul", {}, {}, {}};
    node.attributes["transpose_a"] = host::attribute(false);
    node.attributes["transpose_b"] = host::attribute(true);
    ASSERT_EQ(test_kernel::run(find_kernel(tenon_operator_matmul, "matmul", GetParam()), node, {&x, &x}, {&out}).code, TENON_OK);
    for (std::int64_t i = 0; i < n * n; ++i) {
      double exact = 0, size = 0;
      for (std::int64_t k = 0; k < n; ++k) {
        const double product = x.get(static_cast<std::size_t>(i / n * n + k)) * x.get(static_cast<std::size_t>(i % n * n + k));
        exact += product;
        size += std::fabs(product);
      }
      EXPECT_NEAR(out.get(static_cast<std::size_t>(i)), exact, 5 * std::ldexp(size, -24));
    }
    Tensor row({TENON_F32, {n, n}});
    row.fill([](std::size_t i) { return static_cast<double>(i % 40); });
    row.strides[0] = 0;  // every row is the first
    ASSERT_EQ(test_kernel::run(find_kernel(tenon_operator_matmul, "matmul", GetParam()), node, {&row, &row}, {&out}).code, TENON_OK);
    const double square = static_cast<double>((n - 1) * n * (2 * n - 1) / 6);
    for (std::int64_t i = 0; i < n * n; ++i) EXPECT_EQ(out.get(static_cast<std::size_t>(i)), square);
  }
}

// One row of `values` with a weight of `weights` in 16 rows (dot products) or one (tiles).
void for_given(const std::string& level, tenon_dtype dtype, const std::vector<double>& values, const std::vector<double>& weights,
               double expected) {
  for (std::int64_t rows : {1, 16}) {
    const std::int64_t k = static_cast<std::int64_t>(values.size());
    Tensor x({dtype, {1, k}}), w({dtype, {rows, k}}), out({dtype, {1, rows}});
    x.fill([&](std::size_t i) { return values[i]; });
    w.fill([&](std::size_t i) { return weights[i % weights.size()]; });
    tenon_node node{"linear", {}, {}, {}};
    ASSERT_EQ(test_kernel::run(find_kernel(tenon_operator_linear, "linear", level), node, {&x, &w, nullptr}, {&out}).code, TENON_OK);
    for (std::int64_t i = 0; i < rows; ++i) {
      const double got = out.get(static_cast<std::size_t>(i));
      EXPECT_TRUE(got == expected || (std::isnan(got) && std::isnan(expected))) << rows << " rows: " << got << ", not " << expected;
    }
  }
}

TEST_P(ProductTest, ByHand) {
  const double nan = std::nan(""), inf = HUGE_VAL;
  const auto filled = [](std::vector<double> head) {
    head.resize(20, 0);
    return head;
  };
  for (tenon_dtype dtype : kFloats) {
    for_given(GetParam(), dtype, filled({1, 2, 3}), filled({4, -5, 6}), 12);
    for_given(GetParam(), dtype, filled({1, nan}), filled({1, 0}), nan);
    for_given(GetParam(), dtype, filled({inf, 1}), filled({2, 1}), inf);
    for_given(GetParam(), dtype, filled({inf, 1}), filled({-2, inf}), nan);
    for_given(GetParam(), dtype, filled({inf}), filled({0}), nan);
  }
  for_given(GetParam(), TENON_F16, filled({2048, 1, 1}), filled({1, 1, 1}), 2050);  // rounded once
  for_given(GetParam(), TENON_BF16, filled({256, 1, 1}), filled({1, 1, 1}), 258);
  for_given(GetParam(), TENON_F16, filled({65504, 1}), filled({2, 1}), inf);
  for_given(GetParam(), TENON_F16, filled({65504, 65504}), filled({2, -1}), 65504);
  for_given(GetParam(), TENON_BF16, filled({0x1p-133}), filled({1}), 0x1p-133);  // a subnormal
  for_given(GetParam(), TENON_F32, filled({0x1p-149}), filled({1}), 0x1p-149);
}

TEST(ProductPlan, DeclinesASumOfOneOperand) {
  tenon::plugin::host_table = &host::api();
  const Outcome out = run({.op = "einsum", .a = "ab", .b = "b", .out = "b", .sizes = {{'a', 2}, {'b', 3}}}, kLevels[0]);
  EXPECT_NE(out.code, TENON_OK);
  EXPECT_NE(out.message.find("summed by itself"), std::string::npos) << out.message;
}

TEST(ProductPlan, SaysWhatItMoves) {
  tenon::plugin::host_table = &host::api();
  host::machine.threads = 2;
  tenon_call call;
  const tenon_kernel* kernel = tenon_operator_linear.kernels[0];
  tenon_node node{"linear", {{TENON_BF16, {4, 640}}, {TENON_BF16, {32, 640}}, {TENON_BF16, {32}}}, {{TENON_BF16, {4, 32}}}, {}};
  tenon_kernel_plan plan = TENON_KERNEL_PLAN_INIT;
  ASSERT_EQ(kernel->plan(&call, kernel, &node, &plan), TENON_OK) << call.message;
  EXPECT_EQ(plan.bytes, 2 * (4 * 640 + 32 * 640 + 32 + 4 * 32));
  EXPECT_EQ(plan.flops, 2 * 4 * 32 * 640);
  EXPECT_EQ(plan.result0_may_alias, 0u);
  EXPECT_NE(std::string(plan.note, plan.note_length).find("4 x 32 x 640"), std::string::npos);
  kernel->plan_destroy(&call, kernel, plan.state);
}

}  // namespace
