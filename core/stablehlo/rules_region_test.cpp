// What operations with regions and calls refuse.
#include <gmock/gmock.h>

#include "core/stablehlo/one_function_test.h"

namespace tenon::stablehlo {
namespace {

using Values = std::vector<ValueId>;
const std::int64_t kAny = kDynamic;

TensorType bf16(Dims dims = {}) { return tensor(DType::BF16, std::move(dims)); }

// Regions for the operations that take them: one that combines two scalars.
Status region(Builder& b, const std::vector<TensorType>& arguments, OpCode code = OpCode::Add) {
  TENON_ASSIGN(const Values pair, b.begin_region(arguments));
  TENON_ASSIGN(const Values sum, b.append_raw(code, std::span(pair).first(2), {}, {}));
  TENON_ASSIGN(const Values none, b.append_raw(OpCode::Return, sum, {}, {}));
  return b.end_region();
}

std::string with_region(OpCode code, std::vector<TensorType> operands, const std::vector<TensorType>& arguments, Dict attributes,
                        std::vector<TensorType> declared = {}) {
  OneFunction main(std::move(operands));
  if (Status status = region(main.b, arguments); !status.ok()) return to_string(status.error());
  const auto results = main.b.append_raw(code, main.args, std::move(attributes), declared);
  if (!results.ok()) return results.error().message;
  std::string out;
  for (const ValueId id : *results) out += to_string(main.b.type(id)) + " ";
  return out;
}

TEST(RegionRules, Scatter) {
  const auto numbers = [](std::vector<std::int64_t> window, std::vector<std::int64_t> inserted, std::vector<std::int64_t> map) {
    return Dict{{"update_window_dims", ints(window)},
                {"inserted_window_dims", ints(inserted)},
                {"scatter_dims_to_operand_dims", ints(map)},
                {"index_vector_dim", integer(1)}};
  };
  const std::vector<TensorType> pair = {f32(), f32()};
  const auto scatter = [&](std::vector<TensorType> operands, Dict attributes) {
    return with_region(OpCode::Scatter, std::move(operands), pair, std::move(attributes));
  };
  const Dict good = numbers({1}, {0}, {0});
  EXPECT_EQ(scatter({f32({4, 3}), i32({2, 1}), f32({2, 3})}, good), "f32[4,3] ");
  using testing::HasSubstr;
  EXPECT_THAT(scatter({f32({4, 3}), i32({2, 1}), f32({2, 4})}, good), HasSubstr("the update window has 4 elements along dimension 1"));
  EXPECT_THAT(scatter({f32({4, 3}), i32({2, 1}), f32({3, 3})}, good), HasSubstr("the updates must have shape [2,3], got f32[3,3]"));
  EXPECT_THAT(scatter({f32({4, 3}), i32({2, 1}), f32({2, 3, 1})}, good), HasSubstr("the updates must have rank 2"));
  EXPECT_THAT(scatter({f32({4, 3}), i32({2, 1}), bf16({2, 3})}, good), HasSubstr("update 0 must have the element type of input 0"));
  EXPECT_THAT(scatter({f32({4, 3}), f32({2, 1}), f32({2, 3})}, good), HasSubstr("operand 1 must be an integer"));
  EXPECT_THAT(scatter({f32({4, 3}), i32({2, 1}), f32({2, 3}), f32({2, 3})}, good), HasSubstr("N inputs, the indices and N updates"));
  EXPECT_THAT(scatter({f32({4, 3}), i32({2, 1}), f32({2, 3})}, numbers({1}, {}, {0})), HasSubstr("together must name 2 dimensions"));
  EXPECT_THAT(with_region(OpCode::Scatter, {f32({4, 3}), i32({2, 1}), f32({2, 3})}, {i32(), i32()}, good),
              HasSubstr("region 0 must take (f32[], f32[]), takes (i32[], i32[])"));
}

TEST(RegionRules, Reductions) {
  using testing::HasSubstr;
  const std::vector<TensorType> pair = {f32(), f32()};
  const Dict last = {{"dimensions", ints({1})}};
  const auto reduce = [&](std::vector<TensorType> operands, Dict attributes, std::vector<TensorType> declared = {}) {
    return with_region(OpCode::Reduce, std::move(operands), pair, std::move(attributes), std::move(declared));
  };
  EXPECT_EQ(reduce({f32({2, 3}), f32()}, last), "f32[2] ");
  EXPECT_EQ(reduce({f32({kAny, 3}), f32()}, last), "f32[?] ");
  EXPECT_THAT(reduce({f32({2, 3}), f32()}, last, {f32({2, 1})}), HasSubstr("result 0 is f32[2], declared as f32[2,1]"));
  EXPECT_THAT(reduce({f32({2, 3}), f32()}, {{"dimensions", ints({2})}}), HasSubstr("from 0 to below 2"));
  EXPECT_THAT(reduce({f32({2, 3}), f32()}, {{"dimensions", ints({1, 1})}}), HasSubstr("twice"));
  EXPECT_THAT(reduce({f32({2, 3}), f32({1})}, last), HasSubstr("operand 1 must be a scalar f32[]"));
  EXPECT_THAT(reduce({f32({2, 3}), f32({2, 3}), f32()}, last), HasSubstr("as many init values as inputs"));
  EXPECT_THAT(reduce({bf16({2, 3}), f32()}, last), HasSubstr("operand 1 must be a scalar bf16[]")) << "a widening reduce";
  EXPECT_THAT(reduce({bf16({2, 3}), bf16()}, last), HasSubstr("region 0 must take (bf16[], bf16[])"));

  const auto window = [&](Dict attributes, Dims dims = {2, 9}) {
    return with_region(OpCode::ReduceWindow, {f32(std::move(dims)), f32()}, pair, std::move(attributes));
  };
  const Dict three = {{"window_dimensions", ints({1, 3})}};
  const auto with = [&](std::string name, std::vector<std::int64_t> values) {
    Dict dict = three;
    set(dict, name, ints(std::move(values)));
    return dict;
  };
  EXPECT_EQ(window(three), "f32[2,7] ");
  EXPECT_EQ(window(with("window_strides", {1, 2})), "f32[2,4] ");
  EXPECT_EQ(window(with("padding", {0, 0, 2, 0})), "f32[2,9] ");
  EXPECT_EQ(window(with("base_dilations", {1, 2})), "f32[2,15] ");
  EXPECT_EQ(window(with("window_dilations", {1, 5})), "f32[2,0] ") << "the window reaches 11";
  EXPECT_EQ(window(three, {0, 9}), "f32[0,7] ");
  EXPECT_THAT(window(with("window_dimensions", {1, 0})), HasSubstr("window_dimensions must be 1 or more"));
  EXPECT_THAT(window(with("window_strides", {1})), HasSubstr("window_strides must have 2 entries"));
  EXPECT_THAT(window(with("window_dilations", {1, 0})), HasSubstr("window_dilations must be 1 or more"));
  EXPECT_THAT(window(with("padding", {0, 0})), HasSubstr("padding must have 4 entries"));
  EXPECT_THAT(window(with("base_dilations", {1, INT64_MAX})), HasSubstr("does not fit 64 bits"));
  EXPECT_EQ(window(three, {kAny, 9}), "f32[?,7] ");
  EXPECT_THAT(window(three, {2, kAny}), HasSubstr("dimension 1 is dynamic: its window must be 1"));
  EXPECT_THAT(window(with("window_strides", {2, 1}), {kAny, 9}), HasSubstr("dimension 0 is dynamic"));
  EXPECT_THAT(window(with("padding", {0, 1, 0, 0}), {kAny, 9}), HasSubstr("dimension 0 is dynamic"));
}

TEST(RegionRules, Sort) {
  using testing::HasSubstr;
  const auto sort = [](std::vector<TensorType> operands, std::int64_t axis, bool wrong_region = false) {
    OneFunction main(operands);
    std::vector<TensorType> types;
    for (const TensorType& type : operands) types.insert(types.end(), 2, tensor(type.dtype));
    Values pair = main.b.begin_region(types).value();
    ValueId result = main.b.compare("LT", pair[0], pair[1]).value();
    if (wrong_region) result = pair[0];
    EXPECT_TRUE(main.b.op(OpCode::Return, std::vector{result}).ok());
    EXPECT_TRUE(main.b.end_region().ok());
    return message(main.b.op(OpCode::Sort, main.args, {{"dimension", integer(axis)}}));
  };
  EXPECT_EQ(sort({f32({2, 3}), i32({2, 3})}, 1), "(no error)");
  EXPECT_THAT(sort({f32({2, 3}), i32({2, 4})}, 1), HasSubstr("operand 1 must have the shape of operand 0"));
  EXPECT_THAT(sort({f32({2, 3})}, 2), HasSubstr("dimension must be from -2 to below 2, got 2"));
  EXPECT_THAT(sort({f32()}, 0), HasSubstr("dimension must be from 0 to below 0"));
  EXPECT_THAT(sort({f32({2, 3})}, 1, true), HasSubstr("region 0 must return (i1[]), returns (f32[])"));
}

TEST(RegionRules, ControlFlow) {
  using testing::HasSubstr;
  const auto branches = [](OpCode code, TensorType index, std::vector<std::size_t> returned) {
    OneFunction main({index, f32({2}), f32({3})});
    for (const std::size_t which : returned) {
      EXPECT_TRUE(main.b.begin_region({}).ok());
      EXPECT_TRUE(main.b.op(OpCode::Return, std::vector{main.args[which]}).ok());
      EXPECT_TRUE(main.b.end_region().ok());
    }
    return message(main.b.op(code, std::vector{main.args[0]}));
  };
  EXPECT_EQ(branches(OpCode::If, i1(), {1, 1}), "(no error)");
  EXPECT_THAT(branches(OpCode::If, i1(), {1}), HasSubstr("needs 2 regions, got 1"));
  EXPECT_THAT(branches(OpCode::If, i1({2}), {1, 1}), HasSubstr("operand 0 must be a scalar i1[]"));
  EXPECT_THAT(branches(OpCode::If, i1(), {1, 2}), HasSubstr("region 1 must return (f32[2]), returns (f32[3])"));
  EXPECT_THAT(branches(OpCode::Case, tensor(DType::I64), {1}), HasSubstr("operand 0 must be a scalar i32[]"));
  EXPECT_THAT(branches(OpCode::Case, i32(), {1, 1, 2}), HasSubstr("region 2 must return"));

  OneFunction loop({i32()});
  const TensorType state[] = {i32()};
  Values argument = loop.b.begin_region(state).value();
  ASSERT_TRUE(loop.b.op(OpCode::Return, argument).ok());
  ASSERT_TRUE(loop.b.end_region().ok());
  argument = loop.b.begin_region(state).value();
  ASSERT_TRUE(loop.b.op(OpCode::Return, argument).ok());
  ASSERT_TRUE(loop.b.end_region().ok());
  EXPECT_REFUSED(loop.b.op(OpCode::While, loop.args), "region 0 must return (i1[]), returns (i32[])");
}

TEST(RegionRules, CallsMatchTheirFunctionExactly) {
  Module module;
  Builder helper(module, add_function(module, "f", {f32({2})}));
  ASSERT_TRUE(helper.finish(helper.arguments()).ok());
  OneFunction main(std::move(module), {f32({2}), f32({3}), f32({kAny})});
  const auto call = [&](std::string name, Values operands, std::vector<TensorType> declared = {}) {
    return message(main.b.op(OpCode::Call, operands, {{"callee", SymbolAttr{name}}}, declared));
  };
  using testing::HasSubstr;
  EXPECT_EQ(call("f", {main.args[0]}), "(no error)");
  EXPECT_THAT(call("g", {main.args[0]}), HasSubstr("there is no function @g"));
  EXPECT_THAT(call("f", {}), HasSubstr("@f takes 1 arguments, got 0"));
  EXPECT_THAT(call("f", {main.args[1]}), HasSubstr("@f takes f32[2] as argument 0, got f32[3]"));
  EXPECT_THAT(call("f", {main.args[2]}), HasSubstr("got f32[?]"));
  EXPECT_THAT(call("f", {main.args[0]}, {f32({3})}), HasSubstr("the declared results are not those of @f"));
  EXPECT_THAT(call("main", {main.args[0]}), HasSubstr("being built"));
  const auto composite = [&](std::string name, Dict more = {}) {
    Dict dict = {{"name", name}, {"decomposition", SymbolAttr{"f"}}};
    for (NamedAttr& item : more) set(dict, item.name, item.value);
    return message(main.b.op(OpCode::Composite, std::vector{main.args[0]}, dict));
  };
  EXPECT_EQ(composite("tenon.f"), "(no error)");
  EXPECT_EQ(composite("a_1.b$.3"), "(no error)");
  for (const char* name : {"", "f", ".f", "f.", "a..b", "a b.c", "1a.b", "a-b.c", "a.b/c", "$a.b"}) {
    EXPECT_THAT(composite(name), HasSubstr("words joined by dots")) << name;
  }
  EXPECT_THAT(composite("tenon.f", {{"version", integer(-1)}}), HasSubstr("version must be"));
  EXPECT_THAT(composite("tenon.f", {{"composite_attributes", true}}), HasSubstr("must be a dictionary, got a bool"));
}

TEST(RegionRules, CustomCalls) {
  using testing::HasSubstr;
  const auto call = [](Dict more) {
    OneFunction main({f32({2, 3})});
    Dict dict = {{"call_target_name", std::string("t")}};
    for (NamedAttr& item : more) set(dict, item.name, item.value);
    return message(main.b.op(OpCode::CustomCall, main.args, dict, std::vector{f32({4, 5})}));
  };
  EXPECT_EQ(call({}), "(no error)");
  EXPECT_EQ(call({{"api_version", integer(4)}}), "(no error)");
  EXPECT_EQ(call({{"operand_layouts", ints({1, 0})}, {"result_layouts", ints({0, 1})}}), "(no error)");
  EXPECT_THAT(call({{"call_target_name", std::string()}}), HasSubstr("call_target_name is empty"));
  EXPECT_THAT(call({{"api_version", integer(5)}}), HasSubstr("api_version must be from 0 to 4"));
  EXPECT_THAT(call({{"api_version", integer(4)}, {"backend_config", std::string("x")}}),
              HasSubstr("must be a dictionary with api_version 4"));
  EXPECT_THAT(call({{"backend_config", DictAttr{}}}), HasSubstr("must be a string with api_version 1"));
  EXPECT_THAT(call({{"backend_config", true}}), HasSubstr("must be a string or dictionary, got a bool"));
  EXPECT_THAT(call({{"operand_layouts", ints({1, 0})}}), HasSubstr("must both be given"));
  EXPECT_THAT(call({{"operand_layouts", ints({1, 1})}, {"result_layouts", ints({0, 1})}}), HasSubstr("permutation"));
  EXPECT_THAT(call({{"operand_layouts", ints({1, 0, 2})}, {"result_layouts", ints({0, 1})}}),
              HasSubstr("operand_layouts must have 2 entries"));
}

}  // namespace
}  // namespace tenon::stablehlo
