// Applying a target: one graph, lowered, in every form that a target can ask for. The expected text is typed by hand.
#include <gmock/gmock.h>

#include <cstring>

#include "core/lower/fake_operators.h"
#include "core/op/carrier_yaml.h"
#include "core/stablehlo/one_function_test.h"
#include "core/stablehlo/print.h"
#include "core/target/target.h"

namespace tenon {
namespace {

using fake::Fakes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const TensorType kType{DType::F32, {2, 3}};

CarrierForm form(const std::string& text, std::string target = "there") {
  const yaml::Document document = *yaml::parse(text, "f.yaml", yaml::kManifestLimits);
  return *parse_carrier_form(document, document.root, std::move(target));
}

class ApplyTest : public ::testing::Test {
 protected:
  void make_fakes(const std::function<void(OpSchema&)>& change) { fakes = std::make_unique<Fakes>(change); }
  // The same form of one operator at target "there".
  void give_form(const std::string& op, const std::string& text) {
    make_fakes([&](OpSchema& schema) {
      if (schema.name == op) schema.targets.push_back(form(text));
    });
  }
  static Target target(const std::string& rest) { return *parse_target("schema: 1\nname: there\n" + rest, "there.yaml"); }

  Result<Applied> apply(const Target& to, const ParamArchive* params = nullptr) {
    Result<stablehlo::Module> module = lower_graph(graph, fakes->registry, fakes->environment);
    if (!module.ok()) return module.take_error();
    const std::string before = stablehlo::dump(*module);
    Result<Applied> applied = apply_target(*module, to, fakes->registry, fakes->environment, {.params = params});
    EXPECT_EQ(stablehlo::dump(*module), before) << "the input stays as it is";
    return applied;
  }
  std::string text(const Target& to, const ParamArchive* params = nullptr) {
    const Result<Applied> applied = apply(to, params);
    if (!applied.ok()) return to_string(applied.error());
    decisions.clear();
    for (const CarrierDecision& d : applied->decisions) decisions.push_back(cat(d.node, "|", d.op, "|", d.form, "|", d.reason));
    const Result<std::string> printed = stablehlo::print(applied->module);
    return printed.ok() ? *printed : to_string(printed.error());
  }
  GraphValueId add(std::string name, std::string op, std::vector<GraphValueId> operands, Dict attributes = {}) {
    return fakes->node(graph, std::move(name), std::move(op), std::move(operands), std::move(attributes));
  }
  // n = fake_norm(x, w) with epsilon 0.25, w a parameter; the output y.
  void norm_graph(Dict attributes = {{"epsilon", FloatAttr{0.25}}}) {
    const GraphValueId x = *graph.add_input("x", kType);
    const GraphValueId w = *graph.add_param("model.w", "w", kType);
    ASSERT_TRUE(graph.add_output("y", add("n", "fake_norm", {x, w}, std::move(attributes))).ok());
  }
  // Text after "%n = " of the only line that holds `what`.
  std::string line(const std::string& whole, const std::string& what) {
    for (const std::string& candidate : split(whole, '\n')) {
      if (candidate.find(what) == std::string::npos) continue;
      const std::size_t equals = candidate.find(" = ");
      return candidate.substr(equals + 3);
    }
    return "not found: " + whole;
  }

  std::unique_ptr<Fakes> fakes = std::make_unique<Fakes>();
  Graph graph{"test"};
  std::vector<std::string> decisions;
};

constexpr const char* kInlined = R"(module @test {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32> {tenon.param = "model.w"}) -> tensor<2x3xf32> {
    %0 = stablehlo.constant dense<0.5> : tensor<2x3xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<2x3xf32>
    %2 = stablehlo.constant dense<0.25> : tensor<2x3xf32>
    %3 = stablehlo.add %1, %2 : tensor<2x3xf32>
    %4 = stablehlo.multiply %3, %arg1 : tensor<2x3xf32>
    return %4 : tensor<2x3xf32>
  }
}
)";

