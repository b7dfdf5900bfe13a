// The builder: scopes, regions, limits, constants, compositions. What it adds to validity is in builder_rules_test.cpp.
#include "core/stablehlo/builder.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/stablehlo/one_function_test.h"

namespace tenon::stablehlo {
namespace {

using Values = std::vector<ValueId>;
using testing::HasSubstr;

TEST(Builder, BuildsAFunctionStepByStep) {
  OneFunction main({f32({2, 4}), f32({4})});
  Builder& b = main.b;
  const ValueId square = *b.op1(OpCode::Multiply, {main.args[0], main.args[0]});
  const ValueId sum = *b.reduce(OpCode::Add, square, 0, {1}, true);
  const std::int64_t rows[] = {0, 1};
  const ValueId wide = *b.broadcast(sum, {2, 4}, rows);
  const ValueId result = *b.op1(OpCode::Divide, {main.args[0], wide});
  EXPECT_EQ(b.type(result), f32({2, 4}));
  EXPECT_EQ(
      main.body({result}),
      "%0 = stablehlo.multiply %arg0, %arg0 : tensor<2x4xf32>\n"
      "%1 = stablehlo.constant dense<0.0> : tensor<f32>\n"
      "%2 = stablehlo.reduce(%0 init: %1) applies stablehlo.add across dimensions = [1] : (tensor<2x4xf32>, tensor<f32>) -> tensor<2xf32>\n"
      "%4 = stablehlo.reshape %2 : (tensor<2xf32>) -> tensor<2x1xf32>\n"
      "%5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<2x1xf32>) -> tensor<2x4xf32>\n"
      "%6 = stablehlo.divide %arg0, %5 : tensor<2x4xf32>");
}

TEST(Builder, LocationsAndErrorsNameTheGraphNode) {
  OneFunction main({f32({2})});
  main.b.set_location(std::make_shared<const std::string>("norm_1"));
  const auto bad = main.b.op1(OpCode::Add, {main.args[0], 77});
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().where.node, "norm_1");
  EXPECT_REFUSED(bad, "[stablehlo.add] operand 1 is not a value of this function");
  ASSERT_TRUE(main.b.op1(OpCode::Negate, {main.args[0]}).ok());
  EXPECT_EQ(*main.module.funcs[0].body.ops[0].location, "norm_1");
}

TEST(Builder, ValuesOfClosedRegionsAreHidden) {
  OneFunction main({i1(), f32()});
  Builder& b = main.b;
  ValueId inner = 0;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(b.begin_region({}).ok());
    inner = *b.op1(OpCode::Negate, {main.args[1]});
    EXPECT_TRUE(b.valid(inner));
    ASSERT_TRUE(b.op(OpCode::Return, std::vector{inner}).ok());
    ASSERT_TRUE(b.end_region().ok());
    EXPECT_FALSE(b.valid(inner));
  }
  const ValueId result = b.op(OpCode::If, std::vector{main.args[0]}).value()[0];
  EXPECT_REFUSED(b.op1(OpCode::Negate, {inner}), "operand 0 is a value of a region that is closed");
  EXPECT_TRUE(b.valid(result));
  EXPECT_REFUSED(b.finish(std::vector{inner}), "a region that is closed");
  EXPECT_TRUE(b.finish(std::vector{result}).ok());
  EXPECT_TRUE(verify(main.module).ok());

  const Builder again(main.module, 0);  // a builder over what exists knows the same scopes
  EXPECT_FALSE(again.valid(inner));
  EXPECT_TRUE(again.valid(result));
}

TEST(Builder, RegionsNest) {
  OneFunction main({i1(), f32()});
  Builder& b = main.b;
  const auto branch = [&](ValueId value) {
    EXPECT_TRUE(b.begin_region({}).ok());
    EXPECT_TRUE(b.op(OpCode::Return, std::vector{value}).ok());
    EXPECT_TRUE(b.end_region().ok());
  };
  branch(main.args[1]);
  ASSERT_TRUE(b.begin_region({}).ok());  // the second branch holds an `if` of its own
  branch(main.args[1]);
  branch(main.args[1]);
  const Values inner = b.op(OpCode::If, std::vector{main.args[0]}).value();
  ASSERT_TRUE(b.op(OpCode::Return, inner).ok());
  ASSERT_TRUE(b.end_region().ok());
  const Values outer = b.op(OpCode::If, std::vector{main.args[0]}).value();
  EXPECT_EQ(main.body(outer),
            "%0 = \"stablehlo.if\"(%arg0) ({\n"
            "  stablehlo.return %arg1 : tensor<f32>\n"
            "}, {\n"
            "  %1 = \"stablehlo.if\"(%arg0) ({\n"
            "    stablehlo.return %arg1 : tensor<f32>\n"
            "  }, {\n"
            "    stablehlo.return %arg1 : tensor<f32>\n"
            "  }) : (tensor<i1>) -> tensor<f32>\n"
            "  stablehlo.return %1 : tensor<f32>\n"
            "}) : (tensor<i1>) -> tensor<f32>");
}

