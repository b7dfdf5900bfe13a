// The kernels of group_norm against float64, at every level that this machine has: norm_test.h has the bounds.
#include "plugins/normalization/norm_test.h"

extern "C" const tenon_operator tenon_operator_group_norm;

namespace {

using namespace tenon;             // NOLINT
using namespace tenon::norm_test;  // NOLINT

const Operator kOperator{"group_norm", &tenon_operator_group_norm, false};

class GroupNormLevel : public LevelTest {
 protected:
  void expect(const Case& c) { expect_right(kOperator, c, GetParam()); }
};

// Few positions: parameters are spread out. Many: they are runs.
TEST_P(GroupNormLevel, ChannelsFirst) {
  for (tenon_dtype dtype : kSimdTypes)
    for (tenon_dtype scale : {tenon_dtype{TENON_DTYPE_INVALID}, dtype, tenon_dtype{TENON_F32}})
      for (std::int64_t positions : {1, 2, 7, 31, 49, 128, 300, 1024})
        for (std::int64_t groups : {1, 2, 6, 12})
          expect({.dtype = dtype, .input = {2, 12, positions}, .groups = groups, .scale = scale, .bias = scale});
}

// Columns: groups of one channel, of a few, of more than a tile; tiles that remain; too few channels for a vector.
TEST_P(GroupNormLevel, ChannelsLast) {
  for (tenon_dtype dtype : kSimdTypes)
    for (tenon_dtype scale : {tenon_dtype{TENON_DTYPE_INVALID}, dtype, tenon_dtype{TENON_F32}})
      for (const auto& [channels, groups] :
           {std::pair{6, 2}, {32, 32}, {33, 11}, {40, 4}, {96, 1}, {160, 32}, {300, 300}, {384, 2}, {390, 3}, {600, 1}})
        for (std::int64_t positions : {1, 5, 67})
          expect({.dtype = dtype, .input = {2, positions, channels}, .groups = groups, .channel_axis = -1, .scale = scale, .bias = scale});
}

TEST_P(GroupNormLevel, EveryLayout) {
  for (tenon_dtype dtype : kSimdTypes)
    for (Lay lay : kLays)
      for (Lay result_lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
        for (std::int64_t channel_axis : {1, 3}) {
          const Dims dims = channel_axis == 1 ? Dims{3, 40, 5, 7} : Dims{3, 5, 7, 40};
          expect({.dtype = dtype,
                  .input = dims,
                  .groups = 4,
                  .channel_axis = channel_axis,
                  .scale = TENON_F32,
                  .bias = dtype,
                  .lay = lay,
                  .result_lay = result_lay});
        }
}

TEST_P(GroupNormLevel, InPlace) {
  for (tenon_dtype dtype : kSimdTypes)
    for (Lay lay : {Lay::Compact, Lay::Strided, Lay::Misaligned})
      for (std::int64_t channel_axis : {1, 2})
        expect({.dtype = dtype,
                .input = {3, 45, 45},
                .groups = 5,
                .channel_axis = channel_axis,
                .scale = dtype,
                .lay = lay,
                .in_place = true});
}

TEST_P(GroupNormLevel, LargeMeansAndAnyMagnitude) {
  for (std::int64_t channel_axis : {1, 2}) {
    for (double mean : {1.0, 1000.0, 1e5, -1e6})
      expect({.input = {2, 64, 64}, .groups = 4, .channel_axis = channel_axis, .scale = TENON_F32, .bias = TENON_F32, .mean = mean});
    for (double magnitude : {1e-3, 1e15, 1e17})
      expect({.input = {2, 64, 64}, .groups = 4, .channel_axis = channel_axis, .magnitude = magnitude});
  }
}

TEST_P(GroupNormLevel, SmallShapes) {
  for (tenon_dtype dtype : {tenon_dtype{TENON_F32}, tenon_dtype{TENON_F16}, tenon_dtype{TENON_BF16}, tenon_dtype{TENON_F64}}) {
    expect({.dtype = dtype, .input = {0, 6, 4}, .groups = 2, .scale = dtype});
    expect({.dtype = dtype, .input = {1, 1}, .groups = 1, .scale = dtype, .bias = dtype});
    expect({.dtype = dtype, .input = {3, 6}, .groups = 2, .scale = dtype, .bias = dtype});
    expect({.dtype = dtype, .input = {3, 1, 50}, .groups = 1, .scale = dtype, .bias = dtype});
    expect({.dtype = dtype, .input = {3, 1, 200}, .groups = 1, .scale = TENON_F32, .bias = TENON_F32});
    expect({.dtype = dtype, .input = {2, 6, 3, 1, 2}, .groups = 3, .scale = dtype});
  }
}

TEST_P(GroupNormLevel, NanAndInfinity) {
  for (tenon_dtype dtype : kSimdTypes)
    for (double special : {std::nan(""), HUGE_VAL, -HUGE_VAL})
      for (std::int64_t channel_axis : {1, 2})
        expect_special(kOperator, {.dtype = dtype, .input = {3, 48, 48}, .groups = 12, .channel_axis = channel_axis}, GetParam(), special);
}

TEST_P(GroupNormLevel, PathsAndThreadsAgree) {
  for (tenon_dtype dtype : kSimdTypes)
    for (const Dims& dims : {Dims{3, 32, 512}, Dims{3, 512, 48}, Dims{16, 320, 8}})
      for (std::int64_t channel_axis : {1, 2})
        for (Lay result_lay : {Lay::Compact, Lay::Misaligned})
          expect_same_bits(kOperator,
                           {.dtype = dtype,
                            .input = dims,
                            .groups = 8,
                            .channel_axis = channel_axis,
                            .scale = dtype,
                            .bias = TENON_F32,
                            .result_lay = result_lay},
                           GetParam());
}

TEST_P(GroupNormLevel, OverflowFollowsTheFormula) {
  for (bool same_sign : {false, true})
    for (std::int64_t channel_axis : {1, 2}) {
      Tensor x({TENON_F32, {1, 48, 48}}), y({TENON_F32, {1, 48, 48}});
      x.fill([&](std::size_t i) { return i % 2 == 0 || same_sign ? 1e38 : -1e38; });
      tenon_node node{"group_norm", {}, {}, {}};
      node.attributes["epsilon"] = host::attribute(1e-5);
      node.attributes["num_groups"] = host::attribute(std::int64_t{12});
      node.attributes["channel_axis"] = host::attribute(channel_axis);
      const Ran ran =
          test_kernel::run(find_kernel(tenon_operator_group_norm, "group_norm", GetParam()), node, {&x, nullptr, nullptr}, {&y});
      ASSERT_EQ(ran.code, TENON_OK) << ran.message;
      for (std::size_t i = 0; i < x.elements(); ++i) ASSERT_TRUE(same_sign ? std::isnan(y.get(i)) : y.get(i) == 0) << i << ": " << y.get(i);
    }
}

INSTANTIATE_TEST_SUITE_P(Levels, GroupNormLevel, testing::ValuesIn(kLevels), level_name);

TEST(GroupNormF64, EveryVariant) {
  host::machine.threads = 1;
  for (Lay lay : kLays)
    for (tenon_dtype scale : {TENON_DTYPE_INVALID, TENON_F64, TENON_F32})
      for (std::int64_t channel_axis : {1, 2})
        for (std::int64_t groups : {1, 3, 12})
          expect_right(kOperator,
                       {.dtype = TENON_F64,
                        .input = {2, 12, 12},
                        .groups = groups,
                        .channel_axis = channel_axis,
                        .scale = scale,
                        .bias = scale,
                        .lay = lay},
                       "");
}

TEST(GroupNormPlan, DeclinesWhatIsNotItsType) { expect_declined(kOperator); }

}  // namespace
