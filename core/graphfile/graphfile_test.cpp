// The graph file: read one, look at the graph, write it back; then everything
// that is refused, with its place.
#include "core/graphfile/graphfile.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

#include "core/base/files.h"
#include "core/graphfile/fake_operators.h"
#include "core/yaml/document.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GraphFileTest : public ::testing::Test {
 protected:
  Result<GraphFile> parse(const std::string& text, bool prune = false, const std::string& file = "f.yaml") {
    return parse_graph(text, file, registry, environment, {.prune = prune});
  }
  Graph graph(const std::string& text) {
    Result<GraphFile> file = parse(text);
    EXPECT_TRUE(file.ok()) << to_string(file.error());
    return file.ok() ? std::move(file->graph) : Graph();
  }
  // "3:5 message [node]" of a file that is refused.
  std::string refusal(const std::string& text) {
    const Result<GraphFile> file = parse(text);
    if (file.ok()) return "accepted";
    const Error& error = file.error();
    EXPECT_EQ(error.where.file, "f.yaml") << error.message;
    return cat(error.where.line, ":", error.where.column, " ", error.message,
               error.where.node.empty() ? "" : cat(" [", error.where.node, "]"));
  }
  // The same for one node, in line 4, of a graph with the inputs x and w
  // (f32[2,3]) and s (i32[]).
  std::string node_refusal(const std::string& node) {
    return refusal(
        "tenon: 1\ninputs: [{name: x, dtype: f32, shape: [2, 3]}, {name: w, "
        "dtype: f32, shape: [2, 3]}, {name: s, dtype: i32, shape: "
        "[]}]\nnodes:\n- " +
        node + "\noutputs: [n]\n");
  }

  const Registry registry = fake::make_registry();
  Environment environment;
};

constexpr const char* kWhole = R"(# a comment
tenon: 1
name: tour
inputs:
- {name: x, dtype: bf16, shape: [4, "?batch", "?"]}
params:
- {name: model.norm.weight, as: w, dtype: bf16, shape: [640], file: weights.safetensors}
- {name: plain, dtype: i64, shape: []}
constants:
- {name: half, dtype: f32, shape: [], value: 0.5}
- {name: all, dtype: f16, shape: [2, 3], value: -.inf}
- {name: list, dtype: ui8, shape: [2, 2], value: [[1, 2], [3, 255]]}
nodes:
- {name: last, op: Mixer, inputs: [first:extra, ~, plain], attributes: {eps: "1e-3", dim: 0, sizes: 7, factors: [1, .5], to: f16, mode: "true"}}
- {name: first, op: fake_mix, inputs: {input: x}, attributes: {flag: true}}
- name: join
  op: example.fake_join
  inputs: {inputs: [first, "first:1", last]}
outputs:
- join
- {name: mixed, value: "last:0"}
- first:1
)";