TEST(Builder, RegionsAndReturnsMustComeInOrder) {
  OneFunction main({f32({2})});
  Builder& b = main.b;
  EXPECT_REFUSED(b.end_region(), "there is no open region");
  EXPECT_REFUSED(b.op(OpCode::Return, main.args), "finish()");
  ASSERT_TRUE(b.begin_region({}).ok());
  EXPECT_REFUSED(b.end_region(), "a region must end in stablehlo.return");
  EXPECT_REFUSED(b.finish(main.args), "a region is still open");
  ASSERT_TRUE(b.op(OpCode::Return, main.args).ok());
  EXPECT_REFUSED(b.op1(OpCode::Negate, {main.args[0]}), "nothing may follow the return of a region");
  ASSERT_TRUE(b.end_region().ok());
  EXPECT_REFUSED(b.finish(main.args), "no operation took it");
  EXPECT_REFUSED(b.op1(OpCode::Negate, {main.args[0]}), "needs 0 regions, got 1");
  ASSERT_TRUE(b.finish(main.args).ok()) << "the failed operation took the region with it";
  EXPECT_REFUSED(b.finish(main.args), "finished already");
  EXPECT_REFUSED(b.op1(OpCode::Negate, {main.args[0]}), "nothing may follow the return of a function");
  EXPECT_REFUSED(b.begin_region({}), "finished");
}

TEST(Builder, AFailedReduceLeavesNoRegionOpen) {
  OneFunction main({i1({2})});
  EXPECT_REFUSED(main.b.reduce(OpCode::Add, main.args[0], 0, {0}, false), "i1 is not added");
  EXPECT_REFUSED(main.b.reduce(OpCode::Or, main.args[0], 0, {1}, false), "from 0 to below 1");
  EXPECT_REFUSED(main.b.reduce(OpCode::Subtract, main.args[0], 0, {0}, false), "not a commutative operation");
  EXPECT_REFUSED(main.b.reduce(OpCode::Or, 99, 0, {0}, false), "not a value of this function");
  EXPECT_TRUE(main.b.reduce(OpCode::Or, main.args[0], 0, {0}, false).ok());
  EXPECT_TRUE(main.b.finish(main.args).ok());
  EXPECT_TRUE(verify(main.module).ok());
}

TEST(Builder, LimitsHold) {
  {
    OneFunction main({f32()}, BuilderLimits{.operations = 3});
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(main.b.op1(OpCode::Negate, {main.args[0]}).ok());
    const auto result = main.b.op1(OpCode::Negate, {main.args[0]});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Code::ResourceExhausted);
  }
  {
    OneFunction main({}, BuilderLimits{.nested_regions = 2});
    ASSERT_TRUE(main.b.begin_region({}).ok());
    ASSERT_TRUE(main.b.begin_region({}).ok());
    EXPECT_REFUSED(main.b.begin_region({}), "nest deeper than 2");
  }
  {
    OneFunction main({}, BuilderLimits{.constant_bytes = 12});
    const float two[] = {1, 2};
    ASSERT_TRUE(main.b.constant(f32({2}), std::as_bytes(std::span(two))).ok());
    EXPECT_REFUSED(main.b.constant(f32({2}), std::as_bytes(std::span(two))), "more than 12 bytes");
    const float same[] = {1, 1};
    EXPECT_TRUE(main.b.constant(f32({2}), std::as_bytes(std::span(same))).ok()) << "a splat takes 4";
  }
  {
    OneFunction main({}, BuilderLimits{.name_bytes = 4});
    EXPECT_REFUSED(main.b.parameter(f32(), "abcde"), "5 bytes, at most 4");
    EXPECT_REFUSED(main.b.op(OpCode::CustomCall, {}, {{"call_target_name", std::string("abcde")}}), "5 bytes, at most 4");
  }
}

std::string text_of(OneFunction& main, const Result<ValueId>& value) { return value.ok() ? main.body({*value}) : value.error().message; }

