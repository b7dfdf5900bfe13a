// Fixtures are NumPy's own files (tests/data/params/make.py).
#include "core/params/npy.h"

#include <cmath>
#include <limits>

#include "core/params/test_support.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor read(const std::string& name, DType expected) {
  Result<Tensor> tensor = npy_read(fixture(name), expected);
  EXPECT_TRUE(tensor.ok()) << outcome(tensor);
  return tensor.ok() ? *std::move(tensor) : Tensor();
}

std::vector<double> values(const Tensor& tensor) {
  std::vector<double> out;
  for (std::int64_t i = 0; i < tensor.type().elements(); ++i) out.push_back(tensor.f64(i));
  return out;
}

std::vector<std::int64_t> integers(const Tensor& tensor) {
  std::vector<std::int64_t> out;
  for (std::int64_t i = 0; i < tensor.type().elements(); ++i) out.push_back(tensor.i64(i));
  return out;
}

TEST(NpyRead, OneMatrixInEveryVersionOrderAndLayout) {
  for (const char* name :
       {"f32.npy", "f32_version2.npy", "f32_version3.npy", "f32_fortran.npy", "f32_big_endian.npy", "f32_big_endian_fortran.npy"}) {
    const Tensor tensor = read(name, DType::F32);
    EXPECT_EQ(tensor.type(), (TensorType{DType::F32, {2, 3}})) << name;
    EXPECT_THAT(values(tensor), ElementsAre(-1, -0.5, 0, 0.5, 1, 1.5)) << name;
  }
}

TEST(NpyRead, FortranOrderOfThreeAxes) {
  for (const char* name : {"i16_cube_fortran.npy", "i16_cube_fortran_big_endian.npy"}) {
    const Tensor tensor = read(name, DType::I16);
    ASSERT_EQ(tensor.type(), (TensorType{DType::I16, {2, 3, 4}})) << name;
    std::int64_t at = 0;
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 3; ++j)
        for (int k = 0; k < 4; ++k) EXPECT_EQ(tensor.i64(at++), 100 * i + 10 * j + k) << name;
  }
}

template <class T>
void expect_range(const char* name, DType dtype) {
  const Tensor tensor = read(name, dtype);
  ASSERT_EQ(tensor.type(), (TensorType{dtype, {4}})) << name;
  const auto lowest = static_cast<std::int64_t>(std::numeric_limits<T>::min());
  const auto highest = static_cast<std::int64_t>(std::numeric_limits<T>::max());
  EXPECT_THAT(integers(tensor), ElementsAre(lowest, 0, 1, highest)) << name;
}

TEST(NpyRead, EveryIntegerDType) {
  expect_range<std::int8_t>("i8.npy", DType::I8);
  expect_range<std::int16_t>("i16.npy", DType::I16);
  expect_range<std::int32_t>("i32.npy", DType::I32);
  expect_range<std::int64_t>("i64.npy", DType::I64);
  expect_range<std::uint8_t>("ui8.npy", DType::UI8);
  expect_range<std::uint16_t>("ui16.npy", DType::UI16);
  expect_range<std::uint32_t>("ui32.npy", DType::UI32);
  expect_range<std::uint64_t>("ui64.npy", DType::UI64);
  EXPECT_THAT(integers(read("i1.npy", DType::I1)), ElementsAre(1, 0, 1));
}

TEST(NpyRead, EveryFloatDType) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_THAT(values(read("f16.npy", DType::F16)), ElementsAre(1.5, -2, inf));
  const Tensor f64 = read("f64.npy", DType::F64);
  EXPECT_THAT(values(f64), ElementsAre(0.1, 0, -inf));
  EXPECT_TRUE(std::signbit(f64.f64(1)));
  for (const char* name : {"bf16.npy", "bf16_void.npy"}) EXPECT_THAT(values(read(name, DType::BF16)), ElementsAre(1, -2, 3)) << name;
  for (const char* name : {"f8.npy", "f8_void.npy"}) {
    const Tensor f8 = read(name, DType::F8E4M3FN);
    EXPECT_EQ(f8.f64(0), 1) << name;
    EXPECT_EQ(f8.f64(1), -2) << name;
    EXPECT_TRUE(std::isnan(f8.f64(2))) << name;
  }
  EXPECT_THAT(values(read("f8_float.npy", DType::F8E5M2)), ElementsAre(1, -2, inf));
}

TEST(NpyRead, BitPatternsAreKept) {
  const Tensor tensor = read("f32_bits.npy", DType::F32);
  EXPECT_EQ(text_of(tensor.bytes()), packed<std::uint32_t>({0x7FC12345, 0xFFA00001, 0x80000000, 0x00000001}));
}