TEST_F(GraphFileTest, AWholeFile) {
  const Result<GraphFile> file = parse(kWhole, false, "folder/f.yaml");
  ASSERT_TRUE(file.ok()) << to_string(file.error());
  EXPECT_EQ(file->params_file, "folder/weights.safetensors");
  const Graph& g = file->graph;
  EXPECT_EQ(g.name(), "tour");
  const GraphValue& x = g.value(g.find("x"));
  EXPECT_EQ(x.type, (TensorType{DType::BF16, {4, kDynamic, kDynamic}}));
  EXPECT_THAT(x.symbols, ElementsAre("", "batch", ""));
  EXPECT_EQ(g.params()[0].name, "model.norm.weight");
  EXPECT_EQ(g.params()[0].alias, "w");
  EXPECT_EQ(g.params()[1].alias, "plain");
  EXPECT_FALSE(g.constants()[0].splat);
  EXPECT_EQ(g.constants()[0].data->f64(0), 0.5);
  EXPECT_TRUE(g.constants()[1].splat);
  EXPECT_EQ(g.constants()[1].data->f64(0), -HUGE_VAL);
  EXPECT_EQ(g.constants()[2].data->i64(3), 255);

  // Operands before users, whatever the file's order.
  ASSERT_EQ(g.nodes().size(), 3u);
  EXPECT_EQ(g.nodes()[0].name, "first");
  EXPECT_EQ(g.nodes()[1].name, "last");
  EXPECT_EQ(g.nodes()[1].op, "tenon.fake_mix");
  EXPECT_THAT(g.nodes()[1].operands, ElementsAre(g.nodes()[0].results[1], kAbsent, g.find("plain")));
  EXPECT_EQ(g.nodes()[1].attributes, (Dict{{"axis", IntAttr{0}},
                                           {"epsilon", FloatAttr{1e-3}},
                                           {"factors", FloatsAttr{{1, 0.5}}},
                                           {"flag", false},
                                           {"mode", std::string("true")},
                                           {"sizes", IntsAttr{{7}}},
                                           {"to", DType::F16}}));
  EXPECT_THAT(g.nodes()[2].operands, ElementsAre(g.find("first"), g.find("first:1"), g.find("last")));
  ASSERT_EQ(g.outputs().size(), 3u);
  EXPECT_EQ(g.outputs()[0].name, "join");
  EXPECT_EQ(g.outputs()[1].name, "mixed");
  EXPECT_EQ(g.outputs()[1].value, g.find("last"));
  EXPECT_EQ(g.outputs()[2].name, "first:1");
}

TEST_F(GraphFileTest, WrittenAndReadBack) {
  const Result<std::string> text = graph_to_yaml(graph(kWhole), registry);
  ASSERT_TRUE(text.ok()) << to_string(text.error());
  EXPECT_EQ(*text, R"(tenon: 1
name: tour
inputs:
- {name: x, dtype: bf16, shape: [4, "?batch", "?"]}
params:
- {name: model.norm.weight, as: w, dtype: bf16, shape: [640]}
- {name: plain, dtype: i64, shape: []}
constants:
- {name: half, dtype: f32, shape: [], value: 0.5}
- {name: all, dtype: f16, shape: [2, 3], value: -.inf}
- {name: list, dtype: ui8, shape: [2, 2], value: [[1, 2], [3, 255]]}
nodes:
- {name: first, op: fake_mix, inputs: [x], attributes: {flag: true}}
- {name: last, op: fake_mix, inputs: ["first:1", ~, plain], attributes: {axis: 0, epsilon: 0.001, factors: [1, 0.5], mode: "true", sizes: [7], to: f16}}
- {name: join, op: example.fake_join, inputs: [first, "first:1", last]}
outputs:
- join
- {name: mixed, value: last}
- "first:1"
)");
  EXPECT_EQ(graph_to_yaml(graph(*text), registry).value(), *text);
}

