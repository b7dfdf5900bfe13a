#include "core/type/tensor.h"

#include <gmock/gmock.h>

#include <cstring>
#include <numeric>
#include <vector>

namespace tenon {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

std::span<const std::byte> bytes_of(const std::vector<std::int32_t>& values) { return std::as_bytes(std::span(values)); }

TEST(Tensor, ZerosAreAlignedAndZero) {
  Result<Tensor> tensor = Tensor::zeros({DType::F32, {3, 5}});
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor->data()) % 64, 0u);
  EXPECT_EQ(tensor->bytes().size(), 60u);
  EXPECT_THAT(tensor->bytes(), Each(std::byte{0}));
  EXPECT_THAT(tensor->view().strides, ElementsAre(5, 1));
}

TEST(Tensor, FromBytes) {
  Result<Tensor> tensor = Tensor::from_bytes({DType::I32, {2, 2}}, bytes_of({1, 2, 3, -4}));
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(tensor->i64(3), -4);
  EXPECT_EQ(tensor->f64(1), 2.0);
  EXPECT_EQ(tensor->view().elements(), 4);
  EXPECT_TRUE(tensor->view().is_compact());
}

TEST(Tensor, ScalarsAndEmptyTensorsHaveAnAddress) {
  EXPECT_EQ(Tensor::zeros({DType::F64, {}})->bytes().size(), 8u);
  Result<Tensor> empty = Tensor::from_bytes({DType::F64, {0, 7}}, {});
  ASSERT_TRUE(empty.ok());
  EXPECT_NE(empty->data(), nullptr);
  EXPECT_TRUE(empty->bytes().empty());
  EXPECT_TRUE(empty->view().is_compact());
}

TEST(Tensor, ClonesAndMoves) {
  Tensor tensor = *Tensor::from_bytes({DType::I32, {2}}, bytes_of({5, 6}));
  Tensor copy = tensor.clone();
  EXPECT_NE(copy.data(), tensor.data());
  const std::byte* address = tensor.data();
  const Tensor moved = std::move(tensor);
  EXPECT_EQ(moved.data(), address);
  EXPECT_EQ(copy.i64(1), 6);
  EXPECT_EQ(copy.view().rank(), 1);
  EXPECT_TRUE(Tensor().bytes().empty());
  EXPECT_EQ(Tensor().clone().data(), nullptr);
}

TEST(Tensor, WrongSizesAreErrors) {
  EXPECT_THAT(Tensor::from_bytes({DType::I32, {3}}, bytes_of({1, 2})).error().message, HasSubstr("12 bytes, got 8"));
  EXPECT_FALSE(Tensor::zeros({DType::F32, {kDynamic}}).ok());
  EXPECT_FALSE(Tensor::zeros({DType::F32, {-2}}).ok());
  EXPECT_FALSE(Tensor::zeros({DType::Invalid, {2}}).ok());
  EXPECT_FALSE(Tensor::zeros({DType::F64, {1LL << 61}}).ok());
  EXPECT_EQ(Tensor::zeros({DType::I8, {INT64_MAX}}).error().code, Code::ResourceExhausted);
}

TEST(View, Compactness) {
  std::int32_t data[12] = {};
  const auto view = [&data](const Dims& dims, const Dims& strides) {
    return TensorView{reinterpret_cast<std::byte*>(data), DType::I32, dims, strides}.is_compact();
  };
  EXPECT_TRUE(view({3, 4}, {4, 1}));
  EXPECT_TRUE(view({3, 1, 4}, {4, 99, 1}));  // nobody steps along a size of 1
  EXPECT_TRUE(view({}, {}));
  EXPECT_FALSE(view({4, 3}, {1, 4}));
  EXPECT_FALSE(view({3, 4}, {8, 1}));
  EXPECT_FALSE(view({4}, {-1}));
  EXPECT_FALSE(view({4}, {0}));
  EXPECT_TRUE(view({0, 4}, {77, 77}));
}

