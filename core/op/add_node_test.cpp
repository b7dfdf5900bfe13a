// Nodes into graphs: a bad node fails where it is added, and the graph stays usable.
#include <chrono>

#include "core/op/test_support.h"

namespace tenon {
namespace {

using namespace testing;  // NOLINT
using ::testing::HasSubstr;

class AddNode : public ::testing::Test {
 protected:
  AddNode() {
    provider->infer = infer_norm;
    registry.add(norm_schema(), provider, 0);
    OpSchema chain;
    chain.name = "chain";
    chain.op_namespace = "tenon";
    chain.operands = {operand("first"), operand("rest")};
    chain.operands[1].variadic = true;
    chain.results = {result_like("output", "first")};
    chain.infer = StockInfer::Same;
    registry.add(chain, provider, 1);
    x = *graph.add_input("x", {DType::F32, {4, 8}});
    w = *graph.add_param("model.w", "w", {DType::F32, {8}});
  }
  Result<std::uint32_t> add(NodeRequest request) { return add_node(graph, registry, environment, request); }

  Registry registry;
  std::shared_ptr<FakeProvider> provider = std::make_shared<FakeProvider>();
  Environment environment;
  Graph graph;
  GraphValueId x = kAbsent, w = kAbsent;
};

TEST_F(AddNode, ByPositionAndByName) {
  const Result<std::uint32_t> first =
      add({.name = "norm", .op = "TestNorm", .operands = {x, w}, .attributes = {{"eps", Attr(FloatAttr{1e-3})}}});
  ASSERT_TRUE(first.ok()) << error_of(first);
  const Node& norm = graph.nodes()[*first];
  EXPECT_EQ(norm.op, "tenon.test_norm");
  EXPECT_EQ(norm.operands, (std::vector<GraphValueId>{x, w, kAbsent}));
  EXPECT_EQ(norm.results.size(), 2u);
  EXPECT_EQ(norm.results[1], kAbsent);
  EXPECT_EQ(get_float(norm.attributes, "epsilon"), 1e-3);
  EXPECT_EQ(graph.value(norm.results[0]).type, (TensorType{DType::F32, {4, 8}}));

  const Result<std::uint32_t> second =
      add({.name = "dual", .op = "normalize", .named_operands = {{"residual", x}, {"input", norm.results[0]}}});
  ASSERT_TRUE(second.ok()) << error_of(second);
  EXPECT_EQ(graph.nodes()[*second].operands[1], kAbsent);
  EXPECT_EQ(graph.nodes()[*second].operands[2], x);
  EXPECT_NE(graph.nodes()[*second].results[1], kAbsent);

  const Result<std::uint32_t> joined = add({.name = "cat", .op = "chain", .named_operands = {{"rest", x}, {"first", x}, {"rest", x}}});
  ASSERT_TRUE(joined.ok()) << error_of(joined);
  EXPECT_EQ(graph.nodes()[*joined].operands, (std::vector<GraphValueId>{x, x, x}));
}

TEST_F(AddNode, ABadNodeFailsWhereItIsAddedAndTheGraphStaysUsable) {
  const std::size_t values = graph.values().size();
  const auto refuse = [&](Code code, std::string_view what, NodeRequest request) {
    const std::string name = request.name;
    const Result<std::uint32_t> bad = add(std::move(request));
    EXPECT_EQ(code_of(bad), code) << error_of(bad);
    EXPECT_THAT(error_of(bad), HasSubstr(std::string(what)));
    ASSERT_FALSE(bad.ok());
    EXPECT_EQ(bad.error().where.node, name);
    EXPECT_EQ(graph.values().size(), values);
    EXPECT_EQ(graph.nodes().size(), 0u);
  };
  refuse(Code::NotFound, "unknown operator test_nrom", {.name = "n", .op = "test_nrom", .operands = {x}});
  refuse(Code::InvalidArgument, "without a name", {.name = "", .op = "test_norm", .operands = {x}});
  refuse(Code::InvalidArgument, "must not hold ':'", {.name = "a:b", .op = "test_norm", .operands = {x}});
  refuse(Code::AlreadyExists, "the name is taken", {.name = "x", .op = "test_norm", .operands = {x}});
  // An operand that is not there is an error that names it: it neither vanishes nor shifts the others.
  refuse(Code::NotFound, "[test_norm] operand scale: the graph has no value number 99",
         {.name = "n", .op = "test_norm", .operands = {x, 99}});
  refuse(Code::InvalidArgument, "operand input is missing", {.name = "n", .op = "test_norm", .operands = {kAbsent, w}});
  refuse(Code::InvalidArgument, "takes at most 3 operands, got 4", {.name = "n", .op = "test_norm", .operands = {x, w, x, x}});
  refuse(Code::InvalidArgument, "has no operand \"scal\"", {.name = "n", .op = "test_norm", .named_operands = {{"input", x}, {"scal", w}}});
  refuse(Code::InvalidArgument, "operand input is given twice",
         {.name = "n", .op = "test_norm", .named_operands = {{"input", x}, {"input", x}}});
  refuse(Code::InvalidArgument, "by position and by name",
         {.name = "n", .op = "test_norm", .operands = {x}, .named_operands = {{"scale", w}}});
  refuse(Code::InvalidArgument, "operand scale must have shape [8], got [4,8]",
         {.name = "n", .op = "test_norm", .operands = {w, x}, .attributes = {{"axis", Attr(IntAttr{0})}}});
  refuse(Code::InvalidArgument, "has no attribute \"epsilom\"",
         {.name = "n", .op = "test_norm", .operands = {x}, .attributes = {{"epsilom", Attr(true)}}});
  EXPECT_EQ(provider->opened, 0);
  provider->infer = [](tenon_call* call, const tenon_node*) { return host_api().error_set(call, TENON_OUT_OF_RANGE, "no", 2, nullptr, 0); };
  refuse(Code::OutOfRange, "no", {.name = "n", .op = "test_norm", .operands = {x}});
  provider->infer = infer_norm;
  EXPECT_TRUE(add({.name = "n", .op = "test_norm", .operands = {x, w}}).ok());
}

TEST_F(AddNode, ValuesByText) {
  ASSERT_TRUE(add({.name = "norm", .op = "test_norm", .operands = {x, w, x}}).ok());
  ASSERT_TRUE(add({.name = "plain", .op = "test_norm", .operands = {x}}).ok());
  const auto resolve = [&](std::string_view text) { return resolve_value(graph, registry, text); };
  EXPECT_EQ(*resolve("x"), x);
  EXPECT_EQ(*resolve("w"), w);
  const std::vector<GraphValueId>& results = graph.nodes()[0].results;
  EXPECT_EQ(*resolve("norm"), results[0]);
  EXPECT_EQ(*resolve("norm:0"), results[0]);
  EXPECT_EQ(*resolve("norm:1"), results[1]);
  EXPECT_EQ(*resolve("norm:output"), results[0]);
  EXPECT_EQ(*resolve("norm:sum"), results[1]);

  EXPECT_THAT(error_of(resolve("nrom")), HasSubstr("did you mean norm?"));
  EXPECT_THAT(error_of(resolve("norm:2")), HasSubstr("node \"norm\" has no result \"2\""));
  EXPECT_THAT(error_of(resolve("norm:summ")), HasSubstr("its results are output, sum"));
  EXPECT_THAT(error_of(resolve("plain:sum")), HasSubstr("[test_norm] result sum of node \"plain\" does not exist here"));
  EXPECT_THAT(error_of(resolve("plain:sum")), HasSubstr("it exists only with residual"));
  EXPECT_THAT(error_of(resolve("plain:1")), HasSubstr("has no result \"1\""));
  EXPECT_THAT(error_of(resolve("x:1")), HasSubstr("\"x\" is one value"));
  for (const char* bad : {"", ":", ":0", "x:", "norm:", "norm:-1", "norm:+1", "norm:0x1", "norm:0:0", "norm:99999999999999999999"})
    EXPECT_EQ(code_of(resolve(bad)), Code::NotFound) << bad;
}

TEST_F(AddNode, TenThousandNodesTakeALongLineOfThem) {
  const auto begin = std::chrono::steady_clock::now();
  GraphValueId last = x;
  for (int i = 0; i < 10000; ++i) {
    const Result<std::uint32_t> index = add({.name = cat("n", i), .op = "test_norm", .operands = {last, w}});
    ASSERT_TRUE(index.ok()) << error_of(index);
    last = graph.nodes()[*index].results[0];
  }
  ASSERT_TRUE(graph.add_output("y", last).ok());
  EXPECT_EQ(graph.needed_nodes().size(), 10000u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));  // linear: tens of milliseconds in Release
}

}  // namespace
}  // namespace tenon
