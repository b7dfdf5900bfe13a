// The kernels of layer_norm against float64, at every level that this machine has: norm_test.h has the bounds.
#include "plugins/normalization/norm_test.h"

extern "C" const tenon_operator tenon_operator_layer_norm;

namespace {

using namespace tenon;             // NOLINT
using namespace tenon::norm_test;  // NOLINT

const Operator kOperator{"layer_norm", &tenon_operator_layer_norm, false};

class LayerNormLevel : public LevelTest {
 protected:
  void expect(const Case& c) { expect_right(kOperator, c, GetParam()); }
};

TEST_P(LayerNormLevel, EveryLengthAndType) {
  for (tenon_dtype dtype : kSimdTypes)
    for (std::int64_t length : {1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 640, 641, 2047, 2049, 4096, 5003}) {
      expect({.dtype = dtype, .input = {3, length}});
      expect({.dtype = dtype, .input = {3, length}, .scale = dtype, .bias = dtype});
    }
}

TEST_P(LayerNormLevel, EveryParameter) {
  for (tenon_dtype dtype : kSimdTypes)
    for (tenon_dtype scale : {tenon_dtype{TENON_DTYPE_INVALID}, dtype, tenon_dtype{TENON_F32}})
      for (tenon_dtype bias : {tenon_dtype{TENON_DTYPE_INVALID}, dtype, tenon_dtype{TENON_F32}})
        for (std::int64_t length : {5, 67, 640})
          for (Lay lay : {Lay::Compact, Lay::Strided})
            expect({.dtype = dtype, .input = {2, 3, length}, .scale = scale, .bias = bias, .lay = lay});
}

TEST_P(LayerNormLevel, EveryAxisAndLayout) {
  for (tenon_dtype dtype : kSimdTypes)
    for (Lay lay : kLays)
      for (Lay result_lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
        for (std::int64_t axis : {0, 1, 2})
          expect(
              {.dtype = dtype, .input = {3, 7, 20}, .axis = axis, .scale = TENON_F32, .bias = dtype, .lay = lay, .result_lay = result_lay});
}

TEST_P(LayerNormLevel, InPlace) {
  for (tenon_dtype dtype : kSimdTypes)
    for (Lay lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
      for (std::int64_t length : {1, 33, 641}) expect({.dtype = dtype, .input = {5, length}, .scale = dtype, .lay = lay, .in_place = true});
}

TEST_P(LayerNormLevel, LargeMeansAndAnyMagnitude) {
  for (double mean : {1.0, 1000.0, 1e5, -1e6}) expect({.input = {5, 1003}, .scale = TENON_F32, .bias = TENON_F32, .mean = mean});
  for (double magnitude : {1e-3, 1e15, 1e17}) expect({.input = {5, 1003}, .magnitude = magnitude});
  expect({.dtype = TENON_F16, .input = {5, 1003}, .magnitude = 15000});
  expect({.input = {5, 1003}, .epsilon = 1e-30, .magnitude = 1e-12});
}

TEST_P(LayerNormLevel, EmptyAndSmallShapes) {
  for (tenon_dtype dtype : {tenon_dtype{TENON_F32}, tenon_dtype{TENON_F16}, tenon_dtype{TENON_BF16}, tenon_dtype{TENON_F64}})
    for (const Dims& dims : {Dims{0, 640}, Dims{2, 0, 4}, Dims{640}, Dims{1, 1, 1, 1}, Dims{2, 1, 3, 2, 19}})
      expect({.dtype = dtype, .input = dims, .scale = dtype, .lay = Lay::Strided});
}

TEST_P(LayerNormLevel, NanAndInfinity) {
  for (tenon_dtype dtype : kSimdTypes)
    for (double special : {std::nan(""), HUGE_VAL, -HUGE_VAL})
      expect_special(kOperator, {.dtype = dtype, .input = {30, 103}}, GetParam(), special);
}

TEST_P(LayerNormLevel, PathsAndThreadsAgree) {
  for (tenon_dtype dtype : kSimdTypes)
    for (std::int64_t length : {640, 641, 96})
      for (tenon_dtype scale : {tenon_dtype{TENON_DTYPE_INVALID}, dtype, tenon_dtype{TENON_F32}})
        for (Lay result_lay : {Lay::Compact, Lay::Misaligned})
          expect_same_bits(
              kOperator,
              {.dtype = dtype, .input = {length < 100 ? 300 : 60, length}, .scale = scale, .bias = scale, .result_lay = result_lay},
              GetParam());
}

// d^2 overflows: k is 0, and a row its bias. All of one sign: so does the sum, and the row is NaN. Both as in the lowering.
TEST_P(LayerNormLevel, OverflowFollowsTheFormula) {
  for (bool same_sign : {false, true}) {
    Tensor x({TENON_F32, {1, 100}}), y({TENON_F32, {1, 100}}), bias({TENON_F32, {100}});
    x.fill([&](std::size_t i) { return i % 2 == 0 || same_sign ? 1e38 : -1e38; });
    bias.fill_normal(1);
    tenon_node node{"layer_norm", {}, {}, {}};
    node.attributes["epsilon"] = host::attribute(1e-5);
    node.attributes["axis"] = host::attribute(std::int64_t{-1});
    const Ran ran = test_kernel::run(find_kernel(tenon_operator_layer_norm, "layer_norm", GetParam()), node, {&x, nullptr, &bias}, {&y});
    ASSERT_EQ(ran.code, TENON_OK) << ran.message;
    for (std::size_t i = 0; i < 100; ++i) {
      if (same_sign)
        EXPECT_TRUE(std::isnan(y.get(i)));
      else
        EXPECT_EQ(y.get(i), bias.get(i));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, LayerNormLevel, testing::ValuesIn(kLevels), level_name);

TEST(LayerNormF64, EveryVariant) {
  host::machine.threads = 1;
  for (Lay lay : kLays)
    for (tenon_dtype scale : {TENON_DTYPE_INVALID, TENON_F64, TENON_F32})
      for (tenon_dtype bias : {TENON_DTYPE_INVALID, TENON_F64, TENON_F32})
        for (std::int64_t axis : {0, 1, 2})
          for (double mean : {0.0, 1e6})
            expect_right(kOperator,
                         {.dtype = TENON_F64, .input = {3, 17, 19}, .axis = axis, .scale = scale, .bias = bias, .lay = lay, .mean = mean},
                         "");
}

TEST(LayerNormPlan, DeclinesWhatIsNotItsType) { expect_declined(kOperator); }

}  // namespace