TEST(Builder, Constants) {
  const auto splat = [](TensorType type, double value) {
    OneFunction main({});
    return text_of(main, main.b.splat(type, value));
  };
  EXPECT_EQ(splat(f32({2, 3}), 1e-6), "%0 = stablehlo.constant dense<1.0e-06> : tensor<2x3xf32>");
  EXPECT_EQ(splat(tensor(DType::BF16), -std::numeric_limits<double>::infinity()), "%0 = stablehlo.constant dense<0xFF80> : tensor<bf16>");
  EXPECT_EQ(splat(i32({2}), -7), "%0 = stablehlo.constant dense<-7> : tensor<2xi32>");
  EXPECT_EQ(splat(i1(), 1), "%0 = stablehlo.constant dense<true> : tensor<i1>");
  EXPECT_EQ(splat(f32({0}), 1), "%0 = stablehlo.constant dense<> : tensor<0xf32>");
  EXPECT_EQ(splat(tensor(DType::UI64), 9223372036854775808.0), "%0 = stablehlo.constant dense<9223372036854775808> : tensor<ui64>");
  EXPECT_THAT(splat(i32(), 1.5), HasSubstr("1.5 is not a value of i32"));
  EXPECT_THAT(splat(tensor(DType::I4), 8), HasSubstr("8 is not a value of i4"));
  EXPECT_THAT(splat(tensor(DType::UI8), -1), HasSubstr("-1 is not a value of ui8"));
  EXPECT_THAT(splat(tensor(DType::I64), 1e30), HasSubstr("is not a value of i64"));
  EXPECT_THAT(splat(i32(), std::nan("")), HasSubstr("nan is not a value of i32"));
  EXPECT_THAT(splat(i1(), 2), HasSubstr("2 is not a value of i1"));
  EXPECT_THAT(splat(f32({kDynamic}), 1), HasSubstr("dynamic"));
  EXPECT_THAT(splat(TensorType{}, 1), HasSubstr("no element type"));

  OneFunction main({});
  const std::int32_t equal[] = {5, 5, 5}, different[] = {5, 6, 5};
  EXPECT_TRUE(main.b.constant(i32({3}), std::as_bytes(std::span(equal))).ok());
  EXPECT_TRUE(main.b.constant(i32({3}), std::as_bytes(std::span(different))).ok());
  EXPECT_REFUSED(main.b.constant(i32({2}), std::as_bytes(std::span(equal))), "must have 8 bytes, got 12");
  const std::uint8_t two = 2, eight = 8;
  EXPECT_REFUSED(main.b.constant(i1(), std::as_bytes(std::span(&two, 1))), "out of the range of i1");
  EXPECT_REFUSED(main.b.constant(tensor(DType::I4), std::as_bytes(std::span(&eight, 1))), "out of the range of i4");
  EXPECT_EQ(main.body(), "%0 = stablehlo.constant dense<5> : tensor<3xi32>\n%1 = stablehlo.constant dense<[5, 6, 5]> : tensor<3xi32>");
}

TEST(Builder, CompositionsDoNothingWhenThereIsNothingToDo) {
  OneFunction main({f32({2, 3})});
  const std::int64_t both[] = {0, 1};
  EXPECT_EQ(*main.b.convert(main.args[0], DType::F32), main.args[0]);
  EXPECT_EQ(*main.b.broadcast(main.args[0], {2, 3}, both), main.args[0]);
  EXPECT_EQ(*main.b.reshape(main.args[0], {2, 3}), main.args[0]);
  EXPECT_EQ(main.body(), "");
}

TEST(Builder, ReduceTakesInfiniteInitValuesForIntegers) {
  OneFunction main({i32({3}), tensor(DType::UI8, {3})});
  const double inf = std::numeric_limits<double>::infinity();
  const ValueId low = *main.b.reduce(OpCode::Maximum, main.args[0], -inf, {0}, false);
  const ValueId high = *main.b.reduce(OpCode::Minimum, main.args[1], inf, {0}, true);
  EXPECT_EQ(main.b.type(low), i32());
  EXPECT_EQ(main.b.type(high), tensor(DType::UI8, {1}));
  const std::string text = main.body();
  EXPECT_THAT(text, HasSubstr("dense<-2147483648> : tensor<i32>"));
  EXPECT_THAT(text, HasSubstr("dense<255> : tensor<ui8>"));
}

TEST(Builder, DefaultsAreWrittenOut) {
  OneFunction main({f32({4})});
  ASSERT_TRUE(main.b.op(OpCode::Slice, main.args, {{"start_indices", ints({1})}, {"limit_indices", ints({3})}}).ok());
  EXPECT_EQ(get_ints(main.module.funcs[0].body.ops[0].attributes, "strides"), (std::vector<std::int64_t>{1}));
}

}  // namespace
}  // namespace tenon::stablehlo
