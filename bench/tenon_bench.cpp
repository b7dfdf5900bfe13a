// How fast operators run, beside the ceiling of the same bytes in the same process. Every operator that has a kernel is measured: with the
// cases of cases.json, or with a matrix where that file has none for it. A case is compiled and run through tenon.h, as a host does it.
//
//   build/bin/tenon_bench [--list] [--levels avx2,avx512] [--threads 1,2] [--cases FILE] [flags of Google Benchmark]
//   build/bin/tenon_bench --benchmark_filter='softmax/f32.*/avx512' --benchmark_repetitions=11 --benchmark_enable_random_interleaving=true
//       --benchmark_report_aggregates_only=true
//
// A row is OP/DTYPE/NAME/LEVEL/tTHREADS. GB/s counts the least traffic (every operand and result once), GFLOP/s useful work, both as the
// kernel's plan states them; `roof` is the ceiling's time over the kernel's. A row whose operator was not run by a kernel is an error.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/owned.h"
#include "bench/probes.h"

namespace {

using nlohmann::json;
using tenon::bench::Buffer;

using tenon::bench::own;
using tenon::bench::Owned;

json parsed(const Owned<tenon_blob>& blob) { return json::parse(tenon_blob_get_data(blob.get(), nullptr)); }

Owned<tenon_context> make_context(const std::string& level, unsigned threads) {
  return own<tenon_context>([&](tenon_context** out, tenon_error** error) {
    tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    options.arch = level.empty() ? nullptr : level.data();
    options.arch_length = level.size();
    return tenon_context_create(&options, out, error);
  });
}

struct Case {
  std::string op, dtype, shape, name, ceiling;  // ceiling: copy, read or fma
  std::vector<std::string> attributes;
  std::string label() const { return op + "/" + dtype + "/" + (name.empty() ? shape : name); }
};

struct Tensor {
  tenon_tensor_view view;
  std::vector<std::int64_t> dims, strides;
  std::unique_ptr<Buffer> memory;
};

// Memory of our own for a type, filled with the library's random values.
Tensor make_tensor(tenon_context* context, const tenon_type_view& type, std::uint64_t seed) {
  Owned<tenon_tensor> values =
      own<tenon_tensor>([&](tenon_tensor** out, tenon_error** error) { return tenon_tensor_create(context, &type, out, error); });
  tenon_error* error = nullptr;
  if (tenon_tensor_fill_random(values.get(), seed, &error) != TENON_OK) tenon_error_release(error);
  Tensor tensor;
  tenon_tensor_get_view(values.get(), &tensor.view, nullptr);
  tensor.dims.assign(tensor.view.dims, tensor.view.dims + tensor.view.rank);
  tensor.strides.assign(tensor.view.strides, tensor.view.strides + tensor.view.rank);
  std::size_t elements = 1;
  for (std::int64_t d : tensor.dims) elements *= static_cast<std::size_t>(d);
  const std::size_t bytes = elements * tenon_dtype_size(tensor.view.dtype);
  tensor.memory = std::make_unique<Buffer>(bytes);
  std::memcpy(tensor.memory->data(), tensor.view.data, bytes);
  tensor.view.data = tensor.memory->data();
  tensor.view.dims = tensor.dims.data();
  tensor.view.strides = tensor.strides.data();
  return tensor;
}

void measure(benchmark::State& state, const Case& c, const std::string& level, unsigned threads) try {
  const Owned<tenon_context> context = make_context(level, threads);
  std::vector<const char*> attributes;
  for (const std::string& attribute : c.attributes) attributes.push_back(attribute.c_str());
  const Owned<tenon_graph> graph = own<tenon_graph>([&](tenon_graph** out, tenon_error** error) {
    tenon_operator_source source = TENON_OPERATOR_SOURCE_INIT;
    source.op = c.op.data();
    source.op_length = c.op.size();
    source.dtype = c.dtype.data();
    source.dtype_length = c.dtype.size();
    source.shapes = c.shape.data();
    source.shapes_length = c.shape.size();
    source.attributes = attributes.data();
    source.attribute_count = attributes.size();
    return tenon_graph_from_operator(context.get(), &source, out, error);
  });
  const Owned<tenon_program> program = own<tenon_program>([&](tenon_program** out, tenon_error** error) {
    tenon_program_options options = TENON_PROGRAM_OPTIONS_INIT;
    options.flags = TENON_PROGRAM_STRICT;
    return tenon_graph_compile(graph.get(), &options, out, error);
  });
  std::vector<Tensor> tensors;
  std::vector<tenon_tensor_view> inputs, outputs;
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  for (std::size_t i = 0; i < tenon_program_get_input_count(program.get()); ++i) {
    tenon_program_get_input(program.get(), i, nullptr, nullptr, &type, nullptr);
    tensors.push_back(make_tensor(context.get(), type, i + 1));
    inputs.push_back(tensors.back().view);
  }
  for (std::size_t i = 0; i < tenon_program_get_output_count(program.get()); ++i) {
    tenon_program_get_output(program.get(), i, nullptr, nullptr, &type, nullptr);
    tensors.push_back(make_tensor(context.get(), type, 99));
    outputs.push_back(tensors.back().view);
  }
  const json report =
      parsed(own<tenon_blob>([&](tenon_blob** out, tenon_error** error) { return tenon_program_report_json(program.get(), out, error); }));
  double bytes = 0, flops = 0;
  for (const json& step : report["steps"]) {
    bytes += step.value("bytes", 0.0);
    flops += step.value("flops", 0.0);
    state.SetLabel(step.value("note", ""));
  }
  const double roof =
      c.ceiling == "fma" ? flops / tenon::bench::fma_peak(level, threads) : tenon::bench::probe_seconds(c.ceiling, bytes, threads);
  tenon_error* error = nullptr;
  const auto run = [&] {
    return tenon_program_run(program.get(), inputs.data(), inputs.size(), outputs.data(), outputs.size(), nullptr, &error);
  };
  for (int warm = 0; warm < 2; ++warm)
    if (run() != TENON_OK) throw std::runtime_error(tenon_error_get_report(error, nullptr));
  for (auto _ : state) {
    run();
    benchmark::ClobberMemory();
  }
  state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["roof"] = benchmark::Counter(roof, benchmark::Counter::kIsIterationInvariantRate);
} catch (const std::exception& error) {
  state.SkipWithError(error.what());
}

// ---- What is measured ----

std::vector<std::string> words(const std::string& list) {
  std::vector<std::string> out(1);
  for (char c : list)
    if (c == ',')
      out.emplace_back();
    else
      out.back() += c;
  return out;
}

std::vector<Case> load_cases(const std::string& path, tenon_context* context) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<Case> cases;
  std::vector<std::string> listed;
  const json listing = json::parse(file);
  for (const json& entry : listing["cases"]) {
    listed.push_back(entry.at("op"));
    for (const std::string dtype : entry.at("dtypes"))
      cases.push_back({entry.at("op"), dtype, entry.at("shape"), entry.value("name", ""), entry.value("ceiling", "copy"),
                       entry.value("attributes", std::vector<std::string>())});
  }
  const json operators =
      parsed(own<tenon_blob>([&](tenon_blob** out, tenon_error** error) { return tenon_operators_json(context, nullptr, 0, out, error); }));
  for (const json& op : operators["operators"]) {
    const std::string name = op["name"];
    if (op["kernels"].empty() || std::find(listed.begin(), listed.end(), name) != listed.end()) continue;
    std::string shape = "512x4096";
    std::size_t required = 0;
    for (const json& operand : op["operands"]) required += operand.value("optional", false) || operand.value("variadic", false) ? 0 : 1;
    for (std::size_t i = 1; i < required; ++i) shape += ",512x4096";
    cases.push_back({name, "f32", shape, "", "copy", {}});
  }
  return cases;
}