TEST(NpyRead, RankZeroAndNoElements) {
  const Tensor scalar = read("scalar.npy", DType::F64);
  EXPECT_EQ(scalar.type(), (TensorType{DType::F64, {}}));
  EXPECT_EQ(scalar.f64(0), 2.5);
  const Tensor empty = read("empty.npy", DType::F32);
  EXPECT_EQ(empty.type(), (TensorType{DType::F32, {0, 3}}));
  EXPECT_EQ(empty.bytes().size(), 0u);
}

TEST(NpyRead, WithoutAnExpectedDTypeTheFilesOwnIsTaken) {
  EXPECT_EQ(read("f16.npy", DType::Invalid).type().dtype, DType::F16);
  EXPECT_EQ(read("i1.npy", DType::Invalid).type().dtype, DType::I1);
  const Result<Tensor> raw = npy_read(fixture("bf16.npy"), DType::Invalid);
  ASSERT_FALSE(raw.ok());
  EXPECT_EQ(raw.error().message, "the .npy file has raw elements '<V2' and does not say which dtype they have");
  EXPECT_EQ(raw.error().advice, "name the dtype: bf16");
}

TEST(NpyRead, AnotherDTypeIsAnErrorThatNamesBoth) {
  const Result<Tensor> wrong = npy_read(fixture("f32.npy"), DType::BF16);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, Code::InvalidArgument);
  EXPECT_EQ(wrong.error().message, "expected dtype bf16 ('<V2'), the .npy file has '<f4' (f32)");
  EXPECT_EQ(wrong.error().where.file, fixture("f32.npy"));
  // The same size is not the same dtype: raw bytes are no f16, no i16; integers no floats.
  for (const DType dtype : {DType::F16, DType::I16, DType::UI16, DType::F8E4M3FN, DType::I1})
    EXPECT_THAT(outcome(npy_read(fixture("bf16.npy"), dtype)), HasSubstr("the .npy file has '<V2' (raw)"));
  EXPECT_FALSE(npy_read(fixture("i16.npy"), DType::BF16).ok());
  EXPECT_FALSE(npy_read(fixture("i8.npy"), DType::UI8).ok());
  EXPECT_FALSE(npy_read(fixture("i1.npy"), DType::UI8).ok());
  EXPECT_FALSE(npy_read(fixture("ui8.npy"), DType::I1).ok());
  EXPECT_THAT(outcome(npy_read(fixture("f32.npy"), static_cast<DType>(99))), HasSubstr("no dtype has number 99"));
}

TEST(NpyRead, DTypesThatWeDoNotHaveAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"structured.npy", "dtype '[('a', '<f4'), ('b', '<i2')]': a structured dtype"},
      {"complex.npy", "dtype '<c8': complex numbers"},
      {"text.npy", "dtype '<U3': text"},
      {"objects.npy", "dtype '|O': Python objects"},
      {"dates.npy", "dtype '<M8[s]': dates or times"},
      {"raw4.npy", "dtype '|V4': raw bytes of a size that no dtype here has"},
  };
  for (const auto& [file, message] : cases) {
    const Result<Tensor> tensor = npy_read(fixture(file), DType::F32);
    ASSERT_FALSE(tensor.ok()) << file;
    EXPECT_EQ(tensor.error().code, Code::Unimplemented) << file;
    EXPECT_THAT(tensor.error().message, HasSubstr(message));
    EXPECT_FALSE(tensor.error().advice.empty());
  }
}

TEST(NpyInspect, SaysWhatTheHeaderSays) {
  const Result<NpyInfo> info = npy_inspect(fixture("i16_cube_fortran_big_endian.npy"));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->descr, ">i2");
  EXPECT_EQ(info->dtype, DType::I16);
  EXPECT_EQ(info->item_bytes, 2u);
  EXPECT_TRUE(info->fortran_order);
  EXPECT_THAT(info->dims, ElementsAre(2, 3, 4));
  const Result<NpyInfo> raw = npy_inspect(fixture("bf16_void.npy"));
  ASSERT_TRUE(raw.ok());
  EXPECT_EQ(raw->descr, "|V2");
  EXPECT_EQ(raw->dtype, DType::Invalid);
  EXPECT_EQ(npy_inspect(fixture("no-such-file.npy")).error().code, Code::NotFound);
}

class NpyWrite : public TemporaryFolder {};

TEST_F(NpyWrite, IsByteForByteWhatNumPyWrites) {
  const std::pair<const char*, DType> cases[] = {
      {"f32.npy", DType::F32},      {"f16.npy", DType::F16},     {"f64.npy", DType::F64},    {"i1.npy", DType::I1},
      {"i8.npy", DType::I8},        {"i16.npy", DType::I16},     {"i32.npy", DType::I32},    {"i64.npy", DType::I64},
      {"ui8.npy", DType::UI8},      {"ui16.npy", DType::UI16},   {"ui32.npy", DType::UI32},  {"ui64.npy", DType::UI64},
      {"bf16.npy", DType::BF16},    {"f8.npy", DType::F8E4M3FN}, {"scalar.npy", DType::F64}, {"empty.npy", DType::F32},
      {"f32_bits.npy", DType::F32},
  };
  for (const auto& [file, dtype] : cases) {
    const Tensor tensor = read(file, dtype);
    ASSERT_TRUE(npy_write(at("x.npy"), tensor.view()).ok()) << file;
    EXPECT_EQ(content(at("x.npy")), content(fixture(file))) << file;
  }
}

