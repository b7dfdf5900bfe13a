// From a graph to a module: make a graph, lower it, compare the whole text with one typed by hand from the rules of the language.
#include "core/lower/lower.h"

#include <gmock/gmock.h>

#include <bit>
#include <cstring>

#include "core/lower/fake_operators.h"
#include "core/stablehlo/print.h"
#include "core/stablehlo/verify.h"

namespace tenon {
namespace {

using fake::Fakes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TensorType kType{DType::F32, {2, 3}};

class LowerTest : public ::testing::Test {
 protected:
  GraphValueId input(std::string name) { return *graph.add_input(std::move(name), kType); }
  std::string text() {
    const Result<stablehlo::Module> module = lower_graph(graph, fakes.registry, fakes.environment);
    return module.ok() ? stablehlo::dump(*module) : to_string(module.error());
  }
  Error refusal() {
    Result<stablehlo::Module> module = lower_graph(graph, fakes.registry, fakes.environment);
    if (module.ok()) return fail(Code::Ok, stablehlo::dump(*module));
    return module.take_error();
  }

  Fakes fakes;
  Graph graph{"test"};
};

TEST_F(LowerTest, TwoNodesShareTheDecompositionOfANestedOperator) {
  const GraphValueId x = input("x"), w = input("w");
  const GraphValueId a = fakes.node(graph, "a", "fake_norm", {x, w}, {{"epsilon", FloatAttr{0.25}}});
  const GraphValueId b = fakes.node(graph, "b", "fake_half", {a});
  ASSERT_TRUE(graph.add_output("y", b).ok());
  EXPECT_EQ(text(), R"(module @test {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.composite "tenon.fake_norm" %arg0, %arg1 {composite_attributes = {axis = -1 : i64, epsilon = 0.25 : f64, operands = "input,scale", to = "bf16"}, decomposition = @fake_norm.impl, version = 2 : i32} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = stablehlo.composite "tenon.fake_half" %0 {decomposition = @fake_half.impl, version = 1 : i32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    return %1 : tensor<2x3xf32>
  }
  func.func private @fake_norm.impl(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.composite "tenon.fake_half" %arg0 {decomposition = @fake_half.impl, version = 1 : i32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = stablehlo.constant dense<0.25> : tensor<2x3xf32>
    %2 = stablehlo.add %0, %1 : tensor<2x3xf32>
    %3 = stablehlo.multiply %2, %arg1 : tensor<2x3xf32>
    return %3 : tensor<2x3xf32>
  }
  func.func private @fake_half.impl(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.constant dense<0.5> : tensor<2x3xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<2x3xf32>
    return %1 : tensor<2x3xf32>
  }
}
)");
}

TEST_F(LowerTest, OneFunctionPerSignature) {
  const GraphValueId x = input("x");
  const GraphValueId small = *graph.add_input("small", {DType::F32, {3}});
  const GraphValueId a = fakes.node(graph, "a", "fake_norm", {x});
  const GraphValueId same = fakes.node(graph, "same", "fake_norm", {a}, {{"epsilon", std::string("0.000001")}});
  const GraphValueId other = fakes.node(graph, "other", "fake_norm", {x}, {{"epsilon", FloatAttr{1e-5}}});
  const GraphValueId two = fakes.node(graph, "two", "fake_norm", {x, x});
  const GraphValueId third = fakes.node(graph, "third", "fake_norm", {x, kAbsent, x});  // another operand is absent
  const GraphValueId shape = fakes.node(graph, "shape", "fake_norm", {small});
  int n = 0;
  for (const GraphValueId id : {same, other, two, third, shape}) ASSERT_TRUE(graph.add_output(cat("y", n++), id).ok());

  const Result<stablehlo::Module> module = lower_graph(graph, fakes.registry, fakes.environment);
  ASSERT_TRUE(module.ok()) << to_string(module.error());
  std::vector<std::string> names, used;
  for (const stablehlo::Func& func : module->funcs) names.push_back(func.name);
  for (const stablehlo::Op& op : module->funcs[0].body.ops)
    if (op.code == stablehlo::OpCode::Composite) used.emplace_back(get_string(op.attributes, "decomposition"));
  EXPECT_THAT(names, ElementsAre("main", "fake_norm.impl", "fake_half.impl", "fake_norm.impl_1", "fake_norm.impl_2", "fake_norm.impl_3",
                                 "fake_norm.impl_4", "fake_half.impl_1"));
  EXPECT_THAT(used, ElementsAre("fake_norm.impl", "fake_norm.impl", "fake_norm.impl_1", "fake_norm.impl_2", "fake_norm.impl_3",
                                "fake_norm.impl_4"));
}

TEST_F(LowerTest, EveryResultAndOnlyThoseThatExist) {
  const GraphValueId x = input("x");
  ASSERT_NE(fakes.node(graph, "p", "fake_pair", {x}), kAbsent);
  ASSERT_NE(fakes.node(graph, "n", "fake_norm", {x, kAbsent, *resolve_value(graph, fakes.registry, "p:high")}), kAbsent);
  for (const char* name : {"n:sum", "p:0", "p:1"}) ASSERT_TRUE(graph.add_output(name, *resolve_value(graph, fakes.registry, name)).ok());
  EXPECT_EQ(text(), R"(module @test {
  func.func public @main(%arg0: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
    %0:2 = stablehlo.composite "tenon.fake_pair" %arg0 {decomposition = @fake_pair.impl, version = 1 : i32} : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>)
    %1:2 = stablehlo.composite "tenon.fake_norm" %arg0, %0#1 {composite_attributes = {axis = -1 : i64, epsilon = 1.0e-06 : f64, operands = "input,extra", to = "bf16"}, decomposition = @fake_norm.impl, version = 2 : i32} : (tensor<2x3xf32>, tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>)
    return %1#1, %0#0, %0#1 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
  }
  func.func private @fake_pair.impl(%arg0: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
    %0 = stablehlo.negate %arg0 : tensor<2x3xf32>
    %1 = stablehlo.abs %arg0 : tensor<2x3xf32>
    return %0, %1 : tensor<2x3xf32>, tensor<2x3xf32>
  }
  func.func private @fake_norm.impl(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
    %0 = stablehlo.composite "tenon.fake_half" %arg0 {decomposition = @fake_half.impl, version = 1 : i32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = stablehlo.constant dense<1.0e-06> : tensor<2x3xf32>
    %2 = stablehlo.add %0, %1 : tensor<2x3xf32>
    %3 = stablehlo.add %arg0, %arg1 : tensor<2x3xf32>
    return %2, %3 : tensor<2x3xf32>, tensor<2x3xf32>
  }
  func.func private @fake_half.impl(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.constant dense<0.5> : tensor<2x3xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<2x3xf32>
    return %1 : tensor<2x3xf32>
  }
}
)");
}

