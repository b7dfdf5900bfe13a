// The forms of operations with regions, of contractions and of calls, typed by hand. op_forms_test.cpp builds and compares them.
#include "core/stablehlo/op_forms_test.h"

namespace tenon::stablehlo {

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

}  // namespace tenon::stablehlo