TEST_F(GraphFileTest, NamesThatNeedQuotesAndNumbersThatNeedDigits) {
  Graph g("name: with \"colon\" \\ and\nline");
  for (const char* name : {"null", "Yes", "12", "1e-5", "-x", "~", "a b", "x#y", "\xc3\xa9t\xc3\xa9", "[", "?"})
    ASSERT_TRUE(g.add_input(name, {DType::F32, {}}).ok()) << name;
  const auto constant = [&](std::string name, DType dtype, double value) {
    Tensor tensor = *Tensor::zeros({DType::F64, {}});
    (void)tensor;
    Result<GraphFile> made =
        parse(cat("tenon: 1\nconstants: [{name: c, dtype: ", tenon::name(dtype),
                  ", shape: [], value: ", std::isnan(value) ? std::string(".nan") : shortest(value), "}]\noutputs: [c]\n"));
    ASSERT_TRUE(made.ok()) << to_string(made.error());
    ASSERT_TRUE(g.add_constant(std::move(name), {dtype, {}}, made->graph.constants()[0].data, false).ok());
  };
  constant("tenth32", DType::F32, 0.1);
  constant("tenth64", DType::F64, 0.1);
  constant("tenth16", DType::F16, 0.1);
  constant("tenthbf", DType::BF16, 0.1);
  constant("small", DType::F64, 0x1p-1074);
  constant("zero", DType::F32, -0.0);
  constant("nan", DType::F8E4M3FN, std::nan(""));
  for (const GraphInput& input : g.inputs()) ASSERT_TRUE(g.add_output(cat(input.name, ":out"), input.value).ok());
  const std::string text = graph_to_yaml(g, registry).value();
  EXPECT_THAT(text, HasSubstr("{name: tenth32, dtype: f32, shape: [], value: 0.1}"));
  EXPECT_THAT(text, HasSubstr("{name: tenth64, dtype: f64, shape: [], value: 0.1}"));
  EXPECT_THAT(text, HasSubstr("{name: small, dtype: f64, shape: [], value: 5e-324}"));
  EXPECT_THAT(text, HasSubstr("{name: zero, dtype: f32, shape: [], value: -0}"));
  EXPECT_THAT(text, HasSubstr("{name: nan, dtype: f8e4m3fn, shape: [], value: .nan}"));
  const Graph again = graph(text);
  EXPECT_EQ(again.name(), g.name());
  ASSERT_EQ(again.inputs().size(), g.inputs().size());
  for (std::size_t i = 0; i < g.inputs().size(); ++i) EXPECT_EQ(again.inputs()[i].name, g.inputs()[i].name);
  ASSERT_EQ(again.constants().size(), g.constants().size());
  for (std::size_t i = 0; i < g.constants().size(); ++i) {
    const auto a = again.constants()[i].data->bytes(), b = g.constants()[i].data->bytes();
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << g.constants()[i].name;
  }
}

TEST_F(GraphFileTest, OneSpellingOrAnotherIsTheSameNumber) {
  for (const char* spelling : {"1e-5", "1.0e-5", "\"1e-5\"", "0.00001", "1E-05"}) {
    const Graph g =
        graph(cat("tenon: 1\ninputs: [{name: x, dtype: f32, shape: [2]}]\nnodes: "
                  "[{name: n, op: fake_mix, inputs: [x], attributes: {epsilon: ",
                  spelling, "}}]\noutputs: [n]\n"));
    EXPECT_EQ(get_float(g.nodes()[0].attributes, "epsilon"), 1e-5) << spelling;
  }
}

TEST_F(GraphFileTest, PruneDropsWhatNoOutputNeeds) {
  const std::string text =
      "tenon: 1\ninputs: [{name: x, dtype: f32, shape: [2]}]\nnodes:\n- {name: "
      "a, op: fake_mix, inputs: [x]}\n"
      "- {name: b, op: fake_mix, inputs: [c]}\n- {name: c, op: fake_mix, "
      "inputs: [a]}\noutputs: [a]\n";
  EXPECT_EQ(refusal(text), "6:10 node c is not needed by any output [c]");
  const Result<GraphFile> pruned = parse(text, true);
  ASSERT_TRUE(pruned.ok()) << to_string(pruned.error());
  ASSERT_EQ(pruned->graph.nodes().size(), 1u);
  EXPECT_EQ(pruned->graph.nodes()[0].name, "a");
  // A slip in what would be dropped is still a slip.
  EXPECT_FALSE(parse(text.substr(0, text.find("outputs")) + "- {name: d, op: fake_mix, inputs: [a], attributes: "
                                                            "{axes: 1}}\noutputs: [a]\n",
                     true)
                   .ok());
}