TEST_F(LowerTest, EpsilonReachesTextAndCarrierToTheBit) {
  const GraphValueId x = input("x");
  const Attr spellings[] = {FloatAttr{1e-3}, std::string("1e-3"), std::string("0.001"), FloatAttr{0x1.0p-1074}};
  for (int n = 0; n < 4; ++n)
    ASSERT_TRUE(graph.add_output(cat("y", n), fakes.node(graph, cat("n", n), "fake_norm", {x}, {{"epsilon", spellings[n]}})).ok());
  const Result<stablehlo::Module> module = lower_graph(graph, fakes.registry, fakes.environment);
  ASSERT_TRUE(module.ok());
  // The three spellings are one signature.
  EXPECT_EQ(module->funcs.size(), 4u);
  const std::vector<stablehlo::Op>& ops = module->funcs[0].body.ops;
  for (std::size_t i = 0; i < 4; ++i) {
    const Result<CompositeInfo> info = read_composite(*module, module->funcs[0], ops[i], fakes.registry);
    ASSERT_TRUE(info.ok()) << to_string(info.error());
    EXPECT_EQ(get_float(info->node.attributes, "epsilon"), i < 3 ? 1e-3 : 0x1.0p-1074);
  }
}

TEST_F(LowerTest, ParametersAndConstantsStandAtTheHead) {
  const GraphValueId x = input("x");
  const GraphValueId w = *graph.add_param("model.w", "w", kType);
  ASSERT_TRUE(graph.add_param("model.unused", "unused", kType).ok());
  const auto constant = [&](std::string name, std::vector<float> values) {
    Tensor tensor = *Tensor::zeros(values.size() == 1 ? TensorType{DType::F32, {}} : kType);
    std::memcpy(tensor.data(), values.data(), values.size() * sizeof(float));
    return *graph.add_constant(std::move(name), kType, std::make_shared<Tensor>(std::move(tensor)), values.size() == 1);
  };
  const GraphValueId list = constant("list", {1, 2, 3, 4, 5, 6});
  constant("nobody", {8});
  const GraphValueId splat = constant("splat", {7});
  ASSERT_TRUE(graph.add_output("y", fakes.node(graph, "n", "fake_norm", {x, w, list})).ok());
  ASSERT_TRUE(graph.add_output("z", splat).ok());
  const Result<stablehlo::Module> module = lower_graph(graph, fakes.registry, fakes.environment);
  ASSERT_TRUE(module.ok()) << to_string(module.error());
  const std::vector<stablehlo::Op>& ops = module->funcs[0].body.ops;
  ASSERT_EQ(ops.size(), 6u);
  EXPECT_EQ(ops[0].constant->parameter, "model.w");
  EXPECT_EQ(ops[1].constant->parameter, "model.unused");  // declared, so it stays
  EXPECT_EQ(ops[2].constant->kind, stablehlo::Constant::Kind::Inline);
  EXPECT_EQ(ops[2].constant->data().size(), 24u);
  EXPECT_EQ(ops[3].constant->kind, stablehlo::Constant::Kind::Splat);  // "nobody" is left out
  EXPECT_EQ(*ops[3].location, "splat");
  EXPECT_EQ(*ops[4].location, "n");
  EXPECT_EQ(ops[5].operands[1], ops[3].results[0]);
}

