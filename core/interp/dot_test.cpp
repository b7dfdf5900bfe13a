// dot_general and convolution.
#include "core/interp/test_support.h"

namespace tenon::interp::test {
namespace {

struct Dot {
  std::vector<std::int64_t> lhs_batch, rhs_batch, lhs_contract, rhs_contract;
};

Tensor dot(Tensor a, Tensor b, TensorType result, Dot d) {
  return run_one(OpCode::DotGeneral, list(std::move(a), std::move(b)), std::move(result),
                 {{"lhs_batching_dimensions", ints(d.lhs_batch)},
                  {"lhs_contracting_dimensions", ints(d.lhs_contract)},
                  {"rhs_batching_dimensions", ints(d.rhs_batch)},
                  {"rhs_contracting_dimensions", ints(d.rhs_contract)}});
}

TEST(DotGeneral, MatrixProductInEveryLayout) {
  const auto a = [] { return tensor(DType::F32, {2, 3}, {1, 2, 3, 4, 5, 6}); };
  const auto b = [] { return tensor(DType::F32, {3, 2}, {7, 8, 9, 10, 11, 12}); };
  expect_values(dot(a(), b(), {DType::F32, {2, 2}}, {{}, {}, {1}, {0}}), {58, 64, 139, 154});
  expect_values(dot(a(), a(), {DType::F32, {2, 2}}, {{}, {}, {1}, {1}}), {14, 32, 32, 77});    // a a^T
  expect_values(dot(b(), a(), {DType::F32, {2, 2}}, {{}, {}, {0}, {1}}), {58, 139, 64, 154});  // b^T a^T
  expect_values(dot(a(), b(), {DType::F32, {}}, {{}, {}, {0, 1}, {1, 0}}), {1 * 7 + 2 * 9 + 3 * 11 + 4 * 8 + 5 * 10 + 6 * 12});
  expect_values(dot(tensor(DType::F32, {2}, {1, 2}), tensor(DType::F32, {2}, {3, 4}), {DType::F32, {2, 2}}, {{}, {}, {}, {}}),
                {3, 4, 6, 8});  // outer
}

TEST(DotGeneral, BatchesAndEmptyDimensions) {
  expect_values(dot(tensor(DType::F64, {2, 1, 2}, {1, 2, 3, 4}), tensor(DType::F64, {2, 2, 1}, {5, 6, 7, 8}), {DType::F64, {2, 1, 1}},
                    {{0}, {0}, {2}, {1}}),
                {17, 53});
  // Two batch dimensions that stand in different places.
  expect_values(dot(tensor(DType::I32, {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}), tensor(DType::I32, {2, 2}, {1, 10, 100, 1000}),
                    {DType::I32, {2, 2, 2}}, {{0, 2}, {0, 1}, {}, {}}),
                {1, 3, 20, 40, 500, 700, 6000, 8000});
  expect_values(dot(tensor(DType::F32, {2, 0}, {}), tensor(DType::F32, {0, 3}, {}), {DType::F32, {2, 3}}, {{}, {}, {1}, {0}}),
                {0, 0, 0, 0, 0, 0});
  expect_values(dot(tensor(DType::F32, {0, 2}, {}), tensor(DType::F32, {2, 1}, {1, 2}), {DType::F32, {0, 1}}, {{}, {}, {1}, {0}}), {});
}

// Grouped-query attention without copying the keys: q [kv, group, s, d], k [kv, t, d].
TEST(DotGeneral, GroupedQueries) {
  std::vector<double> q, k;
  for (int i = 0; i < 2 * 3 * 2 * 4; ++i) q.push_back((i * 7) % 11 - 5);
  for (int i = 0; i < 2 * 5 * 4; ++i) k.push_back((i * 5) % 13 - 6);
  const Tensor got =
      dot(tensor(DType::BF16, {2, 3, 2, 4}, q), tensor(DType::BF16, {2, 5, 4}, k), {DType::F32, {2, 3, 2, 5}}, {{0}, {0}, {3}, {2}});
  std::vector<double> expected;
  for (std::size_t h = 0; h < 2; ++h)
    for (std::size_t row = 0; row < 6; ++row)
      for (std::size_t t = 0; t < 5; ++t) {
        double sum = 0;
        for (std::size_t d = 0; d < 4; ++d) sum += q[(h * 6 + row) * 4 + d] * k[(h * 5 + t) * 4 + d];
        expected.push_back(sum);
      }
  expect_values(got, expected);
}

TEST(DotGeneral, AccumulatesInTheResultType) {
  const Dot d{{}, {}, {0}, {0}};
  EXPECT_EQ(dot(filled(DType::BF16, {512}, 1), filled(DType::BF16, {512}, 1), {DType::BF16, {}}, d).f64(0), 256);
  EXPECT_EQ(dot(filled(DType::BF16, {512}, 1), filled(DType::BF16, {512}, 1), {DType::F32, {}}, d).f64(0), 512);
  EXPECT_EQ(dot(filled(DType::F16, {4096}, 1), filled(DType::F16, {4096}, 1), {DType::F16, {}}, d).f64(0), 2048);
  EXPECT_EQ(dot(filled(DType::F16, {2}, 300), filled(DType::F16, {2}, 300), {DType::F16, {}}, d).f64(0), kInf);
  EXPECT_EQ(dot(filled(DType::F16, {2}, 300), filled(DType::F16, {2}, 300), {DType::F32, {}}, d).f64(0), 180000);
  // f32: one by one in float, in order.
  std::vector<double> a, b;
  float sum = 0;
  for (int i = 0; i < 1000; ++i) {
    a.push_back(static_cast<double>(1.0f / static_cast<float>(i + 1)));
    b.push_back(static_cast<double>(std::sqrt(static_cast<float>(i + 2))));
    sum += static_cast<float>(a.back()) * static_cast<float>(b.back());
  }
  EXPECT_EQ(dot(tensor(DType::F32, {1000}, a), tensor(DType::F32, {1000}, b), {DType::F32, {}}, d).f64(0), static_cast<double>(sum));
}

TEST(DotGeneral, IntegersWrapAndBoolsAreLogic) {
  const Dot d{{}, {}, {0}, {0}};
  expect_values(dot(tensor(DType::I8, {2}, {100, 100}), tensor(DType::I8, {2}, {100, 100}), {DType::I32, {}}, d), {20000});
  expect_values(dot(tensor(DType::I8, {2}, {100, 100}), tensor(DType::I8, {2}, {100, 100}), {DType::I8, {}}, d), {32});  // 20000 mod 256
  expect_values(dot(tensor(DType::UI8, {2}, {255, 255}), tensor(DType::UI8, {2}, {255, 255}), {DType::UI32, {}}, d), {130050});
  expect_values(dot(tensor(DType::I4, {2}, {-8, 7}), tensor(DType::I4, {2}, {7, 7}), {DType::I32, {}}, d), {-7});
  expect_values(dot(tensor(DType::I1, {2}, {1, 1}), tensor(DType::I1, {2}, {1, 1}), {DType::I1, {}}, d), {1});
}

TEST(DotGeneral, ManyColumnsAreAllThere) {  // more than one block of columns, and a part of one
  std::vector<double> a, b, expected;
  for (int i = 0; i < 3 * 5; ++i) a.push_back(i % 7 - 3);
  for (int i = 0; i < 5 * 67; ++i) b.push_back(i % 11 - 5);
  for (std::size_t m = 0; m < 3; ++m)
    for (std::size_t n = 0; n < 67; ++n) {
      double sum = 0;
      for (std::size_t k = 0; k < 5; ++k) sum += a[m * 5 + k] * b[k * 67 + n];
      expected.push_back(sum);
    }
  expect_values(dot(tensor(DType::F32, {3, 5}, a), tensor(DType::F32, {5, 67}, b), {DType::F32, {3, 67}}, {{}, {}, {1}, {0}}), expected);
}

struct Conv {
  std::vector<std::int64_t> strides, padding, lhs_dilation, rhs_dilation;
  std::vector<bool> reversal;
  std::int64_t feature_groups = 1, batch_groups = 1;
};

// Input [b, f, spatial], kernel [o, i, spatial], output [b, f, spatial].
Dict attributes(const Conv& c) {
  std::vector<std::int64_t> spatial;
  for (std::size_t i = 0; i < c.strides.size(); ++i) spatial.push_back(static_cast<std::int64_t>(i) + 2);
  return {{"batch_group_count", integer(c.batch_groups)},
          {"feature_group_count", integer(c.feature_groups)},
          {"input_batch_dimension", integer(0)},
          {"input_feature_dimension", integer(1)},
          {"input_spatial_dimensions", ints(spatial)},
          {"kernel_input_feature_dimension", integer(1)},
          {"kernel_output_feature_dimension", integer(0)},
          {"kernel_spatial_dimensions", ints(spatial)},
          {"lhs_dilation", ints(c.lhs_dilation)},
          {"output_batch_dimension", integer(0)},
          {"output_feature_dimension", integer(1)},
          {"output_spatial_dimensions", ints(spatial)},
          {"padding", ints(c.padding)},
          {"rhs_dilation", ints(c.rhs_dilation)},
          {"window_reversal", BoolsAttr{c.reversal}},
          {"window_strides", ints(c.strides)}};
}

Tensor convolve(Tensor x, Tensor w, Dims result, const Conv& c) {
  const DType dtype = x.type().dtype;
  return run_one(OpCode::Convolution, list(std::move(x), std::move(w)), {dtype, std::move(result)}, attributes(c));
}

TEST(Convolution, OneDimension) {
  const auto x = [] { return tensor(DType::F32, {1, 1, 5}, {1, 2, 3, 4, 5}); };
  const auto w = [] { return tensor(DType::F32, {1, 1, 3}, {1, 10, 100}); };
  expect_values(convolve(x(), w(), {1, 1, 3}, {{1}, {0, 0}, {1}, {1}, {false}}), {321, 432, 543});
  expect_values(convolve(x(), w(), {1, 1, 3}, {{1}, {0, 0}, {1}, {1}, {true}}), {123, 234, 345});
  expect_values(convolve(x(), w(), {1, 1, 3}, {{2}, {1, 1}, {1}, {1}, {false}}), {210, 432, 54});
  expect_values(convolve(x(), w(), {1, 1, 1}, {{1}, {0, 0}, {1}, {2}, {false}}), {531});
  expect_values(convolve(x(), w(), {1, 1, 2}, {{1}, {-1, 0}, {1}, {1}, {false}}), {432, 543});
  // Transposed: stride 2 puts a zero between elements; the reversed kernel, padded by its size less one.
  expect_values(convolve(tensor(DType::F32, {1, 1, 2}, {1, 2}), w(), {1, 1, 5}, {{1}, {2, 2}, {2}, {1}, {true}}), {1, 10, 102, 20, 200});
}

TEST(Convolution, GroupsAgainstNestedLoops) {
  constexpr std::int64_t kBatch = 2, kIn = 4, kOut = 6, kSize = 5, kKernel = 3, kGroups = 2, kResult = 3;
  std::vector<double> x, w, expected;
  for (int i = 0; i < kBatch * kIn * kSize * kSize; ++i) x.push_back((i * 7) % 19 - 9);
  for (int i = 0; i < kOut * (kIn / kGroups) * kKernel * kKernel; ++i) w.push_back((i * 5) % 17 - 8);
  for (std::int64_t b = 0; b < kBatch; ++b)
    for (std::int64_t o = 0; o < kOut; ++o)
      for (std::int64_t row = 0; row < kResult; ++row)
        for (std::int64_t column = 0; column < kResult; ++column) {
          double sum = 0;
          for (std::int64_t i = 0; i < kIn / kGroups; ++i)
            for (std::int64_t r = 0; r < kKernel; ++r)
              for (std::int64_t c = 0; c < kKernel; ++c) {
                const std::int64_t y = row * 2 + r - 1, z = column * 2 + c - 1, feature = o / (kOut / kGroups) * (kIn / kGroups) + i;
                if (y < 0 || z < 0 || y >= kSize || z >= kSize) continue;
                sum += x[static_cast<std::size_t>(((b * kIn + feature) * kSize + y) * kSize + z)] *
                       w[static_cast<std::size_t>(((o * (kIn / kGroups) + i) * kKernel + r) * kKernel + c)];
              }
          expected.push_back(sum);
        }
  expect_values(convolve(tensor(DType::F32, {kBatch, kIn, kSize, kSize}, x), tensor(DType::F32, {kOut, kIn / kGroups, kKernel, kKernel}, w),
                         {kBatch, kOut, kResult, kResult}, {{2, 2}, {1, 1, 1, 1}, {1, 1}, {1, 1}, {false, false}, kGroups}),
                expected);
}

TEST(Convolution, BatchGroups) {
  // Batch 2 in 2 groups: output feature 0 sees batch 0, output feature 1 batch 1.
  expect_values(convolve(tensor(DType::I32, {2, 1, 3}, {1, 2, 3, 4, 5, 6}), tensor(DType::I32, {2, 1, 2}, {1, 10, 100, 1000}), {1, 2, 2},
                         {{1}, {0, 0}, {1}, {1}, {false}, 1, 2}),
                {21, 32, 5400, 6500});
}

TEST(Convolution, AccumulatesInTheResultType) {
  EXPECT_EQ(convolve(filled(DType::BF16, {1, 512, 1}, 1), filled(DType::BF16, {1, 512, 1}, 1), {1, 1, 1}, {{1}, {0, 0}, {1}, {1}, {false}})
                .f64(0),
            256);
}

TEST(Convolution, WithoutSpatialDimensionsIsAMatrixProduct) {
  expect_values(convolve(tensor(DType::F32, {1, 2}, {1, 2}), tensor(DType::F32, {3, 2}, {1, 2, 3, 4, 5, 6}), {1, 3}, {{}, {}, {}, {}, {}}),
                {5, 11, 17});
}

}  // namespace
}  // namespace tenon::interp::test