TEST_F(GraphFileTest, WhatTheTopLevelRefuses) {
  EXPECT_EQ(refusal(""), "1:1 the graph file must be a mapping, got nothing");
  EXPECT_EQ(refusal("name: x\noutputs: [x]\n"), "1:1 the graph file has no \"tenon\"");
  EXPECT_EQ(refusal("tenon: 2\noutputs: [x]\n"), "1:8 format version 2 is not known");
  EXPECT_EQ(refusal("tenon: 1\n"), "1:1 the graph file has no \"outputs\"");
  EXPECT_EQ(refusal("tenon: 1\noutputs: []\n"), "2:10 outputs is empty");
  EXPECT_EQ(refusal("tenon: 1\noutputs: x\n"), "2:10 outputs must be a list");
  EXPECT_EQ(refusal("tenon: 1\ninput: []\noutputs: [x]\n"), "2:1 the graph file: unknown key \"input\"");
  EXPECT_EQ(refusal("tenon: 1\nname: ''\noutputs: [x]\n"), "2:7 name is empty");
  EXPECT_EQ(refusal("tenon: 1\noutputs: [x]\n"), "2:11 unknown value \"x\"");
  EXPECT_EQ(refusal("tenon: 1\ninputs: &a []\noutputs: [x]\n"), "2:9 in inputs: the anchor &a is not allowed");
  EXPECT_EQ(refusal("tenon: 1\n\toutputs: [x]\n"), "2:1 a tab is not allowed");
  EXPECT_EQ(refusal("tenon: 1\noutputs: [x\n").substr(0, 2), "2:");
  EXPECT_THAT(refusal(std::string(1 << 20, '[')), HasSubstr("brackets are nested deeper than 40 levels"));
}

TEST_F(GraphFileTest, WhatDeclarationsRefuse) {
  const auto input = [&](const std::string& rest) { return refusal("tenon: 1\ninputs:\n- {" + rest + "}\noutputs: [x]\n"); };
  EXPECT_EQ(input("name: x, dtype: f32, shape: [2]"), "accepted");
  EXPECT_EQ(input("dtype: f32, shape: [2]"), "3:3 an input has no \"name\"");
  EXPECT_EQ(input("name: x, shape: [2]"), "3:3 an input has no \"dtype\"");
  EXPECT_EQ(input("name: x, dtype: f32"), "3:3 an input has no \"shape\"");
  EXPECT_EQ(input("name: x, dtype: float, shape: [2]"), "3:20 unknown dtype float");
  EXPECT_EQ(input("name: x, dtype: f32, shape: 2"), "3:32 shape must be a list of dimensions");
  EXPECT_EQ(input("name: x, dtype: f32, shape: [-2]"), "3:33 a dimension must not be negative, got -2");
  EXPECT_EQ(input("name: x, dtype: f32, shape: [2.5]"), "3:33 a dimension must be an integer, got \"2.5\"");
  EXPECT_EQ(input("name: x, dtype: f32, shape: [\"?a b\"]"), "3:33 \"?a b\" is no dimension");
  EXPECT_EQ(input("name: x, dtype: f32, shape: [\"?1\"]"), "3:33 \"?1\" is no dimension");
  EXPECT_THAT(input("name: x, dtype: f32, shape: [9223372036854775807, "
                    "9223372036854775807]"),
              HasSubstr("3:32 "));
  EXPECT_EQ(input("name: x, dtype: f32, shape: [2], size: 3"), "3:37 an input: unknown key \"size\"");
  EXPECT_THAT(input("name: \"x:y\", dtype: f32, shape: [2]"), HasSubstr("3:10 input \"x:y\""));
  EXPECT_THAT(input("name: '', dtype: f32, shape: [2]"), HasSubstr("3:10 "));
  EXPECT_EQ(refusal("tenon: 1\ninputs: [x]\noutputs: [x]\n"), "2:10 an input must be a mapping, got \"x\"");
  EXPECT_THAT(refusal("tenon: 1\ninputs:\n- {name: x, dtype: f32, shape: []}\n- {name: "
                      "x, dtype: f32, shape: []}\noutputs: [x]\n"),
              HasSubstr("4:10 input \"x\": the name is taken"));
  const std::string params =
      "tenon: 1\nparams:\n- {name: a, dtype: f32, "
      "shape: [2], file: one.safetensors}\n";
  EXPECT_EQ(refusal(params + "- {name: b, dtype: f32, shape: [2], file: "
                             "two.safetensors}\noutputs: [a]\n"),
            "4:43 parameter b is in two.safetensors, an earlier one in another file");
  EXPECT_EQ(refusal(params + "- {name: b, dtype: f32, shape: [\"?\"]}\noutputs: [a]\n"), "4:32 parameter b has a dynamic dimension");
  EXPECT_THAT(refusal(params + "- {name: b, as: a, dtype: f32, shape: [2]}\noutputs: [a]\n"),
              HasSubstr("4:17 parameter \"a\": the name is taken"));
  EXPECT_THAT(refusal(params + "- {name: a, as: b, dtype: f32, shape: [2]}\noutputs: [a]\n"),
              HasSubstr("4:17 parameter a is declared twice"));
}