TEST_F(LowerTest, NodesThatNoOutputNeedsAreLeftOut) {
  const GraphValueId x = input("x");
  fakes.node(graph, "unused", "fake_pair", {x});
  ASSERT_TRUE(graph.add_output("y", x).ok());
  EXPECT_EQ(text(), R"(module @test {
  func.func public @main(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {
    return %arg0 : tensor<2x3xf32>
  }
}
)");
  Graph empty("empty");
  empty.add_input("x", kType).value();
  EXPECT_THAT(lower_graph(empty, fakes.registry, fakes.environment).error().message, HasSubstr("graph empty has no outputs"));
}

TEST_F(LowerTest, DynamicDimensionsGoThrough) {
  const GraphValueId x = *graph.add_input("x", {DType::F32, {kDynamic, 3}});
  ASSERT_TRUE(graph.add_output("y", fakes.node(graph, "p", "fake_pair", {x})).ok());
  EXPECT_THAT(text(),
              HasSubstr("%0:2 = stablehlo.composite \"tenon.fake_pair\" %arg0 {decomposition = @fake_pair.impl, version = 1 : i32} : "
                        "(tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>)"));
}

TEST_F(LowerTest, AnOperatorThatUsesItselfIsAnError) {
  const GraphValueId x = input("x");
  ASSERT_TRUE(graph.add_output("y", fakes.node(graph, "n", "fake_loop", {x})).ok());
  Error error = refusal();
  EXPECT_EQ(error.where.node, "n");
  EXPECT_THAT(error.message, HasSubstr("the lowering uses itself: tenon.fake_loop -> tenon.fake_loop"));
  Graph around("around");
  const GraphValueId z = *around.add_input("z", kType);
  ASSERT_TRUE(around.add_output("y", fakes.node(around, "n", "fake_ping", {z})).ok());
  EXPECT_THAT(lower_graph(around, fakes.registry, fakes.environment).error().message,
              HasSubstr("tenon.fake_ping -> tenon.fake_pong -> tenon.fake_ping"));
}

TEST_F(LowerTest, AnotherUseOfTheSameOperatorIsAStepOnTheWay) {
  const GraphValueId x = input("x");
  ASSERT_TRUE(graph.add_output("y", fakes.node(graph, "n", "fake_deep", {x}, {{"depth", IntAttr{2}}})).ok());
  const Result<stablehlo::Module> module = lower_graph(graph, fakes.registry, fakes.environment);
  ASSERT_TRUE(module.ok()) << to_string(module.error());
  EXPECT_EQ(module->funcs.size(), 4u);  // depth 2, 1, 0
  fakes.node(graph, "deep", "fake_deep", {x}, {{"depth", IntAttr{1000}}});
  ASSERT_TRUE(graph.add_output("z", graph.find("deep")).ok());
  EXPECT_THAT(refusal().message, HasSubstr("nests deeper than 32: tenon.fake_deep -> tenon.fake_deep"));
}

