// Graphs through the C API: eager checks, errors with place and advice, several results, text out and in, lowering for every target.
#include "tests/pipeline/support.h"

using namespace tenon_test;

namespace {

class GraphApi : public testing::Test {
 protected:
  Owned<tenon_context> context = make_context();
};

TEST_F(GraphApi, ABadNodeFailsWhereItIsAddedAndTheGraphStaysUsable) {
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {2, 4}), w = graph.input("w", {5});
  const Failure unknown = graph.bad_node("n", "rms_nrom", {x});
  EXPECT_EQ(unknown.code, TENON_NOT_FOUND);
  EXPECT_EQ(unknown.node, "n");
  EXPECT_NE(unknown.advice.find("rms_norm"), std::string::npos) << unknown.advice;
  const Failure shape = graph.bad_node("n", "rms_norm", {x, w});
  EXPECT_NE(shape.message.find("scale"), std::string::npos) << shape.message;
  EXPECT_NE(shape.message.find("5"), std::string::npos) << shape.message;
  EXPECT_EQ(graph.bad_node("n", "rms_norm", {}).code, TENON_INVALID_ARGUMENT);
  EXPECT_EQ(graph.bad_node("n", "rms_norm", {x, x, x, x, x}).code, TENON_INVALID_ARGUMENT);
  EXPECT_EQ(graph.bad_node("n", "rms_norm", {12345}).code, TENON_NOT_FOUND);
  EXPECT_NE(graph.bad_node("n", "rms_norm", {x}, {f64_attr("epsilom", 1)}).advice.find("epsilon"), std::string::npos);
  EXPECT_NE(graph.bad_node("n", "rms_norm", {x}, {f64_attr("epsilon", 0)}).message.find("epsilon"), std::string::npos);
  EXPECT_NE(graph.bad_node("n", "rms_norm", {x}, {f64_attr("epsilon", std::nan(""))}).code, TENON_OK);
  EXPECT_NE(graph.bad_node("n", "rms_norm", {x}, {i64_attr("axis", 2)}).message.find("axis"), std::string::npos);
  EXPECT_NE(graph.bad_node("n", "rms_norm", {x}, {i64_attr("axis", -3)}).message.find("axis"), std::string::npos);
  EXPECT_NE(graph.bad_node("n", "rms_norm", {x}, {f64_attr("eps", 1e-3), f64_attr("epsilon", 1e-3)}).message.find("twice"),
            std::string::npos);
  graph.output("y", graph.node("n", "rms_norm", {x})[0]);
  EXPECT_NE(graph.compile(), nullptr);
}

TEST_F(GraphApi, DuplicateNamesAndRankZeroAreErrors) {
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {2, 4}), scalar = graph.input("s", {}), empty = graph.input("e", {2, 0});
  const std::vector<std::int64_t> dims{2};
  const tenon_type_view type{dims.data(), 1, TENON_F32};
  tenon_value out = 7;
  EXPECT_EQ(must_fail([&](tenon_error** e) { return tenon_graph_add_input(graph.get(), "x", 1, &type, &out, e); }).code,
            TENON_ALREADY_EXISTS);
  EXPECT_EQ(out, 7u);  // outputs are untouched on failure
  EXPECT_EQ(graph.bad_node("x", "rms_norm", {x}).code, TENON_ALREADY_EXISTS);
  EXPECT_NE(graph.bad_node("n", "rms_norm", {scalar}).code, TENON_OK);
  EXPECT_NE(graph.bad_node("n", "rms_norm", {empty}).code, TENON_OK);
  const tenon_type_view wrong{dims.data(), 1, 99};
  EXPECT_NE(must_fail([&](tenon_error** e) { return tenon_graph_add_input(graph.get(), "z", 1, &wrong, &out, e); }).message.find("99"),
            std::string::npos);
  const tenon_type_view deep{dims.data(), 33, TENON_F32};
  EXPECT_EQ(must_fail([&](tenon_error** e) { return tenon_graph_add_input(graph.get(), "z", 1, &deep, &out, e); }).code,
            TENON_INVALID_ARGUMENT);
}

