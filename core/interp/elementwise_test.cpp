// Arithmetic of one operation on every dtype: rounding, wrapping, and the edges that the interpreter promises.
#include <bit>
#include <cstring>

#include "core/interp/test_support.h"

namespace tenon::interp::test {
namespace {

Tensor binary(OpCode code, DType dtype, const std::vector<double>& a, const std::vector<double>& b) {
  const Dims dims{static_cast<std::int64_t>(a.size())};
  std::vector<Tensor> inputs;
  inputs.push_back(tensor(dtype, dims, a));
  inputs.push_back(tensor(dtype, dims, b));
  return run_one(code, std::move(inputs), {dtype, dims});
}

Tensor unary(OpCode code, DType dtype, const std::vector<double>& a, DType result = DType::Invalid) {
  const Dims dims{static_cast<std::int64_t>(a.size())};
  std::vector<Tensor> inputs;
  inputs.push_back(tensor(dtype, dims, a));
  return run_one(code, std::move(inputs), {result == DType::Invalid ? dtype : result, dims});
}

Tensor binary_i64(OpCode code, DType dtype, const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  const Dims dims{static_cast<std::int64_t>(a.size())};
  std::vector<Tensor> inputs;
  inputs.push_back(integers(dtype, dims, a));
  inputs.push_back(integers(dtype, dims, b));
  return run_one(code, std::move(inputs), {dtype, dims});
}

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

TEST(Add, RoundsOncePerOperationInTheElementType) {
  expect_values(binary(OpCode::Add, DType::F64, {1, 9007199254740992, -kInf}, {0.5, 1, kInf}), {1.5, 9007199254740992, kNaN});
  expect_values(binary(OpCode::Add, DType::F32, {16777216, 0.5, 3e38}, {1, 0.25, 3e38}), {16777216, 0.75, kInf});
  expect_values(binary(OpCode::Add, DType::BF16, {256, 1, -0.0}, {1, 0.5, -0.0}), {256, 1.5, -0.0});
  expect_values(binary(OpCode::Add, DType::F16, {2048, 65504, 1}, {1, 65504, 1}), {2048, kInf, 2});
  expect_values(binary(OpCode::Add, DType::F8E4M3FN, {16, 448, 1}, {1, 448, 1}), {16, kNaN, 2});  // 17 is a tie; there is no infinity
  expect_values(binary(OpCode::Add, DType::F8E5M2, {8, 57344, 1}, {1, 57344, 1}), {8, kInf, 2});
}

TEST(Add, WrapsIntegersAndIsOrOnBools) {
  expect_values(binary(OpCode::Add, DType::I4, {7, -8, 3}, {1, -1, 2}), {-8, 7, 5});
  expect_values(binary(OpCode::Add, DType::UI4, {15, 8}, {1, 7}), {0, 15});
  expect_values(binary(OpCode::Add, DType::I8, {127, -128}, {1, -1}), {-128, 127});
  expect_values(binary(OpCode::Add, DType::UI8, {255, 200}, {1, 100}), {0, 44});
  expect_values(binary(OpCode::Add, DType::I16, {32767}, {1}), {-32768});
  expect_values(binary(OpCode::Add, DType::UI16, {65535}, {2}), {1});
  expect_values(binary(OpCode::Add, DType::I32, {2147483647}, {1}), {-2147483648.0});
  expect_values(binary(OpCode::Add, DType::UI32, {4294967295}, {2}), {1});
  EXPECT_THAT(integer_values(binary_i64(OpCode::Add, DType::I64, {kHighest, 5}, {1, -7})), testing::ElementsAre(kLowest, -2));
  EXPECT_THAT(integer_values(binary_i64(OpCode::Add, DType::UI64, {-1}, {2})), testing::ElementsAre(1));
  expect_values(binary(OpCode::Add, DType::I1, {0, 0, 1, 1}, {0, 1, 0, 1}), {0, 1, 1, 1});
}

TEST(Add, TakesEmptyAndScalarTensors) {
  expect_values(binary(OpCode::Add, DType::F32, {}, {}), {});
  std::vector<Tensor> scalars;
  scalars.push_back(tensor(DType::F32, {}, {2}));
  scalars.push_back(tensor(DType::F32, {}, {3}));
  expect_values(run_one(OpCode::Add, std::move(scalars), {DType::F32, {}}), {5});
  std::vector<Tensor> empty;
  empty.push_back(tensor(DType::BF16, {3, 0, 2}, {}));
  empty.push_back(tensor(DType::BF16, {3, 0, 2}, {}));
  expect_values(run_one(OpCode::Add, std::move(empty), {DType::BF16, {3, 0, 2}}), {});
}

TEST(Multiply, RoundsAndWraps) {
  expect_values(binary(OpCode::Multiply, DType::F16, {256, 3, -0.0}, {256, 5, 4}), {kInf, 15, -0.0});
  expect_rounded(binary(OpCode::Multiply, DType::F32, {0.1f, 1e-30}, {0.1f, 1e-15}),
                 {static_cast<double>(0.1f) * static_cast<double>(0.1f), static_cast<double>(1e-30f) * static_cast<double>(1e-15f)});
  expect_values(binary(OpCode::Multiply, DType::I4, {3}, {3}), {-7});
  expect_values(binary(OpCode::Multiply, DType::I32, {65536}, {65536}), {0});
  expect_values(binary(OpCode::Multiply, DType::I1, {0, 0, 1, 1}, {0, 1, 0, 1}), {0, 0, 0, 1});
  EXPECT_THAT(integer_values(binary_i64(OpCode::Multiply, DType::I64, {std::int64_t{1} << 62, -3}, {4, 7})), testing::ElementsAre(0, -21));
}

TEST(Subtract, RoundsAndWraps) {
  expect_values(binary(OpCode::Subtract, DType::F32, {-kInf, 1}, {-kInf, 3}), {kNaN, -2});  // what a fully masked softmax row does
  expect_values(binary(OpCode::Subtract, DType::UI8, {0}, {1}), {255});
}

TEST(Divide, TruncatesIntegersAndDefinesEveryCase) {
  expect_values(binary(OpCode::Divide, DType::I32, {7, -7, 7, -7}, {2, 2, -2, -2}), {3, -3, -3, 3});
  expect_values(binary(OpCode::Divide, DType::I8, {-128, 5, 0}, {-1, 0, 0}), {-128, -1, -1});
  expect_values(binary(OpCode::Divide, DType::UI8, {200, 5}, {3, 0}), {66, 255});
  EXPECT_THAT(integer_values(binary_i64(OpCode::Divide, DType::I64, {kLowest, 9}, {-1, 0})), testing::ElementsAre(kLowest, -1));
  EXPECT_THAT(integer_values(binary_i64(OpCode::Divide, DType::UI64, {-1, kLowest}, {2, -1})), testing::ElementsAre(kHighest, 0));
  expect_values(binary(OpCode::Divide, DType::F32, {1, 0, -1}, {0, 0, 0}), {kInf, kNaN, -kInf});
  expect_rounded(binary(OpCode::Divide, DType::BF16, {1, 2}, {3, 7}), {1.0 / 3, 2.0 / 7});
}

TEST(Remainder, HasTheDividendsSign) {
  expect_values(binary(OpCode::Remainder, DType::I32, {7, -7, 7, -7, 5}, {3, 3, -3, -3, 0}), {1, -1, 1, -1, 5});
  expect_values(binary(OpCode::Remainder, DType::I8, {-128}, {-1}), {0});
  EXPECT_THAT(integer_values(binary_i64(OpCode::Remainder, DType::UI64, {-1}, {10})), testing::ElementsAre(5));  // 2^64 - 1
  expect_values(binary(OpCode::Remainder, DType::F32, {5.5, -5.5, 1, kInf}, {2, 2, kInf, 2}), {1.5, -1.5, 1, kNaN});
}

TEST(MaximumMinimum, LetNaNThroughAndOrderZeros) {
  for (const DType dtype : {DType::F16, DType::BF16, DType::F32, DType::F64, DType::F8E5M2}) {
    expect_values(binary(OpCode::Maximum, dtype, {-0.0, 0.0, kNaN, 1, -kInf}, {0.0, -0.0, 1, kNaN, 2}), {0.0, 0.0, kNaN, kNaN, 2});
    expect_values(binary(OpCode::Minimum, dtype, {-0.0, 0.0, kNaN, 1, -kInf}, {0.0, -0.0, 1, kNaN, 2}), {-0.0, -0.0, kNaN, kNaN, -kInf});
  }
  expect_values(binary(OpCode::Maximum, DType::UI8, {200}, {100}), {200});
  expect_values(binary(OpCode::Maximum, DType::I1, {0, 1, 1}, {0, 0, 1}), {0, 1, 1});
  expect_values(binary(OpCode::Minimum, DType::I1, {0, 1, 1}, {0, 0, 1}), {0, 0, 1});
  EXPECT_THAT(integer_values(binary_i64(OpCode::Maximum, DType::UI64, {-1, 3}, {1, 2})), testing::ElementsAre(-1, 3));
  EXPECT_THAT(integer_values(binary_i64(OpCode::Minimum, DType::I64, {-1, 3}, {1, 2})), testing::ElementsAre(-1, 2));
}

TEST(Bits, LogicShiftsAndCounts) {
  expect_values(binary(OpCode::And, DType::UI8, {0xF0}, {0x3C}), {0x30});
  expect_values(binary(OpCode::Or, DType::UI8, {0xF0}, {0x3C}), {0xFC});
  expect_values(binary(OpCode::Xor, DType::I1, {0, 0, 1, 1}, {0, 1, 0, 1}), {0, 1, 1, 0});
  expect_values(unary(OpCode::Not, DType::I1, {0, 1}), {1, 0});
  expect_values(unary(OpCode::Not, DType::I8, {0, 5}), {-1, -6});
  expect_values(unary(OpCode::Not, DType::UI4, {0, 5}), {15, 10});
  // Amounts of the width and beyond, and negative ones, shift everything out.
  expect_values(binary(OpCode::ShiftLeft, DType::I8, {1, 1, 1, 1}, {6, 7, 8, -1}), {64, -128, 0, 0});
  expect_values(binary(OpCode::ShiftRightLogical, DType::I8, {-128, -1, -1, 64}, {7, 4, 8, -1}), {1, 15, 0, 0});
  expect_values(binary(OpCode::ShiftRightArithmetic, DType::I8, {-128, -128, 64, 64}, {2, 9, 3, 9}), {-32, -1, 8, 0});
  expect_values(binary(OpCode::ShiftRightArithmetic, DType::UI8, {128, 64}, {1, 1}), {192, 32});
  expect_values(binary(OpCode::ShiftRightLogical, DType::I4, {-8}, {3}), {1});
  EXPECT_THAT(integer_values(binary_i64(OpCode::ShiftLeft, DType::I64, {1, 1}, {63, 64})), testing::ElementsAre(kLowest, 0));
  expect_values(unary(OpCode::PopulationCount, DType::I8, {-1, 0, 5}), {8, 0, 2});
  expect_values(unary(OpCode::PopulationCount, DType::I4, {-1}), {4});
  expect_values(unary(OpCode::CountLeadingZeros, DType::I16, {0, 1, -1, 256}), {16, 15, 0, 7});
  expect_values(unary(OpCode::CountLeadingZeros, DType::UI32, {1}), {31});
}

TEST(Signs, AbsNegateSign) {
  expect_values(unary(OpCode::Abs, DType::I8, {-128, -5, 5}), {-128, 5, 5});
  expect_values(unary(OpCode::Abs, DType::F16, {-0.0, -kInf, kNaN}), {0.0, kInf, kNaN});
  expect_values(unary(OpCode::Negate, DType::I8, {-128, 1}), {-128, -1});
  expect_values(unary(OpCode::Negate, DType::UI8, {1}), {255});
  expect_values(unary(OpCode::Negate, DType::F32, {0.0, -2}), {-0.0, 2});
  expect_values(unary(OpCode::Sign, DType::F32, {-3, 0.0, -0.0, kInf, kNaN}), {-1, 0.0, -0.0, 1, kNaN});
  expect_values(unary(OpCode::Sign, DType::I32, {-3, 0, 9}), {-1, 0, 1});
}

TEST(Rounding, FloorCeilAndBothNearest) {
  expect_values(unary(OpCode::Floor, DType::F32, {1.5, -1.5, -0.0, kInf}), {1, -2, -0.0, kInf});
  expect_values(unary(OpCode::Ceil, DType::BF16, {1.5, -1.5, -0.5, kNaN}), {2, -1, -0.0, kNaN});
  expect_values(unary(OpCode::RoundNearestAfz, DType::F32, {0.5, 1.5, 2.5, -0.5, -2.5, 0.49999997}), {1, 2, 3, -1, -3, 0});
  expect_values(unary(OpCode::RoundNearestEven, DType::F64, {0.5, 1.5, 2.5, -0.5, -2.5}), {0, 2, 2, -0.0, -2});
  expect_values(unary(OpCode::IsFinite, DType::F16, {0, 65504, kInf, -kInf, kNaN}, DType::I1), {1, 1, 0, 0, 0});
}

TEST(Transcendental, IsRoundedOnceFromDouble) {
  const std::vector<double> x = {-7.25, -2, -0.75, -0.125, 0.125, 0.5, 1, 3, 6.5};
  const auto each = [](const std::vector<double>& from, double (*f)(double)) {
    std::vector<double> to;
    for (const double v : from) to.push_back(f(v));
    return to;
  };
  std::vector<double> positive;
  for (const double v : x) positive.push_back(std::fabs(v));
  for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
    SCOPED_TRACE(name(dtype));
    // Each closed form differs from the one that the interpreter uses.
    expect_rounded(unary(OpCode::Exponential, dtype, x), each(x, [](double v) { return std::exp2(v * 1.4426950408889634); }));
    expect_rounded(unary(OpCode::ExponentialMinusOne, dtype, x), each(x, [](double v) { return 2 * std::exp(v / 2) * std::sinh(v / 2); }));
    expect_rounded(unary(OpCode::Log, dtype, positive), each(positive, [](double v) { return std::log2(v) * 0.6931471805599453; }));
    expect_rounded(unary(OpCode::LogPlusOne, dtype, positive), each(positive, [](double v) { return 2 * std::atanh(v / (2 + v)); }));
    expect_rounded(unary(OpCode::Logistic, dtype, x), each(x, [](double v) { return 0.5 + 0.5 * std::tanh(v / 2); }));
    expect_rounded(unary(OpCode::Tanh, dtype, x), each(x, [](double v) { return std::expm1(2 * v) / (std::expm1(2 * v) + 2); }));
    expect_rounded(unary(OpCode::Sine, dtype, x), each(x, [](double v) { return 2 * std::sin(v / 2) * std::cos(v / 2); }));
    expect_rounded(unary(OpCode::Cosine, dtype, x), each(x, [](double v) { return 1 - 2 * std::sin(v / 2) * std::sin(v / 2); }));
    expect_rounded(unary(OpCode::Tan, dtype, x), each(x, [](double v) { return std::sin(2 * v) / (1 + std::cos(2 * v)); }));
    expect_rounded(unary(OpCode::Sqrt, dtype, positive), each(positive, [](double v) { return std::pow(v, 0.5); }));
    expect_rounded(unary(OpCode::Rsqrt, dtype, positive), each(positive, [](double v) { return std::exp(-0.5 * std::log(v)); }));
    expect_rounded(unary(OpCode::Cbrt, dtype, x), each(x, [](double v) { return std::copysign(std::pow(std::fabs(v), 1.0 / 3), v); }));
    expect_rounded(binary(OpCode::Atan2, dtype, {1, -1, 0.0, -0.0, 2}, {1, -1, -1, -1, 3}),
                   {0.78539816339744831, -2.3561944901923449, 3.1415926535897931, -3.1415926535897931, std::asin(2 / std::sqrt(13.0))});
  }
  // In f64 the function itself: known constants.
  expect_near_f64(unary(OpCode::Exponential, DType::F64, {1, -1}), {2.718281828459045, 0.36787944117144233}, 1);
  expect_near_f64(unary(OpCode::Log, DType::F64, {2, 10}), {0.6931471805599453, 2.302585092994046}, 1);
  expect_near_f64(unary(OpCode::Logistic, DType::F64, {1}), {0.7310585786300049}, 1);
}

TEST(Transcendental, Edges) {
  expect_values(unary(OpCode::Rsqrt, DType::F32, {0.0, -0.0, -1, kInf}), {kInf, -kInf, kNaN, 0.0});
  expect_values(unary(OpCode::Log, DType::F32, {0.0, -0.0, -1, 1}), {-kInf, -kInf, kNaN, 0.0});
  expect_values(unary(OpCode::Logistic, DType::F32, {-200, 200, kInf, -kInf, kNaN, 0}), {0, 1, 1, 0, kNaN, 0.5});
  expect_values(unary(OpCode::Exponential, DType::F16, {12, -30, kInf, -kInf}), {kInf, 0, kInf, 0});
  expect_values(unary(OpCode::Sqrt, DType::F32, {-1, -0.0, 4}), {kNaN, -0.0, 2});
}

TEST(Power, FloatsAndIntegers) {
  expect_values(binary(OpCode::Power, DType::F32, {0, 2, -8, -8, kInf, 1}, {0, 10, 3, 0.5, -1, kNaN}), {1, 1024, -512, kNaN, 0, 1});
  expect_values(binary(OpCode::Power, DType::I32, {3, -2, 7, 0}, {4, 3, 0, 0}), {81, -8, 1, 1});
  expect_values(binary(OpCode::Power, DType::I32, {2, 1, -1, -1, 0}, {-1, -5, -3, -4, -1}), {0, 1, -1, 1, 0});
  expect_values(binary(OpCode::Power, DType::I8, {3}, {5}), {-13});  // 243 - 256
}

TEST(Compare, FloatsAreQuiet) {
  const auto compare = [](DType dtype, const char* direction, const char* kind, const std::vector<double>& a,
                          const std::vector<double>& b) {
    const Dims dims{static_cast<std::int64_t>(a.size())};
    std::vector<Tensor> inputs;
    inputs.push_back(tensor(dtype, dims, a));
    inputs.push_back(tensor(dtype, dims, b));
    return run_one(OpCode::Compare, std::move(inputs), {DType::I1, dims},
                   {{"compare_type", text(kind)}, {"comparison_direction", text(direction)}});
  };
  const std::vector<double> a = {1, 2, 0.0, kNaN, kNaN}, b = {2, 2, -0.0, kNaN, 1};
  expect_values(compare(DType::F32, "EQ", "FLOAT", a, b), {0, 1, 1, 0, 0});
  expect_values(compare(DType::BF16, "NE", "FLOAT", a, b), {1, 0, 0, 1, 1});
  expect_values(compare(DType::F32, "GE", "FLOAT", a, b), {0, 1, 1, 0, 0});
  expect_values(compare(DType::F16, "GT", "FLOAT", a, b), {0, 0, 0, 0, 0});
  expect_values(compare(DType::F64, "LE", "FLOAT", a, b), {1, 1, 1, 0, 0});
  expect_values(compare(DType::F32, "LT", "FLOAT", a, b), {1, 0, 0, 0, 0});
  // IEEE 754 totalOrder: -inf < -1 < -0 < +0 < 1 < inf < NaN.
  for (const DType dtype : {DType::F16, DType::BF16, DType::F32, DType::F64}) {
    const std::vector<double> ordered = {-kInf, -1, -0.0, 0.0, 1, kInf, kNaN};
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      for (std::size_t j = 0; j < ordered.size(); ++j) {
        expect_values(compare(dtype, "LT", "TOTALORDER", {ordered[i]}, {ordered[j]}), {i < j ? 1.0 : 0.0});
        expect_values(compare(dtype, "EQ", "TOTALORDER", {ordered[i]}, {ordered[j]}), {i == j ? 1.0 : 0.0});
      }
    }
  }
  expect_values(compare(DType::UI8, "LT", "UNSIGNED", {200}, {100}), {0});
  expect_values(compare(DType::I8, "LT", "SIGNED", {-56}, {100}), {1});
  expect_values(compare(DType::I1, "GT", "UNSIGNED", {0, 1}, {1, 0}), {0, 1});
}

