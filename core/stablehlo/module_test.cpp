// The module as data: copying, inlining, captures, replacing.
#include "core/stablehlo/module.h"

#include <gmock/gmock.h>

#include "core/stablehlo/one_function_test.h"

namespace tenon::stablehlo {
namespace {

using Values = std::vector<ValueId>;
using testing::ElementsAre;

// f(x, p) = if p then -x else x
std::size_t add_branching(Module& module) {
  const std::size_t index = add_function(module, "f", {f32(), i1()});
  Builder b(module, index);
  const ValueId x = b.arguments()[0], p = b.arguments()[1];
  EXPECT_TRUE(b.begin_region({}).ok());
  const ValueId negative = *b.op1(OpCode::Negate, {x});
  EXPECT_TRUE(b.op(OpCode::Return, std::vector{negative}).ok());
  EXPECT_TRUE(b.end_region().ok());
  EXPECT_TRUE(b.begin_region({}).ok());
  EXPECT_TRUE(b.op(OpCode::Return, std::vector{x}).ok());
  EXPECT_TRUE(b.end_region().ok());
  const Values result = b.op(OpCode::If, std::vector{p}).value();
  EXPECT_TRUE(b.finish(result).ok());
  return index;
}

TEST(Func, SignatureComesFromArgumentsAndReturn) {
  Module module;
  const Func& func = module.funcs[add_branching(module)];
  EXPECT_THAT(func.argument_types(), ElementsAre(f32(), i1()));
  EXPECT_THAT(func.result_types(), ElementsAre(f32()));
  EXPECT_TRUE(Func().result_types().empty());
  EXPECT_EQ(module.find("f"), &func);
  EXPECT_EQ(module.find("g"), nullptr);
}

TEST(Captures, OuterValuesInOrderOfFirstUse) {
  Module module;
  const Func& func = module.funcs[add_branching(module)];
  EXPECT_THAT(captures(func.body.ops[0]), ElementsAre(func.body.arguments[0]));
  EXPECT_TRUE(captures(func.body.ops[1]).empty()) << "operands of the operation itself are not captures";
}

TEST(Cloner, InlinesABodyWithItsRegionsAndLocation) {
  Module module;
  const std::size_t f = add_branching(module);
  OneFunction main(std::move(module), {f32(), i1()});
  Func& to = main.module.funcs[1];
  const Func& from = main.module.funcs[f];
  std::vector<Op> out;
  const auto location = std::make_shared<const std::string>("node");
  const Values results = Cloner(from, to).inline_body(to.body.arguments, out, location);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(*out[0].location, "node");
  to.body.ops = std::move(out);
  Builder b(main.module, 1);
  ASSERT_TRUE(b.finish(results).ok());
  EXPECT_EQ(message(verify(main.module)), "(no error)");
  EXPECT_THAT(*print(main.module), testing::HasSubstr("%1 = stablehlo.negate %arg0 : tensor<f32>"));
}

TEST(Cloner, CopiesWithinOneFunction) {
  Module module;
  Func& func = module.funcs[add_branching(module)];
  Cloner cloner(func, func);
  for (const ValueId id : func.body.arguments) cloner.map(id, id);
  Op copy = cloner.clone(func.body.ops[0]);
  EXPECT_NE(copy.results[0], func.body.ops[0].results[0]);
  EXPECT_NE(copy.regions[0].ops[0].results[0], func.body.ops[0].regions[0].ops[0].results[0]);
  func.body.ops.insert(func.body.ops.begin(), std::move(copy));
  EXPECT_EQ(message(verify(module)), "(no error)");
}

TEST(ReplaceUses, ReachesIntoRegionsAndLeavesTheRest) {
  Module module;
  Func& func = module.funcs[add_branching(module)];
  const ValueId other = func.new_value(f32());
  const ValueId replacement[] = {other};  // value 0 is x; there is no entry for the others
  replace_uses(func.body.ops, replacement);
  EXPECT_THAT(captures(func.body.ops[0]), ElementsAre(other));
  EXPECT_EQ(func.body.ops[0].operands[0], func.body.arguments[1]);
  const ValueId none[] = {kNoValue, kNoValue};
  replace_uses(func.body.ops, none);
  EXPECT_EQ(func.body.ops[0].operands[0], func.body.arguments[1]);
}

}  // namespace
}  // namespace tenon::stablehlo
