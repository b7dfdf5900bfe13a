#include "core/type/dtype.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/text.h"

namespace tenon {
namespace {

TEST(DType, TheTableHasEveryNumberOfTheHeader) {
  EXPECT_EQ(all_dtypes().size(), 17u);
  for (std::int32_t number = TENON_I1; number <= TENON_F64; ++number) {
    const auto dtype = static_cast<DType>(number);
    EXPECT_TRUE(is_valid(dtype)) << number;
    EXPECT_EQ(info(dtype).dtype, dtype);
    EXPECT_EQ(dtype_from_name(name(dtype)), dtype);
  }
}

TEST(DType, NamesInGraphFilesAndInText) {
  EXPECT_EQ(dtype_from_name("bf16"), DType::BF16);
  EXPECT_EQ(info(DType::F8E4M3FN).name, "f8e4m3fn");
  EXPECT_EQ(info(DType::F8E4M3FN).mlir, "f8E4M3FN");
  EXPECT_EQ(info(DType::F8E5M2).mlir, "f8E5M2");
  EXPECT_EQ(info(DType::UI4).mlir, "ui4");
  std::string all;
  for (const DTypeInfo& row : all_dtypes()) all += cat(all.empty() ? "" : " ", row.name);
  EXPECT_EQ(dtype_names(), all);
}

TEST(DType, SizesAndKinds) {
  EXPECT_EQ(storage_size(DType::I1), 1u);
  EXPECT_EQ(storage_size(DType::I4), 1u);
  EXPECT_EQ(info(DType::I4).bits, 4);
  EXPECT_EQ(storage_size(DType::F8E5M2), 1u);
  EXPECT_EQ(storage_size(DType::BF16), 2u);
  EXPECT_EQ(storage_size(DType::F64), 8u);
  EXPECT_TRUE(is_float(DType::F8E4M3FN));
  EXPECT_TRUE(is_integer(DType::UI64));
  EXPECT_TRUE(is_unsigned(DType::UI4));
  EXPECT_TRUE(is_signed(DType::I64));
  EXPECT_FALSE(is_integer(DType::I1));
  EXPECT_FALSE(is_float(DType::I1));
}

TEST(DType, OtherNamesAndNumbersAreNone) {
  for (const char* wrong : {"", "F32", "float32", "f33", "f32 ", "i1i", "invalid"}) EXPECT_FALSE(dtype_from_name(wrong)) << wrong;
  for (const std::int32_t number : {0, -1, 18, 1000000}) {
    EXPECT_FALSE(is_valid(static_cast<DType>(number)));
    EXPECT_EQ(storage_size(static_cast<DType>(number)), 0u);  // and nothing is read beyond the table
  }
  EXPECT_EQ(name(DType::Invalid), "invalid");
}

}  // namespace
}  // namespace tenon