int benchmark_main(int argc, char** argv) {
  std::string path = TENON_BENCH_CASES, level_list, thread_list = "1";
  bool list = false;
  std::vector<char*> rest = {argv[0]};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&](const char* name, std::string& out) {
      if (word != name) return false;
      if (i + 1 == argc) throw std::runtime_error(word + " needs a value");
      out = argv[++i];
      return true;
    };
    if (word == "--list")
      list = true;
    else if (!value("--cases", path) && !value("--levels", level_list) && !value("--threads", thread_list))
      rest.push_back(argv[i]);
  }
  int count = static_cast<int>(rest.size());
  benchmark::Initialize(&count, rest.data());
  if (benchmark::ReportUnrecognizedArguments(count, rest.data())) return 2;
  const Owned<tenon_context> context = make_context("", 1);
  const json machine =
      parsed(own<tenon_blob>([&](tenon_blob** out, tenon_error** error) { return tenon_machine_json(context.get(), out, error); }));
  const std::vector<std::string> levels = level_list.empty() ? std::vector<std::string>{machine["level"]} : words(level_list);
  const std::vector<Case> cases = load_cases(path, context.get());
  for (const Case& c : cases)
    for (const std::string& level : levels)
      for (const std::string& threads : words(thread_list)) {
        const std::string name = c.label() + "/" + level + "/t" + threads;
        if (list)
          std::printf("%s\n", name.c_str());
        else
          benchmark::RegisterBenchmark(name.c_str(), measure, c, level, static_cast<unsigned>(std::stoul(threads)))->UseRealTime();
      }
  if (list) return 0;
  for (const std::string& level : levels)
    benchmark::AddCustomContext("fma_peak_GFLOP/s " + level, std::to_string(tenon::bench::fma_peak(level, 1) * 1e-9));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return benchmark_main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tenon_bench: %s\n", error.what());
    return 2;
  }
}
