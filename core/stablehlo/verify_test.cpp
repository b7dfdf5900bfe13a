// Modules broken by hand, as a bug in a pass would break them.
#include "core/stablehlo/verify.h"

#include <gmock/gmock.h>

#include "core/stablehlo/one_function_test.h"

namespace tenon::stablehlo {
namespace {

using Values = std::vector<ValueId>;

// main(x: f32[2], p: i1[]) = if p then -x else x, and a private function that main calls.
Module good() {
  Module start;
  Builder helper(start, add_function(start, "helper", {f32({2})}));
  EXPECT_TRUE(helper.finish(helper.arguments()).ok());
  OneFunction main(std::move(start), {f32({2}), i1()});
  Builder& b = main.b;
  b.set_location(std::make_shared<const std::string>("node_7"));
  const Values called = b.op(OpCode::Call, std::vector{main.args[0]}, {{"callee", SymbolAttr{"helper"}}}).value();
  EXPECT_TRUE(b.begin_region({}).ok());
  const ValueId negative = *b.op1(OpCode::Negate, {called[0]});
  EXPECT_TRUE(b.op(OpCode::Return, std::vector{negative}).ok());
  EXPECT_TRUE(b.end_region().ok());
  EXPECT_TRUE(b.begin_region({}).ok());
  EXPECT_TRUE(b.op(OpCode::Return, std::vector{main.args[0]}).ok());
  EXPECT_TRUE(b.end_region().ok());
  const Values result = b.op(OpCode::If, std::vector{main.args[1]}).value();
  EXPECT_TRUE(b.finish(result).ok());
  return std::move(main.module);
}

Func& main_of(Module& module) { return *module.find("main"); }
std::vector<Op>& ops(Module& module) { return main_of(module).body.ops; }

TEST(Verify, AcceptsWhatTheBuilderMade) { EXPECT_EQ(message(verify(good())), "(no error)"); }

TEST(Verify, NamesFunctionOperationAndNode) {
  Module module = good();
  ops(module)[0].attributes.clear();
  const Status status = verify(module);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "@main: [func.call] attribute callee is missing");
  EXPECT_EQ(status.error().where.node, "node_7");
}

TEST(Verify, FunctionsAndSymbols) {
  Module module = good();
  module.funcs[1].name = "helper";
  EXPECT_REFUSED(verify(module), "given twice: \"helper\"");
  module = good();
  module.funcs[0].name = "";
  EXPECT_REFUSED(verify(module), "name is missing");
  module = good();
  module.globals = {{"helper", "", "k", f32()}};
  EXPECT_REFUSED(verify(module), "given twice: \"helper\"");
  module.globals = {{"w", "", "k", f32({kDynamic})}};
  EXPECT_REFUSED(verify(module), "must have static dimensions");
  module = good();
  main_of(module).is_private = true;
  EXPECT_REFUSED(verify(module), "@main must be public");
  module = good();
  module.funcs.erase(module.funcs.begin());
  EXPECT_REFUSED(verify(module), "there is no function @helper");
}

TEST(Verify, ReturnsAndScopes) {
  Module module = good();
  ops(module).pop_back();
  EXPECT_REFUSED(verify(module), "does not end in a return");
  module = good();
  ops(module).insert(ops(module).begin(), ops(module).back());
  EXPECT_REFUSED(verify(module), "does not stand last");
  module = good();
  ops(module)[1].regions[1].ops.clear();
  EXPECT_REFUSED(verify(module), "region 1 of stablehlo.if does not end in a return");
  module = good();
  std::swap(ops(module)[0], ops(module)[1]);
  EXPECT_REFUSED(verify(module), "is not defined before it is used");
  module = good();
  ops(module).back().operands = ops(module)[1].regions[0].ops[0].results;
  EXPECT_REFUSED(verify(module), "belongs to a region that is closed");
  module = good();
  ops(module)[1].regions[1].ops[0].operands = ops(module)[1].regions[0].ops[0].results;
  EXPECT_REFUSED(verify(module), "belongs to a region that is closed") << "siblings do not see each other";
  module = good();
  ops(module)[0].results = main_of(module).body.arguments;
  EXPECT_REFUSED(verify(module), "func.call");
  module = good();
  ops(module)[0].results = {main_of(module).body.arguments[0]};
  EXPECT_REFUSED(verify(module), "which is defined already");
}

TEST(Verify, UnknownIdsAndTypes) {
  Module module = good();
  ops(module).back().operands = {1000};
  EXPECT_REFUSED(verify(module), "value 1000 is not defined");
  module = good();
  main_of(module).body.arguments[0] = 1000;
  EXPECT_REFUSED(verify(module), "value 1000 is not defined");
  module = good();
  ops(module)[0].results = {1000};
  EXPECT_REFUSED(verify(module), "result 1000 has no type");
  module = good();
  ops(module)[1].regions[0].arguments = {1000};
  EXPECT_REFUSED(verify(module), "an id without a type");
  module = good();
  main_of(module).types[0].dims = {-5};
  EXPECT_REFUSED(verify(module), "negative");
  module = good();
  ops(module)[0].code = OpCode::Count;
  EXPECT_REFUSED(verify(module), "has no known code");
}

TEST(Verify, ResultTypesMustBeThoseOfTheRule) {
  Module module = good();
  main_of(module).types[ops(module)[1].results[0]] = f32({3});
  EXPECT_REFUSED(verify(module), "[stablehlo.if] result 0 is f32[2], declared as f32[3]");

  OneFunction convert({f32({2})});
  const ValueId value = *convert.b.convert(convert.args[0], DType::BF16);
  ASSERT_TRUE(convert.b.finish({&value, 1}).ok());
  convert.module.funcs[0].types[value].dims = {};
  EXPECT_REFUSED(verify(convert.module), "[stablehlo.convert] result 0 is bf16[2], declared as bf16[]");
  convert.module.funcs[0].body.ops[0].results.clear();
  EXPECT_REFUSED(verify(convert.module), "has 1 results, got 0");
}

TEST(Verify, ArgumentAttributesNeedADialect) {
  Module module = good();
  Func& func = main_of(module);
  func.argument_attributes = {{{"tenon.name", std::string("x")}}, {}};
  EXPECT_TRUE(verify(module).ok());
  func.argument_attributes = {{{"name", std::string("x")}}, {}};
  EXPECT_REFUSED(verify(module), "has attribute \"name\" without a dialect");
  func.argument_attributes = {{{"a.b", true}, {"a.b", true}}, {}};
  EXPECT_REFUSED(verify(module), "twice");
  func.argument_attributes = {{}};
  EXPECT_REFUSED(verify(module), "attributes for 1 arguments, there are 2");
  func.argument_attributes.clear();
  func.result_attributes = {{}, {}};
  EXPECT_REFUSED(verify(module), "attributes for 2 results, there are 1");
}

TEST(Verify, OperationsCarryNothingThatIsNotTheirs) {
  Module module = good();
  ops(module)[1].constant = std::make_shared<const Constant>();
  EXPECT_REFUSED(verify(module), "has a constant's value");
  module = good();
  ops(module).back().discardable = {{"a", true}};
  EXPECT_REFUSED(verify(module), "takes no attributes");
}

TEST(Verify, CalledComputationsMustBeThere) {
  OneFunction main({});
  const auto result =
      main.b.op(OpCode::CustomCall, {}, {{"call_target_name", std::string("t")}, {"called_computations", StringsAttr{{"g"}}}});
  ASSERT_TRUE(result.ok()) << "a function may come later";
  ASSERT_TRUE(main.b.finish({}).ok());
  EXPECT_REFUSED(verify(main.module), "there is no function @g");
  Builder g(main.module, add_function(main.module, "g", {}));
  ASSERT_TRUE(g.finish({}).ok());
  EXPECT_EQ(message(verify(main.module)), "(no error)");
}

TEST(Verify, RecursionIsRefused) {
  Module module;
  for (const char* name : {"main", "a", "b"}) add_function(module, name, {f32()}, std::string(name) != "main");
  const auto call = [&](std::size_t from, const char* to) {
    Builder b(module, from);
    const TensorType type = f32();
    const auto result = b.op(OpCode::Call, b.arguments(), {{"callee", SymbolAttr{to}}}, std::span(&type, 1));
    ASSERT_TRUE(result.ok()) << to_string(result.error());
    ASSERT_TRUE(b.finish(*result).ok());
  };
  call(0, "a");
  call(1, "b");
  call(2, "a");
  EXPECT_REFUSED(verify(module), "@a calls itself");
}

}  // namespace
}  // namespace tenon::stablehlo
