// Parameters in the three styles: arguments, constants, globals. Archives are built by hand as safetensors: length, JSON, bytes.
#include <gmock/gmock.h>

#include <cstring>

#include "core/lower/fake_operators.h"
#include "core/stablehlo/print.h"
#include "core/target/target.h"

namespace tenon {
namespace {

using fake::Fakes;
using ::testing::HasSubstr;

class ParametersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const GraphValueId x = *graph.add_input("x", {DType::F32, {3}});
    const GraphValueId w = *graph.add_param("model.w", "w", {DType::F32, {3}});
    const GraphValueId b = *graph.add_param("0 odd/name", "b", {DType::F32, {3}});
    ASSERT_TRUE(graph.add_param("never.used", "u", {DType::F32, {3}}).ok());
    const GraphValueId n = fakes.node(graph, "n", "fake_turn", {x, w});
    const GraphValueId m = fakes.node(graph, "m", "fake_turn", {n, b});
    ASSERT_TRUE(graph.add_output("y", fakes.node(graph, "o", "fake_turn", {m, w})).ok());  // w is used twice
  }
  static Target target(const std::string& style) {
    return *parse_target("schema: 1\nname: t\nparameters: {style: " + style + "}\n", "t.yaml");
  }
  Result<std::string> lower(const Target& to, const ParamArchive* params = nullptr) {
    TENON_ASSIGN(stablehlo::Module module, lower_graph(graph, fakes.registry, fakes.environment));
    TENON_ASSIGN(Applied applied, apply_target(module, to, fakes.registry, fakes.environment, {.params = params}));
    return stablehlo::print(applied.module);
  }
  // `entries`: the JSON between the braces.
  static std::vector<std::byte> safetensors(const std::string& entries, std::vector<float> values) {
    const std::string header = cat("{", entries, "}");
    const std::uint64_t length = header.size();
    std::vector<std::byte> file(8 + header.size() + values.size() * sizeof(float));
    std::memcpy(file.data(), &length, 8);
    std::memcpy(file.data() + 8, header.data(), header.size());
    std::memcpy(file.data() + 8 + header.size(), values.data(), values.size() * sizeof(float));
    return file;
  }

  Fakes fakes;
  Graph graph{"test"};
};

TEST_F(ParametersTest, EqualTablesAreOneConstant) {
  graph = Graph("tables");
  const TensorType type{DType::F32, {17}};
  const auto table = [&](std::string name, float last) {
    Tensor tensor = *Tensor::zeros(type);
    reinterpret_cast<float*>(tensor.data())[16] = last;
    return *graph.add_constant(std::move(name), type, std::make_shared<Tensor>(std::move(tensor)), false);
  };
  GraphValueId value = *graph.add_input("x", type);
  for (const auto& [name, last] : {std::pair("a", 1.0F), {"b", 2.0F}, {"c", 1.0F}})
    value = fakes.node(graph, cat("n", name), "fake_turn", {value, table(name, last)});
  ASSERT_TRUE(graph.add_output("y", value).ok());
  const std::string text = lower(target("arguments")).value();
  EXPECT_THAT(text, HasSubstr("%2 = stablehlo.add %arg0, %0"));
  EXPECT_THAT(text, HasSubstr("%3 = stablehlo.add %2, %1"));
  EXPECT_THAT(text, HasSubstr("%4 = stablehlo.add %3, %0")) << text;
}

TEST_F(ParametersTest, ArgumentsAfterTheInputsInOrder) {
  EXPECT_EQ(lower(target("arguments")).value(), R"(module @test {
  func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<3xf32> {tenon.param = "model.w"}, %arg2: tensor<3xf32> {tenon.param = "0 odd/name"}, %arg3: tensor<3xf32> {tenon.param = "never.used"}) -> tensor<3xf32> {
    %0 = stablehlo.add %arg0, %arg1 : tensor<3xf32>
    %1 = stablehlo.add %0, %arg2 : tensor<3xf32>
    %2 = stablehlo.add %1, %arg1 : tensor<3xf32>
    return %2 : tensor<3xf32>
  }
}
)");
}

