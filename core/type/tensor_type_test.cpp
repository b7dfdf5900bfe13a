#include "core/type/tensor_type.h"

#include <gmock/gmock.h>

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TensorType, SizesAndTexts) {
  const TensorType type{DType::BF16, {4, 640}};
  EXPECT_EQ(type.rank(), 2);
  EXPECT_TRUE(type.is_static());
  EXPECT_EQ(type.elements(), 2560);
  EXPECT_EQ(type.bytes(), 5120u);
  EXPECT_EQ(to_string(type), "bf16[4,640]");
  EXPECT_EQ(mlir_text(type), "tensor<4x640xbf16>");
  EXPECT_EQ(checked_elements(type).value(), 2560);
}

TEST(TensorType, ScalarsAndEmptyTensors) {
  const TensorType scalar{DType::F8E5M2, {}};
  EXPECT_EQ(scalar.elements(), 1);
  EXPECT_EQ(to_string(scalar), "f8e5m2[]");
  EXPECT_EQ(mlir_text(scalar), "tensor<f8E5M2>");
  EXPECT_EQ(checked_elements({DType::F32, {3, 0, 5}}).value(), 0);
}

TEST(TensorType, DynamicDimensions) {
  const TensorType type{DType::F32, {kDynamic, 8}};
  EXPECT_FALSE(type.is_static());
  EXPECT_EQ(to_string(type), "f32[?,8]");
  EXPECT_EQ(mlir_text(type), "tensor<?x8xf32>");
  EXPECT_TRUE(check_type(type).ok());
  EXPECT_THAT(checked_elements(type).error().message, HasSubstr("dynamic"));
}

TEST(TensorType, WhatIsNoTypeIsRefused) {
  EXPECT_EQ(check_type({DType::F32, {2, -1}}).error().code, Code::InvalidArgument);
  EXPECT_THAT(check_type({DType::F32, {2, -1}}).error().message, HasSubstr("-1"));
  EXPECT_FALSE(check_type({DType::Invalid, {2}}).ok());
  EXPECT_FALSE(check_type({static_cast<DType>(99), {2}}).ok());
  EXPECT_TRUE(check_type({DType::F32, Dims(32, 1)}).ok());
  EXPECT_THAT(check_type({DType::F32, Dims(33, 1)}).error().message, HasSubstr("33"));
}

TEST(TensorType, SizesThatOverflowAreRefused) {
  EXPECT_TRUE(checked_elements({DType::I8, {INT64_MAX}}).ok());
  EXPECT_FALSE(checked_elements({DType::I16, {INT64_MAX}}).ok());
  EXPECT_FALSE(checked_elements({DType::F64, {1LL << 60}}).ok());
  EXPECT_FALSE(checked_elements({DType::I8, {1LL << 32, 1LL << 31}}).ok());
  // An empty tensor too, since its strides are computed.
  EXPECT_FALSE(checked_elements({DType::I8, {0, 1LL << 32, 1LL << 32}}).ok());
  EXPECT_FALSE(check_type({DType::I8, {kDynamic, 1LL << 32, 1LL << 32}}).ok());
}

TEST(TensorType, Compatibility) {
  EXPECT_TRUE(compatible(3, 3));
  EXPECT_FALSE(compatible(3, 4));
  EXPECT_TRUE(compatible(kDynamic, 4));
  EXPECT_TRUE(compatible({DType::F32, {kDynamic, 8}}, {DType::F32, {4, kDynamic}}));
  EXPECT_FALSE(compatible({DType::F32, {8}}, {DType::F16, {8}}));
  EXPECT_FALSE(compatible({DType::F32, {8}}, {DType::F32, {8, 1}}));
}

TEST(Axis, CountsFromBothEnds) {
  EXPECT_EQ(resolve_axis(0, 3).value(), 0);
  EXPECT_EQ(resolve_axis(-1, 3).value(), 2);
  EXPECT_EQ(resolve_axis(-3, 3).value(), 0);
  EXPECT_EQ(resolve_axis(3, 3).error().message, "axis 3 is out of range for rank 3");
  EXPECT_EQ(resolve_axis(3, 3).error().advice, "give a number from -3 to 2");
  EXPECT_EQ(resolve_axis(-4, 3, "dimension").error().message, "dimension -4 is out of range for rank 3");
  EXPECT_FALSE(resolve_axis(0, 0).ok());
  EXPECT_FALSE(resolve_axis(INT64_MIN, 3).ok());
}

TEST(Strides, AreRowMajor) {
  EXPECT_THAT(compact_strides(Dims{2, 3, 5}), ElementsAre(15, 5, 1));
  EXPECT_THAT(compact_strides(Dims{}), IsEmpty());
  EXPECT_THAT(compact_strides(Dims{2, 0, 5}), ElementsAre(5, 5, 1));
}

TEST(Dims, ParsedFromText) {
  EXPECT_THAT(parse_dims("4x640").value(), ElementsAre(4, 640));
  EXPECT_THAT(parse_dims("7").value(), ElementsAre(7));
  EXPECT_THAT(parse_dims("").value(), IsEmpty());
  EXPECT_THAT(parse_dims("?x8").value(), ElementsAre(kDynamic, 8));
  EXPECT_THAT(parse_dims("0x5").value(), ElementsAre(0, 5));
  for (const char* wrong : {"x", "4x", "x4", "4xx5", "-1", "+4", "4 x5", "4X5", "4.0", "a", "99999999999999999999", "??"})
    EXPECT_FALSE(parse_dims(wrong).ok()) << wrong;
  std::string long_text = "1";
  for (int i = 0; i < 32; ++i) long_text += "x1";
  EXPECT_THAT(parse_dims(long_text).error().message, HasSubstr("33"));
}

}  // namespace
}  // namespace tenon