TEST_F(GraphApi, SeveralResultsHaveNamesAndTypes) {
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {2, 4}), r = graph.input("r", {2, 4});
  const std::vector<tenon_value> results = graph.node("n", "rms_norm", {x, TENON_VALUE_NONE, r});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_NE(results[1], TENON_VALUE_NONE);
  for (const char* name : {"n:1", "n:sum"}) {
    tenon_value found = 0;
    must([&](tenon_error** e) { return tenon_graph_find_value(graph.get(), name, TENON_NUL_TERMINATED, &found, e); });
    EXPECT_EQ(found, results[1]) << name;
  }
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  must([&](tenon_error** e) { return tenon_graph_get_type(graph.get(), results[1], &type, e); });
  EXPECT_EQ(type.rank, 2);
  EXPECT_EQ(type.dims[1], 4);
  // Without a residual there is no sum, and asking for it is an error that says so.
  const std::vector<tenon_value> plain = graph.node("m", "rms_norm", {x});
  EXPECT_EQ(plain[1], TENON_VALUE_NONE);
  tenon_value none = 0;
  const Failure missing = must_fail([&](tenon_error** e) { return tenon_graph_find_value(graph.get(), "m:sum", 5, &none, e); });
  EXPECT_EQ(missing.code, TENON_NOT_FOUND);
  EXPECT_NE(missing.message.find("sum"), std::string::npos) << missing.message;
}

TEST_F(GraphApi, EpsilonInAnySpellingReachesTextAndKernelExactly) {
  std::string first;
  for (const tenon_attr& attr :
       {f64_attr("epsilon", 1e-3), text_attr("epsilon", "1e-3"), text_attr("eps", "0.001"), text_attr("epsilon", "1.0e-03")}) {
    GraphMaker graph(context.get());
    graph.output("y", graph.node("n", "rms_norm", {graph.input("x", {2, 4})}, {attr})[0]);
    const std::string text = graph.lower(context.get(), "stablehlo");
    if (first.empty()) first = text;
    EXPECT_EQ(text, first);
    Owned<tenon_program> program = graph.compile();
    const std::vector<std::int64_t> dims{2, 4};
    std::vector<float> in(8, 0.01f), out(8);
    const tenon_tensor_view input = view_of(in, dims), output = view_of(out, dims);
    must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, nullptr, e); });
    expect_near(out, rms_norm_reference(in, {}, 4, 1e-3));
  }
  EXPECT_NE(first.find("dense<0.001>"), std::string::npos) << first;
}

TEST_F(GraphApi, LowersForEveryTarget) {
  for (const char* target : {"stablehlo", "xla", "iree", "litert", "custom-call", "reduction-calls"}) {
    GraphMaker graph(context.get());
    const tenon_value x = graph.input("x", {2, 4}), w = graph.input("w", {4});
    graph.output("y", graph.node("n", "rms_norm", {x, w})[0]);
    const std::string text = graph.lower(context.get(), target);
    EXPECT_EQ(text, graph.lower(context.get(), target)) << "not the same bytes twice";
    EXPECT_NE(text.find("module @test"), std::string::npos) << target;
    EXPECT_NE(text.find("@main"), std::string::npos) << target;
    const bool calls = text.find("custom_call") != std::string::npos;
    EXPECT_EQ(calls, std::string(target) == "custom-call" || std::string(target) == "reduction-calls") << target << "\n" << text;
  }
}

TEST_F(GraphApi, TextRoundTrip) {
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {2, 4}, TENON_BF16);
  const std::vector<std::int64_t> dims{4};
  std::vector<float> scale{1, 2, 0.1f, -INFINITY};
  const tenon_tensor_view data = view_of(scale, dims);
  tenon_value w = 0;
  must([&](tenon_error** e) { return tenon_graph_add_constant(graph.get(), "w", 1, &data, &w, e); });
  graph.output("y", graph.node("n", "rms_norm", {x, w}, {f64_attr("epsilon", 9.99e-7)})[0]);
  tenon_blob* yaml = nullptr;
  must([&](tenon_error** e) { return tenon_graph_to_yaml(graph.get(), &yaml, e); });
  Owned<tenon_blob> owned(yaml);
  std::size_t length = 0;
  const char* text = tenon_blob_get_data(yaml, &length);
  tenon_graph* again = nullptr;
  must([&](tenon_error** e) { return tenon_graph_parse(context.get(), text, length, "round.yaml", TENON_NUL_TERMINATED, 0, &again, e); });
  Owned<tenon_graph> owned_again(again);
  tenon_blob* second = nullptr;
  must([&](tenon_error** e) { return tenon_graph_to_yaml(again, &second, e); });
  EXPECT_STREQ(tenon_blob_get_data(second, nullptr), text);
  tenon_blob_release(second);
}