TEST(Compare, UnsignedAndNaNBits) {
  std::vector<Tensor> inputs;
  inputs.push_back(integers(DType::UI64, {2}, {-1, 1}));
  inputs.push_back(integers(DType::UI64, {2}, {1, -1}));
  expect_values(run_one(OpCode::Compare, std::move(inputs), {DType::I1, {2}},
                        {{"compare_type", text("UNSIGNED")}, {"comparison_direction", text("GT")}}),
                {1, 0});
  std::vector<Tensor> bits;
  bits.push_back(filled(DType::F32, {2}, 0));
  bits.push_back(tensor(DType::F32, {2}, {-kInf, kNaN}));
  const std::uint32_t negative_nan = 0xFFC00000u;
  std::memcpy(bits[0].data(), &negative_nan, 4);
  std::memcpy(bits[0].data() + 4, &negative_nan, 4);
  expect_values(run_one(OpCode::Compare, std::move(bits), {DType::I1, {2}},
                        {{"compare_type", text("TOTALORDER")}, {"comparison_direction", text("LT")}}),
                {1, 1});
}

TEST(Select, ElementwiseAndScalarPredicate) {
  std::vector<Tensor> inputs;
  inputs.push_back(tensor(DType::I1, {3}, {1, 0, 1}));
  inputs.push_back(tensor(DType::BF16, {3}, {1, 2, kNaN}));
  inputs.push_back(tensor(DType::BF16, {3}, {-1, -2, -3}));
  expect_values(run_one(OpCode::Select, std::move(inputs), {DType::BF16, {3}}), {1, -2, kNaN});
  std::vector<Tensor> scalar;
  scalar.push_back(tensor(DType::I1, {}, {0}));
  scalar.push_back(tensor(DType::I64, {2, 2}, {1, 2, 3, 4}));
  scalar.push_back(tensor(DType::I64, {2, 2}, {5, 6, 7, 8}));
  expect_values(run_one(OpCode::Select, std::move(scalar), {DType::I64, {2, 2}}), {5, 6, 7, 8});
}

