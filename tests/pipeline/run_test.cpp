// A graph built through the C API, run on the caller's memory: values, strides, alignment, in place, errors.
#include "tests/pipeline/support.h"

using namespace tenon_test;

namespace {

class Run : public testing::Test {
 protected:
  Owned<tenon_context> context = make_context();
};

TEST_F(Run, ComputesTheFormula) {
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {3, 67}), w = graph.input("w", {67});
  graph.output("y", graph.node("norm", "rms_norm", {x, w}, {f64_attr("epsilon", 1e-5)})[0]);
  Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> dims{3, 67}, w_dims{67};
  std::vector<float> in = normal_values(3 * 67, 1), scale = normal_values(67, 2), out(in.size());
  const tenon_tensor_view inputs[] = {view_of(in, dims), view_of(scale, w_dims)}, output = view_of(out, dims);
  must([&](tenon_error** e) { return tenon_program_run(program.get(), inputs, 2, &output, 1, nullptr, e); });
  expect_near(out, rms_norm_reference(in, scale, 67, 1e-5));
}

TEST_F(Run, KernelAndReferenceAgree) {
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {5, 129});
  graph.output("y", graph.node("norm", "rms_norm", {x})[0]);
  const std::vector<std::int64_t> dims{5, 129};
  std::vector<float> in = normal_values(5 * 129, 3), fast(in.size()), slow(in.size());
  const tenon_tensor_view input = view_of(in, dims), a = view_of(fast, dims), b = view_of(slow, dims);
  must([&](tenon_error** e) { return tenon_program_run(graph.compile().get(), &input, 1, &a, 1, nullptr, e); });
  must([&](tenon_error** e) { return tenon_program_run(graph.compile(TENON_PROGRAM_REFERENCE).get(), &input, 1, &b, 1, nullptr, e); });
  const std::vector<double> want = rms_norm_reference(in, {}, 129, 1e-6);
  expect_near(fast, want);
  expect_near(slow, want, 16);  // the interpreter adds one by one: n * 2^-24 of the sum
}

TEST_F(Run, TakesStridedMisalignedAndInPlaceMemory) {
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {4, 33});
  graph.output("y", graph.node("norm", "rms_norm", {x})[0]);
  Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> dims{4, 33};
  const std::vector<float> values = normal_values(4 * 33, 4);
  const std::vector<double> want = rms_norm_reference(values, {}, 33, 1e-6);

  // Every other element of rows that are 100 apart, reversed rows.
  std::vector<float> wide(400), out(values.size());
  for (std::size_t r = 0; r < 4; ++r)
    for (std::size_t c = 0; c < 33; ++c) wide[(3 - r) * 100 + 2 * c] = values[r * 33 + c];
  const std::vector<std::int64_t> strides{-100, 2};
  tenon_tensor_view input = view_of(wide, dims), output = view_of(out, dims);
  input.data = wide.data() + 300;
  input.strides = strides.data();
  must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, nullptr, e); });
  expect_near(out, want);

  // At an odd address, both ways.
  std::vector<char> bytes(values.size() * 4 + 1), result(values.size() * 4 + 1);
  std::memcpy(bytes.data() + 1, values.data(), values.size() * 4);
  input = view_of(wide, dims);
  input.data = bytes.data() + 1;
  output.data = result.data() + 1;
  must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, nullptr, e); });
  std::memcpy(out.data(), result.data() + 1, values.size() * 4);
  expect_near(out, want);

  // In place.
  std::vector<float> same = values;
  input = output = view_of(same, dims);
  must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, nullptr, e); });
  expect_near(same, want);
}

TEST_F(Run, InPlaceIsRightWhenTheInputIsReadLater) {
  // y = norm(x) is written over x, but z = sum(x) needs x afterwards.
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {2, 8});
  const tenon_value y = graph.node("norm", "rms_norm", {x})[0];
  const tenon_value z = graph.node("total", "reduce_sum", {x}, {i64_attr("axes", -1)})[0];
  graph.output("y", y);
  graph.output("z", z);
  Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> dims{2, 8}, sums{2};
  const std::vector<float> values = normal_values(16, 5);
  std::vector<float> memory = values, total(2);
  const tenon_tensor_view input = view_of(memory, dims), outputs[] = {view_of(memory, dims), view_of(total, sums)};
  must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, outputs, 2, nullptr, e); });
  expect_near(memory, rms_norm_reference(values, {}, 8, 1e-6));
  for (std::size_t r = 0; r < 2; ++r) {
    double want = 0;
    for (std::size_t i = 0; i < 8; ++i) want += values[r * 8 + i];
    EXPECT_NEAR(total[r], want, 1e-5);
  }
}

TEST_F(Run, AnInputCanBeAnOutput) {
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {3});
  graph.output("a", x);
  graph.output("b", x);
  Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> dims{3};
  std::vector<float> in{1, 2, 3}, a(3), b(3);
  const tenon_tensor_view input = view_of(in, dims), outputs[] = {view_of(a, dims), view_of(b, dims)};
  must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, outputs, 2, nullptr, e); });
  EXPECT_EQ(a, in);
  EXPECT_EQ(b, in);
}

TEST_F(Run, ZeroRowsAreFine) {
  GraphMaker graph(context.get());
  graph.output("y", graph.node("norm", "rms_norm", {graph.input("x", {0, 8})})[0]);
  Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> dims{0, 8};
  tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
  view.dims = dims.data();
  view.rank = 2;
  view.dtype = TENON_F32;
  must([&](tenon_error** e) { return tenon_program_run(program.get(), &view, 1, &view, 1, nullptr, e); });
}

