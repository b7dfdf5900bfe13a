// Constants and the operations that only move elements.
#include "core/interp/test_support.h"

namespace tenon::interp::test {
namespace {

TEST(Constant, InlineSplatAndExternal) {
  Program program;
  const ValueId inline_value = program.constant(tensor(DType::BF16, {2, 2}, {1, 2, 3, 4}));
  expect_values(program.run({inline_value}, {})[0], {1, 2, 3, 4});

  Program splat;
  const ValueId seven = splat.op(OpCode::Constant, {}, {DType::I16, {3}});
  const std::int16_t seven_bytes = 7;
  const auto* bytes = reinterpret_cast<const std::byte*>(&seven_bytes);
  splat.set_constant(stablehlo::Constant{stablehlo::Constant::Kind::Splat, std::make_shared<std::vector<std::byte>>(bytes, bytes + 2), {}});
  expect_values(splat.run({seven}, {})[0], {7, 7, 7});

  Program external;
  const ValueId weight = external.parameter({DType::F32, {2}}, "layers.0.weight");
  const Tensor stored = tensor(DType::F32, {2}, {5, -6});
  const Parameters parameters = [&](const std::string& name, const TensorType& type) -> Result<TensorView> {
    EXPECT_EQ(name, "layers.0.weight");
    EXPECT_EQ(type, (TensorType{DType::F32, {2}}));
    return stored.view();
  };
  expect_values(external.run({weight}, {}, parameters)[0], {5, -6});

  Result<std::vector<Tensor>> missing = external.try_run({weight}, {});
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, testing::HasSubstr("layers.0.weight"));

  const Tensor wrong = tensor(DType::F32, {3}, {1, 2, 3});
  Result<std::vector<Tensor>> refused =
      external.try_run({weight}, {}, [&](const std::string&, const TensorType&) -> Result<TensorView> { return wrong.view(); });
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, testing::HasSubstr("f32[3]"));
}

TEST(Iota, CountsInEveryKindOfDtype) {
  expect_values(run_one(OpCode::Iota, {}, {DType::I32, {2, 3}}, {{"iota_dimension", integer(1)}}), {0, 1, 2, 0, 1, 2});
  expect_values(run_one(OpCode::Iota, {}, {DType::F16, {2, 3}}, {{"iota_dimension", integer(0)}}), {0, 0, 0, 1, 1, 1});
  const Tensor bf16 = run_one(OpCode::Iota, {}, {DType::BF16, {260}}, {{"iota_dimension", integer(0)}});
  EXPECT_EQ(bf16.f64(256), 256);
  EXPECT_EQ(bf16.f64(257), 256);  // tie to even
  EXPECT_EQ(bf16.f64(259), 260);
  EXPECT_EQ(run_one(OpCode::Iota, {}, {DType::UI8, {258}}, {{"iota_dimension", integer(0)}}).f64(257), 1);  // wraps
  expect_values(run_one(OpCode::Iota, {}, {DType::I64, {2, 0}}, {{"iota_dimension", integer(0)}}), {});
}

TEST(BroadcastInDim, ScalarsRowsAndOnes) {
  expect_values(
      run_one(OpCode::BroadcastInDim, list(tensor(DType::F32, {}, {7})), {DType::F32, {2, 2}}, {{"broadcast_dimensions", ints({})}}),
      {7, 7, 7, 7});
  expect_values(
      run_one(OpCode::BroadcastInDim, list(tensor(DType::I8, {3}, {1, 2, 3})), {DType::I8, {2, 3}}, {{"broadcast_dimensions", ints({1})}}),
      {1, 2, 3, 1, 2, 3});
  expect_values(run_one(OpCode::BroadcastInDim, list(tensor(DType::I8, {2, 1}, {1, 2})), {DType::I8, {2, 3}},
                        {{"broadcast_dimensions", ints({0, 1})}}),
                {1, 1, 1, 2, 2, 2});
  expect_values(run_one(OpCode::BroadcastInDim, list(tensor(DType::F64, {1, 2}, {1, 2})), {DType::F64, {2, 3, 2}},
                        {{"broadcast_dimensions", ints({0, 2})}}),
                {1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2});
  expect_values(
      run_one(OpCode::BroadcastInDim, list(tensor(DType::F32, {1}, {1})), {DType::F32, {0}}, {{"broadcast_dimensions", ints({0})}}), {});
}

TEST(Reshape, KeepsRowMajorOrder) {
  expect_values(run_one(OpCode::Reshape, list(tensor(DType::I32, {2, 3}, {1, 2, 3, 4, 5, 6})), {DType::I32, {3, 2}}), {1, 2, 3, 4, 5, 6});
  expect_values(run_one(OpCode::Reshape, list(tensor(DType::BF16, {1, 1}, {5})), {DType::BF16, {}}), {5});
  expect_values(run_one(OpCode::Reshape, list(tensor(DType::F32, {0, 3}, {})), {DType::F32, {7, 0}}), {});
}