TEST(Clamp, LetsNaNThrough) {
  std::vector<Tensor> inputs;
  inputs.push_back(tensor(DType::F32, {}, {-1}));
  inputs.push_back(tensor(DType::F32, {5}, {-7, 0.5, 9, kNaN, -kInf}));
  inputs.push_back(tensor(DType::F32, {}, {2}));
  expect_values(run_one(OpCode::Clamp, std::move(inputs), {DType::F32, {5}}), {-1, 0.5, 2, kNaN, -1});
  std::vector<Tensor> full;
  full.push_back(tensor(DType::F32, {3}, {0.0, kNaN, 5}));
  full.push_back(tensor(DType::F32, {3}, {-0.0, 1, 1}));
  full.push_back(tensor(DType::F32, {3}, {1, 2, 3}));
  expect_values(run_one(OpCode::Clamp, std::move(full), {DType::F32, {3}}), {0.0, kNaN, 3});  // lower bound above the upper: the upper
  std::vector<Tensor> unsigned_bounds;
  unsigned_bounds.push_back(tensor(DType::UI8, {}, {100}));
  unsigned_bounds.push_back(tensor(DType::UI8, {3}, {5, 150, 250}));
  unsigned_bounds.push_back(tensor(DType::UI8, {}, {200}));
  expect_values(run_one(OpCode::Clamp, std::move(unsigned_bounds), {DType::UI8, {3}}), {100, 150, 200});
}