TEST_F(GraphFileTest, WhatConstantsRefuse) {
  const auto constant = [&](const std::string& rest) { return refusal("tenon: 1\nconstants:\n- {name: c, " + rest + "}\noutputs: [c]\n"); };
  EXPECT_EQ(constant("dtype: f32, shape: [2, 1], value: [[1], [.nan]]"), "accepted");
  EXPECT_EQ(constant("dtype: f32, shape: [0, 1000000000000], value: []"), "accepted");
  EXPECT_EQ(constant("dtype: ui64, shape: [], value: 18446744073709551615"), "accepted");
  EXPECT_EQ(constant("dtype: i1, shape: [2], value: [true, false]"), "accepted");
  EXPECT_EQ(constant("dtype: f32, shape: []"), "3:3 a constant has no \"value\"");
  EXPECT_EQ(constant("dtype: f32, shape: [2], value: [1]"), "3:44 value: shape [2] needs a list of 2 here, got one of 1");
  EXPECT_EQ(constant("dtype: f32, shape: [2, 2], value: [[1, 2], 3]"),
            "3:56 value: shape [2,2] needs a list of 2 here, got a single value");
  EXPECT_EQ(constant("dtype: f32, shape: [1000000000000], value: [1]"),
            "3:56 value: shape [1000000000000] needs a list of 1000000000000 "
            "here, got one of 1");
  EXPECT_EQ(constant("dtype: f32, shape: [], value: [1]"), "3:43 value must be a number, got a list");
  EXPECT_EQ(constant("dtype: f32, shape: [], value: inf"), "3:43 value must be a number, got \"inf\"");
  EXPECT_EQ(constant("dtype: f16, shape: [], value: 70000"), "3:43 value 70000 is not a value of f16");
  EXPECT_EQ(constant("dtype: f8e4m3fn, shape: [], value: .inf"), "3:48 value .inf is not a value of f8e4m3fn");
  EXPECT_EQ(constant("dtype: i8, shape: [], value: 128"), "3:42 value 128 is not a value of i8");
  EXPECT_EQ(constant("dtype: ui8, shape: [], value: -1"), "3:43 value -1 is not a value of ui8");
  EXPECT_EQ(constant("dtype: i32, shape: [], value: 1.0"), "3:43 value must be an integer, got \"1.0\"");
  EXPECT_EQ(constant("dtype: i1, shape: [], value: 1"), "3:42 value must be true or false, got \"1\"");
  EXPECT_EQ(constant("dtype: f32, shape: [\"?\"], value: 1"), "3:46 a constant has no dynamic dimensions, got f32[?]");
}

