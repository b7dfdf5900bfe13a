// The graph as data: names, values, outputs, what is needed. A failure leaves it as it was.
#include "core/graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace tenon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TensorType kType{DType::F32, {2, 3}};

template <class R>
std::string error_of(const R& result) {
  return result.ok() ? std::string("no error") : to_string(result.error());
}

std::shared_ptr<const Tensor> tensor(TensorType type) { return std::make_shared<const Tensor>(*Tensor::zeros(std::move(type))); }

Result<std::uint32_t> add(Graph& graph, std::string name, std::vector<GraphValueId> operands,
                          std::vector<std::optional<TensorType>> results = {kType}) {
  return graph.add_node({std::move(name), "tenon.op", std::move(operands), {}, {}}, results);
}

TEST(Graph, ValuesOfEverySourceAreFoundByName) {
  Graph graph("g");
  const GraphValueId x = *graph.add_input("x", {DType::F32, {kDynamic, 3}}, {"batch", ""});
  const GraphValueId w = *graph.add_param("model.w", "w", kType);
  const GraphValueId c = *graph.add_constant("c", kType, tensor(kType), false);
  const GraphValueId half = *graph.add_constant("half", {DType::F32, {1000, 1000}}, tensor({DType::F32, {}}), true);
  const std::uint32_t node = *add(graph, "n", {x, w, kAbsent}, {std::nullopt, kType, kType});
  EXPECT_EQ(graph.find("x"), x);
  EXPECT_EQ(graph.find("w"), w);
  EXPECT_EQ(graph.find("model.w"), kAbsent);
  EXPECT_EQ(graph.find("c"), c);
  EXPECT_EQ(graph.find("half:0"), half);
  // Numbers count the results that the node has: its first is the schema's second here.
  const std::vector<GraphValueId>& results = graph.nodes()[node].results;
  EXPECT_EQ(results[0], kAbsent);
  EXPECT_EQ(graph.find("n"), results[1]);
  EXPECT_EQ(graph.find("n:0"), results[1]);
  EXPECT_EQ(graph.find("n:1"), results[2]);
  EXPECT_EQ(graph.find("n:2"), kAbsent);
  EXPECT_EQ(graph.value(results[2]).result, 2u);
  EXPECT_EQ(graph.value(x).symbols, (std::vector<std::string>{"batch", ""}));
  for (GraphValueId id = 0; id < graph.values().size(); ++id) EXPECT_EQ(graph.find(graph.value_name(id)), id);
  EXPECT_EQ(graph.value_name(results[2]), "n:1");
  EXPECT_EQ(graph.value_name(99), "");
}

TEST(Graph, NamesAreOneSetWithoutColons) {
  Graph graph;
  ASSERT_TRUE(graph.add_input("x", kType).ok());
  EXPECT_THAT(error_of(graph.add_input("x", kType)), HasSubstr("input \"x\": the name is taken"));
  EXPECT_EQ(graph.add_param("p", "x", kType).error().code, Code::AlreadyExists);
  EXPECT_EQ(graph.add_constant("x", kType, tensor(kType), false).error().code, Code::AlreadyExists);
  EXPECT_EQ(add(graph, "x", {}).error().code, Code::AlreadyExists);
  for (const std::string& bad : {std::string(), std::string("a:b"), std::string(":"), std::string("a\xff"), std::string(257, 'a')})
    EXPECT_EQ(graph.add_input(bad, kType).error().code, Code::InvalidArgument) << bad;
  EXPECT_TRUE(graph.add_input(std::string(256, 'a'), kType).ok());
  EXPECT_EQ(graph.values().size(), 2u);
}

