// The kernels of l2_norm against float64, at every level that this machine has: norm_test.h has the bounds.
#include "plugins/normalization/norm_test.h"

extern "C" const tenon_operator tenon_operator_l2_norm;

namespace {

using namespace tenon;             // NOLINT
using namespace tenon::norm_test;  // NOLINT

const Operator kOperator{"l2_norm", &tenon_operator_l2_norm, true};

class L2NormLevel : public LevelTest {
 protected:
  void expect(const Case& c) { expect_right(kOperator, c, GetParam()); }
};

TEST_P(L2NormLevel, EveryLengthAndType) {
  for (tenon_dtype dtype : kSimdTypes)
    for (std::int64_t length : {1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 640, 641, 2047, 2049, 4096, 5003})
      expect({.dtype = dtype, .input = {3, length}, .epsilon = 1e-12});
}

TEST_P(L2NormLevel, EveryAxisAndLayout) {
  for (tenon_dtype dtype : kSimdTypes)
    for (Lay lay : kLays)
      for (Lay result_lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
        for (std::int64_t axis : {0, 1, 2})
          expect({.dtype = dtype, .input = {3, 7, 37}, .axis = axis, .lay = lay, .result_lay = result_lay});
}

TEST_P(L2NormLevel, Columns) {
  for (tenon_dtype dtype : kSimdTypes) {
    for (std::int64_t columns : {1, 7, 8, 9, 31, 32, 33, 64, 65, 127, 128, 129, 255, 256, 257, 385})
      expect({.dtype = dtype, .input = {2, 5, columns}, .axis = 1});
    for (std::int64_t length : {1, 64, 65, 1000, 5003}) expect({.dtype = dtype, .input = {length, 70}, .axis = 0});
  }
}

TEST_P(L2NormLevel, InPlace) {
  for (tenon_dtype dtype : kSimdTypes)
    for (Lay lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
      for (std::int64_t length : {1, 33, 641})
        for (std::int64_t axis : {0, 1}) expect({.dtype = dtype, .input = {5, length}, .axis = axis, .lay = lay, .in_place = true});
}

// Above and below epsilon, and where 1 / epsilon is not finite.
TEST_P(L2NormLevel, AnyMagnitude) {
  for (std::int64_t axis : {0, 1})
    for (double epsilon : {10.0, 1e-12, 1e-37, 1e-44})
      for (double magnitude : {1e16, 1.0, 1e-12, 1e-35, 1e-40}) {
        // The squares of the smallest are subnormal or 0, far from the exact sum's: only where epsilon is above it does that not count.
        if (magnitude < 1e-15 && epsilon < 1e-15) continue;
        expect({.input = {40, 103}, .axis = axis, .epsilon = epsilon, .magnitude = magnitude});
      }
  for (std::int64_t axis : {0, 1}) {
    // 1e-35 has a square of 0: the norm is epsilon.
    Tensor x({TENON_F32, {40, 40}}), y({TENON_F32, {40, 40}});
    x.fill([](std::size_t i) { return i == 0 ? 0 : 1e-35; });
    tenon_node node{"l2_norm", {}, {}, {}};
    node.attributes["epsilon"] = host::attribute(1e-44);
    node.attributes["axis"] = host::attribute(axis);
    const Ran ran = test_kernel::run(find_kernel(tenon_operator_l2_norm, "l2_norm", GetParam()), node, {&x}, {&y});
    ASSERT_EQ(ran.code, TENON_OK) << ran.message;
    for (std::size_t i = 0; i < x.elements(); ++i) ASSERT_EQ(y.get(i), static_cast<double>(static_cast<float>(x.get(i)) / 1e-44f)) << i;
  }
}

TEST_P(L2NormLevel, EmptyAndSmallShapes) {
  for (tenon_dtype dtype : {tenon_dtype{TENON_F32}, tenon_dtype{TENON_F16}, tenon_dtype{TENON_BF16}, tenon_dtype{TENON_F64}})
    for (const Dims& dims : {Dims{0, 640}, Dims{3, 0}, Dims{2, 0, 4}, Dims{640}, Dims{1, 1, 1, 1}, Dims{2, 1, 3, 2, 19}})
      expect({.dtype = dtype, .input = dims, .lay = Lay::Strided});
}

// 1e30 has no finite square in f32, so that the norm is infinite and the row 0: where f32 is what is computed in.
TEST_P(L2NormLevel, OverflowFollowsTheFormula) {
  for (std::int64_t axis : {0, 1}) {
    Tensor x({TENON_F32, {40, 40}}), y({TENON_F32, {40, 40}});
    x.fill([](std::size_t i) { return i % 3 == 0 ? 1e30 : 1; });
    tenon_node node{"l2_norm", {}, {}, {}};
    node.attributes["epsilon"] = host::attribute(1e-12);
    node.attributes["axis"] = host::attribute(axis);
    const Ran ran = test_kernel::run(find_kernel(tenon_operator_l2_norm, "l2_norm", GetParam()), node, {&x}, {&y});
    ASSERT_EQ(ran.code, TENON_OK) << ran.message;
    for (std::size_t i = 0; i < x.elements(); ++i) ASSERT_EQ(y.get(i), 0) << i;
  }
}

TEST_P(L2NormLevel, NanAndInfinity) {
  for (tenon_dtype dtype : kSimdTypes)
    for (double special : {std::nan(""), HUGE_VAL, -HUGE_VAL})
      for (std::int64_t axis : {0, 1}) expect_special(kOperator, {.dtype = dtype, .input = {70, 103}, .axis = axis}, GetParam(), special);
}

TEST_P(L2NormLevel, PathsAndThreadsAgree) {
  for (tenon_dtype dtype : kSimdTypes)
    for (const Dims& dims : {Dims{60, 640}, Dims{60, 641}, Dims{3, 40, 333}})
      for (std::int64_t axis : {0, 1})
        for (Lay result_lay : {Lay::Compact, Lay::Misaligned})
          expect_same_bits(kOperator, {.dtype = dtype, .input = dims, .axis = axis, .result_lay = result_lay}, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Levels, L2NormLevel, testing::ValuesIn(kLevels), level_name);

TEST(L2NormF64, EveryVariant) {
  host::machine.threads = 1;
  for (Lay lay : kLays)
    for (std::int64_t axis : {0, 1, 2})
      for (double epsilon : {1e-12, 10.0})
        expect_right(kOperator, {.dtype = TENON_F64, .input = {3, 17, 19}, .axis = axis, .epsilon = epsilon, .lay = lay}, "");
}

TEST(L2NormPlan, DeclinesWhatIsNotItsType) { expect_declined(kOperator); }

}  // namespace