// The definition of a strided copy, element by element with an index for every dimension.
void copy_by_definition(const TensorView& from, const TensorView& to) {
  const std::size_t size = storage_size(from.dtype);
  for (std::int64_t n = 0; n < from.elements(); ++n) {
    std::int64_t rest = n, source = 0, target = 0;
    for (std::size_t i = from.dims.size(); i-- > 0;) {
      source += rest % from.dims[i] * from.strides[i];
      target += rest % from.dims[i] * to.strides[i];
      rest /= from.dims[i];
    }
    std::memcpy(to.data + target * static_cast<std::int64_t>(size), from.data + source * static_cast<std::int64_t>(size), size);
  }
}

struct CopyCase {
  Dims dims, from, to;
  std::int64_t from_offset = 0, to_offset = 0;
};

TEST(CopyStrided, AgreesWithItsDefinition) {
  const std::vector<CopyCase> cases = {
      {{}, {}, {}},
      {{7}, {1}, {1}},
      {{7}, {3}, {2}},
      {{7}, {-1}, {1}, 6},
      {{7}, {0}, {1}},                                // one element, seven times
      {{3, 5}, {5, 1}, {5, 1}},                       // all in one piece
      {{3, 5}, {1, 3}, {5, 1}},                       // transposed
      {{3, 5}, {0, 1}, {5, 1}},                       // one row, three times
      {{3, 5}, {5, 1}, {-5, -1}, 0, 14},              // backwards
      {{2, 3, 5}, {15, 5, 1}, {30, 10, 2}},           // rows with gaps
      {{2, 3, 5}, {1, 2, 6}, {15, 1, 3}},             // permuted both ways
      {{2, 1, 3, 1}, {3, 99, 1, 99}, {3, -7, 1, 0}},  // sizes of 1
      {{2, 2, 2, 2, 2, 2}, {1, 2, 4, 8, 16, 32}, {32, 16, 8, 4, 2, 1}},
      {Dims(32, 1), Dims(32, 5), Dims(32, 7)},  // the highest rank
      {{3, 0, 5}, {5, 5, 1}, {5, 5, 1}},        // nothing
  };
  for (const DType dtype : {DType::I8, DType::BF16, DType::F32, DType::F64}) {
    const std::size_t size = storage_size(dtype);
    for (std::size_t c = 0; c < cases.size(); ++c) {
      const CopyCase& test = cases[c];
      std::vector<unsigned char> source(64 * size), expected(64 * size, 0xee), actual(64 * size, 0xee);
      std::iota(source.begin(), source.end(), static_cast<unsigned char>(1));
      const auto view = [&](std::vector<unsigned char>& memory, std::int64_t offset, const Dims& strides) {
        return TensorView{reinterpret_cast<std::byte*>(memory.data()) + offset * static_cast<std::int64_t>(size), dtype, test.dims,
                          strides};
      };
      copy_by_definition(view(source, test.from_offset, test.from), view(expected, test.to_offset, test.to));
      copy_strided(view(source, test.from_offset, test.from), view(actual, test.to_offset, test.to));
      EXPECT_EQ(actual, expected) << "case " << c << " of " << name(dtype);
    }
  }
}

TEST(CopyStrided, MemoryNeedNotBeAligned) {
  alignas(8) std::byte from[17], to[17] = {};
  for (std::size_t i = 0; i < 17; ++i) from[i] = static_cast<std::byte>(i);
  const Dims dims = {2}, reversed = {-1}, forward = {1};
  copy_strided({from + 9, DType::F64, dims, reversed}, {to + 1, DType::F64, dims, forward});
  EXPECT_EQ(std::memcmp(to + 1, from + 9, 8), 0);
  EXPECT_EQ(std::memcmp(to + 9, from + 1, 8), 0);
}

}  // namespace
}  // namespace tenon