TEST(Convert, FloatToIntegerTruncatesAndSaturates) {
  expect_values(unary(OpCode::Convert, DType::F32, {1.9, -1.9, 3e10, -3e10, kNaN, kInf}, DType::I32),
                {1, -1, 2147483647, -2147483648.0, 0, 2147483647});
  expect_values(unary(OpCode::Convert, DType::F32, {-1.7, 300, 255.9, kNaN}, DType::UI8), {0, 255, 255, 0});
  expect_values(unary(OpCode::Convert, DType::F16, {9, -9}, DType::I4), {7, -8});
  expect_values(unary(OpCode::Convert, DType::BF16, {0.0, -0.0, 0.25, kNaN, -2}, DType::I1), {0, 0, 1, 1, 1});
  EXPECT_THAT(integer_values(unary(OpCode::Convert, DType::F64, {1e30, -1, 1.8446744073709550e19}, DType::UI64)),
              testing::ElementsAre(-1, 0, static_cast<std::int64_t>(0xFFFFFFFFFFFFF800u)));
}

TEST(Convert, IntegersWrapAndFloatsRoundOnce) {
  expect_values(unary(OpCode::Convert, DType::I32, {300, -1, 128}, DType::I8), {44, -1, -128});
  expect_values(unary(OpCode::Convert, DType::I8, {-1}, DType::UI16), {65535});
  expect_values(unary(OpCode::Convert, DType::I1, {0, 1}, DType::F16), {0, 1});
  expect_values(unary(OpCode::Convert, DType::I16, {0, 7}, DType::I1), {0, 1});
  expect_values(unary(OpCode::Convert, DType::F64, {1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1p-8 + 0x1p-40}, DType::BF16),
                {1, 1 + 0x1p-6, 1 + 0x1p-7});  // the last: half way in f32, above it in f64
  expect_values(unary(OpCode::Convert, DType::F32, {65519, 65520, -1e6, kNaN}, DType::F16), {65504, kInf, -kInf, kNaN});
  // Just above half way between two bf16 (and two f32) numbers: a detour through double would fall back to the tie.
  std::vector<Tensor> large;
  large.push_back(integers(
      DType::I64, {2}, {(std::int64_t{1} << 62) + (std::int64_t{1} << 54) + 1, -(std::int64_t{1} << 62) - (std::int64_t{1} << 54) - 1}));
  expect_values(run_one(OpCode::Convert, std::move(large), {DType::BF16, {2}}), {0x1p62 + 0x1p55, -0x1p62 - 0x1p55});
  std::vector<Tensor> single;
  single.push_back(integers(DType::UI64, {1}, {(std::int64_t{1} << 62) + (std::int64_t{1} << 38) + 1}));
  expect_values(run_one(OpCode::Convert, std::move(single), {DType::F32, {1}}), {0x1p62 + 0x1p39});
  std::vector<Tensor> unsigned_max;
  unsigned_max.push_back(integers(DType::UI64, {1}, {-1}));
  expect_values(run_one(OpCode::Convert, std::move(unsigned_max), {DType::F64, {1}}), {0x1p64});
}

