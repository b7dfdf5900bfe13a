// What each operation refuses, one row per broken constraint: counts, attributes, then StableHLO's type constraints.
#include <gmock/gmock.h>

#include "core/stablehlo/one_function_test.h"

namespace tenon::stablehlo {
namespace {

using Values = std::vector<ValueId>;

struct Bad {
  OpCode code;
  std::vector<TensorType> operands;
  Dict attributes;
  std::vector<TensorType> declared;
  std::string message;
};

// append_raw: the type rules alone.
void expect_refused(const std::vector<Bad>& rows) {
  for (const Bad& row : rows) {
    SCOPED_TRACE(cat(info(row.code).name, ": ", row.message));
    OneFunction main(row.operands);
    const auto result = main.b.append_raw(row.code, main.args, row.attributes, row.declared);
    EXPECT_REFUSED(result, row.message);
    EXPECT_REFUSED(result, cat("[", info(row.code).name, "]"));
  }
}

const std::int64_t kAny = kDynamic;
TensorType bf16(Dims dims = {}) { return tensor(DType::BF16, std::move(dims)); }

TEST(Rules, CountsAndAttributes) {
  expect_refused({
      {OpCode::Add, {f32()}, {}, {}, "needs 2 operands, got 1"},
      {OpCode::Concatenate, {}, {{"dimension", integer(0)}}, {}, "needs 1 or more operands, got 0"},
      {OpCode::Return, {}, {}, {}, "finish()"},
      {OpCode::Reverse, {f32({2})}, {}, {}, "attribute dimensions is missing"},
      {OpCode::Reverse, {f32({2})}, {{"dimensions", integer(0)}}, {}, "must be a list of integers, got a integer"},
      {OpCode::Reverse, {f32({2})}, {{"dimensions", ints({0})}, {"dimension", integer(0)}}, {}, "has no attribute dimension"},
      {OpCode::Reverse, {f32({2})}, {{"dimensions", ints({0})}, {"dimensions", ints({0})}}, {}, "is given twice"},
      {OpCode::Add, {f32(), f32()}, {{"x", true}}, {}, "has no attribute x"},
      {OpCode::Compare,
       {f32(), f32()},
       {{"comparison_direction", std::string("GTE")}},
       {},
       "must be one of EQ NE GE GT LE LT, got \"GTE\""},
      {OpCode::If, {i1()}, {}, {}, "needs 2 regions, got 0"},
      {OpCode::Case, {i32()}, {}, {}, "needs 1 or more regions, got 0"},
      {OpCode::Add, {f32(), f32()}, {}, {f32(), f32()}, "has 1 results, 2 are declared"},
      {OpCode::Add, {f32({2}), f32({2})}, {}, {f32({3})}, "result 0 is f32[2], declared as f32[3]"},
      {OpCode::Iota, {}, {{"iota_dimension", integer(0)}}, {f32({-3})}, "a result type is not valid"},
  });
}

TEST(Rules, DiscardableNamesMustNotHideOwnOnes) {
  OneFunction main({f32({2})});
  EXPECT_REFUSED(main.b.op(OpCode::Reverse, main.args, {{"dimensions", ints({0})}}, {}, {{"dimensions", ints({0})}}),
                 "has the name of its own");
  EXPECT_REFUSED(main.b.op(OpCode::Negate, main.args, {}, {}, {{"", true}}), "has no name");
}

TEST(Rules, Elementwise) {
  for (const OpCode code : {OpCode::Cbrt, OpCode::Ceil, OpCode::Cosine, OpCode::Exponential, OpCode::ExponentialMinusOne, OpCode::Floor,
                            OpCode::Log, OpCode::LogPlusOne, OpCode::Logistic, OpCode::RoundNearestAfz, OpCode::RoundNearestEven,
                            OpCode::Rsqrt, OpCode::Sine, OpCode::Sqrt, OpCode::Tan, OpCode::Tanh, OpCode::IsFinite}) {
    expect_refused({{code, {i32({2})}, {}, {}, "operand 0 must be a float, got i32[2]"}});
  }
  for (const OpCode code : {OpCode::PopulationCount, OpCode::CountLeadingZeros}) {
    expect_refused({{code, {f32({2})}, {}, {}, "operand 0 must be an integer, got f32[2]"}});
    expect_refused({{code, {i1({2})}, {}, {}, "operand 0 must be an integer, got i1[2]"}});
  }
  for (const OpCode code : {OpCode::Abs, OpCode::Sign}) {
    expect_refused({{code, {tensor(DType::UI8)}, {}, {}, "operand 0 must be a signed integer or a float, got ui8[]"}});
  }
  for (const OpCode code : {OpCode::Subtract, OpCode::Divide, OpCode::Power, OpCode::Remainder}) {
    expect_refused({{code, {i1(), i1()}, {}, {}, "operand 0 must be an integer or a float, got i1[]"}});
  }
  for (const OpCode code : {OpCode::And, OpCode::Or, OpCode::Xor}) {
    expect_refused({{code, {f32(), f32()}, {}, {}, "operand 0 must be i1 or an integer, got f32[]"}});
  }
  for (const OpCode code : {OpCode::ShiftLeft, OpCode::ShiftRightArithmetic, OpCode::ShiftRightLogical}) {
    expect_refused({{code, {i1(), i1()}, {}, {}, "operand 0 must be an integer, got i1[]"}});
  }
  for (const OpCode code : {OpCode::Add, OpCode::Atan2, OpCode::Maximum, OpCode::Minimum, OpCode::Multiply}) {
    expect_refused({{code, {f32({2, 3}), f32({2, 1})}, {}, {}, "operand 1 must have the shape of operand 0, f32[2,3], got f32[2,1]"},
                    {code, {f32({2}), bf16({2})}, {}, {}, "operand 1 must have the element type of operand 0, f32, got bf16[2]"}});
  }
  expect_refused({
      {OpCode::Negate, {i1()}, {}, {}, "operand 0 must be an integer or a float"},
      {OpCode::Not, {f32()}, {}, {}, "operand 0 must be i1 or an integer"},
      {OpCode::Convert, {f32({2})}, {}, {}, "1 must be given, got 0"},
      {OpCode::Convert, {f32({2})}, {}, {bf16({3})}, "result 0 is bf16[2], declared as bf16[3]"},
      {OpCode::BitcastConvert, {bf16({3})}, {}, {f32({3})}, "the last dimension must be 2 to make f32 of bf16, got bf16[3]"},
      {OpCode::BitcastConvert, {bf16()}, {}, {f32()}, "the last dimension must be 2"},
      {OpCode::BitcastConvert, {i1({8})}, {}, {tensor(DType::I8)}, "i1 has no bits in common with i8"},
      {OpCode::BitcastConvert, {f32({3})}, {}, {bf16({3})}, "result 0 is bf16[3,2], declared as bf16[3]"},
      {OpCode::ReducePrecision,
       {f32()},
       {{"exponent_bits", integer(0)}, {"mantissa_bits", integer(7)}},
       {},
       "exponent_bits must be 1 or more"},
      {OpCode::ReducePrecision,
       {f32()},
       {{"exponent_bits", integer(5)}, {"mantissa_bits", integer(-1)}},
       {},
       "mantissa_bits must be 0 or more"},
      {OpCode::ReducePrecision, {i32()}, {{"exponent_bits", integer(5)}, {"mantissa_bits", integer(2)}}, {}, "must be a float"},
      {OpCode::OptimizationBarrier, {f32({2})}, {}, {f32({3})}, "declared as f32[3]"},
  });
}

TEST(Rules, CompareSelectClamp) {
  const auto compare = [](TensorType type, std::string how, std::string message) {
    return Bad{OpCode::Compare, {type, type}, {{"comparison_direction", std::string("EQ")}, {"compare_type", how}}, {}, message};
  };
  expect_refused({
      compare(i32({2}), "FLOAT", "compare_type must be SIGNED for i32, got FLOAT"),
      compare(tensor(DType::UI8), "SIGNED", "compare_type must be UNSIGNED for ui8, got SIGNED"),
      compare(i1(), "SIGNED", "compare_type must be UNSIGNED for i1, got SIGNED"),
      compare(f32(), "SIGNED", "compare_type must be FLOAT or TOTALORDER for f32, got SIGNED"),
      {OpCode::Compare, {f32({2}), f32({3})}, {{"comparison_direction", std::string("EQ")}}, {}, "operand 1 must have the shape"},
      {OpCode::Select, {i32({2}), f32({2}), f32({2})}, {}, {}, "the predicate must be i1[]"},
      {OpCode::Select, {i1({3}), f32({2}), f32({2})}, {}, {}, "the predicate must be i1[]"},
      {OpCode::Select, {i1(), f32({2}), f32({1})}, {}, {}, "operand 2 must have the shape of operand 1"},
      {OpCode::Clamp, {f32({1}), f32({2}), f32()}, {}, {}, "operand 0 must be a scalar f32[] or like operand 1, f32[2], got f32[1]"},
      {OpCode::Clamp, {f32(), f32({2}), bf16()}, {}, {}, "operand 2 must be a scalar f32[]"},
  });
}

TEST(Rules, PadLeavesADynamicDimensionDynamic) {
  OneFunction main({f32({kAny, 3}), f32()});
  const auto padded =
      main.b.op(OpCode::Pad, main.args,
                {{"edge_padding_low", ints({1, 2})}, {"edge_padding_high", ints({0, -1})}, {"interior_padding", ints({0, 0})}});
  ASSERT_TRUE(padded.ok()) << message(padded);
  EXPECT_EQ(main.b.type((*padded)[0]), f32({kAny, 4}));
}

TEST(Rules, Shape) {
  const Dict zero = {{"dimension", integer(0)}};
  const auto pad = [](std::vector<std::int64_t> low, std::vector<std::int64_t> high, std::vector<std::int64_t> interior) {
    return Dict{{"edge_padding_low", ints(low)}, {"edge_padding_high", ints(high)}, {"interior_padding", ints(interior)}};
  };
  const auto slice = [](std::vector<std::int64_t> start, std::vector<std::int64_t> limit, std::vector<std::int64_t> strides) {
    return Dict{{"start_indices", ints(start)}, {"limit_indices", ints(limit)}, {"strides", ints(strides)}};
  };
  expect_refused({
      {OpCode::Constant, {}, {}, {f32()}, "has no value"},
      {OpCode::Iota, {}, {{"iota_dimension", integer(2)}}, {i32({2, 3})}, "iota_dimension must be from 0 to below the rank 2, got 2"},
      {OpCode::Iota, {}, {{"iota_dimension", integer(0)}}, {i1({2})}, "the result must be an integer or a float"},
      {OpCode::Iota, {}, {{"iota_dimension", integer(0)}}, {i32({kAny})}, "must have static dimensions"},
      {OpCode::BroadcastInDim, {f32({2})}, {{"broadcast_dimensions", ints({})}}, {f32({2, 3})}, "must have 1 entries, got 0"},
      {OpCode::BroadcastInDim, {f32({2})}, {{"broadcast_dimensions", ints({1})}}, {f32({2, 3})}, "must be 1 or equal dimension 1"},
      {OpCode::BroadcastInDim, {f32({2})}, {{"broadcast_dimensions", ints({2})}}, {f32({2, 3})}, "from 0 to below 2, got [2]"},
      {OpCode::BroadcastInDim, {f32({2, 2})}, {{"broadcast_dimensions", ints({0, 0})}}, {f32({2, 2})}, "names dimension 0 twice"},
      {OpCode::BroadcastInDim, {f32()}, {{"broadcast_dimensions", ints({})}}, {bf16({2})}, "must have element type f32"},
      {OpCode::BroadcastInDim, {f32()}, {{"broadcast_dimensions", ints({})}}, {}, "1 must be given"},
      {OpCode::Concatenate, {f32({2, 3}), f32({2, 4})}, zero, {}, "operand 1 must be like operand 0, f32[2,3], but for dimension 0"},
      {OpCode::Concatenate, {f32({2}), i32({2})}, zero, {}, "operand 1 must be like operand 0"},
      {OpCode::Concatenate, {f32({2}), f32({2, 1})}, zero, {}, "operand 1 must be like operand 0"},
      {OpCode::Concatenate, {f32({2})}, {{"dimension", integer(1)}}, {}, "dimension must be from 0 to below the rank 1, got 1"},
      {OpCode::DynamicSlice, {f32({2, 3}), i32()}, {{"slice_sizes", ints({1, 1})}}, {}, "needs 2 start indices"},
      {OpCode::DynamicSlice, {f32({2}), i32()}, {{"slice_sizes", ints({3})}}, {}, "slice_sizes must be within f32[2], got [3]"},
      {OpCode::DynamicSlice, {f32({2}), f32()}, {{"slice_sizes", ints({1})}}, {}, "operand 1 must be an integer"},
      {OpCode::DynamicSlice,
       {f32({2, 2}), i32(), tensor(DType::I64)},
       {{"slice_sizes", ints({1, 1})}},
       {},
       "operand 2 must be a scalar i32[]"},
      {OpCode::DynamicUpdateSlice, {f32({2}), f32({3}), i32()}, {}, {}, "the update must fit into f32[2], got f32[3]"},
      {OpCode::DynamicUpdateSlice, {f32({2}), bf16({1}), i32()}, {}, {}, "the update must fit into f32[2], got bf16[1]"},
      {OpCode::Pad, {f32({2}), bf16()}, pad({0}, {0}, {0}), {}, "operand 1 must be a scalar f32[]"},
      {OpCode::Pad, {f32({2}), f32()}, pad({0}, {0}, {-1}), {}, "interior_padding must be 0 or more"},
      {OpCode::Pad, {f32({2}), f32()}, pad({-2}, {-1}, {0}), {}, "padded to a size below 0"},
      {OpCode::Pad, {f32({2}), f32()}, pad({0, 0}, {0}, {0}), {}, "edge_padding_low must have 1 entries, got 2"},
      {OpCode::Reshape, {f32({2, 3})}, {}, {f32({5})}, "6 elements, got f32[5]"},
      {OpCode::Reshape, {f32({2})}, {}, {i32({2})}, "must have element type f32"},
      {OpCode::Reshape, {f32({kAny})}, {}, {f32({4})}, "needs static dimensions"},
      {OpCode::Reverse, {f32({2})}, {{"dimensions", ints({1})}}, {}, "from 0 to below 1, got [1]"},
      {OpCode::Slice, {f32({4})}, slice({1}, {5}, {1}), {}, "needs 0 <= start <= limit <= 4, got 1:5"},
      {OpCode::Slice, {f32({4})}, slice({3}, {2}, {1}), {}, "got 3:2"},
      {OpCode::Slice, {f32({4})}, slice({0}, {4}, {0}), {}, "strides must be 1 or more"},
      {OpCode::Slice, {f32({4})}, slice({0, 0}, {4}, {1}), {}, "start_indices must have 1 entries, got 2"},
      {OpCode::Slice, {f32({kAny})}, slice({0}, {4}, {1}), {}, "must have static dimensions"},
      {OpCode::Transpose, {f32({2, 3})}, {{"permutation", ints({0})}}, {}, "permutation must have 2 entries"},
      {OpCode::Transpose, {f32({2, 3})}, {{"permutation", ints({1, 1})}}, {}, "names dimension 1 twice"},
  });
}

TEST(Rules, WhatNeedsSizesSaysSoAsUnimplemented) {
  OneFunction main({f32({kAny})});
  const auto result = main.b.op(OpCode::Slice, main.args, {{"start_indices", ints({0})}, {"limit_indices", ints({1})}});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::Unimplemented);
  EXPECT_FALSE(result.error().advice.empty());
}

Dict gather(std::vector<std::int64_t> offset, std::vector<std::int64_t> collapsed, std::vector<std::int64_t> map, std::int64_t vector_dim,
            std::vector<std::int64_t> sizes) {
  return {{"offset_dims", ints(offset)},
          {"collapsed_slice_dims", ints(collapsed)},
          {"start_index_map", ints(map)},
          {"index_vector_dim", integer(vector_dim)},
          {"slice_sizes", ints(sizes)}};
}

TEST(Rules, Gather) {
  const std::vector<TensorType> operands = {f32({10, 4}), i32({2, 3})};
  Dict batching = gather({1}, {}, {1}, 1, {1, 1});
  set(batching, "operand_batching_dims", ints({0}));
  set(batching, "start_indices_batching_dims", ints({0}));
  Dict both = batching;
  set(both, "start_index_map", ints({0}));
  expect_refused({
      {OpCode::Gather, {f32({10, 4}), f32({2, 3})}, gather({2}, {0}, {0}, 2, {1, 4}), {}, "operand 1 must be an integer"},
      {OpCode::Gather, operands, gather({2}, {}, {0}, 2, {1, 4}), {}, "together must name 2 dimensions"},
      {OpCode::Gather, operands, gather({2}, {0}, {0}, 3, {1, 4}), {}, "index_vector_dim must be from 0 to 2, got 3"},
      {OpCode::Gather, operands, gather({2}, {0}, {0, 1}, 2, {1, 4}), {}, "start_index_map must have 1 entries"},
      {OpCode::Gather, operands, gather({2}, {0}, {0}, 2, {2, 4}), {}, "at most 1 where a dimension is dropped"},
      {OpCode::Gather, operands, gather({2}, {0}, {0}, 2, {1, 5}), {}, "slice_sizes must be within f32[10,4]"},
      {OpCode::Gather, operands, gather({2}, {0}, {0}, 2, {1}), {}, "slice_sizes must have 2 entries"},
      {OpCode::Gather, operands, gather({3}, {0}, {0}, 2, {1, 4}), {}, "offset_dims must name dimensions from 0 to below 3"},
      {OpCode::Gather, operands, gather({3, 2}, {}, {0}, 2, {1, 4}), {}, "offset_dims must rise"},
      {OpCode::Gather, operands, gather({2}, {0}, {2}, 2, {1, 4}), {}, "start_index_map must name dimensions from 0 to below 2"},
      {OpCode::Gather, {f32({10, 4}), i32({9, 1})}, batching, {}, "batching dimension 0 of f32[10,4] must equal dimension 0 of i32[9,1]"},
      {OpCode::Gather, {f32({10, 4}), i32({10, 1})}, both, {}, "must not be in collapsed_slice_dims or start_index_map"},
  });
  OneFunction good({f32({10, 4}), i32({10, 1})});
  EXPECT_EQ(good.b.type(good.b.append_raw(OpCode::Gather, good.args, batching, {}).value()[0]), f32({10, 1}));
}

TEST(Rules, DotGeneral) {
  const auto numbers = [](std::vector<std::int64_t> lb, std::vector<std::int64_t> rb, std::vector<std::int64_t> lc,
                          std::vector<std::int64_t> rc) {
    return Dict{{"lhs_batching_dimensions", ints(lb)},
                {"rhs_batching_dimensions", ints(rb)},
                {"lhs_contracting_dimensions", ints(lc)},
                {"rhs_contracting_dimensions", ints(rc)}};
  };
  const Dict plain = numbers({}, {}, {1}, {0});
  const auto precise = [&](std::vector<std::string> words) {
    Dict dict = plain;
    set(dict, "precision_config", StringsAttr{std::move(words)});
    return dict;
  };
  expect_refused({
      {OpCode::DotGeneral, {f32({2, 3}), bf16({3, 4})}, plain, {}, "both operands must have one element type"},
      {OpCode::DotGeneral, {f32({2, 3}), f32({4, 4})}, plain, {}, "contracting dimension 1 of f32[2,3] must equal dimension 0 of f32[4,4]"},
      {OpCode::DotGeneral, {f32({2, 3}), f32({3, 2})}, numbers({0}, {}, {1}, {0}), {}, "as many batching dimensions"},
      {OpCode::DotGeneral, {f32({2, 3}), f32({4, 3})}, numbers({0}, {0}, {1}, {1}), {}, "batching dimension 0 of f32[2,3] must equal"},
      {OpCode::DotGeneral, {f32({2, 3}), f32({2, 3})}, numbers({0}, {0}, {0}, {0}), {}, "both batching and contracting"},
      {OpCode::DotGeneral, {f32({2, 3}), f32({3, 4})}, numbers({}, {}, {2}, {0}), {}, "must name dimensions from 0 to below 2"},
      {OpCode::DotGeneral, {f32({2, 3}), f32({3, 4})}, plain, {bf16({2, 4})}, "or a wider one of its class"},
      {OpCode::DotGeneral, {tensor(DType::I8, {2, 3}), tensor(DType::I8, {3, 4})}, plain, {f32({2, 4})}, "or a wider one of its class"},
      {OpCode::DotGeneral, {bf16({2, 3}), bf16({3, 4})}, plain, {tensor(DType::F16, {2, 4})}, "or a wider one of its class"},
      {OpCode::DotGeneral, {f32({2, 3}), f32({3, 4})}, plain, {f32({4, 2})}, "result 0 is f32[2,4], declared as f32[4,2]"},
      {OpCode::DotGeneral, {f32({2, 3}), f32({3, 4})}, precise({"DEFAULT"}), {}, "must have 2 entries"},
      {OpCode::DotGeneral, {f32({2, 3}), f32({3, 4})}, precise({"LOW", "HIGH"}), {}, "takes DEFAULT, HIGH and HIGHEST, got LOW"},
  });
  OneFunction good({tensor(DType::I8, {2, 3}), tensor(DType::I8, {3, 4})});
  EXPECT_TRUE(good.b.op(OpCode::DotGeneral, good.args, plain, std::vector{i32({2, 4})}).ok());
}

TEST(Rules, Convolution) {
  const auto numbers = [](Dict more = {}) {
    Dict dict = {{"input_batch_dimension", integer(0)},          {"input_feature_dimension", integer(1)},
                 {"input_spatial_dimensions", ints({2})},        {"kernel_output_feature_dimension", integer(0)},
                 {"kernel_input_feature_dimension", integer(1)}, {"kernel_spatial_dimensions", ints({2})},
                 {"output_batch_dimension", integer(0)},         {"output_feature_dimension", integer(1)},
                 {"output_spatial_dimensions", ints({2})}};
    for (NamedAttr& item : more) set(dict, item.name, item.value);
    return dict;
  };
  const std::vector<TensorType> operands = {f32({2, 4, 9}), f32({6, 4, 3})};
  expect_refused({
      {OpCode::Convolution, {f32({2, 4, 9}), f32({6, 4})}, numbers(), {}, "one rank of 2 or more"},
      {OpCode::Convolution, {i1({2, 4, 9}), i1({6, 4, 3})}, numbers(), {}, "operand 0 must be an integer or a float"},
      {OpCode::Convolution,
       operands,
       numbers({{"input_batch_dimension", integer(2)}}),
       {},
       "the input must name each of its 3 dimensions once"},
      {OpCode::Convolution, operands, numbers({{"kernel_spatial_dimensions", ints({})}}), {}, "the kernel must name each"},
      {OpCode::Convolution, operands, numbers({{"output_feature_dimension", integer(3)}}), {}, "the result must name each"},
      {OpCode::Convolution, {f32({2, 5, 9}), f32({6, 4, 3})}, numbers(), {}, "input features must be the input's, 5, / 1, got 4"},
      {OpCode::Convolution, operands, numbers({{"feature_group_count", integer(0)}}), {}, "must be 1 or more"},
      {OpCode::Convolution,
       operands,
       numbers({{"feature_group_count", integer(2)}, {"batch_group_count", integer(2)}}),
       {},
       "one of them 1"},
      {OpCode::Convolution,
       {f32({2, 16, 9}), f32({6, 4, 3})},
       numbers({{"feature_group_count", integer(4)}}),
       {},
       "the groups must divide"},
      {OpCode::Convolution, {f32({3, 4, 9}), f32({6, 4, 3})}, numbers({{"batch_group_count", integer(2)}}), {}, "the groups must divide"},
      {OpCode::Convolution, operands, numbers({{"window_strides", ints({0})}}), {}, "window_strides must be 1 or more"},
      {OpCode::Convolution, operands, numbers({{"padding", ints({1})}}), {}, "padding must have 2 entries, got 1"},
      {OpCode::Convolution, operands, numbers({{"padding", ints({-9, -1})}}), {}, "padding removes more than the whole dimension"},
      {OpCode::Convolution, operands, numbers({{"window_reversal", BoolsAttr{{true, true}}}}), {}, "window_reversal must have 1 entries"},
      {OpCode::Convolution, {f32({2, 4, kAny}), f32({6, 4, 3})}, numbers(), {}, "static dimensions, got f32[2,4,?]"},
      {OpCode::Convolution, {f32({kAny, kAny, 9}), f32({6, 4, 3})}, numbers(), {}, "the input but for its batch must have static"},
      {OpCode::Convolution, {f32({kAny, 4, 9}), f32({6, 4, 3})}, numbers({{"batch_group_count", integer(2)}}), {}, "static"},
      {OpCode::Convolution, operands, numbers(), {f32({2, 6, 8})}, "result 0 is f32[2,6,7]"},
  });
  // 9 elements dilated by 2 are 17, padded by 1 and 2 are 20; a window of 3 dilated by 3 reaches 7; (20 - 7) / 2 + 1 = 7.
  OneFunction good(operands);
  const Dict dilated =
      numbers({{"window_strides", ints({2})}, {"padding", ints({1, 2})}, {"lhs_dilation", ints({2})}, {"rhs_dilation", ints({3})}});
  EXPECT_EQ(good.b.type(good.b.op(OpCode::Convolution, good.args, dilated).value()[0]), f32({2, 6, 7}));
  OneFunction batches({f32({kAny, 4, 9}), f32({6, 4, 3})});
  EXPECT_EQ(batches.b.type(batches.b.op(OpCode::Convolution, batches.args, numbers()).value()[0]), f32({kAny, 6, 7}));
}

TEST(Rules, DynamicShapes) {
  expect_refused({
      {OpCode::DynamicBroadcastInDim, {f32({3}), i32({2})}, {{"broadcast_dimensions", ints({1})}}, {}, "1 must be given"},
      {OpCode::DynamicBroadcastInDim,
       {f32({3}), i32({3})},
       {{"broadcast_dimensions", ints({1})}},
       {f32({kAny, 3})},
       "must hold the 2 sizes"},
      {OpCode::DynamicBroadcastInDim,
       {f32({3}), f32({2})},
       {{"broadcast_dimensions", ints({1})}},
       {f32({kAny, 3})},
       "operand 1 must be an integer"},
      {OpCode::DynamicBroadcastInDim, {f32({3}), i32({2})}, {{"broadcast_dimensions", ints({1})}}, {f32({kAny, 4})}, "must be 1 or equal"},
      {OpCode::DynamicBroadcastInDim,
       {f32({kAny}), i32({1})},
       {{"broadcast_dimensions", ints({0})}, {"known_expanding_dimensions", ints({0})}, {"known_nonexpanding_dimensions", ints({0})}},
       {f32({kAny})},
       "expanding and as not expanding"},
      {OpCode::DynamicIota,
       {i32({1})},
       {{"iota_dimension", integer(1)}},
       {f32({kAny})},
       "iota_dimension must be from 0 to below the rank 1"},
      {OpCode::DynamicIota, {i32({1})}, {{"iota_dimension", integer(0)}}, {i1({kAny})}, "the result must be an integer or a float"},
      {OpCode::DynamicReshape, {f32({2, 3}), i32({1})}, {}, {f32({5})}, "as many elements as f32[2,3]"},
      {OpCode::DynamicReshape, {f32({2, 3}), i32({2})}, {}, {f32({kAny})}, "must hold the 1 sizes"},
      {OpCode::GetDimensionSize, {f32({2})}, {{"dimension", integer(1)}}, {}, "dimension must be from 0 to below the rank 1"},
      {OpCode::SetDimensionSize, {f32({2}), tensor(DType::I64)}, {{"dimension", integer(0)}}, {}, "operand 1 must be a scalar i32[]"},
  });
}

TEST(Rules, DynamicDimensionsPassThrough) {
  OneFunction main({f32({kAny, 3}), f32({2, kAny})});
  EXPECT_EQ(main.b.type(*main.b.op1(OpCode::Add, {main.args[0], main.args[1]})), f32({2, 3}));
  EXPECT_EQ(main.b.type(*main.b.op1(OpCode::Transpose, {main.args[0]}, {{"permutation", ints({1, 0})}})), f32({3, kAny}));
  EXPECT_EQ(main.b.type(*main.b.op1(OpCode::Concatenate, {main.args[0], main.args[1]}, {{"dimension", integer(0)}})), f32({kAny, 3}));
  EXPECT_EQ(main.b.type(*main.b.convert(main.args[0], DType::BF16)), bf16({kAny, 3}));
  const Dict numbers = {{"lhs_contracting_dimensions", ints({1})}, {"rhs_contracting_dimensions", ints({1})}};
  EXPECT_EQ(main.b.type(*main.b.op1(OpCode::DotGeneral, {main.args[0], main.args[1]}, numbers)), f32({kAny, 2}));
  EXPECT_EQ(main.b.type(*main.b.op1(OpCode::Add, {main.args[0], main.args[0]}, {}, {f32({7, 3})})), f32({7, 3})) << "declared";
}

}  // namespace
}  // namespace tenon::stablehlo
