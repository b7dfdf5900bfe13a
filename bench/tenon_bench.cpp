// How fast operators run, beside the ceiling of the same bytes in the same process. Every operator that has a kernel is measured: with the
// cases of cases.json, or with a matrix where that file has none for it. A case is compiled and run through tenon.h, as a host does it.
//
//   build/bin/tenon_bench [--list] [--levels avx2,avx512] [--threads 1,2] [--cases FILE] [flags of Google Benchmark]
//   build/bin/tenon_bench --benchmark_filter='softmax/f32.*/avx512' --benchmark_repetitions=11 --benchmark_enable_random_interleaving=true
//       --benchmark_report_aggregates_only=true
//   build/bin/tenon_bench --serve --levels LEVEL --threads N      one case at a time, by requests on stdin (serve.h): for bench/run
//
// A row is OP/DTYPE/NAME/LEVEL/tTHREADS. GB/s counts the least traffic (every operand and result once), GFLOP/s useful work, both as the
// kernel's plan states them; `roof` is the ceiling's time over the kernel's. A row whose operator was not run by a kernel is an error.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "bench/host.h"
#include "bench/serve.h"

namespace {

using tenon::bench::Case;
using tenon::bench::json;
using tenon::bench::make_context;
using tenon::bench::own;
using tenon::bench::Owned;
using tenon::bench::parsed;
using tenon::bench::Probe;
using tenon::bench::Work;

// The least time that the ceiling needs for the work of a case.
double ceiling_seconds(const Case& c, const Work& work, const std::string& level, unsigned threads) {
  return c.ceiling == "fma" ? work.flops / tenon::bench::fma_peak(level, threads) : Probe(c.ceiling, work.bytes, threads).seconds(0.03);
}

void measure(benchmark::State& state, const Case& c, const std::string& level, unsigned threads) try {
  const Work work(c, level, threads);
  state.SetLabel(work.note);
  const double roof = ceiling_seconds(c, work, level, threads);
  for (int warm = 0; warm < 2; ++warm) work.run();
  for (auto _ : state) {
    work.run();
    benchmark::ClobberMemory();
  }
  state.counters["GB/s"] = benchmark::Counter(work.bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["GFLOP/s"] = benchmark::Counter(work.flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["roof"] = benchmark::Counter(roof, benchmark::Counter::kIsIterationInvariantRate);
} catch (const std::exception& error) {
  state.SkipWithError(error.what());
}

// ---- One case at a time, for bench/run ----

// What outlives a request: the case and the memory of its ceiling.
struct Served {
  Served(const Case& c, const std::string& level, unsigned threads) : work(c, level, threads) {
    if (c.ceiling != "fma") probe = std::make_unique<Probe>(c.ceiling, work.bytes, threads);
  }
  Work work;
  std::unique_ptr<Probe> probe;
};

int serve(const std::string& level, unsigned threads) {
  tenon::bench::pin(threads);
  return tenon::bench::serve("tenon", tenon_version(), [&](const json& request) {
    if (request.contains("peak")) {  // the machine's multiply-adds, not a case
      tenon::bench::Prepared peak;
      peak.run = [] {};
      peak.facts["fma_peak"] = tenon::bench::fma_peak(level, threads);
      return peak;
    }
    const json& given = request.at("case");
    const Case c{given.at("op"),          given.at("dtype"),   given.at("shape"),
                 given.value("name", ""), given.at("ceiling"), given.value("attributes", std::vector<std::string>())};
    const auto served = std::make_shared<Served>(c, level, threads);
    tenon::bench::Prepared prepared;
    prepared.run = [served] { served->work.run(); };
    prepared.ceiling = [served, level, threads](double seconds) {
      return served->probe ? served->probe->seconds(seconds) : served->work.flops / tenon::bench::fma_peak(level, threads);
    };
    json inputs = json::array(), outputs = json::array();
    for (const auto& [tensors, blocks, types] :
         {std::tuple(&served->work.inputs, &prepared.inputs, &inputs), std::tuple(&served->work.outputs, &prepared.outputs, &outputs)})
      for (const tenon::bench::Tensor& tensor : *tensors) {
        blocks->emplace_back(tensor.memory->data(), tensor.bytes);
        types->push_back({{"dtype", tenon_dtype_name(tensor.view.dtype)}, {"dims", tensor.dims}});
      }
    prepared.facts = {{"bytes", served->work.bytes},
                      {"flops", served->work.flops},
                      {"note", served->work.note},
                      {"inputs", inputs},
                      {"outputs", outputs}};
    return prepared;
  });
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
  bool list = false, serving = false;
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
    else if (word == "--serve")
      serving = true;
    else if (!value("--cases", path) && !value("--levels", level_list) && !value("--threads", thread_list))
      rest.push_back(argv[i]);
  }
  if (serving) return serve(level_list, static_cast<unsigned>(std::stoul(thread_list)));
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
