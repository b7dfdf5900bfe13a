// One program run from many threads: equal bytes, no race (this file is the ThreadSanitizer job).
#include <thread>

#include "tests/pipeline/support.h"

using namespace tenon_test;

TEST(Threads, OneProgramManyThreads) {
  Owned<tenon_context> context = make_context(nullptr, 3);
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {64, 513}), w = graph.input("w", {513});
  const tenon_value y = graph.node("norm", "rms_norm", {x, w})[0];
  graph.output("y", y);
  graph.output("z", graph.node("mean", "reduce_mean", {y}, {i64_attr("axes", 0)})[0]);
  Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> dims{64, 513}, row{513};
  std::vector<float> in = normal_values(64 * 513, 7), scale = normal_values(513, 8);

  const auto run = [&](std::vector<float>& out, std::vector<float>& mean) {
    const tenon_tensor_view inputs[] = {view_of(in, dims), view_of(scale, row)}, outputs[] = {view_of(out, dims), view_of(mean, row)};
    return tenon_program_run(program.get(), inputs, 2, outputs, 2, nullptr, nullptr);
  };
  std::vector<float> first(in.size()), first_mean(513);
  ASSERT_EQ(run(first, first_mean), TENON_OK);

  std::vector<std::thread> threads;
  std::vector<int> wrong(8, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      std::vector<float> out(in.size()), mean(513);
      for (int i = 0; i < 20; ++i)
        if (run(out, mean) != TENON_OK || out != first || mean != first_mean) ++wrong[t];
    });
  for (std::thread& thread : threads) thread.join();
  for (int count : wrong) EXPECT_EQ(count, 0);
}

// Lowering, compiling and listing on one context at once.
TEST(Threads, OneContextManyThreads) {
  Owned<tenon_context> context = make_context();
  std::vector<std::thread> threads;
  std::vector<int> done(6, 0);
  for (std::size_t t = 0; t < done.size(); ++t)
    threads.emplace_back([&, t] {
      GraphMaker graph(context.get());
      graph.output("y", graph.node("norm", "rms_norm", {graph.input("x", {2, static_cast<std::int64_t>(8 + t)})})[0]);
      const std::string text = graph.lower(context.get(), "stablehlo");
      Owned<tenon_program> program = graph.compile();
      tenon_blob* json = nullptr;
      if (tenon_plugins_json(context.get(), &json, nullptr) == TENON_OK && !text.empty() && program != nullptr) done[t] = 1;
      tenon_blob_release(json);
    });
  for (std::thread& thread : threads) thread.join();
  for (int flag : done) EXPECT_EQ(flag, 1);
}

// The answer does not depend on the number of threads, to the last bit.
TEST(Threads, ResultsAreBitwiseEqualForAnyNumberOfThreads) {
  const std::vector<std::int64_t> dims{333, 1025};
  std::vector<float> in = normal_values(333 * 1025, 9), first;
  for (std::uint32_t count : {1u, 2u, 5u}) {
    Owned<tenon_context> context = make_context(nullptr, count);
    GraphMaker graph(context.get());
    graph.output("y", graph.node("norm", "rms_norm", {graph.input("x", dims)})[0]);
    Owned<tenon_program> program = graph.compile();
    std::vector<float> out(in.size());
    const tenon_tensor_view input = view_of(in, dims), output = view_of(out, dims);
    must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, nullptr, e); });
    if (first.empty()) first = out;
    EXPECT_EQ(out, first) << count << " threads";
  }
}