TEST_F(ApplyTest, InlineIsPlainStableHlo) {
  norm_graph();
  EXPECT_EQ(text(target("")), kInlined);
  EXPECT_THAT(decisions, ElementsAre("n|tenon.fake_norm|inline|"));
  // Every operation says which node it came from.
  const Result<Applied> applied = apply(target(""));
  for (const stablehlo::Op& op : applied->module.funcs[0].body.ops) {
    EXPECT_TRUE(op.code == stablehlo::OpCode::Return || *op.location == "n");
  }
}

TEST_F(ApplyTest, ACompositeIsRenamedAndItsAttributesMapped) {
  give_form("fake_norm",
            "{composite: odd.norm, version: 7, attributes: {eps: {from: epsilon, type: f32}, kind: {value: 3, type: i32}, "
            "left_out: {from: epsilon, omit: 1e-6}}}");
  norm_graph({{"epsilon", FloatAttr{1e-6}}});
  EXPECT_EQ(text(target("carriers: [composite]\n")), R"(module @test {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32> {tenon.param = "model.w"}) -> tensor<2x3xf32> {
    %0 = stablehlo.composite "odd.norm" %arg0, %arg1 {composite_attributes = {eps = 1.0e-06 : f32, kind = 3 : i32}, decomposition = @fake_norm.impl, version = 7 : i32} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    return %0 : tensor<2x3xf32>
  }
  func.func private @fake_norm.impl(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.constant dense<0.5> : tensor<2x3xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<2x3xf32>
    %2 = stablehlo.constant dense<1.0e-06> : tensor<2x3xf32>
    %3 = stablehlo.add %1, %2 : tensor<2x3xf32>
    %4 = stablehlo.multiply %3, %arg1 : tensor<2x3xf32>
    return %4 : tensor<2x3xf32>
  }
}
)");
  EXPECT_THAT(decisions, ElementsAre("n|tenon.fake_norm|composite odd.norm|"));
}

TEST_F(ApplyTest, FunctionsThatStayAreNumberedAnew) {
  give_form("fake_norm", "{composite: odd.norm, attributes: {}, when: {equals: {axis: -1}}}");
  const GraphValueId x = *graph.add_input("x", kType);
  const GraphValueId a = add("a", "fake_norm", {x}, {{"axis", IntAttr{0}}});       // inlined
  const GraphValueId b = add("b", "fake_norm", {a}, {{"epsilon", FloatAttr{2}}});  // kept
  const GraphValueId c = add("c", "fake_norm", {b}, {{"axis", IntAttr{1}}});       // 1 of rank 2 is -1: kept
  const GraphValueId d = add("d", "fake_norm", {c}, {{"epsilon", FloatAttr{2}}});  // b's
  ASSERT_TRUE(graph.add_output("y", d).ok());
  const std::string whole = text(target("carriers: [composite]\n"));
  EXPECT_THAT(decisions, ElementsAre("a|tenon.fake_norm|inline|axis must be -1, and is 0", "b|tenon.fake_norm|composite odd.norm|",
                                     "c|tenon.fake_norm|composite odd.norm|", "d|tenon.fake_norm|composite odd.norm|"));
  std::vector<std::string> used;
  const Result<Applied> applied = apply(target("carriers: [composite]\n"));
  for (const stablehlo::Op& op : applied->module.funcs[0].body.ops)
    if (op.code == stablehlo::OpCode::Composite) used.emplace_back(get_string(op.attributes, "decomposition"));
  EXPECT_THAT(used, ElementsAre("fake_norm.impl", "fake_norm.impl_1", "fake_norm.impl"));
  EXPECT_EQ(applied->module.funcs.size(), 3u);
}