TEST_F(GraphApi, ParseErrorsHavePlaceAndAdvice) {
  const char* text = "tenon: 1\nname: g\ninputs:\n- {name: x, dtype: f33, shape: [2]}\noutputs: [x]\n";
  tenon_graph* graph = nullptr;
  tenon_error* error = nullptr;
  EXPECT_NE(tenon_graph_parse(context.get(), text, TENON_NUL_TERMINATED, "g.yaml", TENON_NUL_TERMINATED, 0, &graph, &error), TENON_OK);
  ASSERT_NE(error, nullptr);
  std::int32_t line = 0, column = 0;
  tenon_error_get_position(error, &line, &column);
  EXPECT_EQ(line, 4);
  EXPECT_STREQ(tenon_error_get_text(error, TENON_ERROR_FILE, nullptr), "g.yaml");
  EXPECT_NE(std::string(tenon_error_get_text(error, TENON_ERROR_MESSAGE, nullptr)).find("f33"), std::string::npos);
  EXPECT_NE(std::string(tenon_error_get_json(error, nullptr)).find("\"advice\""), std::string::npos);
  tenon_error_release(error);
  EXPECT_EQ(graph, nullptr);
}

TEST_F(GraphApi, NullsAreErrorsNotCrashes) {
  tenon_graph* graph = nullptr;
  EXPECT_EQ(tenon_graph_create(nullptr, "g", 1, &graph, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(tenon_graph_create(context.get(), "g", 1, nullptr, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(tenon_graph_load(context.get(), nullptr, 5, 0, &graph, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(tenon_graph_lower(nullptr, nullptr, nullptr, nullptr, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(tenon_graph_compile(nullptr, nullptr, nullptr, nullptr), TENON_INVALID_ARGUMENT);
  tenon_graph_destroy(nullptr);
  tenon_context_destroy(nullptr);
  tenon_error_release(nullptr);
  EXPECT_STREQ(tenon_error_get_text(nullptr, TENON_ERROR_MESSAGE, nullptr), "");
  EXPECT_EQ(tenon_error_get_code(nullptr), TENON_OK);
  EXPECT_STREQ(tenon_code_name(424242), "UNKNOWN");
}

// Every option struct: sizes 0 to 256 with random tails give a defined code, never a crash.
TEST_F(GraphApi, OptionStructsOfAnySize) {
  std::mt19937 random(1);
  for (std::uint32_t size = 0; size <= 256; ++size) {
    alignas(16) unsigned char bytes[512];
    for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random());
    tenon_header header{size, TENON_KIND_PROGRAM_OPTIONS, nullptr};
    std::memcpy(bytes, &header, sizeof header);
    std::memset(bytes + sizeof header, 0,
                sizeof(tenon_program_options) - sizeof header);  // known members at their defaults, the tail at random
    GraphMaker graph(context.get());
    graph.output("y", graph.input("x", {2}));
    tenon_program* program = nullptr;
    const std::int32_t code = tenon_graph_compile(graph.get(), reinterpret_cast<const tenon_program_options*>(bytes), &program, nullptr);
    tenon_program_destroy(program);
    if (size < sizeof(tenon_program_options)) {
      EXPECT_EQ(code, TENON_INVALID_ARGUMENT) << size;
    } else if (size == sizeof(tenon_program_options)) {
      EXPECT_EQ(code, TENON_OK);
    } else if (size > sizeof(tenon_program_options) + 4) {
      EXPECT_EQ(code, TENON_NOT_UNDERSTOOD) << size;  // a random tail is not all zero
    }
  }
}

}  // namespace