TEST_F(Run, RefusesWhatDoesNotFit) {
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {2, 4});
  graph.output("y", graph.node("norm", "rms_norm", {x})[0]);
  Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> dims{2, 4}, other{2, 5};
  std::vector<float> in(10), out(10);
  std::vector<double> wide(8);
  const auto run = [&](const tenon_tensor_view& input, const tenon_tensor_view& output) {
    return must_fail([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, nullptr, e); });
  };
  EXPECT_NE(run(view_of(in, other), view_of(out, dims)).message.find("expected f32[2,4], got f32[2,5]"), std::string::npos);
  EXPECT_NE(run(view_of(wide, dims), view_of(out, dims)).message.find("got f64[2,4]"), std::string::npos);
  tenon_tensor_view empty = view_of(in, dims);
  empty.data = nullptr;
  EXPECT_EQ(run(empty, view_of(out, dims)).code, TENON_INVALID_ARGUMENT);
  tenon_tensor_view locked = view_of(out, dims);
  locked.flags = TENON_TENSOR_READ_ONLY;
  EXPECT_NE(run(view_of(in, dims), locked).message.find("read-only"), std::string::npos);
  // Overlapping by two elements is neither apart nor in place.
  tenon_tensor_view shifted = view_of(in, dims);
  shifted.data = in.data() + 2;
  EXPECT_NE(run(view_of(in, dims), shifted).message.find("overlaps"), std::string::npos);
  const std::vector<std::int64_t> huge{INT64_MAX, INT64_MAX};
  tenon_tensor_view reach = view_of(in, dims);
  reach.strides = huge.data();
  EXPECT_EQ(run(reach, view_of(out, dims)).code, TENON_INVALID_ARGUMENT);
  tenon_error* error = nullptr;
  EXPECT_EQ(tenon_program_run(program.get(), nullptr, 0, nullptr, 0, nullptr, &error), TENON_INVALID_ARGUMENT);
  tenon_error_release(error);
  EXPECT_EQ(tenon_program_run(nullptr, nullptr, 0, nullptr, 0, nullptr, nullptr), TENON_INVALID_ARGUMENT);
}

TEST_F(Run, CanBeCancelledAndTimed) {
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {2, 4});
  graph.output("y", graph.node("norm", "rms_norm", {x})[0]);
  Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> dims{2, 4};
  std::vector<float> in(8, 1), out(8);
  const tenon_tensor_view input = view_of(in, dims), output = view_of(out, dims);
  const std::size_t steps = tenon_program_get_step_count(program.get());
  ASSERT_GE(steps, 1u);
  std::vector<std::uint64_t> times(steps, UINT64_MAX);
  std::int32_t cancel = 0;
  tenon_run_options options = TENON_RUN_OPTIONS_INIT;
  options.step_nanoseconds = times.data();
  options.step_capacity = times.size();
  options.cancel = &cancel;
  must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, &options, e); });
  for (std::uint64_t time : times) EXPECT_LT(time, UINT64_C(10'000'000'000));
  cancel = 1;
  EXPECT_EQ(must_fail([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, &options, e); }).code,
            TENON_CANCELLED);
}

TEST_F(Run, StrictNamesAnOperatorWithoutAKernel) {
  GraphMaker graph(context.get());
  graph.output("y", graph.node("total", "global_max_pool", {graph.input("x", {1, 2, 4})})[0]);
  tenon_program_options options = TENON_PROGRAM_OPTIONS_INIT;
  options.flags = TENON_PROGRAM_STRICT;
  tenon_program* program = nullptr;
  const Failure failure = must_fail([&](tenon_error** e) { return tenon_graph_compile(graph.get(), &options, &program, e); });
  EXPECT_EQ(failure.code, TENON_FAILED_PRECONDITION);
  EXPECT_EQ(failure.node, "total");
  EXPECT_NE(failure.message.find("global_max_pool"), std::string::npos);
}

TEST_F(Run, ExplainNamesTheInterpreterAndWhy) {
  GraphMaker graph(context.get());
  graph.output("y", graph.node("total", "global_max_pool", {graph.input("x", {1, 2, 4})})[0]);
  tenon_blob* json = nullptr;
  Owned<tenon_program> program = graph.compile();
  must([&](tenon_error** e) { return tenon_program_explain_json(program.get(), &json, e); });
  Owned<tenon_blob> owned(json);
  const std::string text = tenon_blob_get_data(json, nullptr);
  EXPECT_NE(text.find("\"interpreter\""), std::string::npos);
  EXPECT_NE(text.find("no kernel exists for this operator"), std::string::npos);
}

TEST_F(Run, ForcedLevelRunsThatLevel) {
  const std::string built = TENON_BUILT_LEVELS, level = built.substr(built.rfind(',') + 1);  // the lowest
  Owned<tenon_context> low = make_context(level.c_str());
  GraphMaker graph(low.get());
  graph.output("y", graph.node("norm", "rms_norm", {graph.input("x", {4, 64})})[0]);
  Owned<tenon_program> program = graph.compile();
  tenon_blob* json = nullptr;
  must([&](tenon_error** e) { return tenon_program_report_json(program.get(), &json, e); });
  Owned<tenon_blob> owned(json);
#if defined(__x86_64__)
  EXPECT_NE(std::string(tenon_blob_get_data(json, nullptr)).find("\"level\":\"" + level + "\""), std::string::npos)
      << tenon_blob_get_data(json, nullptr);
#endif
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.arch = "avx9000";
  options.arch_length = TENON_NUL_TERMINATED;
  tenon_context* none = nullptr;
  const Failure failure = must_fail([&](tenon_error** e) { return tenon_context_create(&options, &none, e); });
  EXPECT_EQ(failure.code, TENON_CPU_UNSUPPORTED);
  EXPECT_EQ(none, nullptr);
}

}  // namespace
