// tenon.hpp as a user's program has it: built against an installation alone.
#include "tenon/tenon.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace {

using tenon::Error;
using Floats = std::vector<float>;

// What a call throws.
template <class Function>
Error failure(Function f) {
  try {
    f();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(TENON_OK, std::string());
}

tenon::Program norm(const tenon::Context& context, std::int64_t rows, std::int64_t columns) {
  tenon::Graph graph(context, "norm");
  const tenon_value x = graph.input("x", TENON_F32, {rows, columns}), w = graph.input("w", TENON_F32, {columns});
  graph.output("y", graph.node("rms_norm", {x, w}, {{"epsilon", 1e-5}})[0]);
  return graph.compile();
}

Floats numbers(std::size_t count, float first) {
  Floats out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = std::sin(first + static_cast<float>(i));
  return out;
}

void expect_norm(const Floats& x, const Floats& w, const Floats& y) {
  for (std::size_t row = 0; row * w.size() < x.size(); ++row) {
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += double{x[row * w.size() + i]} * x[row * w.size() + i];
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double want = x[row * w.size() + i] / std::sqrt(sum / static_cast<double>(w.size()) + 1e-5) * w[i];
      ASSERT_NEAR(y[row * w.size() + i], want, 1e-6 * (1 + std::fabs(want))) << row << "," << i;
    }
  }
}

static_assert(!std::is_copy_constructible_v<tenon::Context> && !std::is_copy_constructible_v<tenon::Program> &&
              !std::is_copy_assignable_v<tenon::Graph>);
static_assert(std::is_nothrow_move_constructible_v<tenon::Context> && std::is_nothrow_move_assignable_v<tenon::Program> &&
              std::is_nothrow_move_constructible_v<tenon::Tensor>);
static_assert(std::is_base_of_v<std::runtime_error, Error> && std::is_nothrow_copy_constructible_v<std::runtime_error>);