TEST_F(LowerTest, WhatAPluginCanGetWrong) {
  const GraphValueId x = input("x");
  const std::pair<const char*, const char*> cases[] = {
      {"silent", "[fake_bad] lower ended without build_return"},
      {"fail", "no luck"},
      {"unknown", "[fake_bad] there is no StableHLO operation multipy"},
      {"custom", "[fake_bad] build_op does not take stablehlo.custom_call"},
      {"absent", "[fake_bad] stablehlo.add: value 1 is an absent operand"},
      {"operand", "[fake_bad] lower asks for operand 7, there are 1"},
      {"type", "[fake_bad] build_return: result 0 is i1[2,3], infer said f32[2,3]"},
      {"count", "[fake_bad] build_return gives 2 results, the node has 1"},
      {"carrier", "[fake_bad] carrier = 1 is for lower_as only"},
      {"name", "[fake_bad] unknown operator fake_halve"},
      {"region", "[fake_bad] a region is still open"},
  };
  for (const auto& [how, message] : cases) {
    Graph bad("bad");
    const GraphValueId z = *bad.add_input("z", kType);
    ASSERT_TRUE(bad.add_output("y", fakes.node(bad, "n", "fake_bad", {z}, {{"how", std::string(how)}})).ok());
    const Result<stablehlo::Module> module = lower_graph(bad, fakes.registry, fakes.environment);
    ASSERT_FALSE(module.ok()) << how;
    EXPECT_THAT(module.error().message, HasSubstr(message)) << how;
    EXPECT_EQ(module.error().where.node, "n") << how;
    if (std::string_view(how) == "fail") {
      EXPECT_EQ(module.error().raw_code, 4711);
    }
  }
  // And the registry works on.
  ASSERT_TRUE(graph.add_output("y", fakes.node(graph, "n", "fake_bad", {x}, {{"how", std::string("well")}})).ok());
  EXPECT_THAT(text(), HasSubstr("tenon.fake_bad"));
}

TEST_F(LowerTest, ACompositeIsReadBack) {
  const GraphValueId x = input("x");
  fakes.node(graph, "n", "fake_norm", {x, kAbsent, x}, {{"sizes", IntsAttr{{3}}}, {"to", DType::F16}});
  ASSERT_TRUE(graph.add_output("y", graph.find("n")).ok());
  Result<stablehlo::Module> module = lower_graph(graph, fakes.registry, fakes.environment);
  ASSERT_TRUE(module.ok()) << to_string(module.error());
  const stablehlo::Func& main = module->funcs[0];
  const Result<CompositeInfo> info = read_composite(*module, main, main.body.ops[0], fakes.registry);
  ASSERT_TRUE(info.ok()) << to_string(info.error());
  EXPECT_EQ(info->op->schema.name, "fake_norm");
  EXPECT_EQ(info->node.name, "n");
  EXPECT_THAT(info->node.operands, ElementsAre(kType, std::nullopt, kType));
  EXPECT_THAT(info->node.results, ElementsAre(kType, kType));
  // What the node had, defaults and all: axis is a default here, so it does not exclude sizes.
  EXPECT_EQ(info->node.attributes, graph.nodes()[0].attributes);
  EXPECT_TRUE(info->node.attributes[0].defaulted);

  const auto refuse = [&](auto&& change) {
    stablehlo::Op op = main.body.ops[0];
    change(op);
    const Result<CompositeInfo> read = read_composite(*module, main, op, fakes.registry);
    return read.ok() ? std::string("accepted") : cat(code_name(read.error().code), " ", read.error().message);
  };
  const auto with = [&](std::string_view name, Attr value) {
    return [=](stablehlo::Op& op) {
      Dict dict = std::get<DictAttr>(*find(op.attributes, "composite_attributes")).items;
      set(dict, name, value);
      set(op.attributes, "composite_attributes", DictAttr{dict});
    };
  };
  EXPECT_EQ(refuse([](stablehlo::Op& op) { set(op.attributes, "name", std::string("other.thing")); }),
            "NOT_FOUND composite \"other.thing\" is no operator");
  EXPECT_EQ(refuse([](stablehlo::Op& op) { op.code = stablehlo::OpCode::Add; }), "NOT_FOUND composite \"tenon.fake_norm\" is no operator");
  EXPECT_EQ(refuse([](stablehlo::Op& op) { set(op.attributes, "name", std::string("tenon.FakeNorm")); }),
            "NOT_FOUND composite \"tenon.FakeNorm\" is no operator");
  EXPECT_EQ(refuse(with("operands", std::string("input"))), "INVALID_ARGUMENT [fake_norm] composite: 2 operands, 1 names for them");
  EXPECT_EQ(refuse(with("operands", std::string("extra,input"))), "INVALID_ARGUMENT [fake_norm] composite: operand input is missing");
  EXPECT_EQ(refuse(with("operands", std::string("input,more"))),
            "INVALID_ARGUMENT [fake_norm] composite: operand \"more\" is none of the operator's, or out of order");
  EXPECT_EQ(refuse(with("operands", std::string("input,scale"))), "INVALID_ARGUMENT [fake_norm] composite: 2 results, the operator has 1");
  EXPECT_EQ(refuse([](stablehlo::Op& op) { set(op.attributes, "composite_attributes", DictAttr{}); }),
            "INVALID_ARGUMENT [fake_norm] composite: attribute operands, which says which ones are there, is missing");
  EXPECT_THAT(refuse(with("colour", std::string("red"))), ::testing::StartsWith("INVALID_ARGUMENT [fake_norm] has no attribute"));
  EXPECT_EQ(refuse([](stablehlo::Op& op) { op.results.pop_back(); }), "INVALID_ARGUMENT [fake_norm] composite: result sum is missing");
}

