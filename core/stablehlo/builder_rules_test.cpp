// What the builder writes around: texts that are valid and that engines get wrong. Values are checked by the interpreter's tests and by the
// engines; here stands what the text says.
#include <gmock/gmock.h>

#include <functional>

#include "core/stablehlo/one_function_test.h"

namespace tenon::stablehlo {
namespace {

using Values = std::vector<ValueId>;
using testing::HasSubstr;

std::string text_of(std::vector<TensorType> arguments, const std::function<Result<ValueId>(Builder&, const Values&)>& build) {
  OneFunction main(std::move(arguments));
  const Result<ValueId> value = build(main.b, main.args);
  if (!value.ok()) return to_string(value.error());
  return main.body({*value});
}

std::string apply(OpCode code, std::vector<TensorType> arguments, Dict attributes = {}, std::vector<TensorType> declared = {}) {
  return text_of(std::move(arguments), [&](Builder& b, const Values& a) -> Result<ValueId> {
    TENON_ASSIGN(const Values results, b.op(code, a, attributes, declared));
    return results[0];
  });
}

TEST(BuilderRules, BoolsAreNotAdded) {
  EXPECT_THAT(apply(OpCode::Add, {i1(), i1()}), HasSubstr("use stablehlo.or"));
  EXPECT_THAT(
      apply(OpCode::DotGeneral, {i1({2}), i1({2})}, {{"lhs_contracting_dimensions", ints({0})}, {"rhs_contracting_dimensions", ints({0})}}),
      HasSubstr("i1 is not added"));
  EXPECT_THAT(apply(OpCode::Or, {i1(), i1()}), HasSubstr("stablehlo.or"));
  OneFunction raw({i1(), i1()});
  EXPECT_TRUE(raw.b.append_raw(OpCode::Add, raw.args, {}, {}).ok()) << "valid text is taken as it is";
}

TEST(BuilderRules, NarrowTypesAreConvertedBeforeArithmetic) {
  for (const DType dtype : {DType::I4, DType::UI4, DType::F8E4M3FN, DType::F8E5M2}) {
    const TensorType type = tensor(dtype, {2});
    EXPECT_THAT(apply(OpCode::Add, {type, type}), HasSubstr("no arithmetic in "));
    EXPECT_THAT(apply(OpCode::Clamp, {type, type, type}), HasSubstr("no arithmetic in "));
    EXPECT_THAT(apply(OpCode::Compare, {type, type}, {{"comparison_direction", std::string("EQ")}}), HasSubstr("stablehlo.compare EQ"));
    EXPECT_THAT(apply(OpCode::Reshape, {type}, {}, {tensor(dtype, {1, 2})}), HasSubstr("stablehlo.reshape"));
  }
  EXPECT_THAT(apply(OpCode::Negate, {tensor(DType::F8E5M2)}), HasSubstr("convert to f32 first"));
  EXPECT_THAT(apply(OpCode::Negate, {tensor(DType::I4)}), HasSubstr("convert to i8 or wider first"));
}

TEST(BuilderRules, CompareCarriesItsType) {
  const auto compare = [](TensorType type) { return apply(OpCode::Compare, {type, type}, {{"comparison_direction", std::string("LT")}}); };
  EXPECT_THAT(compare(f32()), HasSubstr("LT, %arg0, %arg1, FLOAT"));
  EXPECT_THAT(compare(i32()), HasSubstr(", SIGNED"));
  EXPECT_THAT(compare(tensor(DType::UI8)), HasSubstr(", UNSIGNED"));
  EXPECT_THAT(compare(i1()), HasSubstr(", UNSIGNED"));
  EXPECT_THAT(
      apply(OpCode::Compare, {f32(), f32()}, {{"comparison_direction", std::string("LT")}, {"compare_type", std::string("TOTALORDER")}}),
      HasSubstr(", TOTALORDER"));
}

TEST(BuilderRules, ReductionRegionsCaptureNothing) {
  OneFunction main({f32({2}), f32()});
  const TensorType types[] = {f32(), f32()};
  const Values pair = main.b.begin_region(types).value();
  const ValueId sum = *main.b.op1(OpCode::Add, {pair[0], main.args[1]});
  ASSERT_TRUE(main.b.op(OpCode::Return, std::vector{sum}).ok());
  ASSERT_TRUE(main.b.end_region().ok());
  EXPECT_REFUSED(main.b.op(OpCode::Reduce, main.args, {{"dimensions", ints({0})}}), "uses a value from outside");
}

TEST(BuilderRules, FloatToIntegerSaturates) {
  EXPECT_EQ(apply(OpCode::Convert, {f32({2})}, {}, {tensor(DType::I8)}),
            "%0 = stablehlo.compare NE, %arg0, %arg0, FLOAT : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>\n"
            "%1 = stablehlo.constant dense<0.0> : tensor<2xf32>\n"
            "%2 = stablehlo.select %0, %1, %arg0 : tensor<2xi1>, tensor<2xf32>\n"
            "%3 = stablehlo.constant dense<-128.0> : tensor<f32>\n"
            "%4 = stablehlo.constant dense<127.0> : tensor<f32>\n"
            "%5 = stablehlo.clamp %3, %2, %4 : (tensor<f32>, tensor<2xf32>, tensor<f32>) -> tensor<2xf32>\n"
            "%6 = stablehlo.convert %5 : (tensor<2xf32>) -> tensor<2xi8>");
  // f32 has no 2147483647: the largest float below it is 2147483520, and what is above becomes the integer itself.
  const std::string wide = apply(OpCode::Convert, {f32({2})}, {}, {i32()});
  EXPECT_THAT(wide, HasSubstr("dense<2147483520.0> : tensor<f32>"));
  EXPECT_THAT(wide, HasSubstr("stablehlo.compare GT, %2, %7, FLOAT"));
  EXPECT_THAT(wide, HasSubstr("dense<2147483647> : tensor<2xi32>"));
  EXPECT_THAT(wide, testing::Not(HasSubstr("compare LT"))) << "-2147483648 is a float";
  EXPECT_THAT(apply(OpCode::Convert, {f32({kDynamic})}, {}, {i32()}), HasSubstr("-> tensor<?xi32>"));
}

TEST(BuilderRules, FloatToIntegerBoundsPerType) {
  struct Row {
    DType from, to;
    std::string low, high;  // the clamp's
    bool patches_high, patches_low;
  };
  const Row rows[] = {
      {DType::F64, DType::I32, "-2147483648.0", "2147483647.0", false, false},
      {DType::F64, DType::I64, "-9.223372036854776e+18", "9.223372036854775e+18", true, false},
      {DType::F32, DType::UI32, "0.0", "4294967040.0", true, false},
      {DType::F32, DType::UI8, "0.0", "255.0", false, false},
      {DType::BF16, DType::I16, "-32768.0", "32640.0", true, false},
      {DType::F16, DType::I16, "-32768.0", "32752.0", true, false},
      {DType::F16, DType::I32, "-65504.0", "65504.0", true, true},
      {DType::F16, DType::UI16, "0.0", "65504.0", true, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(cat(name(row.from), " to ", name(row.to)));
    const std::string text = apply(OpCode::Convert, {tensor(row.from)}, {}, {tensor(row.to)});
    EXPECT_THAT(text, HasSubstr(cat("%3 = stablehlo.constant dense<", row.low, ">")));
    EXPECT_THAT(text, HasSubstr(cat("%4 = stablehlo.constant dense<", row.high, ">")));
    EXPECT_EQ(text.find("compare GT") != std::string::npos, row.patches_high);
    EXPECT_EQ(text.find("compare LT") != std::string::npos, row.patches_low);
  }
}

TEST(BuilderRules, OtherConversionsAreLeftAlone) {
  EXPECT_EQ(apply(OpCode::Convert, {f32({2})}, {}, {i1()}), "%0 = stablehlo.convert %arg0 : (tensor<2xf32>) -> tensor<2xi1>");
  EXPECT_EQ(apply(OpCode::Convert, {i32({2})}, {}, {tensor(DType::I8)}), "%0 = stablehlo.convert %arg0 : (tensor<2xi32>) -> tensor<2xi8>");
  EXPECT_EQ(apply(OpCode::Convert, {f32({2})}, {}, {tensor(DType::F8E5M2)}),
            "%0 = stablehlo.convert %arg0 : (tensor<2xf32>) -> tensor<2xf8E5M2>");
  const std::string narrow = apply(OpCode::Convert, {tensor(DType::F8E5M2, {2})}, {}, {tensor(DType::I4)});
  EXPECT_THAT(narrow, HasSubstr("%0 = stablehlo.convert %arg0 : (tensor<2xf8E5M2>) -> tensor<2xf32>"));
  EXPECT_THAT(narrow, HasSubstr("dense<-8.0> : tensor<f32>"));
  EXPECT_THAT(narrow, HasSubstr("(tensor<2xi8>) -> tensor<2xi4>"));
}

TEST(BuilderRules, IntegerDivisorsAreGuarded) {
  EXPECT_EQ(apply(OpCode::Divide, {i32({2}), i32({2})}),
            "%0 = stablehlo.constant dense<0> : tensor<2xi32>\n"
            "%1 = stablehlo.compare EQ, %arg1, %0, SIGNED : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>\n"
            "%2 = stablehlo.constant dense<-1> : tensor<2xi32>\n"
            "%3 = stablehlo.constant dense<-2147483648> : tensor<2xi32>\n"
            "%4 = stablehlo.compare EQ, %arg0, %3, SIGNED : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>\n"
            "%5 = stablehlo.compare EQ, %arg1, %2, SIGNED : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>\n"
            "%6 = stablehlo.and %4, %5 : tensor<2xi1>\n"
            "%7 = stablehlo.or %1, %6 : tensor<2xi1>\n"
            "%8 = stablehlo.constant dense<1> : tensor<2xi32>\n"
            "%9 = stablehlo.select %7, %8, %arg1 : tensor<2xi1>, tensor<2xi32>\n"
            "%10 = stablehlo.divide %arg0, %9 : tensor<2xi32>\n"
            "%11 = stablehlo.constant dense<-1> : tensor<2xi32>\n"
            "%12 = stablehlo.select %1, %11, %10 : tensor<2xi1>, tensor<2xi32>");
  EXPECT_EQ(apply(OpCode::Remainder, {tensor(DType::UI8), tensor(DType::UI8)}),
            "%0 = stablehlo.constant dense<0> : tensor<ui8>\n"
            "%1 = stablehlo.compare EQ, %arg1, %0, UNSIGNED : (tensor<ui8>, tensor<ui8>) -> tensor<i1>\n"
            "%2 = stablehlo.constant dense<1> : tensor<ui8>\n"
            "%3 = stablehlo.select %1, %2, %arg1 : tensor<i1>, tensor<ui8>\n"
            "%4 = stablehlo.remainder %arg0, %3 : tensor<ui8>\n"
            "%5 = stablehlo.select %1, %arg0, %4 : tensor<i1>, tensor<ui8>");
  EXPECT_THAT(apply(OpCode::Divide, {tensor(DType::UI64), tensor(DType::UI64)}), HasSubstr("dense<18446744073709551615>"));
  EXPECT_EQ(apply(OpCode::Divide, {f32(), f32()}), "%0 = stablehlo.divide %arg0, %arg1 : tensor<f32>");
  // What the guards compare with takes its sizes at run time, too.
  const std::string dynamic = apply(OpCode::Divide, {i32({kDynamic, 3}), i32({kDynamic, 3})});
  EXPECT_THAT(dynamic, HasSubstr("stablehlo.dynamic_broadcast_in_dim %0, %5, dims = [] : (tensor<i32>, tensor<2xi32>) -> tensor<?x3xi32>"));
  EXPECT_THAT(dynamic, HasSubstr("stablehlo.divide"));
}

TEST(BuilderRules, AKnownDivisorNeedsNoGuard) {
  const auto by = [](std::int64_t divisor) {
    return text_of({i32({2, 2})}, [&](Builder& b, const Values& a) -> Result<ValueId> {
      TENON_ASSIGN(const ValueId scalar, b.splat_i64(i32(), divisor));
      TENON_ASSIGN(const ValueId wide, b.broadcast(scalar, {2, 2}, {}));
      return b.op1(OpCode::Divide, {a[0], wide});
    });
  };
  EXPECT_THAT(by(3), testing::Not(HasSubstr("select")));
  EXPECT_THAT(by(0), HasSubstr("select"));
  EXPECT_THAT(by(-1), HasSubstr("select"));
}

Dict rows_of_a_table() {
  return {{"offset_dims", ints({2})},
          {"collapsed_slice_dims", ints({0})},
          {"start_index_map", ints({0})},
          {"index_vector_dim", integer(2)},
          {"slice_sizes", ints({1, 4})}};
}

TEST(BuilderRules, GatherIndicesAreClamped) {
  const std::string text = apply(OpCode::Gather, {f32({10, 4}), i32({2, 3})}, rows_of_a_table());
  EXPECT_THAT(text,
              testing::StartsWith("%0 = stablehlo.constant dense<0> : tensor<i32>\n"
                                  "%1 = stablehlo.constant dense<9> : tensor<i32>\n"
                                  "%2 = stablehlo.clamp %0, %arg1, %1 : (tensor<i32>, tensor<2x3xi32>, tensor<i32>) -> tensor<2x3xi32>\n"
                                  "%3 = \"stablehlo.gather\"(%arg0, %2) <{"));
  // i8 cannot hold 299: every index it can hold is in range above, and the bound is what it can hold.
  EXPECT_THAT(apply(OpCode::Gather, {f32({300, 4}), tensor(DType::I8, {2, 3})}, rows_of_a_table()), HasSubstr("dense<127> : tensor<i8>"));
  EXPECT_THAT(apply(OpCode::Gather, {f32({10, 4}), f32({2, 3})}, rows_of_a_table()), HasSubstr("[stablehlo.gather] operand 1"));
}

TEST(BuilderRules, EveryIndexComponentHasItsBound) {
  const Dict points = {{"collapsed_slice_dims", ints({0, 1})},
                       {"start_index_map", ints({1, 0})},
                       {"index_vector_dim", integer(0)},
                       {"slice_sizes", ints({1, 1})}};
  EXPECT_THAT(
      apply(OpCode::Gather, {f32({10, 4}), i32({2, 5})}, points),
      testing::StartsWith("%0 = stablehlo.constant dense<0> : tensor<i32>\n"
                          "%1 = stablehlo.constant dense<[3, 9]> : tensor<2xi32>\n"
                          "%2 = stablehlo.broadcast_in_dim %1, dims = [0] : (tensor<2xi32>) -> tensor<2x5xi32>\n"
                          "%3 = stablehlo.clamp %0, %arg1, %2 : (tensor<i32>, tensor<2x5xi32>, tensor<2x5xi32>) -> tensor<2x5xi32>\n"));
}

TEST(BuilderRules, IndicesOfADynamicDimensionAreClampedByItsSize) {
  const std::string rows = apply(OpCode::Gather, {f32({kDynamic, 4}), i32({2, 3})}, rows_of_a_table());
  EXPECT_THAT(rows, HasSubstr("stablehlo.get_dimension_size %arg0, dim = 0"));
  EXPECT_THAT(rows, HasSubstr("stablehlo.clamp"));
  const Dict points = {{"collapsed_slice_dims", ints({0, 1})},
                       {"start_index_map", ints({1, 0})},
                       {"index_vector_dim", integer(0)},
                       {"slice_sizes", ints({1, 1})}};
  EXPECT_THAT(apply(OpCode::Gather, {f32({kDynamic, 4}), i32({2, 5})}, points), HasSubstr("(tensor<2xi32>) -> tensor<2x5xi32>"));
  EXPECT_THAT(apply(OpCode::Gather, {f32({10, 4}), i32({2, kDynamic})}, points), HasSubstr("stablehlo.dynamic_broadcast_in_dim"));
}

TEST(BuilderRules, ConstantIndicesInRangeStayAsTheyAre) {
  const auto gather = [](std::int32_t last) {
    return text_of({f32({10, 4})}, [&](Builder& b, const Values& a) -> Result<ValueId> {
      const std::int32_t rows[] = {0, 5, last};
      TENON_ASSIGN(const ValueId indices, b.constant(i32({1, 3}), std::as_bytes(std::span(rows))));
      return b.op1(OpCode::Gather, {a[0], indices}, rows_of_a_table());
    });
  };
  EXPECT_THAT(gather(9), testing::Not(HasSubstr("clamp")));
  EXPECT_THAT(gather(10), HasSubstr("clamp"));
  EXPECT_THAT(gather(-1), HasSubstr("clamp"));
}

TEST(BuilderRules, ScatterIndicesAreClampedAndItsRegionIsKept) {
  OneFunction main({f32({4, 3}), i32({2, 1}), f32({2, 2})});
  const TensorType types[] = {f32(), f32()};
  const Values pair = main.b.begin_region(types).value();
  ASSERT_TRUE(main.b.op(OpCode::Return, std::vector{pair[1]}).ok());
  ASSERT_TRUE(main.b.end_region().ok());
  const auto result = main.b.op(OpCode::Scatter, main.args,
                                {{"update_window_dims", ints({1})},
                                 {"inserted_window_dims", ints({0})},
                                 {"scatter_dims_to_operand_dims", ints({1})},
                                 {"index_vector_dim", integer(1)}});
  ASSERT_TRUE(result.ok()) << to_string(result.error());
  const std::string text = main.body(*result);
  EXPECT_THAT(text, HasSubstr("%1 = stablehlo.constant dense<1> : tensor<i32>")) << "a window of 2 in 3 starts at 0 or 1";
  EXPECT_THAT(text, HasSubstr("(%arg0, %2, %arg2)"));
  EXPECT_THAT(text, HasSubstr("stablehlo.return %arg4 : tensor<f32>"));
}

}  // namespace
}  // namespace tenon::stablehlo
