// Dynamic dimensions: bound by each run, or before it.
#include <thread>

#include "tests/pipeline/support.h"

using namespace tenon_test;

namespace {

class Bind : public testing::Test {
 protected:
  void SetUp() override {
    const tenon_value x = graph.input("x", {TENON_DYNAMIC, 7}), w = graph.input("w", {7});
    graph.output("y", graph.node("norm", "rms_norm", {x, w}, {f64_attr("epsilon", 1e-5)})[0]);
    graph.output("total", graph.node("sum", "reduce_sum", {x}, {})[0]);
  }
  std::string refusal(const tenon_program* program, const std::vector<std::int64_t>& dims, tenon_dtype dtype = TENON_F32) {
    const std::vector<std::int64_t> w{7};
    const tenon_type_view types[] = {{dims.data(), static_cast<std::int32_t>(dims.size()), dtype}, {w.data(), 1, TENON_F32}};
    tenon_program* bound = nullptr;
    const Failure failure = must_fail([&](tenon_error** e) { return tenon_program_bind(program, types, 2, &bound, e); });
    EXPECT_EQ(bound, nullptr);
    return failure.message;
  }
  Owned<tenon_context> context = make_context();
  GraphMaker graph{context.get()};
};

TEST_F(Bind, ARunTakesTheSizesOfItsInputs) {
  Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> w_dims{7}, none;
  std::vector<float> scale = normal_values(7, 2);
  for (const std::int64_t rows : {2, 0, 5, 2, 1000}) {
    const std::vector<std::int64_t> dims{rows, 7};
    std::vector<float> in = normal_values(static_cast<std::size_t>(rows) * 7, 1), out(in.size()), total(1);
    const tenon_tensor_view inputs[] = {view_of(in, dims), view_of(scale, w_dims)}, outputs[] = {view_of(out, dims), view_of(total, none)};
    must([&](tenon_error** e) { return tenon_program_run(program.get(), inputs, 2, outputs, 2, nullptr, e); });
    expect_near(out, rms_norm_reference(in, scale, 7, 1e-5));
    double sum = 0, magnitude = 0;
    for (float value : in) sum += value, magnitude += std::abs(value);
    EXPECT_NEAR(total[0], sum, magnitude * 1e-6) << rows;
  }
}

TEST_F(Bind, TypesAndReportsComeWithTheSizes) {
  Owned<tenon_program> program = graph.compile();
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  must([&](tenon_error** e) { return tenon_program_get_output(program.get(), 0, nullptr, nullptr, &type, e); });
  EXPECT_EQ(type.dims[0], TENON_DYNAMIC);
  EXPECT_EQ(tenon_program_get_step_count(program.get()), 0u);
  tenon_blob* blob = nullptr;
  EXPECT_EQ(tenon_program_report_json(program.get(), &blob, nullptr), TENON_FAILED_PRECONDITION);

  const std::vector<std::int64_t> x{3, 7}, w{7};
  const tenon_type_view types[] = {{x.data(), 2, TENON_F32}, {w.data(), 1, TENON_F32}};
  tenon_program* made = nullptr;
  must([&](tenon_error** e) { return tenon_program_bind(program.get(), types, 2, &made, e); });
  program.reset();  // what is bound lives on
  Owned<tenon_program> bound(made);
  must([&](tenon_error** e) { return tenon_program_get_output(bound.get(), 0, nullptr, nullptr, &type, e); });
  EXPECT_EQ(type.dims[0], 3);
  EXPECT_GT(tenon_program_get_step_count(bound.get()), 0u);
  must([&](tenon_error** e) { return tenon_program_report_json(bound.get(), &blob, e); });
  Owned<tenon_blob> owned(blob);

  // A program for three rows takes no other number of them.
  const std::vector<std::int64_t> four{4, 7}, none;
  std::vector<float> in(28), out(28), scale(7), total(1);
  const tenon_tensor_view inputs[] = {view_of(in, four), view_of(scale, w)}, outputs[] = {view_of(out, four), view_of(total, none)};
  EXPECT_EQ(tenon_program_run(bound.get(), inputs, 2, outputs, 2, nullptr, nullptr), TENON_INVALID_ARGUMENT);
}

TEST_F(Bind, WhatTheGraphDoesNotAllow) {
  Owned<tenon_program> program = graph.compile();
  EXPECT_EQ(refusal(program.get(), {3, 8}), "input x: expected f32[?,7], got f32[3,8]");
  EXPECT_EQ(refusal(program.get(), {7}), "input x: expected f32[?,7], got f32[7]");
  EXPECT_EQ(refusal(program.get(), {3, 7}, TENON_F16), "input x: expected f32[?,7], got f16[3,7]");
  EXPECT_EQ(refusal(program.get(), {TENON_DYNAMIC, 7}), "input x: expected f32[?,7], got f32[?,7]: dimension 0 has no size");
  tenon_program* bound = nullptr;
  EXPECT_EQ(tenon_program_bind(program.get(), nullptr, 0, &bound, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(tenon_program_bind(nullptr, nullptr, 0, &bound, nullptr), TENON_INVALID_ARGUMENT);
}

// More sizes than are kept, in turn, from two threads: each run has the program of its own sizes.
TEST_F(Bind, ManySizesFromSeveralThreads) {
  Owned<tenon_program> program = graph.compile();
  const auto work = [&](std::int64_t first) {
    const std::vector<std::int64_t> w_dims{7}, none;
    std::vector<float> scale(7, 1.0f);
    for (std::int64_t turn = 0; turn < 2; ++turn)
      for (std::int64_t rows = first; rows < 40; ++rows) {
        const std::vector<std::int64_t> dims{rows, 7};
        std::vector<float> in(static_cast<std::size_t>(rows) * 7, 1.0f), out(in.size()), total(1);
        const tenon_tensor_view inputs[] = {view_of(in, dims), view_of(scale, w_dims)},
                                outputs[] = {view_of(out, dims), view_of(total, none)};
        ASSERT_EQ(tenon_program_run(program.get(), inputs, 2, outputs, 2, nullptr, nullptr), TENON_OK);
        ASSERT_EQ(total[0], static_cast<float>(rows * 7));
      }
  };
  std::thread other(work, 1);
  work(2);
  other.join();
}

}  // namespace