TEST_F(ApplyTest, CustomCallsInEverySpelling) {
  norm_graph();
  const std::string all = "axis = -1 : i64, epsilon = 0.25 : f64, operands = \"input,scale\", to = \"bf16\"";
  const std::string type = " : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>";
  const auto call = [&](const std::string& rest) { return line(text(target("carriers: [custom_call]\n" + rest)), "custom_call"); };
  // The generic form: our name, all attributes, api_version 4 and a dictionary.
  EXPECT_EQ(call("default: custom_call\n"),
            cat("stablehlo.custom_call @tenon.fake_norm(%arg0, %arg1) {api_version = 4 : i32, backend_config = {", all, "}}", type));
  EXPECT_THAT(decisions, ElementsAre("n|tenon.fake_norm|custom_call tenon.fake_norm|"));
  EXPECT_EQ(call("default: custom_call\ncustom_call: {config: string}\n"),
            cat("stablehlo.custom_call @tenon.fake_norm(%arg0, %arg1) {backend_config = "
                R"("{\22axis\22:-1,\22epsilon\22:0.25,\22operands\22:\22input,scale\22,\22to\22:\22bf16\22}"})",
                type));
  EXPECT_EQ(call("default: custom_call\ncustom_call: {config: mhlo}\n"),
            cat("stablehlo.custom_call @tenon.fake_norm(%arg0, %arg1) {mhlo.backend_config = {", all, "}}", type));
  EXPECT_EQ(call("default: custom_call\ncustom_call: {config: discardable}\n"),
            cat("stablehlo.custom_call @tenon.fake_norm(%arg0, %arg1) {", all, "}", type));
  // A row of the profile: its name and attributes, before anything else; any spelling of the operator's name.
  EXPECT_EQ(call("operators:\n  FakeNorm: {custom_call: \"odd norm\", config: string, attributes: {e: {from: epsilon, type: f32}}}\n"),
            cat(R"(stablehlo.custom_call @"odd norm"(%arg0, %arg1) {backend_config = "{\22e\22:0.25}"})", type));
}

TEST_F(ApplyTest, ListsAsTheCarrierAsksForThem) {
  const GraphValueId x = *graph.add_input("x", kType);
  ASSERT_TRUE(graph.add_output("y", add("n", "fake_norm", {x}, {{"sizes", IntsAttr{{3, 4}}}})).ok());
  const auto dims = [&](const std::string& style) {
    const std::string whole = line(
        text(target("carriers: [custom_call]\noperators:\n  fake_norm: {custom_call: c, attributes: {d: {from: sizes" + style + "}}}\n")),
        "custom_call");
    const std::size_t begin = whole.find("{d = ");
    return whole.substr(begin + 5, whole.find("}}") - begin - 5);
  };
  EXPECT_EQ(dims(""), "dense<[3, 4]> : tensor<2xi64>");
  EXPECT_EQ(dims(", list: array"), "array<i64: 3, 4>");
  EXPECT_EQ(dims(", list: bracket"), "[3, 4]");
  EXPECT_EQ(dims(", type: string"), "\"[3, 4]\"");
}

TEST_F(ApplyTest, AValueThatTheTypeCannotHoldIsAReason) {
  const auto reason = [&](double epsilon, const std::string& type) {
    graph = Graph("test");
    norm_graph({{"epsilon", FloatAttr{epsilon}}});
    (void)text(target("carriers: [custom_call]\noperators:\n  fake_norm: {custom_call: c, attributes: {e: {from: epsilon, type: " + type +
                      "}}}\n"));
    return decisions.empty() ? std::string("no decision") : decisions[0];
  };
  EXPECT_EQ(reason(1e-5, "f32"), "n|tenon.fake_norm|custom_call c|");
  EXPECT_EQ(reason(1e-50, "f32"), "n|tenon.fake_norm|inline|epsilon 1e-50 is not a value of f32");
  EXPECT_EQ(reason(1e50, "f32"), "n|tenon.fake_norm|inline|epsilon 1e+50 is not a value of f32");
  EXPECT_EQ(reason(1e-5, "i32"), "n|tenon.fake_norm|inline|epsilon 1e-05 is not a value of i32");
  EXPECT_EQ(reason(1e-5, "bool"), "n|tenon.fake_norm|inline|epsilon 1e-05 is not a value of bool");
}