TEST_F(LowerTest, FunctionsThatAreThereAreFoundAgain) {
  const GraphValueId x = input("x");
  ASSERT_TRUE(graph.add_output("y", fakes.node(graph, "t", "fake_turn", {x})).ok());
  Result<stablehlo::Module> module = lower_graph(graph, fakes.registry, fakes.environment);
  ASSERT_TRUE(module.ok());
  const Result<CompositeInfo> info = read_composite(*module, module->funcs[0], module->funcs[0].body.ops[0], fakes.registry);
  ASSERT_TRUE(info.ok());
  Lowering lowering(*module, fakes.registry, fakes.environment);
  EXPECT_EQ(lowering.decomposition(*info->op, info->node).value(), "fake_turn.impl");
  EXPECT_EQ(module->funcs.size(), 2u);

  // The form at a target whose operands differ: one carrier, marked, and what belongs around it.
  EXPECT_EQ(lowering.carrier(*info->op, info->node, "anywhere").value(), "fake_turn.as");
  EXPECT_EQ(lowering.carrier(*info->op, info->node, "anywhere").value(), "fake_turn.as");
  ASSERT_EQ(module->funcs.size(), 3u);
  EXPECT_TRUE(stablehlo::verify(*module).ok());
  const std::vector<stablehlo::Op>& ops = module->funcs[2].body.ops;
  ASSERT_EQ(ops.size(), 3u);
  EXPECT_EQ(ops[0].code, stablehlo::OpCode::Negate);
  EXPECT_TRUE(get_bool(ops[1].discardable, kCarrierMark));
  EXPECT_EQ(get_string(ops[1].attributes, "decomposition"), "fake_turn.impl");
}

TEST_F(LowerTest, ACarrierMayBeDeclined) {
  const GraphValueId x = input("x");
  ASSERT_TRUE(graph.add_output("y", fakes.node(graph, "t", "fake_turn", {x}, {{"axis", IntAttr{5}}})).ok());
  ASSERT_TRUE(graph.add_output("z", fakes.node(graph, "h", "fake_half", {x})).ok());
  Result<stablehlo::Module> module = lower_graph(graph, fakes.registry, fakes.environment);
  ASSERT_TRUE(module.ok());
  Lowering lowering(*module, fakes.registry, fakes.environment);
  const auto decline = [&](std::size_t index) {
    const Result<CompositeInfo> info = read_composite(*module, module->funcs[0], module->funcs[0].body.ops[index], fakes.registry);
    return lowering.carrier(*info->op, info->node, "anywhere").error();
  };
  EXPECT_EQ(decline(0).message, "axis 5 has no form there");
  EXPECT_EQ(decline(0).code, Code::Unimplemented);
  EXPECT_EQ(decline(1).message, "[fake_half] has no lower_as");
}

}  // namespace
}  // namespace tenon