TEST_F(NpyWrite, StridedViewsAreWrittenInCOrder) {
  // A transposed, then a reversed view of 0..5: larger than one piece is below.
  std::vector<float> data = {0, 1, 2, 3, 4, 5};
  const Dims dims = {3, 2}, strides = {1, 3};
  ASSERT_TRUE(npy_write(at("t.npy"), {reinterpret_cast<std::byte*>(data.data()), DType::F32, dims, strides}).ok());
  EXPECT_THAT(values(*npy_read(at("t.npy"), DType::F32)), ElementsAre(0, 3, 1, 4, 2, 5));
  const Dims six = {6}, back = {-1};
  ASSERT_TRUE(npy_write(at("r.npy"), {reinterpret_cast<std::byte*>(data.data() + 5), DType::F32, six, back}).ok());
  EXPECT_THAT(values(*npy_read(at("r.npy"), DType::F32)), ElementsAre(5, 4, 3, 2, 1, 0));
}

TEST_F(NpyWrite, LargeStridedViewsArriveWhole) {
  constexpr std::int64_t rows = 251, columns = 313;  // 78563 * 8 bytes: several pieces and a rest
  std::vector<double> data(rows * columns);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<double>(i);
  const Dims dims = {columns, rows}, strides = {1, columns};
  ASSERT_TRUE(npy_write(at("t.npy"), {reinterpret_cast<std::byte*>(data.data()), DType::F64, dims, strides}).ok());
  const Result<Tensor> tensor = npy_read(at("t.npy"), DType::F64);
  ASSERT_TRUE(tensor.ok()) << outcome(tensor);
  std::int64_t wrong = 0;
  for (std::int64_t c = 0; c < columns; ++c)
    for (std::int64_t r = 0; r < rows; ++r) wrong += tensor->f64(c * rows + r) != static_cast<double>(r * columns + c);
  EXPECT_EQ(wrong, 0);
}

TEST_F(NpyWrite, FourBitIntegersAreOneByteEachAndInRange) {
  std::string bytes("\xF8\x00\x07", 3);
  const Dims dims = {3}, strides = {1};
  const auto view = [&](DType dtype) { return TensorView{reinterpret_cast<std::byte*>(bytes.data()), dtype, dims, strides}; };
  ASSERT_TRUE(npy_write(at("i4.npy"), view(DType::I4)).ok());
  EXPECT_EQ(npy_inspect(at("i4.npy"))->descr, "|i1");
  EXPECT_THAT(integers(*npy_read(at("i4.npy"), DType::I4)), ElementsAre(-8, 0, 7));
  bytes[2] = 8;
  ASSERT_TRUE(npy_write(at("i4.npy"), view(DType::I4)).ok());
  const Result<Tensor> above = npy_read(at("i4.npy"), DType::I4);
  ASSERT_FALSE(above.ok());
  EXPECT_EQ(above.error().code, Code::OutOfRange);
  EXPECT_EQ(above.error().message, "element 2 of the .npy file is 8, i4 goes from -8 to 7");
  bytes = std::string("\x00\x0F\x10", 3);
  ASSERT_TRUE(npy_write(at("ui4.npy"), view(DType::UI4)).ok());
  EXPECT_THAT(outcome(npy_read(at("ui4.npy"), DType::UI4)), HasSubstr("element 2 of the .npy file is 16, ui4 goes from 0 to 15"));
  bytes = std::string("\x00\x01\x02", 3);
  ASSERT_TRUE(npy_write(at("i1.npy"), view(DType::I1)).ok());
  EXPECT_THAT(outcome(npy_read(at("i1.npy"), DType::I1)), HasSubstr("element 2 of the .npy file is 2, i1 goes from 0 to 1"));
}

TEST_F(NpyWrite, WhatCannotBeWrittenLeavesTheOldFile) {
  std::ofstream(at("x.npy")) << "old";
  const Dims dims = {kDynamic}, strides = {1};
  EXPECT_FALSE(npy_write(at("x.npy"), {nullptr, DType::F32, dims, strides}).ok());
  EXPECT_FALSE(npy_write(at("x.npy"), {nullptr, DType::Invalid, {}, {}}).ok());
  EXPECT_EQ(content(at("x.npy")), "old");
  EXPECT_EQ(npy_write(at("none/x.npy"), Tensor::zeros({DType::F32, {}})->view()).error().code, Code::NotFound);
}

}  // namespace
}  // namespace tenon