TEST_F(ApplyTest, EveryConditionHasItsReason) {
  const auto reason = [&](const std::string& when, const std::vector<std::string>& operands, Dict attributes = {}) {
    make_fakes([&](OpSchema& schema) {
      if (schema.name == "fake_norm") schema.targets.push_back(form("{custom_call: c, when: {" + when + "}}"));
    });
    graph = Graph("test");
    std::vector<GraphValueId> ids;
    for (const std::string& operand : operands)
      ids.push_back(operand == "x"   ? (graph.has_value(graph.find("x")) ? graph.find("x") : *graph.add_input("x", kType))
                    : operand == "w" ? *graph.add_param("w", "w", kType)
                                     : kAbsent);
    EXPECT_TRUE(graph.add_output("y", add("n", "fake_norm", ids, std::move(attributes))).ok());
    const std::string whole = text(target("carriers: [custom_call]\n"));
    EXPECT_EQ(decisions.size(), 1u) << whole;
    const std::vector<std::string> parts = split(decisions.at(0), '|');
    EXPECT_EQ(parts[2], parts[3].empty() ? "custom_call c" : "inline");
    return parts[3];
  };
  EXPECT_EQ(reason("rank: [2, 4]", {"x"}), "");
  EXPECT_EQ(reason("rank: [3, 4]", {"x"}), "input has rank 2, at least 3 is needed");
  EXPECT_EQ(reason("rank: 1", {"x"}), "input has rank 2, at most 1 is taken");
  EXPECT_EQ(reason("dtypes: [f16, bf16]", {"x"}), "input has dtype f32, taken are f16 bf16");
  EXPECT_EQ(reason("absent: [scale]", {"x"}), "");
  EXPECT_EQ(reason("absent: [scale]", {"x", "w"}), "scale is given, and the form has no place for it");
  EXPECT_EQ(reason("absent: [sizes]", {"x"}), "");
  EXPECT_EQ(reason("absent: [sizes]", {"x"}, {{"sizes", IntsAttr{{3}}}}), "sizes is given, and the form has no place for it");
  EXPECT_EQ(reason("present: [scale, axis]", {"x", "x"}), "");
  EXPECT_EQ(reason("present: [scale]", {"x", "", "x"}), "scale is not given, and the form needs it");
  EXPECT_EQ(reason("constant: [scale]", {"x", "w"}), "");
  EXPECT_EQ(reason("constant: [scale]", {"x", "x"}), "scale must be a parameter or a constant");
  EXPECT_EQ(reason("constant: [scale]", {"x"}), "scale is not given, and the form needs it");
  EXPECT_EQ(reason("equals: {axis: 1, epsilon: 1, to: bf16}", {"x"}, {{"epsilon", FloatAttr{1}}}), "");
  EXPECT_EQ(reason("equals: {axis: 0}", {"x"}), "axis must be 0, and is -1");
  EXPECT_EQ(reason("equals: {to: f16}", {"x"}), "to must be \"f16\", and is bf16");
  EXPECT_EQ(reason("equals: {epsilon: 1e-5}", {"x"}), "epsilon must be 1e-05, and is 1e-06");
  EXPECT_EQ(reason("equals: {sizes: [3]}", {"x"}), "sizes must be [3], and is not given");
  EXPECT_EQ(reason("equals: {sizes: [3]}", {"x"}, {{"sizes", IntsAttr{{3}}}}), "");
}

TEST_F(ApplyTest, WhatIsComputedFromConstantsAloneIsAConstant) {
  give_form("fake_norm", "{custom_call: c, when: {constant: [scale]}}");
  const GraphValueId x = *graph.add_input("x", kType);
  const GraphValueId w = *graph.add_param("w", "w", kType);
  const GraphValueId a = add("a", "fake_norm", {x, add("half_w", "fake_half", {w})});
  ASSERT_TRUE(graph.add_output("y", add("b", "fake_norm", {a, add("half_x", "fake_half", {x})})).ok());
  (void)text(target("carriers: [custom_call]\n"));
  EXPECT_THAT(decisions, ElementsAre("half_w|tenon.fake_half|inline|", "a|tenon.fake_norm|custom_call c|", "half_x|tenon.fake_half|inline|",
                                     "b|tenon.fake_norm|inline|scale must be a parameter or a constant"));
}