TEST(Graph, AFailureLeavesItAsItWas) {
  Graph graph;
  ASSERT_TRUE(graph.add_param("model.w", "w", kType).ok());
  EXPECT_FALSE(graph.add_input("x", {DType::F32, {-1}}).ok());
  EXPECT_FALSE(graph.add_input("x", {DType::Invalid, {}}).ok());
  EXPECT_FALSE(graph.add_input("x", kType, {"one"}).ok());
  EXPECT_THAT(error_of(graph.add_param("model.w", "v", kType)), HasSubstr("use \"w\" in both places"));
  EXPECT_FALSE(graph.add_param("", "v", kType).ok());
  EXPECT_FALSE(graph.add_param("v", "v", {DType::F32, {kDynamic}}).ok());
  EXPECT_FALSE(graph.add_constant("c", kType, nullptr, false).ok());
  EXPECT_FALSE(graph.add_constant("c", kType, tensor({DType::F32, {2, 2}}), false).ok());
  EXPECT_FALSE(graph.add_constant("c", kType, tensor({DType::F64, {2, 3}}), false).ok());
  EXPECT_FALSE(graph.add_constant("c", kType, tensor(kType), true).ok());
  EXPECT_THAT(error_of(add(graph, "n", {0, 7})), HasSubstr("the graph has no value number 7"));
  EXPECT_FALSE(add(graph, "n", {0}, {kType, TensorType{DType::F32, {-5}}}).ok());
  EXPECT_EQ(graph.values().size(), 1u);
  EXPECT_TRUE(graph.nodes().empty());
  for (const char* name : {"x", "v", "c", "n"}) EXPECT_FALSE(graph.name_taken(name)) << name;
  EXPECT_TRUE(graph.add_input("x", kType).ok());
  EXPECT_TRUE(add(graph, "n", {0}).ok());
}

TEST(Graph, OutputsHaveNamesOfTheirOwn) {
  Graph graph;
  const GraphValueId x = *graph.add_input("x", kType);
  EXPECT_TRUE(graph.add_output("x", x).ok());
  EXPECT_TRUE(graph.add_output("n:1", x).ok());  // "the value as written"
  EXPECT_EQ(graph.add_output("x", x).error().code, Code::AlreadyExists);
  EXPECT_EQ(graph.add_output("y", 99).error().code, Code::NotFound);
  EXPECT_FALSE(graph.add_output("", x).ok());
  EXPECT_EQ(graph.outputs().size(), 2u);
}

TEST(Graph, WhatOutputsNeed) {
  Graph graph;
  const GraphValueId x = *graph.add_input("x", kType);
  const auto result = [&](std::string name, std::vector<GraphValueId> operands) {
    return graph.nodes()[*add(graph, std::move(name), std::move(operands))].results[0];
  };
  const GraphValueId a = result("a", {x, kAbsent});
  const GraphValueId b = result("b", {a});
  (void)result("c", {a, b});
  const GraphValueId d = result("d", {b, b});
  EXPECT_THAT(graph.unused_nodes(), ElementsAre(0, 1, 2, 3));
  ASSERT_TRUE(graph.add_output("d", d).ok());
  EXPECT_THAT(graph.needed_nodes(), ElementsAre(0, 1, 3));
  EXPECT_THAT(graph.unused_nodes(), ElementsAre(2));
}

TEST(Graph, ANodeWithoutResults) {
  Graph graph;
  ASSERT_TRUE(add(graph, "n", {}, {std::nullopt}).ok());
  EXPECT_EQ(graph.find("n"), kAbsent);
  EXPECT_EQ(graph.find("n:0"), kAbsent);
  EXPECT_TRUE(graph.name_taken("n"));
}

TEST(Graph, ManyOfEverything) {
  const auto begin = std::chrono::steady_clock::now();
  Graph graph;
  for (int i = 0; i < 10000; ++i) {
    const GraphValueId w = *graph.add_param(cat("layer.", i), cat("w", i), kType);
    const GraphValueId n = graph.nodes()[*add(graph, cat("n", i), {w})].results[0];
    ASSERT_TRUE(graph.add_output(cat("y", i), n).ok());
  }
  EXPECT_TRUE(graph.unused_nodes().empty());
  EXPECT_EQ(graph.find("n9999"), graph.outputs().back().value);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));  // linear: tens of milliseconds in Release
}

}  // namespace
}  // namespace tenon
