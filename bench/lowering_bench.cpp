// How long large graphs take: built node by node (with inference); lowered, verified and printed. Through tenon.h alone.
//
//   build/bin/tenon_lowering_bench
//
// The graph repeats the second half of a decoder block: rms_norm, two linear, silu_mul, add. `nodes` counts those; the module has more
// operations: `bytes` is the length of its text. The rows _BigO and _RMS say how the time grows with the nodes.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "bench/owned.h"

namespace {

using tenon::bench::must;
using tenon::bench::own;
using tenon::bench::Owned;

tenon_context* context() {
  static const Owned<tenon_context> one =
      own<tenon_context>([](tenon_context** out, tenon_error** error) { return tenon_context_create(nullptr, out, error); });
  return one.get();
}

Owned<tenon_target> target(const char* name) {
  return own<tenon_target>(
      [&](tenon_target** out, tenon_error** error) { return tenon_target_find(context(), name, TENON_NUL_TERMINATED, out, error); });
}

tenon_value add_input(tenon_graph* graph, const char* name, std::vector<std::int64_t> dims) {
  const tenon_type_view type = {dims.data(), static_cast<std::int32_t>(dims.size()), TENON_F32};
  tenon_value value = TENON_VALUE_NONE;
  tenon_error* error = nullptr;
  must(tenon_graph_add_input(graph, name, TENON_NUL_TERMINATED, &type, &value, &error), error);
  return value;
}

tenon_value add_node(tenon_graph* graph, const char* op, std::vector<tenon_value> operands, std::int64_t number) {
  const std::string name = "n" + std::to_string(number);
  tenon_node_request request = TENON_NODE_REQUEST_INIT;
  request.name = name.c_str();
  request.name_length = name.size();
  request.op = op;
  request.op_length = TENON_NUL_TERMINATED;
  request.operands = operands.data();
  request.operand_count = operands.size();
  tenon_value value = TENON_VALUE_NONE;
  tenon_error* error = nullptr;
  must(tenon_graph_add_node(graph, &request, &value, 1, nullptr, &error), error);
  return value;
}

// nodes: a multiple of 5. rows: the tokens, or TENON_DYNAMIC.
Owned<tenon_graph> build(std::int64_t nodes, std::int64_t rows) {
  constexpr std::int64_t kHidden = 64;
  Owned<tenon_graph> graph = own<tenon_graph>(
      [](tenon_graph** out, tenon_error** error) { return tenon_graph_create(context(), "large", TENON_NUL_TERMINATED, out, error); });
  tenon_graph* g = graph.get();
  tenon_value x = add_input(g, "x", {rows, kHidden});
  const tenon_value scale = add_input(g, "scale", {kHidden}), weight = add_input(g, "weight", {kHidden, kHidden});
  for (std::int64_t i = 0; i < nodes; i += 5) {
    const tenon_value normed = add_node(g, "rms_norm", {x, scale}, i);
    const tenon_value gate = add_node(g, "linear", {normed, weight}, i + 1), up = add_node(g, "linear", {normed, weight}, i + 2);
    x = add_node(g, "add", {x, add_node(g, "silu_mul", {gate, up}, i + 3)}, i + 4);
  }
  tenon_error* error = nullptr;
  must(tenon_graph_add_output(g, "y", TENON_NUL_TERMINATED, x, &error), error);
  return graph;
}

Owned<tenon_module> lower(const tenon_graph* graph, const tenon_target* target) {
  return own<tenon_module>([&](tenon_module** out, tenon_error** error) { return tenon_graph_lower(graph, target, nullptr, out, error); });
}

constexpr std::int64_t kRows = 4;

void run_build(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(build(state.range(0), kRows));
  state.SetComplexityN(state.range(0));
}

void run_lower(benchmark::State& state, const char* target_name, std::int64_t rows) {
  const Owned<tenon_graph> graph = build(state.range(0), rows);
  const Owned<tenon_target> to = target(target_name);
  std::size_t bytes = 0;
  for (auto _ : state) {
    const Owned<tenon_module> module = lower(graph.get(), to.get());
    const Owned<tenon_blob> text =
        own<tenon_blob>([&](tenon_blob** out, tenon_error** error) { return tenon_module_print(module.get(), out, error); });
    tenon_blob_get_data(text.get(), &bytes);
  }
  state.counters["bytes"] = static_cast<double>(bytes);
  state.SetComplexityN(state.range(0));
}

void sizes(benchmark::internal::Benchmark* one) {
  one->Arg(1000)->Arg(3000)->Arg(10000)->Unit(benchmark::kMillisecond)->ArgName("nodes")->Complexity();
}

}  // namespace

int main(int argc, char** argv) try {
  sizes(benchmark::RegisterBenchmark("build", run_build));
  sizes(benchmark::RegisterBenchmark("lower/stablehlo", run_lower, "stablehlo", kRows));
  sizes(benchmark::RegisterBenchmark("lower/stablehlo/dynamic", run_lower, "stablehlo", TENON_DYNAMIC));
  sizes(benchmark::RegisterBenchmark("lower/iree", run_lower, "iree", kRows));
  sizes(benchmark::RegisterBenchmark("lower/custom-call", run_lower, "custom-call", kRows));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