TEST_F(ApplyTest, WhereCallsAreTheDefaultTheFallbackIsTheGenericCall) {
  give_form("fake_norm", "{custom_call: short, attributes: {}, when: {absent: [scale]}}");
  norm_graph();
  EXPECT_THAT(text(target("carriers: [custom_call]\ndefault: custom_call\n")), HasSubstr("@tenon.fake_norm(%arg0, %arg1)"));
  EXPECT_THAT(decisions, ElementsAre("n|tenon.fake_norm|custom_call tenon.fake_norm|scale is given, and the form has no place for it"));
}

TEST_F(ApplyTest, AFormThatTheTargetDoesNotTakeIsAReason) {
  give_form("fake_norm", "{composite: odd.norm}");
  norm_graph();
  EXPECT_EQ(text(target("")), kInlined);
  EXPECT_THAT(decisions, ElementsAre("n|tenon.fake_norm|inline|the target takes no composite"));
}

TEST_F(ApplyTest, AnOperatorInsideAnInlinedOneMayBeCarried) {
  norm_graph();
  const std::string whole =
      text(target("carriers: [custom_call]\ncustom_call: {config: discardable}\nexecutable: false\n"
                  "comments: [read only]\noperators:\n  fake_half: {custom_call: half, attributes: {}}\n"));
  EXPECT_EQ(whole, R"(// read only
module @test {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32> {tenon.param = "model.w"}) -> tensor<2x3xf32> {
    %0 = stablehlo.custom_call @half(%arg0) : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = stablehlo.constant dense<0.25> : tensor<2x3xf32>
    %2 = stablehlo.add %0, %1 : tensor<2x3xf32>
    %3 = stablehlo.multiply %2, %arg1 : tensor<2x3xf32>
    return %3 : tensor<2x3xf32>
  }
}
)");
  EXPECT_THAT(decisions, ElementsAre("n|tenon.fake_norm|inline|", "|tenon.fake_half|custom_call half|"));
  // Inside a carrier's decomposition it is not: whoever does not know the carrier must be able to run it.
  const std::string kept =
      text(target("carriers: [custom_call, composite]\noperators:\n  fake_half: {custom_call: half}\n"
                  "  fake_norm: {composite: odd.norm}\n"));
  EXPECT_THAT(kept, Not(HasSubstr("@half")));
  EXPECT_THAT(text(target("executable: false\n")), HasSubstr("// No compiler executes this text.\nmodule"));
}

TEST_F(ApplyTest, ReshapesToDynamicSizesMayHaveMlirsName) {
  using stablehlo::OpCode;
  stablehlo::OneFunction main({stablehlo::f32({kDynamic, 3}), stablehlo::i32({1})});
  const Result<stablehlo::ValueId> flat =
      main.b.op1(OpCode::DynamicReshape, {main.args[0], main.args[1]}, {}, {stablehlo::f32({kDynamic})});
  ASSERT_TRUE(flat.ok());
  const stablehlo::ValueId results[] = {*flat};
  ASSERT_TRUE(main.b.finish(results).ok());
  const auto written = [&](const std::string& rest) {
    const Result<Applied> applied = apply_target(main.module, target(rest), fakes->registry, fakes->environment, {});
    return applied.ok() ? *stablehlo::print(applied->module) : to_string(applied.error());
  };
  EXPECT_THAT(written("dynamic_reshape: tensor.reshape\n"),
              HasSubstr("\"tensor.reshape\"(%arg0, %arg1) : (tensor<?x3xf32>, tensor<1xi32>) -> tensor<?xf32>\n"));
  EXPECT_THAT(written(""), HasSubstr("stablehlo.dynamic_reshape %arg0, %arg1"));
}

