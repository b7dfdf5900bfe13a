// Every operation once, built and printed, against its form typed by hand from StableHLO's grammar. With TENON_FORMS_DIR set, each module
// is also written there as NAME.mlir, so that other readers can be asked what they think of it.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>

#include "core/stablehlo/one_function.h"

namespace tenon::stablehlo {
namespace {

using Values = std::vector<ValueId>;

struct Form {
  std::string name;
  std::vector<OpCode> shows;  // the operations that this form is the test of
  std::vector<TensorType> arguments;
  std::function<Result<Values>(Builder&, const Values&)> build;
  std::string expected;  // the lines of the body
};

Result<Values> op(Builder& b, OpCode code, Values operands, Dict attributes = {}, std::vector<TensorType> declared = {}, Dict own = {}) {
  return b.op(code, operands, std::move(attributes), declared, std::move(own));
}

// A form that is one operation on all arguments.
Form simple(OpCode code, std::vector<TensorType> arguments, std::string expected, Dict attributes = {},
            std::vector<TensorType> declared = {}) {
  return {std::string(info(code).name),
          {code},
          std::move(arguments),
          [=](Builder& b, const Values& a) { return op(b, code, a, attributes, declared); },
          std::move(expected)};
}

// The same without the rules of the builder.
Form raw(OpCode code, std::vector<TensorType> arguments, std::string expected, Dict attributes = {},
         std::vector<TensorType> declared = {}) {
  return {std::string(info(code).name),
          {code},
          std::move(arguments),
          [=](Builder& b, const Values& a) { return b.append_raw(code, a, attributes, declared); },
          std::move(expected)};
}

// A region that combines its arguments' pairs (i, count + i) with one operation.
Status binary_region(Builder& b, OpCode code, const std::vector<TensorType>& scalars) {
  std::vector<TensorType> types = scalars;
  types.insert(types.end(), scalars.begin(), scalars.end());
  TENON_ASSIGN(const Values arguments, b.begin_region(types));
  Values results;
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    TENON_ASSIGN(const ValueId value, b.op1(code, {arguments[i], arguments[scalars.size() + i]}));
    results.push_back(value);
  }
  TENON_ASSIGN(const Values none, b.op(OpCode::Return, results));
  return b.end_region();
}

Status returning_region(Builder& b, const Values& values) {
  TENON_ASSIGN(const Values arguments, b.begin_region({}));
  TENON_ASSIGN(const Values none, b.op(OpCode::Return, values));
  return b.end_region();
}

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

std::vector<Form> contract_forms() {
  std::vector<Form> forms;
  forms.push_back(simple(OpCode::DotGeneral, {f32({2, 3}), f32({3, 4})},
                         "%0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0] : "
                         "(tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>",
                         {{"lhs_contracting_dimensions", ints({1})}, {"rhs_contracting_dimensions", ints({0})}}));
  forms.push_back(simple(OpCode::DotGeneral, {tensor(DType::BF16, {2, 5, 3}), tensor(DType::BF16, {2, 4, 3})},
                         "%0 = stablehlo.dot_general %arg0, %arg1, batching_dims = [0] x [0], contracting_dims = [2] x [2], "
                         "precision = [HIGHEST, DEFAULT] : (tensor<2x5x3xbf16>, tensor<2x4x3xbf16>) -> tensor<2x5x4xf32>",
                         {{"lhs_batching_dimensions", ints({0})},
                          {"rhs_batching_dimensions", ints({0})},
                          {"lhs_contracting_dimensions", ints({2})},
                          {"rhs_contracting_dimensions", ints({2})},
                          {"precision_config", StringsAttr{{"HIGHEST", "DEFAULT"}}}},
                         {f32({2, 5, 4})}));
  forms.push_back(
      simple(OpCode::DotGeneral, {f32({2}), f32({3})},
             "%0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [] x [] : (tensor<2xf32>, tensor<3xf32>) -> tensor<2x3xf32>",
             {{"lhs_contracting_dimensions", ints({})}, {"rhs_contracting_dimensions", ints({})}}));
  const Dict numbers = {{"input_batch_dimension", integer(0)},          {"input_feature_dimension", integer(1)},
                        {"input_spatial_dimensions", ints({2, 3})},     {"kernel_output_feature_dimension", integer(0)},
                        {"kernel_input_feature_dimension", integer(1)}, {"kernel_spatial_dimensions", ints({2, 3})},
                        {"output_batch_dimension", integer(0)},         {"output_feature_dimension", integer(1)},
                        {"output_spatial_dimensions", ints({2, 3})}};
  Dict grouped = numbers;
  set(grouped, "window_strides", ints({2, 2}));
  set(grouped, "padding", ints({1, 1, 1, 1}));
  set(grouped, "feature_group_count", integer(2));
  forms.push_back(simple(OpCode::Convolution, {f32({1, 4, 5, 5}), f32({6, 2, 3, 3})},
                         "%0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1], "
                         "window = {stride = [2, 2], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], "
                         "reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 2 : i64} : "
                         "(tensor<1x4x5x5xf32>, tensor<6x2x3x3xf32>) -> tensor<1x6x3x3xf32>",
                         grouped));
  forms.push_back(
      simple(OpCode::Convolution, {f32({7, 2}), f32({2, 5})},
             "%0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, f]x[i, o]->[b, f], window = {} "
             "{batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = "
             "[#stablehlo<precision DEFAULT>, #stablehlo<precision HIGH>]} : (tensor<7x2xf32>, tensor<2x5xf32>) -> tensor<7x5xf32>",
             {{"input_batch_dimension", integer(0)},
              {"input_feature_dimension", integer(1)},
              {"input_spatial_dimensions", ints({})},
              {"kernel_input_feature_dimension", integer(0)},
              {"kernel_output_feature_dimension", integer(1)},
              {"kernel_spatial_dimensions", ints({})},
              {"output_batch_dimension", integer(0)},
              {"output_feature_dimension", integer(1)},
              {"output_spatial_dimensions", ints({})},
              {"precision_config", StringsAttr{{"DEFAULT", "HIGH"}}}}));
  forms.push_back({"reduce_applies",
                   {OpCode::Reduce},
                   {f32({2, 3}), f32()},
                   [](Builder& b, const Values& a) -> Result<Values> {
                     TENON_TRY(binary_region(b, OpCode::Add, {f32()}));
                     return op(b, OpCode::Reduce, a, {{"dimensions", ints({1})}});
                   },
                   "%0 = stablehlo.reduce(%arg0 init: %arg1) applies stablehlo.add across dimensions = [1] : "
                   "(tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>"});
  forms.push_back({"reduce_subtract",
                   {OpCode::Reduce},
                   {f32({2, 3}), f32()},  // not commutative: the region is spelled out
                   [](Builder& b, const Values& a) -> Result<Values> {
                     TENON_TRY(binary_region(b, OpCode::Subtract, {f32()}));
                     return op(b, OpCode::Reduce, a, {{"dimensions", ints({0, 1})}});
                   },
                   "%0 = stablehlo.reduce(%arg0 init: %arg1) across dimensions = [0, 1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<f32>\n"
                   "reducer(%arg2: tensor<f32>, %arg3: tensor<f32>) {\n"
                   "  %1 = stablehlo.subtract %arg2, %arg3 : tensor<f32>\n"
                   "  stablehlo.return %1 : tensor<f32>\n"
                   "}"});
  forms.push_back({"reduce_two",
                   {OpCode::Reduce},
                   {f32({2, 3}), i32({2, 3}), f32(), i32()},
                   [](Builder& b, const Values& a) -> Result<Values> {
                     TENON_TRY(binary_region(b, OpCode::Add, {f32(), i32()}));
                     return op(b, OpCode::Reduce, a, {{"dimensions", ints({1})}});
                   },
                   "%0:2 = stablehlo.reduce(%arg0 init: %arg2), (%arg1 init: %arg3) across dimensions = [1] : "
                   "(tensor<2x3xf32>, tensor<2x3xi32>, tensor<f32>, tensor<i32>) -> (tensor<2xf32>, tensor<2xi32>)\n"
                   "reducer(%arg4: tensor<f32>, %arg6: tensor<f32>) (%arg5: tensor<i32>, %arg7: tensor<i32>) {\n"
                   "  %1 = stablehlo.add %arg4, %arg6 : tensor<f32>\n"
                   "  %2 = stablehlo.add %arg5, %arg7 : tensor<i32>\n"
                   "  stablehlo.return %1, %2 : tensor<f32>, tensor<i32>\n"
                   "}"});
  forms.push_back(
      {"reduce_window",
       {OpCode::ReduceWindow},
       {f32({2, 3}), f32()},
       [](Builder& b, const Values& a) -> Result<Values> {
         TENON_TRY(binary_region(b, OpCode::Maximum, {f32()}));
         return op(b, OpCode::ReduceWindow, a, {{"window_dimensions", ints({1, 3})}, {"padding", ints({0, 0, 2, 0})}});
       },
       "%0 = \"stablehlo.reduce_window\"(%arg0, %arg1) <{window_dimensions = array<i64: 1, 3>, window_strides = array<i64: 1, 1>, "
       "base_dilations = array<i64: 1, 1>, window_dilations = array<i64: 1, 1>, padding = dense<[[0, 0], [2, 0]]> : "
       "tensor<2x2xi64>}> ({\n"
       "^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):\n"
       "  %1 = stablehlo.maximum %arg2, %arg3 : tensor<f32>\n"
       "  stablehlo.return %1 : tensor<f32>\n"
       "}) : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>"});
  forms.push_back({"sort",
                   {OpCode::Sort},
                   {f32({2, 3}), i32({2, 3})},
                   [](Builder& b, const Values& a) -> Result<Values> {
                     const TensorType types[] = {f32(), f32(), i32(), i32()};
                     TENON_ASSIGN(const Values pair, b.begin_region(types));
                     TENON_ASSIGN(const ValueId less, b.compare("LT", pair[0], pair[1]));
                     TENON_ASSIGN(const Values none, op(b, OpCode::Return, {less}));
                     TENON_TRY(b.end_region());
                     return op(b, OpCode::Sort, a, {{"dimension", integer(-1)}, {"is_stable", true}});
                   },
                   "%0:2 = \"stablehlo.sort\"(%arg0, %arg1) <{dimension = 1 : i64, is_stable = true}> ({\n"
                   "^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>, %arg4: tensor<i32>, %arg5: tensor<i32>):\n"
                   "  %1 = stablehlo.compare LT, %arg2, %arg3, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>\n"
                   "  stablehlo.return %1 : tensor<i1>\n"
                   "}) : (tensor<2x3xf32>, tensor<2x3xi32>) -> (tensor<2x3xf32>, tensor<2x3xi32>)"});
  return forms;
}

std::vector<Form> control_forms() {
  std::vector<Form> forms;
  forms.push_back(simple(OpCode::Call, {f32({2})}, "%0 = func.call @helper(%arg0) : (tensor<2xf32>) -> tensor<2xf32>",
                         {{"callee", SymbolAttr{"helper"}}}));
  forms.push_back(
      simple(OpCode::Composite, {f32({2})},
             "%0 = stablehlo.composite \"tenon.helper\" %arg0 {composite_attributes = {axes = dense<[1, 2]> : tensor<2xi64>, "
             "epsilon = 1.0e-06 : f32, exact = true, kind = \"bf16\", none = dense<> : tensor<0xi64>, order = [0, 1], steps = 3 : "
             "i64}, decomposition = @helper, version = 1 : i32} : (tensor<2xf32>) -> tensor<2xf32>",
             {{"name", std::string("tenon.helper")},
              {"decomposition", SymbolAttr{"helper"}},
              {"version", IntAttr{1, DType::I32}},
              {"composite_attributes", DictAttr{{{"steps", IntAttr{3}},
                                                 {"epsilon", FloatAttr{1e-6, DType::F32}},
                                                 {"axes", IntsAttr{{1, 2}}},
                                                 {"none", IntsAttr{}},
                                                 {"order", IntsAttr{{0, 1}, ListStyle::Bracket}},
                                                 {"kind", DType::BF16},
                                                 {"exact", true}}}}}));
  forms.push_back(simple(OpCode::CustomCall, {f32({2})},
                         "%0 = stablehlo.custom_call @any.target$1(%arg0) : (tensor<2xf32>) -> tensor<2xf32>",
                         {{"call_target_name", std::string("any.target$1")}}, {f32({2})}));
  forms.push_back(simple(OpCode::CustomCall, {f32({2})},
                         "%0:2 = stablehlo.custom_call @\"a target/1\"(%arg0) {api_version = 4 : i32, backend_config = {axis = -1 : i64, "
                         "epsilon = 0.5 : f64}, has_side_effect = true} : (tensor<2xf32>) -> (tensor<2xf32>, tensor<i32>)",
                         {{"call_target_name", std::string("a target/1")},
                          {"api_version", IntAttr{4, DType::I32}},
                          {"has_side_effect", true},
                          {"backend_config", DictAttr{{{"epsilon", FloatAttr{0.5}}, {"axis", IntAttr{-1}}}}}},
                         {f32({2}), i32()}));
  forms.push_back(
      {"custom_call_discardable",
       {},
       {f32({2, 3})},
       [](Builder& b, const Values& a) {
         return op(b, OpCode::CustomCall, a, {{"call_target_name", std::string("reduce_mean")}}, {f32({2, 1})},
                   {{"keepdim", true}, {"dimensions", IntsAttr{{1}, ListStyle::Bracket}}});
       },
       "%0 = stablehlo.custom_call @reduce_mean(%arg0) {dimensions = [1], keepdim = true} : (tensor<2x3xf32>) -> tensor<2x1xf32>"});
  forms.push_back(
      {"custom_call_mhlo",
       {},
       {f32({2, 3})},
       [](Builder& b, const Values& a) {
         return op(b, OpCode::CustomCall, a, {{"call_target_name", std::string("t")}}, {f32({2, 3})},
                   {{"mhlo.backend_config", DictAttr{{{"epsilon", FloatAttr{1e-5, DType::F32}}}}}});
       },
       "%0 = stablehlo.custom_call @t(%arg0) {mhlo.backend_config = {epsilon = 1.0e-05 : f32}} : (tensor<2x3xf32>) -> tensor<2x3xf32>"});
  forms.push_back(simple(OpCode::CustomCall, {f32({2, 3}), f32()},
                         "stablehlo.custom_call @t(%arg0, %arg1) {backend_config = \"a\\22\\00\", called_computations = [@helper], "
                         "has_side_effect = true, operand_layouts = [dense<[1, 0]> : tensor<2xindex>, dense<> : tensor<0xindex>], "
                         "result_layouts = []} : (tensor<2x3xf32>, tensor<f32>) -> ()",
                         {{"call_target_name", std::string("t")},
                          {"backend_config", std::string("a\"\0", 3)},
                          {"called_computations", StringsAttr{{"helper"}}},
                          {"has_side_effect", true},
                          {"operand_layouts", ints({1, 0})},
                          {"result_layouts", ints({})}}));
  forms.push_back({"if",
                   {OpCode::If, OpCode::Return},
                   {i1(), f32({2}), f32({2})},
                   [](Builder& b, const Values& a) -> Result<Values> {
                     TENON_TRY(returning_region(b, {a[1]}));
                     TENON_TRY(returning_region(b, {a[2]}));
                     return op(b, OpCode::If, {a[0]});
                   },
                   "%0 = \"stablehlo.if\"(%arg0) ({\n"
                   "  stablehlo.return %arg1 : tensor<2xf32>\n"
                   "}, {\n"
                   "  stablehlo.return %arg2 : tensor<2xf32>\n"
                   "}) : (tensor<i1>) -> tensor<2xf32>"});
  forms.push_back({"case",
                   {OpCode::Case},
                   {i32(), f32({2}), f32({2})},
                   [](Builder& b, const Values& a) -> Result<Values> {
                     for (const ValueId value : {a[1], a[2], a[1]}) TENON_TRY(returning_region(b, {value}));
                     return op(b, OpCode::Case, {a[0]});
                   },
                   "%0 = \"stablehlo.case\"(%arg0) ({\n"
                   "  stablehlo.return %arg1 : tensor<2xf32>\n"
                   "}, {\n"
                   "  stablehlo.return %arg2 : tensor<2xf32>\n"
                   "}, {\n"
                   "  stablehlo.return %arg1 : tensor<2xf32>\n"
                   "}) : (tensor<i32>) -> tensor<2xf32>"});
  forms.push_back({"while",
                   {OpCode::While},
                   {i32(), f32({2})},
                   [](Builder& b, const Values& a) -> Result<Values> {
                     TENON_ASSIGN(const ValueId ten, b.splat_i64(i32(), 10));
                     const TensorType state[] = {i32(), f32({2})};
                     TENON_ASSIGN(const Values cond, b.begin_region(state));
                     TENON_ASSIGN(const ValueId more, b.compare("LT", cond[0], ten));
                     TENON_ASSIGN(Values none, op(b, OpCode::Return, {more}));
                     TENON_TRY(b.end_region());
                     TENON_ASSIGN(const Values body, b.begin_region(state));
                     TENON_ASSIGN(const ValueId next, b.op1(OpCode::Add, {body[0], ten}));
                     TENON_ASSIGN(none, op(b, OpCode::Return, {next, body[1]}));
                     TENON_TRY(b.end_region());
                     return op(b, OpCode::While, a);
                   },
                   "%0 = stablehlo.constant dense<10> : tensor<i32>\n"
                   "%1:2 = stablehlo.while(%arg2 = %arg0, %arg3 = %arg1) : tensor<i32>, tensor<2xf32>\n"
                   "cond {\n"
                   "  %2 = stablehlo.compare LT, %arg2, %0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>\n"
                   "  stablehlo.return %2 : tensor<i1>\n"
                   "} do {\n"
                   "  %3 = stablehlo.add %arg2, %0 : tensor<i32>\n"
                   "  stablehlo.return %3, %arg3 : tensor<i32>, tensor<2xf32>\n"
                   "}"});
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
  std::set<OpCode> shown = {OpCode::GlobalLoad};  // in print_test.cpp, with its global
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