TEST_F(GraphFileTest, WhatNodesRefuse) {
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: [x, w]}"), "accepted");
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: {weight: w, input: x}}"), "accepted");
  EXPECT_EQ(node_refusal("{op: fake_mix}"), "4:3 a node has no \"name\"");
  EXPECT_EQ(node_refusal("{name: n}"), "4:3 a node has no \"op\" [n]");
  EXPECT_EQ(node_refusal("{name: x, op: fake_mix, inputs: [x]}"), "4:10 node \"x\": the name is taken [x]");
  EXPECT_THAT(node_refusal("{name: n, op: fake_mux, inputs: [x]}"), HasSubstr("4:17 unknown operator"));
  EXPECT_THAT(node_refusal("{name: n, op: fake_join, inputs: [x]}"),
              HasSubstr("4:17 unknown operator"));  // another namespace's
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, input: [x]}"), "4:27 a node: unknown key \"input\" [n]");
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: x}"),
            "4:35 node n: inputs must be a list of values, or a mapping from "
            "operand to value [n]");
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: [y]}"), "4:36 unknown value \"y\" [n]");
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: [\"x:1\"]}").substr(0, 5), "4:36 ");
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: [[x]]}"), "4:36 node n: an operand must be a text, got a list [n]");
  EXPECT_THAT(node_refusal("{name: n, op: fake_mix}"), HasSubstr("4:3 [fake_mix] operand input is missing"));
  EXPECT_THAT(node_refusal("{name: n, op: fake_mix, inputs: [~, w]}"), HasSubstr("4:36 [fake_mix] operand input is missing"));
  EXPECT_THAT(node_refusal("{name: n, op: fake_mix, inputs: [x, w, s, s]}"), HasSubstr("takes at most 3 operands"));
  EXPECT_THAT(node_refusal("{name: n, op: fake_mix, inputs: [x, s]}"),
              HasSubstr("4:39 [fake_mix] operand weight"));  // dtype
  EXPECT_THAT(node_refusal("{name: n, op: fake_mix, inputs: [s]}"), HasSubstr("4:36 [fake_mix] operand input"));
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: {inptu: x}}"), "4:36 [fake_mix] has no operand inptu [n]");
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: {input: x, weight: ~}}"), "4:54 [fake_mix] operand weight has no value [n]");
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: {input: x, weight: [w]}}"),
            "4:54 node n: an operand must be a text, got a list [n]");
  EXPECT_THAT(node_refusal("{name: n, op: fake_mix, inputs: [n]}"), HasSubstr("4:10 the nodes form a cycle: n -> n"));
}

TEST_F(GraphFileTest, WhatAttributesRefuse) {
  const auto attribute = [&](const std::string& given) {
    return node_refusal("{name: n, op: fake_mix, inputs: [x], attributes: {" + given + "}}");
  };
  EXPECT_EQ(attribute("epsilon: 1, axis: 0x1, mode: plain, factors: 2"), "accepted");
  EXPECT_THAT(attribute("epsilom: 1"), HasSubstr("4:53 [fake_mix] has no attribute"));
  EXPECT_THAT(attribute("axis: 1, dim: 1"), HasSubstr("4:62 [fake_mix] attribute axis is given twice"));
  EXPECT_EQ(attribute("epsilon: small"), "4:62 [fake_mix] attribute epsilon must be a number, got \"small\" [n]");
  EXPECT_THAT(attribute("eps: 0"), HasSubstr("4:58 [fake_mix] attribute epsilon must be above 0"));
  EXPECT_THAT(attribute("epsilon: .nan"), HasSubstr("4:62 [fake_mix] attribute epsilon must be above 0"));
  EXPECT_EQ(attribute("axis: 1.0"), "4:59 [fake_mix] attribute axis must be an integer, got \"1.0\" [n]");
  EXPECT_EQ(attribute("axis: 9223372036854775808"),
            "4:59 [fake_mix] attribute axis is \"9223372036854775808\", which "
            "is beyond 64 bits [n]");
  EXPECT_EQ(attribute("flag: yes"), "4:59 [fake_mix] attribute flag must be true or false, got \"yes\" [n]");
  EXPECT_EQ(attribute("flag: 1"), "4:59 [fake_mix] attribute flag must be true or false, got \"1\" [n]");
  EXPECT_THAT(attribute("mode: other"), HasSubstr("4:59 [fake_mix] attribute mode must be"));
  EXPECT_EQ(attribute("to: f33"), "4:57 unknown dtype f33 [n]");
  EXPECT_EQ(attribute("sizes: [1, [2]]"), "4:64 [fake_mix] attribute sizes must be an integer, got a list [n]");
  EXPECT_EQ(attribute("axis: ~"), "4:59 [fake_mix] attribute axis has no value [n]");
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: [x], attributes: [1]}"), "4:52 node n: attributes must be a mapping [n]");
  EXPECT_EQ(node_refusal("{name: n, op: fake_mix, inputs: [x], attributes: "
                         "{axis: 1, axis: 1}}")
                .substr(0, 5),
            "4:62 ");
}