TEST_F(ApplyTest, OperandsThatChangeAreTheOperatorsOwnBusiness) {
  give_form("fake_turn", "{composite: odd.turn, attributes: {}, when: {present: [scale]}}");
  const GraphValueId x = *graph.add_input("x", kType);
  ASSERT_TRUE(graph.add_output("y", add("n", "fake_turn", {x, x})).ok());
  EXPECT_EQ(text(target("carriers: [composite]\n")), R"(module @test {
  func.func public @main(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.negate %arg0 : tensor<2x3xf32>
    %1 = stablehlo.composite "odd.turn" %0, %arg0 {decomposition = @fake_turn.impl, version = 1 : i32} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    return %1 : tensor<2x3xf32>
  }
  func.func private @fake_turn.impl(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.add %arg0, %arg1 : tensor<2x3xf32>
    return %0 : tensor<2x3xf32>
  }
}
)");
  EXPECT_THAT(decisions, ElementsAre("n|tenon.fake_turn|composite odd.turn|"));

  // Declined by the plugin, and taken back because the carrier's own conditions do not hold: both inline, both with the reason.
  const auto inlined = [&](std::vector<GraphValueId> operands, Dict attributes) {
    graph = Graph("test");
    (void)*graph.add_input("x", kType);
    EXPECT_TRUE(graph.add_output("y", add("n", "fake_turn", std::move(operands), std::move(attributes))).ok());
    const std::string whole = text(target("carriers: [composite]\n"));
    EXPECT_THAT(whole, Not(HasSubstr("negate")));
    EXPECT_THAT(whole, Not(HasSubstr("composite")));
    return decisions.at(0);
  };
  EXPECT_EQ(inlined({x, x}, {{"axis", IntAttr{5}}}), "n|tenon.fake_turn|inline|axis 5 has no form there");
  EXPECT_EQ(inlined({x}, {}), "n|tenon.fake_turn|inline|scale is not given, and the form needs it");
}

TEST_F(ApplyTest, ADefaultFormAsksNoPluginToChangeOperands) {
  const GraphValueId x = *graph.add_input("x", kType);
  ASSERT_TRUE(graph.add_output("y", add("n", "fake_turn", {x})).ok());
  const std::string whole = text(target("carriers: [custom_call]\ndefault: custom_call\n"));
  EXPECT_THAT(whole, HasSubstr("@tenon.fake_turn(%arg0)"));
  EXPECT_THAT(whole, Not(HasSubstr("negate")));
}

TEST_F(ApplyTest, RowsThatNameNobodyAreErrors) {
  norm_graph();
  const auto refuse = [&](const std::string& row) {
    const Result<Applied> applied = apply(target("carriers: [custom_call]\noperators:\n  " + row + "\n"));
    EXPECT_FALSE(applied.ok());
    EXPECT_EQ(applied.error().where.file, "there.yaml");
    return applied.error().message;
  };
  EXPECT_THAT(refuse("fake_nrom: {inline: true}"), HasSubstr("target there: unknown operator"));
  EXPECT_EQ(refuse("fake_norm: {custom_call: c, attributes: {e: {from: epsilom}}}"),
            "target there: [fake_norm] custom_call c at target there: there is no attribute epsilom");
  EXPECT_EQ(refuse("fake_norm: {custom_call: c, when: {constant: [weight]}}"),
            "target there: [fake_norm] custom_call c at target there: there is no operand weight");
  EXPECT_EQ(refuse("fake_norm: {custom_call: c, when: {absent: [weight]}}"),
            "target there: [fake_norm] custom_call c at target there: there is no operand or attribute weight");
  EXPECT_EQ(refuse("fake_norm: {custom_call: c, when: {equals: {weight: 1}}}"),
            "target there: [fake_norm] custom_call c at target there: there is no attribute weight");
}

TEST_F(ApplyTest, ListingsSayTheFormBeforeAnyNode) {
  give_form("fake_norm", "{composite: odd.norm}");
  const OpSchema& norm = fakes->registry.find("fake_norm")->schema;
  const OpSchema& half = fakes->registry.find("fake_half")->schema;
  EXPECT_EQ(describe_form(norm, target("carriers: [composite]\n")), "composite odd.norm");
  EXPECT_EQ(describe_form(norm, target("forms: elsewhere\n")), "inline");
  EXPECT_EQ(describe_form(half, target("carriers: [custom_call]\ndefault: custom_call\n")), "custom_call tenon.fake_half");
  EXPECT_EQ(describe_form(norm, target("carriers: [custom_call]\noperators:\n  tenon.fake_norm: {custom_call: mine}\n")),
            "custom_call mine");
  EXPECT_EQ(describe_form(norm, target("carriers: [composite]\noperators:\n  other.fake_norm: {inline: true}\n")), "composite odd.norm");
}

}  // namespace
}  // namespace tenon
