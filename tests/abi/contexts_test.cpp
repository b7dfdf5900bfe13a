// Two contexts in one process share nothing but mapped libraries: plugins, SIMD level, threads, log and life are each one's own.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/pipeline/support.h"

using namespace tenon_test;

namespace {

Owned<tenon_context> bare_context(bool with_plugins, const char* arch = nullptr) {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR | TENON_CONTEXT_NO_SYSTEM_DIR;
  options.threads = 2;
  options.arch = arch;
  options.arch_length = arch == nullptr ? 0 : TENON_NUL_TERMINATED;
  tenon_context* context = nullptr;
  must([&](tenon_error** e) { return tenon_context_create(&options, &context, e); });
  if (with_plugins)
    must([&](tenon_error** e) { return tenon_context_add_plugin_path(context, TENON_KEPT_PLUGINS, TENON_NUL_TERMINATED, e); });
  return Owned<tenon_context>(context);
}

std::string machine_of(tenon_context* context) {
  tenon_blob* blob = nullptr;
  must([&](tenon_error** e) { return tenon_machine_json(context, &blob, e); });
  return tenon_blob_get_data(Owned<tenon_blob>(blob).get(), nullptr);
}

// 2 x + 1 by the plugin travel-c, in a graph of its own.
void use(tenon_context* context) {
  GraphMaker graph(context);
  const std::vector<std::int64_t> dims{5};
  graph.output("y", graph.node("n", "travel_c.affine", {graph.input("x", dims)})[0]);
  Owned<tenon_program> program = graph.compile();
  std::vector<float> in{-2, -1, 0, 1, 2}, out(5);
  const tenon_tensor_view input = view_of(in, dims), output = view_of(out, dims);
  must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, nullptr, e); });
  EXPECT_EQ(out, (std::vector<float>{-3, -1, 1, 3, 5}));
}

}  // namespace

TEST(AbiContexts, PluginsOfOneAreNotThoseOfTheOther) {
  Owned<tenon_context> with = bare_context(true), without = bare_context(false);
  use(with.get());
  GraphMaker graph(without.get());
  EXPECT_EQ(graph.bad_node("n", "travel_c.affine", {graph.input("x", {5})}).code, TENON_NOT_FOUND);
  use(with.get());
}

TEST(AbiContexts, OneEndsAndTheOtherGoesOn) {
  Owned<tenon_context> first = bare_context(true), second = bare_context(true);
  use(first.get());
  use(second.get());
  first.reset();
  use(second.get());
  first = bare_context(true);  // the plugin's library is still mapped, its state is new
  second.reset();
  use(first.get());
}

TEST(AbiContexts, EachHasItsOwnLevel) {
  Owned<tenon_context> best = make_context();
  const std::string machine = machine_of(best.get());
  const std::string levels = machine.substr(machine.find("\"levels\":["), machine.find(']') - machine.find("\"levels\":["));
  const std::size_t quote = levels.rfind('"', levels.size() - 2);
  const std::string lowest = levels.substr(quote + 1, levels.rfind('"') - quote - 1);
  ASSERT_FALSE(lowest.empty()) << machine;
  Owned<tenon_context> least = make_context(lowest.c_str());
  EXPECT_NE(machine_of(least.get()).find("\"level\":\"" + lowest + "\""), std::string::npos);
  EXPECT_EQ(machine_of(best.get()), machine);
  for (tenon_context* context : {best.get(), least.get()}) {
    GraphMaker graph(context);
    const std::vector<std::int64_t> dims{3, 70};
    graph.output("y", graph.node("n", "rms_norm", {graph.input("x", dims)})[0]);
    Owned<tenon_program> program = graph.compile();
    std::vector<float> in = normal_values(210, 5), out(210);
    const tenon_tensor_view input = view_of(in, dims), output = view_of(out, dims);
    must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, nullptr, e); });
    expect_near(out, rms_norm_reference(in, {}, 70, 1e-6), 8);
  }
}

TEST(AbiContexts, ManyThreadsMakeAndEndTheirOwn) {
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) use(bare_context(true).get());
      ++done;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done.load(), 4);
}

TEST(AbiContexts, AChildOfForkGoesOn) {
  Owned<tenon_context> context = bare_context(true);
  use(context.get());  // the pool's threads exist
  const pid_t child = ::fork();
  if (child == 0) {
    if (tenon_after_fork_child(context.get(), nullptr) != TENON_OK) ::_exit(1);
    use(context.get());
    ::_exit(::testing::Test::HasFailure() ? 2 : 0);
  }
  ASSERT_GT(child, 0);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  use(context.get());
}
