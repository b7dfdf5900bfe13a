// Every operation once, built and printed, against its form typed by hand from StableHLO's grammar. With TENON_FORMS_DIR set, each module
// is also written there as NAME.mlir, so that other readers can be asked what they think of it.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "core/stablehlo/op_forms_test.h"

namespace tenon::stablehlo {
namespace {

std::vector<Form> elementwise_forms() {
  std::vector<Form> forms;
  for (const OpCode code : {OpCode::Abs, OpCode::Cbrt, OpCode::Ceil, OpCode::Cosine, OpCode::Exponential, OpCode::ExponentialMinusOne,
                            OpCode::Floor, OpCode::Log, OpCode::LogPlusOne, OpCode::Logistic, OpCode::Negate, OpCode::RoundNearestAfz,
                            OpCode::RoundNearestEven, OpCode::Rsqrt, OpCode::Sign, OpCode::Sine, OpCode::Sqrt, OpCode::Tan, OpCode::Tanh}) {
    forms.push_back(simple(code, {f32({2, 3})}, cat("%0 = ", info(code).name, " %arg0 : tensor<2x3xf32>")));
  }
  for (const OpCode code : {OpCode::Not, OpCode::PopulationCount, OpCode::CountLeadingZeros}) {
    forms.push_back(simple(code, {i32({2})}, cat("%0 = ", info(code).name, " %arg0 : tensor<2xi32>")));
  }
  for (const OpCode code : {OpCode::Add, OpCode::Atan2, OpCode::Divide, OpCode::Maximum, OpCode::Minimum, OpCode::Multiply, OpCode::Power,
                            OpCode::Remainder, OpCode::Subtract}) {
    forms.push_back(simple(code, {f32({2, 3}), f32({2, 3})}, cat("%0 = ", info(code).name, " %arg0, %arg1 : tensor<2x3xf32>")));
  }
  for (const OpCode code :
       {OpCode::And, OpCode::Or, OpCode::Xor, OpCode::ShiftLeft, OpCode::ShiftRightArithmetic, OpCode::ShiftRightLogical}) {
    forms.push_back(simple(code, {i32({2}), i32({2})}, cat("%0 = ", info(code).name, " %arg0, %arg1 : tensor<2xi32>")));
  }
  forms.push_back(
      simple(OpCode::Convert, {f32({2})}, "%0 = stablehlo.convert %arg0 : (tensor<2xf32>) -> tensor<2xbf16>", {}, {tensor(DType::BF16)}));
  forms.push_back(simple(OpCode::IsFinite, {f32({2})}, "%0 = stablehlo.is_finite %arg0 : (tensor<2xf32>) -> tensor<2xi1>"));
  forms.push_back(simple(OpCode::BitcastConvert, {f32({2})}, "%0 = stablehlo.bitcast_convert %arg0 : (tensor<2xf32>) -> tensor<2xi32>", {},
                         {tensor(DType::I32)}));
  forms.push_back(simple(OpCode::BitcastConvert, {f32({2})}, "%0 = stablehlo.bitcast_convert %arg0 : (tensor<2xf32>) -> tensor<2x4xui8>",
                         {}, {tensor(DType::UI8)}));
  forms.push_back(simple(OpCode::BitcastConvert, {tensor(DType::F16, {3, 2})},
                         "%0 = stablehlo.bitcast_convert %arg0 : (tensor<3x2xf16>) -> tensor<3xi32>", {}, {tensor(DType::I32)}));
  forms.push_back(simple(OpCode::ReducePrecision, {f32({2})}, "%0 = stablehlo.reduce_precision %arg0, format = e8m7 : tensor<2xf32>",
                         {{"exponent_bits", integer(8)}, {"mantissa_bits", integer(7)}}));
  forms.push_back(simple(OpCode::OptimizationBarrier, {f32({2})}, "%0 = stablehlo.optimization_barrier %arg0 : tensor<2xf32>"));
  forms.push_back(simple(OpCode::OptimizationBarrier, {f32({2}), i32()},
                         "%0:2 = stablehlo.optimization_barrier %arg0, %arg1 : tensor<2xf32>, tensor<i32>"));
  forms.push_back(simple(OpCode::Compare, {i32({2}), i32({2})},
                         "%0 = stablehlo.compare GE, %arg0, %arg1, SIGNED : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>",
                         {{"comparison_direction", std::string("GE")}}));
  forms.push_back(raw(OpCode::Compare, {i32({2}), i32({2})},
                      "%0 = stablehlo.compare LT, %arg0, %arg1 : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi1>",
                      {{"comparison_direction", std::string("LT")}}));
  forms.push_back(
      simple(OpCode::Select, {i1({2}), f32({2}), f32({2})}, "%0 = stablehlo.select %arg0, %arg1, %arg2 : tensor<2xi1>, tensor<2xf32>"));
  forms.push_back(
      simple(OpCode::Select, {i1(), f32({2}), f32({2})}, "%0 = stablehlo.select %arg0, %arg1, %arg2 : tensor<i1>, tensor<2xf32>"));
  forms.push_back(simple(OpCode::Clamp, {f32({2}), f32({2}), f32({2})}, "%0 = stablehlo.clamp %arg0, %arg1, %arg2 : tensor<2xf32>"));
  forms.push_back(simple(OpCode::Clamp, {f32(), f32({2, 3}), f32()},
                         "%0 = stablehlo.clamp %arg0, %arg1, %arg2 : (tensor<f32>, tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>"));
  forms.push_back(simple(OpCode::Add, {f32({kDynamic}), f32({4})},
                         "%0 = stablehlo.add %arg0, %arg1 : (tensor<?xf32>, tensor<4xf32>) -> tensor<4xf32>"));
  forms.push_back(
      {"discardable",
       {},
       {f32({2})},
       [](Builder& b, const Values& a) {
         return op(b, OpCode::Add, {a[0], a[0]}, {}, {}, {{"tenon.note", std::string("a \"b\"\n")}, {"foo", IntAttr{1, DType::I32}}});
       },
       "%0 = stablehlo.add %arg0, %arg0 {foo = 1 : i32, tenon.note = \"a \\22b\\22\\0A\"} : tensor<2xf32>"});
  return forms;
}

std::vector<Form> shape_forms() {
  std::vector<Form> forms;
  forms.push_back({"constant",
                   {OpCode::Constant},
                   {},
                   [](Builder& b, const Values&) -> Result<Values> {
                     TENON_ASSIGN(const ValueId value, b.splat(f32({2, 3}), 1.5));
                     return Values{value};
                   },
                   "%0 = stablehlo.constant dense<1.5> : tensor<2x3xf32>"});
  forms.push_back(
      simple(OpCode::Iota, {}, "%0 = stablehlo.iota dim = 1 : tensor<2x3xi32>", {{"iota_dimension", integer(1)}}, {i32({2, 3})}));
  forms.push_back(simple(OpCode::BroadcastInDim, {f32()},
                         "%0 = stablehlo.broadcast_in_dim %arg0, dims = [] : (tensor<f32>) -> tensor<2x3xf32>",
                         {{"broadcast_dimensions", ints({})}}, {f32({2, 3})}));
  forms.push_back(simple(OpCode::BroadcastInDim, {f32({2, 3})},
                         "%0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 2] : (tensor<2x3xf32>) -> tensor<2x5x3xf32>",
                         {{"broadcast_dimensions", ints({0, 2})}}, {f32({2, 5, 3})}));
  forms.push_back(
      simple(OpCode::Reshape, {f32({2, 3})}, "%0 = stablehlo.reshape %arg0 : (tensor<2x3xf32>) -> tensor<6xf32>", {}, {f32({6})}));
  forms.push_back(simple(OpCode::Transpose, {f32({2, 3})},
                         "%0 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>",
                         {{"permutation", ints({1, 0})}}));
  forms.push_back(simple(OpCode::Slice, {f32({2, 3})}, "%0 = stablehlo.slice %arg0 [0:2, 0:3:2] : (tensor<2x3xf32>) -> tensor<2x2xf32>",
                         {{"start_indices", ints({0, 0})}, {"limit_indices", ints({2, 3})}, {"strides", ints({1, 2})}}));
  forms.push_back(simple(OpCode::DynamicSlice, {f32({2, 3}), i32(), i32()},
                         "%0 = stablehlo.dynamic_slice %arg0, %arg1, %arg2, sizes = [1, 3] : "
                         "(tensor<2x3xf32>, tensor<i32>, tensor<i32>) -> tensor<1x3xf32>",
                         {{"slice_sizes", ints({1, 3})}}));
  forms.push_back(simple(OpCode::DynamicUpdateSlice, {f32({2, 3}), f32({1, 3}), i32(), i32()},
                         "%0 = stablehlo.dynamic_update_slice %arg0, %arg1, %arg2, %arg3 : "
                         "(tensor<2x3xf32>, tensor<1x3xf32>, tensor<i32>, tensor<i32>) -> tensor<2x3xf32>"));
  forms.push_back(simple(OpCode::Concatenate, {f32({2, 3}), f32({1, 3})},
                         "%0 = stablehlo.concatenate %arg0, %arg1, dim = 0 : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<3x3xf32>",
                         {{"dimension", integer(0)}}));
  forms.push_back(simple(OpCode::Pad, {f32({2, 3}), f32()},
                         "%0 = stablehlo.pad %arg0, %arg1, low = [0, 1], high = [1, 0], interior = [0, 0] : "
                         "(tensor<2x3xf32>, tensor<f32>) -> tensor<3x4xf32>",
                         {{"edge_padding_low", ints({0, 1})}, {"edge_padding_high", ints({1, 0})}, {"interior_padding", ints({0, 0})}}));
  forms.push_back(
      simple(OpCode::Reverse, {f32({2, 3})}, "%0 = stablehlo.reverse %arg0, dims = [0] : tensor<2x3xf32>", {{"dimensions", ints({0})}}));
  forms.push_back(raw(OpCode::Gather, {f32({10, 4}), i32({2, 3})},
                      "%0 = \"stablehlo.gather\"(%arg0, %arg1) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], "
                      "collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2>, slice_sizes = array<i64: 1, 4>}> : "
                      "(tensor<10x4xf32>, tensor<2x3xi32>) -> tensor<2x3x4xf32>",
                      {{"offset_dims", ints({2})},
                       {"collapsed_slice_dims", ints({0})},
                       {"start_index_map", ints({0})},
                       {"index_vector_dim", integer(2)},
                       {"slice_sizes", ints({1, 4})}}));
  forms.push_back(raw(OpCode::Gather, {f32({2, 10, 4}), tensor(DType::I64, {2, 3, 1})},
                      "%0 = \"stablehlo.gather\"(%arg0, %arg1) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], "
                      "collapsed_slice_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], start_index_map = [1], "
                      "index_vector_dim = 2>, indices_are_sorted = true, slice_sizes = array<i64: 1, 1, 4>}> : "
                      "(tensor<2x10x4xf32>, tensor<2x3x1xi64>) -> tensor<2x3x4xf32>",
                      {{"offset_dims", ints({2})},
                       {"collapsed_slice_dims", ints({1})},
                       {"operand_batching_dims", ints({0})},
                       {"start_indices_batching_dims", ints({0})},
                       {"start_index_map", ints({1})},
                       {"index_vector_dim", integer(2)},
                       {"slice_sizes", ints({1, 1, 4})},
                       {"indices_are_sorted", true}}));
  forms.push_back({"scatter",
                   {OpCode::Scatter},
                   {f32({4, 3}), i32({2, 1}), f32({2, 3})},
                   [](Builder& b, const Values& a) -> Result<Values> {
                     TENON_TRY(binary_region(b, OpCode::Add, {f32()}));
                     return b.append_raw(OpCode::Scatter, a,
                                         {{"update_window_dims", ints({1})},
                                          {"inserted_window_dims", ints({0})},
                                          {"scatter_dims_to_operand_dims", ints({0})},
                                          {"index_vector_dim", integer(1)}},
                                         {});
                   },
                   "%0 = \"stablehlo.scatter\"(%arg0, %arg1, %arg2) <{scatter_dimension_numbers = "
                   "#stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], "
                   "index_vector_dim = 1>, indices_are_sorted = false, unique_indices = false}> ({\n"
                   "^bb0(%arg3: tensor<f32>, %arg4: tensor<f32>):\n"
                   "  %1 = stablehlo.add %arg3, %arg4 : tensor<f32>\n"
                   "  stablehlo.return %1 : tensor<f32>\n"
                   "}) : (tensor<4x3xf32>, tensor<2x1xi32>, tensor<2x3xf32>) -> tensor<4x3xf32>"});
  return forms;
}

std::vector<Form> dynamic_forms() {
  return {
      simple(OpCode::GetDimensionSize, {f32({kDynamic, 3})},
             "%0 = stablehlo.get_dimension_size %arg0, dim = 0 : (tensor<?x3xf32>) -> tensor<i32>", {{"dimension", integer(0)}}),
      simple(OpCode::SetDimensionSize, {f32({5, 3}), i32()},
             "%0 = stablehlo.set_dimension_size %arg0, %arg1, dim = 0 : (tensor<5x3xf32>, tensor<i32>) -> tensor<?x3xf32>",
             {{"dimension", integer(0)}}),
      simple(OpCode::DynamicBroadcastInDim, {f32({3}), i32({2})},
             "%0 = stablehlo.dynamic_broadcast_in_dim %arg0, %arg1, dims = [1] : (tensor<3xf32>, tensor<2xi32>) -> tensor<?x3xf32>",
             {{"broadcast_dimensions", ints({1})}}, {f32({kDynamic, 3})}),
      simple(
          OpCode::DynamicBroadcastInDim, {f32({kDynamic, 3}), i32({2})},
          "%0 = stablehlo.dynamic_broadcast_in_dim %arg0, %arg1, dims = [0, 1] {known_expanding_dimensions = array<i64: 0>, "
          "known_nonexpanding_dimensions = array<i64: 1>} : (tensor<?x3xf32>, tensor<2xi32>) -> tensor<?x3xf32>",
          {{"broadcast_dimensions", ints({0, 1})}, {"known_expanding_dimensions", ints({0})}, {"known_nonexpanding_dimensions", ints({1})}},
          {f32({kDynamic, 3})}),
      simple(OpCode::DynamicIota, {i32({2})}, "%0 = stablehlo.dynamic_iota %arg0, dim = 0 : (tensor<2xi32>) -> tensor<?x?xf32>",
             {{"iota_dimension", integer(0)}}, {f32({kDynamic, kDynamic})}),
      simple(OpCode::DynamicReshape, {f32({kDynamic, 3}), i32({1})},
             "%0 = stablehlo.dynamic_reshape %arg0, %arg1 : (tensor<?x3xf32>, tensor<1xi32>) -> tensor<?xf32>", {}, {f32({kDynamic})}),
  };
}

std::vector<Form> all_forms() {
  std::vector<Form> forms;
  for (auto* list : {&elementwise_forms, &shape_forms, &contract_forms, &control_forms, &dynamic_forms}) {
    for (Form& form : (*list)()) forms.push_back(std::move(form));
  }
  return forms;
}

// A function to call, defined before @main so that its types are known, printed after it.
Module with_helper() {
  Module module;
  module.name = "forms";
  Builder b(module, add_function(module, "helper", {f32({2})}));
  const ValueId argument = b.arguments()[0];
  EXPECT_TRUE(b.finish({&argument, 1}).ok());
  return module;
}

TEST(OpForms, EveryOperationPrintsInItsForm) {
  const char* folder = std::getenv("TENON_FORMS_DIR");
  int number = 0;
  for (const Form& form : all_forms()) {
    SCOPED_TRACE(form.name);
    OneFunction main(with_helper(), form.arguments);
    const Result<Values> results = form.build(main.b, main.args);
    ASSERT_TRUE(results.ok()) << to_string(results.error());
    EXPECT_EQ(main.body(*results), form.expected);
    if (folder != nullptr) std::ofstream(cat(folder, "/", number++, "-", form.name, ".mlir")) << *print(main.module);
  }
}

TEST(OpForms, NoOperationIsForgotten) {
  std::set<OpCode> shown = {OpCode::GlobalLoad,      // in print_test.cpp, with its global
                            OpCode::TensorReshape};  // in apply_test.cpp: only a target writes it
  for (const Form& form : all_forms()) shown.insert(form.shows.begin(), form.shows.end());
  for (const OpInfo& row : all_ops()) EXPECT_EQ(shown.count(row.code), 1u) << row.name;
}

TEST(OpForms, NamesAreFoundWithAndWithoutTheDialect) {
  for (const OpInfo& row : all_ops()) EXPECT_EQ(find_op(row.name), &row);
  EXPECT_EQ(find_op("add"), &info(OpCode::Add));
  EXPECT_EQ(find_op("call"), nullptr);
  EXPECT_EQ(find_op("stablehlo.nothing"), nullptr);
}

}  // namespace
}  // namespace tenon::stablehlo