TEST_F(GraphFileTest, WhatOutputsRefuse) {
  const auto outputs = [&](const std::string& given) {
    return refusal(
        "tenon: 1\ninputs: [{name: x, dtype: f32, shape: [2]}]\nnodes: [{name: "
        "n, op: fake_mix, inputs: [x]}]\noutputs: " +
        given + "\n");
  };
  EXPECT_EQ(outputs("[n, \"n:0\", \"n:output\", x, {name: again, value: n}]"), "accepted");
  EXPECT_EQ(outputs("[m]"), "4:11 unknown value \"m\"");
  EXPECT_EQ(outputs("[n, n]"), "4:14 output \"n\" is given twice");
  EXPECT_THAT(outputs("[n, \"n:1\"]"),
              HasSubstr("4:14 "));  // a result that this node does not have
  EXPECT_THAT(outputs("[n, \"n:extra\"]"),
              HasSubstr("4:14 "));  // optional, and absent
  EXPECT_EQ(outputs("[{name: a}, n]"), "4:11 an output has no \"value\"");
  EXPECT_EQ(outputs("[n, [n]]"), "4:14 an output must be a text, got a list");
  EXPECT_EQ(outputs("[n, {name: '', value: x}]").substr(0, 5), "4:14 ");
}

TEST_F(GraphFileTest, ACycleIsNamed) {
  EXPECT_EQ(refusal("tenon: 1\nnodes:\n- {name: z, op: fake_mix, inputs: [a]}\n- "
                    "{name: a, op: fake_mix, inputs: [b]}\n- {name: b, op: "
                    "fake_mix, inputs: [c]}\n"
                    "- {name: c, op: fake_mix, inputs: [a]}\noutputs: [z]\n"),
            "4:10 the nodes form a cycle: a -> b -> c -> a (each needs the next) "
            "[a]");
}

TEST_F(GraphFileTest, AFileIsLoadedAndNamedInErrors) {
  const std::string path = cat(::testing::TempDir(), "/tenon_graphfile_test.yaml");
  ASSERT_TRUE(write_file(path,
                         "tenon: 1\nparams: [{name: p, dtype: f32, shape: [], "
                         "file: sub/p.safetensors}]\noutputs: [p]\n")
                  .ok());
  const Result<GraphFile> file = load_graph(path, registry, environment);
  ASSERT_TRUE(file.ok()) << to_string(file.error());
  EXPECT_EQ(file->params_file, cat(::testing::TempDir(), "/sub/p.safetensors"));
  ASSERT_TRUE(write_file(path, "tenon: 1\noutputs: [q]\n").ok());
  EXPECT_EQ(load_graph(path, registry, environment).error().where.file, path);
  std::filesystem::remove(path);
  EXPECT_EQ(load_graph(path, registry, environment).error().code, Code::NotFound);
}

TEST_F(GraphFileTest, WhatCannotBeWritten) {
  Graph empty("empty");
  EXPECT_THAT(graph_to_yaml(empty, registry).error().message, HasSubstr("graph empty has no outputs"));
  Graph large("large");
  const TensorType type{DType::I8, {static_cast<std::int64_t>(yaml::kGraphLimits.events)}};
  const GraphValueId value = *large.add_constant("c", type, std::make_shared<Tensor>(*Tensor::zeros(type)), false);
  ASSERT_TRUE(large.add_output("c", value).ok());
  EXPECT_EQ(graph_to_yaml(large, registry).error().code, Code::ResourceExhausted);
}