TEST(Transpose, PermutesDimensions) {
  expect_values(run_one(OpCode::Transpose, list(tensor(DType::F32, {2, 3}, {1, 2, 3, 4, 5, 6})), {DType::F32, {3, 2}},
                        {{"permutation", ints({1, 0})}}),
                {1, 4, 2, 5, 3, 6});
  // result[i, j, k] = operand[j, k, i]
  expect_values(run_one(OpCode::Transpose, list(tensor(DType::UI8, {2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7})), {DType::UI8, {2, 2, 2}},
                        {{"permutation", ints({2, 0, 1})}}),
                {0, 2, 4, 6, 1, 3, 5, 7});
  expect_values(run_one(OpCode::Transpose, list(tensor(DType::F32, {}, {3})), {DType::F32, {}}, {{"permutation", ints({})}}), {3});
}

TEST(Slice, StartsLimitsStrides) {
  const auto slice = [](Dims dims, std::vector<std::int64_t> start, std::vector<std::int64_t> limit, std::vector<std::int64_t> strides) {
    return run_one(
        OpCode::Slice, list(tensor(DType::I32, {2, 5}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})), {DType::I32, std::move(dims)},
        {{"start_indices", ints(std::move(start))}, {"limit_indices", ints(std::move(limit))}, {"strides", ints(std::move(strides))}});
  };
  expect_values(slice({1, 2}, {1, 2}, {2, 4}, {1, 1}), {7, 8});
  expect_values(slice({2, 3}, {0, 0}, {2, 5}, {1, 2}), {0, 2, 4, 5, 7, 9});
  expect_values(slice({2, 0}, {0, 5}, {2, 5}, {1, 1}), {});
}

TEST(Reverse, FlipsTheNamedDimensions) {
  expect_values(
      run_one(OpCode::Reverse, list(tensor(DType::F16, {2, 3}, {1, 2, 3, 4, 5, 6})), {DType::F16, {2, 3}}, {{"dimensions", ints({1})}}),
      {3, 2, 1, 6, 5, 4});
  expect_values(
      run_one(OpCode::Reverse, list(tensor(DType::F16, {2, 3}, {1, 2, 3, 4, 5, 6})), {DType::F16, {2, 3}}, {{"dimensions", ints({0, 1})}}),
      {6, 5, 4, 3, 2, 1});
  expect_values(run_one(OpCode::Reverse, list(tensor(DType::F16, {0}, {})), {DType::F16, {0}}, {{"dimensions", ints({0})}}), {});
}

TEST(Concatenate, AlongAnyDimensionWithEmptyParts) {
  expect_values(run_one(OpCode::Concatenate,
                        list(tensor(DType::I32, {2, 1}, {1, 2}), tensor(DType::I32, {2, 0}, {}), tensor(DType::I32, {2, 2}, {3, 4, 5, 6})),
                        {DType::I32, {2, 3}}, {{"dimension", integer(1)}}),
                {1, 3, 4, 2, 5, 6});
  expect_values(run_one(OpCode::Concatenate, list(tensor(DType::I1, {1}, {1}), tensor(DType::I1, {2}, {0, 1})), {DType::I1, {3}},
                        {{"dimension", integer(0)}}),
                {1, 0, 1});
}

TEST(Pad, LowHighInteriorAndNegative) {
  const auto pad = [](std::int64_t size, std::int64_t low, std::int64_t high, std::int64_t interior) {
    return run_one(OpCode::Pad, list(tensor(DType::I32, {3}, {1, 2, 3}), tensor(DType::I32, {}, {9})), {DType::I32, {size}},
                   {{"edge_padding_low", ints({low})}, {"edge_padding_high", ints({high})}, {"interior_padding", ints({interior})}});
  };
  expect_values(pad(6, 1, 2, 0), {9, 1, 2, 3, 9, 9});
  expect_values(pad(5, 0, 0, 1), {1, 9, 2, 9, 3});
  expect_values(pad(2, -1, 0, 0), {2, 3});
  expect_values(pad(1, -1, -1, 0), {2});
  expect_values(pad(4, -1, 0, 1), {9, 2, 9, 3});
  expect_values(pad(3, -2, 0, 1), {2, 9, 3});
  expect_values(pad(3, 0, -2, 1), {1, 9, 2});
  expect_values(pad(2, 2, -3, 0), {9, 9});
  expect_values(pad(1, -4, 2, 0), {9});
  expect_values(run_one(OpCode::Pad, list(tensor(DType::F32, {2, 1}, {1, 2}), tensor(DType::F32, {}, {0.5})), {DType::F32, {3, 3}},
                        {{"edge_padding_low", ints({0, 1})}, {"edge_padding_high", ints({0, 1})}, {"interior_padding", ints({1, 0})}}),
                {0.5, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 2, 0.5});
  expect_values(run_one(OpCode::Pad, list(tensor(DType::F32, {0}, {}), tensor(DType::F32, {}, {4})), {DType::F32, {2}},
                        {{"edge_padding_low", ints({1})}, {"edge_padding_high", ints({1})}, {"interior_padding", ints({0})}}),
                {4, 4});
}