TEST(Cpp, WrongInputThrowsAndTheProgramWorksOn) {
  const tenon::Context context;
  const tenon::Program program = norm(context, 2, 8);
  const Floats x = numbers(16, 1), w = numbers(8, 2);
  Floats y(16);
  const std::vector<double> wide(16);
  const tenon::View in = tenon::view(x, {2, 8}), scale = tenon::view(w, {8}), out = tenon::view(y, {2, 8});
  const Error dtype = failure([&] { program.run({tenon::view(wide, {2, 8}), scale}, {out}); });
  EXPECT_EQ(dtype.code(), TENON_INVALID_ARGUMENT);
  EXPECT_NE(dtype.message().find("expected f32[2,8], got f64[2,8]"), std::string::npos) << dtype.what();
  EXPECT_EQ(dtype.operand(), "x");
  EXPECT_EQ(failure([&] { program.run({tenon::view(x, {16}), scale}, {out}); }).code(), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(failure([&] { program.run({in}, {out}); }).code(), TENON_INVALID_ARGUMENT);
  EXPECT_NE(failure([&] { program.run({in, scale}, {in}); }).message().find("read-only"), std::string::npos);
  EXPECT_EQ(failure([&] { tenon::view(x, {3, 8}); }).code(), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(failure([&] { tenon::view(x.data(), {2, 8}, {1}); }).code(), TENON_INVALID_ARGUMENT);
  program.run({in, scale}, {out});
  expect_norm(x, w, y);
}

TEST(Cpp, WrongGraphsThrowAndTheGraphWorksOn) {
  const tenon::Context context;
  tenon::Graph graph(context, "wrong");
  const tenon_value x = graph.input("x", TENON_F32, {2, 8});
  const Error unknown = failure([&] { graph.node("rms_nrom", {x}); });
  EXPECT_EQ(unknown.code(), TENON_NOT_FOUND);
  EXPECT_NE(unknown.advice().find("rms_norm"), std::string::npos) << unknown.advice();
  EXPECT_EQ(failure([&] { graph.node("rms_norm", {x}, {{"epsilon", -1}}); }).code(), TENON_OUT_OF_RANGE);
  EXPECT_EQ(failure([&] { graph.node("rms_norm", {x + 99}); }).code(), TENON_NOT_FOUND);
  EXPECT_EQ(failure([&] { graph.input("x", TENON_F32, {1}); }).code(), TENON_ALREADY_EXISTS);
  const Error place = failure([&] { tenon::Graph::parse(context, "tenon: 1\nname: [", "bad.yaml"); });
  EXPECT_EQ(place.file(), "bad.yaml");
  EXPECT_GT(place.line(), 0);
  EXPECT_NE(place.json().find("bad.yaml"), std::string::npos);
  EXPECT_EQ(failure([&] { graph.lower("iere"); }).code(), TENON_NOT_FOUND);
  tenon::ContextOptions options;
  options.arch = "pentium";
  EXPECT_EQ(failure([&] { tenon::Context bad(options); }).code(), TENON_CPU_UNSUPPORTED);
  EXPECT_EQ(Error(TENON_ABORTED, std::string("why")).message(), "why");

  const std::vector<tenon_value> both = graph.node_by_names("rms_norm", {{"input", x}, {"residual", x}}, {}, "norm");
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(graph.find("norm:sum"), both[1]);
  EXPECT_EQ(graph.type(both[0]), tenon::Type(TENON_F32, {2, 8}));
  graph.node("rms_norm", {x}, {{"normalized_shape", {8}}, {"unit_offset", false}});
  graph.node("rms_norm", {x});
  EXPECT_NO_THROW(graph.find("rms_norm_1"));
  EXPECT_EQ(graph.node("rms_norm", {x})[1], TENON_VALUE_NONE) << "no residual, no sum";
}

TEST(Cpp, AttributesOfEveryKind) {
  const tenon::Context context;
  tenon::Graph graph(context, "attributes");
  const Floats half = {0.5f, 0.25f, 2, 4};
  const tenon_value k = graph.constant("k", tenon::view(half, {2, 2}));
  const tenon_value x = graph.input("x", TENON_F32, {2, 2});
  tenon_value y = graph.node("multiply", {x, k})[0];
  y = graph.node("permute", {y}, {{"permutation", std::vector<std::int64_t>{1, 0}}})[0];
  y = graph.node("cast", {y}, {{"to", "f64"}})[0];
  y = graph.node("upsample", {graph.node("reshape", {y}, {{"shape", {1, 1, 2, 2}}})[0]}, {{"scales", std::vector<double>{1, 1}}})[0];
  y = graph.node("reduce_sum", {y}, {{"axes", {0, 1, 3}}, {"keepdims", true}})[0];
  graph.output("y", y);
  EXPECT_EQ(failure([&] { graph.node("cast", {x}, {{"to", std::vector<std::string>{"f64", "f32"}}}); }).code(), TENON_INVALID_ARGUMENT);
  Floats in = {1, 2, 3, 4};
  std::array<double, 2> out = {};
  graph.compile().run({tenon::view(in, {2, 2})}, {tenon::view(out, {1, 1, 2, 1})});
  EXPECT_EQ(out[0], 6.5);  // x * k = [[0.5, 0.5], [6, 16]]; sums of its columns
  EXPECT_EQ(out[1], 16.5);
}

TEST(Cpp, MovedFromThrowsAndTheOrderOfDestructionDoesNotMatter) {
  auto context = std::make_unique<tenon::Context>();
  auto graph = std::make_unique<tenon::Graph>(*context, "norm");
  const tenon_value x = graph->input("x", TENON_F32, {2, 8});
  graph->output("y", graph->node("rms_norm", {x}, {{"epsilon", 1e-5}})[0]);
  tenon::Program program = graph->compile();
  tenon::Tensor tensor(*context, {TENON_F32, {2, 8}});
  tensor.fill_random(1);
  context.reset();
  EXPECT_NE(graph->lower("iree").find("stablehlo"), std::string::npos) << "a graph keeps its context";
  graph.reset();
  Floats y(16);
  program.run({tensor.view()}, {tenon::view(y, {2, 8})});
  const tenon::View given = tensor.view();
  expect_norm(Floats(static_cast<float*>(given.data()), static_cast<float*>(given.data()) + 16), Floats(8, 1.0f), y);
  const tenon::Program moved = std::move(program);
  EXPECT_FALSE(program);  // NOLINT: that is the question
  EXPECT_EQ(failure([&] { program.run({tensor.view()}, {tenon::view(y, {2, 8})}); }).code(), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(program.step_count(), 0u);
  moved.run({tensor.view()}, {tenon::view(y, {2, 8})});
  tenon::Program none;
  EXPECT_EQ(failure([&] { none.plan(); }).code(), TENON_INVALID_ARGUMENT);
}

TEST(Cpp, OneProgramInSeveralThreads) {
  tenon::ContextOptions options;
  options.threads = 2;
  const tenon::Context context(options);
  const tenon::Program program = norm(context, 5, 67);
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 4; ++worker)
    threads.emplace_back([&program, worker] {
      const Floats x = numbers(5 * 67, static_cast<float>(worker)), w = numbers(67, 3);
      Floats y(5 * 67);
      for (int i = 0; i < 50; ++i) program.run({tenon::view(x, {5, 67}), tenon::view(w, {67})}, {tenon::view(y, {5, 67})});
      expect_norm(x, w, y);
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(Cpp, DynamicEmptyAndStrided) {
  const tenon::Context context;
  const tenon::Program program = norm(context, TENON_DYNAMIC, 8);
  EXPECT_EQ(program.inputs()[0].name, "x");
  EXPECT_EQ(program.inputs()[0].type, tenon::Type(TENON_F32, {TENON_DYNAMIC, 8}));
  EXPECT_EQ(failure([&] { program.plan(); }).code(), TENON_FAILED_PRECONDITION);
  const tenon::Program bound = program.bind({{TENON_F32, {2, 8}}, {TENON_F32, {8}}});
  EXPECT_EQ(bound.outputs()[0].type, tenon::Type(TENON_F32, {2, 8}));
  EXPECT_NE(bound.plan().find("rms_norm"), std::string::npos);
  const Floats w = numbers(8, 3);
  Floats nothing;
  program.run({tenon::view(nothing, {0, 8}), tenon::view(w, {8})}, {tenon::view(nothing, {0, 8})});
  // Every second row of a wider matrix, backwards.
  const Floats matrix = numbers(5 * 10, 1);
  Floats rows, y(16);
  for (const std::size_t row : {4u, 2u}) rows.insert(rows.end(), matrix.begin() + row * 10, matrix.begin() + row * 10 + 8);
  program.run({tenon::view(matrix.data() + 40, {2, 8}, {-20, 1}), tenon::view(w, {8})}, {tenon::view(y, {2, 8})});
  expect_norm(rows, w, y);
}

TEST(Cpp, FilesParametersAndDlpack) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / ("tenon_cpp_" + std::to_string(std::rand()));
  std::filesystem::create_directories(folder);
  const tenon::Context context;
  const Floats w = {1, 2, 3, 0.5f}, x = numbers(12, 5);
  const std::string npy = (folder / "x.npy").string(), weights = (folder / "w.safetensors").string();
  tenon::save(tenon::view(x, {3, 4}), npy);
  tenon::Tensor loaded = tenon::Tensor::load(context, npy);
  EXPECT_EQ(loaded.view().type(), tenon::Type(TENON_F32, {3, 4}));
  EXPECT_EQ(failure([&] { tenon::Tensor::load(context, npy, TENON_F64); }).code(), TENON_INVALID_ARGUMENT);
  // A safetensors file written by hand: length of the header, header, data.
  const std::string header = R"({"scale":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})";
  const std::uint64_t length = header.size();
  std::ofstream(weights, std::ios::binary)
      .write(reinterpret_cast<const char*>(&length), 8)
      .write(header.data(), static_cast<long>(length))
      .write(reinterpret_cast<const char*>(w.data()), 16);
  auto params = std::make_unique<tenon::Params>(context, weights);
  ASSERT_EQ(params->size(), 1u);
  EXPECT_EQ(params->name(0), "scale");
  EXPECT_EQ(params->view(0).type(), tenon::Type(TENON_F32, {4}));
  tenon::Graph graph(context, "with_params");
  const tenon_value in = graph.input("x", TENON_F32, {3, 4});
  graph.output("y", graph.node("rms_norm", {in, graph.param("scale", TENON_F32, {4}, "w")}, {{"epsilon", 1e-5}})[0]);
  EXPECT_EQ(failure([&] { graph.compile(); }).code(), TENON_FAILED_PRECONDITION);
  tenon::ProgramOptions options;
  options.params = params.get();
  const tenon::Program program = graph.compile(options);
  EXPECT_EQ(tenon::Graph::parse(context, graph.to_yaml()).to_yaml(), graph.to_yaml());
  EXPECT_NE(graph.lower("litert", params.get()).find("dense<"), std::string::npos) << "parameters as constants";
  params.reset();  // the program keeps it
  // A tensor over DLPack shares its memory.
  DLManagedTensorVersioned* managed = loaded.to_dlpack();
  const tenon::Tensor shared = tenon::Tensor::from_dlpack(context, managed);
  EXPECT_EQ(shared.view().data(), loaded.view().data());
  loaded = tenon::Tensor();
  Floats y(12);
  program.run({shared.view()}, {tenon::view(y, {3, 4})});
  expect_norm(x, w, y);
  std::filesystem::remove_all(folder);
}

TEST(Cpp, ReportsAndLog) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / ("tenon_cpp_log_" + std::to_string(std::rand()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "broken.tenon.yaml") << "schema: [\n";
  std::string lines;
  tenon::ContextOptions options;
  options.log_level = TENON_LOG_DEBUG;
  options.log = [&](std::int32_t, std::string_view category, std::string_view text) {
    lines.append(category).append(": ").append(text).append("\n");
    throw std::runtime_error("a log function that throws ends nothing");
  };
  options.plugin_paths = {folder.string()};
  const tenon::Context context(options);
  EXPECT_NE(context.plugins().find("broken"), std::string::npos);
  EXPECT_NE(lines.find("loader: rejected"), std::string::npos) << lines;
  EXPECT_NE(context.operators("rms_norm").find("epsilon"), std::string::npos);
  EXPECT_NE(context.machine().find("level"), std::string::npos);
  EXPECT_NE(context.targets().find("iree"), std::string::npos);
  tenon::VerifyOptions verify;
  verify.dtype = "f32";
  std::uint32_t failed = 99;
  EXPECT_NE(context.verify("rms_norm", verify, &failed).find("rows"), std::string::npos);
  EXPECT_EQ(failed, 0u);
  const tenon::Graph graph = tenon::Graph::from_operator(context, "rms_norm", "f32", "2x8,8", {"epsilon=1e-5"});
  failed = 99;
  EXPECT_NE(graph.verify({}, nullptr, &failed).find("rows"), std::string::npos);
  EXPECT_EQ(failed, 0u);
  const tenon::Program program = graph.compile();
  EXPECT_NE(program.report().find("steps"), std::string::npos);
  EXPECT_NE(program.explain().find("steps"), std::string::npos);
  EXPECT_NE(tenon::Target(context, "iree").yaml().find("iree"), std::string::npos);
  EXPECT_NE(graph.lower(tenon::Target(context, "custom-call")).decisions().find("custom_call"), std::string::npos);
  std::filesystem::remove_all(folder);
}

// Every byte that the hook gave out comes back, whatever fails on the way.
TEST(Cpp, TheAllocatorHookIsBalanced) {
  struct Counter {
    std::atomic<long> calls{0}, bytes{0};
  } counter;
  tenon_allocator allocator = TENON_ALLOCATOR_INIT;
  allocator.user = &counter;
  allocator.allocate = [](void* user, std::size_t bytes, std::size_t align) -> void* {
    ++static_cast<Counter*>(user)->calls;
    static_cast<Counter*>(user)->bytes += static_cast<long>(bytes);
    return std::aligned_alloc(align, (bytes + align - 1) / align * align);
  };
  allocator.reallocate = [](void*, void*, std::size_t, std::size_t, std::size_t) -> void* { return nullptr; };
  allocator.release = [](void* user, void* memory, std::size_t bytes, std::size_t) {
    static_cast<Counter*>(user)->bytes -= static_cast<long>(bytes);
    std::free(memory);
  };
  {
    tenon::ContextOptions options;
    options.allocator = &allocator;
    const tenon::Context context(options);
    const tenon::Graph graph = tenon::Graph::from_operator(context, "matmul", "f32", "64x64,64x64");
    const tenon::Program program = graph.compile();
    const Floats a(64 * 64, 1.0f);
    Floats out(64 * 64);
    const tenon::View in = tenon::view(a, {64, 64});
    EXPECT_THROW(program.run({in}, {tenon::view(out, {64, 64})}), Error);
    program.run({in, in}, {tenon::view(out, {64, 64})});
    EXPECT_EQ(out[5], 64.0f);
  }
  EXPECT_GT(counter.calls.load(), 0);
  EXPECT_EQ(counter.bytes.load(), 0);
}

}  // namespace