TEST(Convert, EveryPairOfDtypesKeepsSmallNumbers) {
  for (const DTypeInfo& from : all_dtypes()) {
    for (const DTypeInfo& to : all_dtypes()) {
      SCOPED_TRACE(cat(from.name, " to ", to.name));
      expect_values(unary(OpCode::Convert, from.dtype, {0, 1}, to.dtype), {0, 1});
      const bool bools = from.kind == DTypeClass::Bool || to.kind == DTypeClass::Bool;
      if (!bools) expect_values(unary(OpCode::Convert, from.dtype, {2, 7}, to.dtype), {2, 7});
    }
  }
}

TEST(BitcastConvert, KeepsBits) {
  expect_values(unary(OpCode::BitcastConvert, DType::F32, {1, -0.0}, DType::I32), {0x3F800000, -2147483648.0});
  expect_values(unary(OpCode::BitcastConvert, DType::BF16, {1}, DType::UI16), {0x3F80});
  expect_values(unary(OpCode::BitcastConvert, DType::UI4, {15, 7}, DType::I4), {-1, 7});
  std::vector<Tensor> wide;
  wide.push_back(integers(DType::I32, {2}, {0x04030201, -1}));
  expect_values(run_one(OpCode::BitcastConvert, std::move(wide), {DType::UI8, {2, 4}}), {1, 2, 3, 4, 255, 255, 255, 255});
  std::vector<Tensor> narrow;
  narrow.push_back(tensor(DType::BF16, {2, 2}, {0, 1, 0, -2}));
  expect_values(run_one(OpCode::BitcastConvert, std::move(narrow), {DType::F32, {2}}), {1, -2});
  std::vector<Tensor> halves;
  halves.push_back(integers(DType::I8, {1}, {-14}));  // 0xF2
  expect_values(run_one(OpCode::BitcastConvert, std::move(halves), {DType::I4, {1, 2}}), {2, -1});
}