class SingleOperatorTest : public GraphFileTest {
 protected:
  Result<Graph> single(const std::string& op, DType dtype, const std::vector<std::string>& shapes,
                       const std::vector<std::pair<std::string, std::string>>& attributes = {}) {
    return single_operator_graph(op, dtype, shapes, attributes, registry, environment);
  }
  std::string text(Result<Graph> graph) { return graph.ok() ? graph_to_yaml(*graph, registry).value() : to_string(graph.error()); }
};

TEST_F(SingleOperatorTest, OperandsResultsAttributes) {
  EXPECT_EQ(text(single("mixer", DType::BF16, {"4x640", "", "scalar"},
                        {{"eps", "1e-5"}, {"flag", "true"}, {"sizes", "[1, 2]"}, {"factors", "0.5,2"}, {"to", "f16"}, {"mode", "true"}})),
            "tenon: 1\nname: fake_mix\ninputs:\n"
            "- {name: input, dtype: bf16, shape: [4, 640]}\n"
            "- {name: bias, dtype: i32, shape: []}\n"
            "nodes:\n"
            "- {name: fake_mix, op: fake_mix, inputs: [input, ~, bias], "
            "attributes: {epsilon: 1e-05, factors: [0.5, 2], flag: true, mode: "
            "\"true\", sizes: [1, 2], to: f16}}\n"
            "outputs:\n- {name: output, value: fake_mix}\n- {name: extra, "
            "value: \"fake_mix:1\"}\n");
  // A second operand has the dtype of the one that it must be like; one that
  // has its own list takes what was asked for if it may.
  EXPECT_THAT(text(single("fake_mix", DType::F16, {"2x3", "2x3"})), HasSubstr("- {name: weight, dtype: f16, shape: [2, 3]}"));
  EXPECT_THAT(text(single("example.fake_join", DType::F32, {"2", "?x3", "4"})), HasSubstr("inputs: [inputs_0, inputs_1, inputs_2]"));
  EXPECT_THAT(text(single("example.fake_join", DType::F32, {"2"})), HasSubstr("inputs: [inputs]"));
}

TEST_F(SingleOperatorTest, WhatIsRefused) {
  const auto message = [](const Result<Graph>& graph) { return graph.ok() ? std::string("accepted") : graph.error().message; };
  EXPECT_THAT(message(single("fake_mux", DType::F32, {"2"})), HasSubstr("unknown operator"));
  EXPECT_EQ(message(single("fake_mix", DType::F32, {"2", "2", "2", "2"})),
            "[fake_mix] takes at most 3 operands (input, weight, bias), got 4 "
            "shapes");
  EXPECT_EQ(message(single("fake_mix", DType::F32, {""})), "[fake_mix] operand input needs a shape");
  EXPECT_THAT(message(single("fake_mix", DType::F32, {})), HasSubstr("operand input is missing"));
  EXPECT_THAT(message(single("fake_mix", DType::I32, {"2"})), HasSubstr("operand input"));
  EXPECT_FALSE(single("fake_mix", DType::F32, {"2xx3"}).ok());
  EXPECT_EQ(message(single("fake_mix", DType::F32, {"scalar"})), "[fake_mix] rank 0");
  EXPECT_THAT(message(single("fake_mix", DType::F32, {"2"}, {{"colour", "red"}})), HasSubstr("has no attribute"));
  EXPECT_EQ(message(single("fake_mix", DType::F32, {"2"}, {{"sizes", "1,x"}})), "[fake_mix] attribute sizes must be an integer, got \"x\"");
  EXPECT_EQ(message(single("fake_mix", DType::F32, {"2"}, {{"axis", "1.5"}})), "[fake_mix] attribute axis must be an integer, got \"1.5\"");
  EXPECT_THAT(message(single("fake_mix", DType::F32, {"2"}, {{"axis", "1"}, {"dim", "1"}})), HasSubstr("given twice"));
}

}  // namespace
}  // namespace tenon
