// What counts as a difference: by the result's last place, beside an error that a scale allows.
#include "core/pipeline/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/pipeline/tolerance.h"
#include "core/type/convert.h"

namespace tenon {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

Tensor tensor(const std::vector<double>& values, DType dtype = DType::F32) {
  Result<Tensor> out = Tensor::zeros({dtype, {static_cast<std::int64_t>(values.size())}});
  EXPECT_TRUE(out.ok());
  for (std::size_t i = 0; i < values.size(); ++i) store_f64(dtype, out->data() + i * storage_size(dtype), values[i]);
  return *std::move(out);
}

TEST(Compare, CountsInTheLastPlaceOfWhatIsWanted) {
  EXPECT_EQ(compare(tensor({1, 2}), tensor({1, 2})).max_ulp, 0);
  const Difference difference = compare(tensor({1, 4 + 0x1p-20}), tensor({1, 4}));
  EXPECT_EQ(difference.max_ulp, 2);  // the last place at 4 is 2^-21
  EXPECT_EQ(difference.worst, 1);
  EXPECT_EQ(compare(tensor({1.0078125}, DType::BF16), tensor({1}, DType::BF16)).max_ulp, 1);
  EXPECT_EQ(compare(tensor({0x1p-149}), tensor({0})).max_ulp, 1);
  EXPECT_EQ(compare(tensor({NAN, kInf}), tensor({NAN, kInf})).max_ulp, 0);
  EXPECT_EQ(compare(tensor({kInf}), tensor({1})).max_ulp, kInf);
}

TEST(Compare, AllowsTheErrorOfItsScale) {
  const Tensor got = tensor({1 + 0x1p-20, 5}), want = tensor({1, 5});
  EXPECT_EQ(compare(got, want).max_ulp, 8);
  EXPECT_EQ(compare(got, want, std::vector<double>{0x1p-20, 0}).max_ulp, 0);
  EXPECT_EQ(compare(got, want, std::vector<double>{0x1p-21, 0}).max_ulp, 4);
  EXPECT_EQ(compare(got, want, std::vector<double>{0, 1}).max_ulp, 8);
}

TEST(Compare, InfinityIsJudgedUnlessMagnitudesOverflow) {
  EXPECT_EQ(compare(tensor({kInf}), tensor({1}), std::vector<double>{1e30}).max_ulp, kInf);
  EXPECT_EQ(compare(tensor({NAN}), tensor({1}), std::vector<double>{1e30}).max_ulp, kInf);
  EXPECT_EQ(compare(tensor({kInf, 2}), tensor({1, 1}), std::vector<double>{kInf, 0.5}).max_ulp, 0.5 * 0x1p23);
}

TEST(ToleranceOf, TakesWhatTheManifestSays) {
  Numerics numerics;
  numerics.max_ulp = 4;
  EXPECT_EQ(Tolerance::of(numerics).ulp_for(DType::F32), 4);
  EXPECT_EQ(Tolerance::of(numerics).ulp_for(DType::BF16), 4);
  numerics.max_ulp_16 = 1;
  numerics.max_error = 1e-6;
  numerics.scale = "x";
  EXPECT_EQ(Tolerance::of(numerics).ulp_for(DType::F16), 1);
  EXPECT_EQ(Tolerance::of(numerics).ulp_for(DType::F64), 4);
  EXPECT_EQ(Tolerance::of(numerics).error, 1e-6);
  EXPECT_EQ(Tolerance::of(numerics).scale, "x");
}

}  // namespace
}  // namespace tenon