TEST(ReducePrecision, RoundsMantissaAndLimitsExponent) {
  const auto reduce = [](DType dtype, int exponent, int mantissa, const std::vector<double>& x) {
    const Dims dims{static_cast<std::int64_t>(x.size())};
    std::vector<Tensor> inputs;
    inputs.push_back(tensor(dtype, dims, x));
    return run_one(OpCode::ReducePrecision, std::move(inputs), {dtype, dims},
                   {{"exponent_bits", IntAttr{exponent, DType::I32}}, {"mantissa_bits", IntAttr{mantissa, DType::I32}}});
  };
  // e8m7 of f32 is bf16, tie to even.
  expect_values(reduce(DType::F32, 8, 7, {1 + 0x1p-8, 1 + 3 * 0x1p-8, kNaN, -kInf, 3.3e38, 3.4e38}),
                {1, 1 + 0x1p-6, kNaN, -kInf, 0x1.fp127, kInf});
  // e5m10 is f16 without its subnormals.
  expect_values(reduce(DType::F32, 5, 10, {65504, 65519, 65520, -1e6, 0x1p-14, 0x1p-15, -0x1p-15}),
                {65504, 65504, kInf, -kInf, 0x1p-14, 0, -0.0});
  expect_values(reduce(DType::F64, 11, 1, {1.25, 1.75, 1.375}), {1, 2, 1.5});
  expect_values(reduce(DType::F16, 5, 2, {1.125, 1.375, 57344, 65504}), {1, 1.5, 57344, kInf});
  expect_values(reduce(DType::BF16, 8, 7, {3.140625, -1e-40}), {3.140625, values(tensor(DType::BF16, {1}, {-1e-40}))[0]});
}

TEST(Elementwise, RefusesADtypeThatTheOperationDoesNotKnow) {
  Program program;
  const ValueId x = program.input({DType::F32, {2}});
  const ValueId y = program.op(OpCode::Not, {x}, {DType::F32, {2}});
  std::vector<Tensor> inputs;
  inputs.push_back(tensor(DType::F32, {2}, {1, 2}));
  EXPECT_FALSE(program.try_run({y}, inputs).ok());
}

}  // namespace
}  // namespace tenon::interp::test