TEST(DynamicSlice, ClampsItsStart) {
  const auto slice = [](DType index, double row, double column) {
    return run_one(OpCode::DynamicSlice,
                   list(tensor(DType::I32, {3, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8}), tensor(index, {}, {row}), tensor(index, {}, {column})),
                   {DType::I32, {1, 2}}, {{"slice_sizes", ints({1, 2})}});
  };
  expect_values(slice(DType::I32, 1, 1), {4, 5});
  expect_values(slice(DType::I32, 9, 9), {7, 8});
  expect_values(slice(DType::I64, -5, -1), {0, 1});
  expect_values(slice(DType::UI8, 200, 0), {6, 7});
  expect_values(run_one(OpCode::DynamicSlice, list(tensor(DType::I32, {3}, {5, 6, 7}), integers(DType::UI64, {}, {-1})), {DType::I32, {1}},
                        {{"slice_sizes", ints({1})}}),
                {7});  // 2^64 - 1 is large, not negative
}

TEST(DynamicUpdateSlice, ClampsItsStart) {
  const auto update = [](double row, double column) {
    return run_one(OpCode::DynamicUpdateSlice,
                   list(tensor(DType::F32, {2, 3}, {0, 1, 2, 3, 4, 5}), tensor(DType::F32, {1, 2}, {-1, -2}), tensor(DType::I32, {}, {row}),
                        tensor(DType::I32, {}, {column})),
                   {DType::F32, {2, 3}});
  };
  expect_values(update(1, 0), {0, 1, 2, -1, -2, 5});
  expect_values(update(-1, 7), {0, -1, -2, 3, 4, 5});
}

TEST(OptimizationBarrier, PassesValuesOn) {
  Program program;
  const ValueId a = program.input({DType::F32, {2}}), b = program.input({DType::I1, {}});
  const std::vector<ValueId> r = program.ops(OpCode::OptimizationBarrier, {a, b}, {{DType::F32, {2}}, {DType::I1, {}}});
  const std::vector<Tensor> results = program.run(r, list(tensor(DType::F32, {2}, {1, kNaN}), tensor(DType::I1, {}, {1})));
  expect_values(results[0], {1, kNaN});
  expect_values(results[1], {1});
}

TEST(DynamicShapes, WithStaticTypesTheShapeOperandMustAgree) {
  expect_values(run_one(OpCode::GetDimensionSize, list(tensor(DType::F32, {2, 3}, {0, 0, 0, 0, 0, 0})), {DType::I32, {}},
                        {{"dimension", integer(1)}}),
                {3});
  expect_values(run_one(OpCode::DynamicIota, list(tensor(DType::I32, {2}, {2, 2})), {DType::F32, {2, 2}}, {{"iota_dimension", integer(1)}}),
                {0, 1, 0, 1});
  expect_values(
      run_one(OpCode::DynamicReshape, list(tensor(DType::I8, {4}, {1, 2, 3, 4}), tensor(DType::I64, {2}, {2, 2})), {DType::I8, {2, 2}}),
      {1, 2, 3, 4});
  expect_values(run_one(OpCode::DynamicBroadcastInDim, list(tensor(DType::I8, {2}, {1, 2}), tensor(DType::I64, {2}, {2, 2})),
                        {DType::I8, {2, 2}}, {{"broadcast_dimensions", ints({0})}}),
                {1, 1, 2, 2});
  Program program;
  const ValueId x = program.input({DType::I8, {4}}), shape = program.input({DType::I64, {2}});
  const ValueId y = program.op(OpCode::DynamicReshape, {x, shape}, {DType::I8, {2, 2}});
  Result<std::vector<Tensor>> got = program.try_run({y}, list(tensor(DType::I8, {4}, {1, 2, 3, 4}), tensor(DType::I64, {2}, {4, 1})));
  ASSERT_FALSE(got.ok());
  EXPECT_THAT(got.error().message, testing::HasSubstr("[dynamic_reshape] the shape operand says 4 for dimension 0"));
}

}  // namespace
}  // namespace tenon::interp::test