TEST_F(ParametersTest, GlobalsWithTheScopeOfTheProfile) {
  EXPECT_EQ(lower(target("globals, scope: net")).value(), R"(module @test {
  util.global private @model.w = #flow.parameter.named<"net"::"model.w"> : tensor<3xf32>
  util.global private @_0_odd_name = #flow.parameter.named<"net"::"0 odd/name"> : tensor<3xf32>
  func.func public @main(%arg0: tensor<3xf32>) -> tensor<3xf32> {
    %0 = util.global.load @model.w : tensor<3xf32>
    %1 = util.global.load @_0_odd_name : tensor<3xf32>
    %2 = stablehlo.add %arg0, %0 : tensor<3xf32>
    %3 = stablehlo.add %2, %1 : tensor<3xf32>
    %4 = stablehlo.add %3, %0 : tensor<3xf32>
    return %4 : tensor<3xf32>
  }
}
)");
}

TEST_F(ParametersTest, SymbolsOfGlobalsAreUnique) {
  Graph twins("twins");
  const GraphValueId x = *twins.add_input("x", {DType::F32, {3}});
  const GraphValueId a = *twins.add_param("a/b", "a", {DType::F32, {3}});
  const GraphValueId b = *twins.add_param("a b", "b", {DType::F32, {3}});
  const GraphValueId m = *twins.add_param("main", "m", {DType::F32, {3}});
  const GraphValueId n = fakes.node(twins, "n", "fake_turn", {fakes.node(twins, "k", "fake_turn", {x, a}), b});
  ASSERT_TRUE(twins.add_output("y", fakes.node(twins, "o", "fake_turn", {n, m})).ok());
  graph = std::move(twins);
  const std::string text = lower(target("globals")).value();
  EXPECT_THAT(text, HasSubstr("@a_b = #flow.parameter.named<\"model\"::\"a/b\">"));
  EXPECT_THAT(text, HasSubstr("@a_b_1 = #flow.parameter.named<\"model\"::\"a b\">"));
  EXPECT_THAT(text, HasSubstr("@main_1 = #flow.parameter.named<\"model\"::\"main\">"));
}

TEST_F(ParametersTest, ConstantsFromTheArchive) {
  const std::vector<std::byte> file = safetensors(R"("model.w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},)"
                                                  R"("0 odd/name":{"dtype":"F32","shape":[3],"data_offsets":[12,24]})",
                                                  {1, -2.5, 3, 7, 7, 7});
  const ParamArchive archive = *ParamArchive::parse_safetensors(file, "weights.safetensors");
  // never.used has no value, and needs none. Equal elements are a splat.
  EXPECT_EQ(lower(target("constants"), &archive).value(), R"(module @test {
  func.func public @main(%arg0: tensor<3xf32>) -> tensor<3xf32> {
    %0 = stablehlo.constant dense<[1.0, -2.5, 3.0]> : tensor<3xf32>
    %1 = stablehlo.constant dense<7.0> : tensor<3xf32>
    %2 = stablehlo.add %arg0, %0 : tensor<3xf32>
    %3 = stablehlo.add %2, %1 : tensor<3xf32>
    %4 = stablehlo.add %3, %0 : tensor<3xf32>
    return %4 : tensor<3xf32>
  }
}
)");
}

TEST_F(ParametersTest, MissingAndWrongValuesAreErrors) {
  const auto refuse = [&](const std::string& entries, std::vector<float> values) {
    const std::vector<std::byte> file = safetensors(entries, std::move(values));
    Result<ParamArchive> archive = ParamArchive::parse_safetensors(file, "weights.safetensors");
    EXPECT_TRUE(archive.ok()) << to_string(archive.error());
    const Error error = lower(target("constants"), &*archive).take_error();
    EXPECT_EQ(error.where.operand, "model.w");
    return cat(error.message, error.advice.empty() ? "" : " / ", error.advice);
  };
  EXPECT_EQ(refuse(R"("model.v":{"dtype":"F32","shape":[3],"data_offsets":[0,12]})", {1, 2, 3}),
            "no tensor named model.w in weights.safetensors / did you mean model.v?");
  EXPECT_EQ(refuse(R"("model.w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})", {1, 2}),
            "parameter model.w: the graph declares f32[3], weights.safetensors has f32[2]");
  EXPECT_EQ(refuse(R"("model.w":{"dtype":"I32","shape":[3],"data_offsets":[0,12]})", {1, 2, 3}),
            "parameter model.w: the graph declares f32[3], weights.safetensors has i32[3]");
  const Error none = lower(target("constants")).take_error();
  EXPECT_EQ(none.code, Code::FailedPrecondition);
  EXPECT_EQ(none.message, "target t writes parameters into the text, and model.w f32[3] has no value");
  EXPECT_THAT(none.advice, HasSubstr("--params"));
}

}  // namespace
}  // namespace tenon
