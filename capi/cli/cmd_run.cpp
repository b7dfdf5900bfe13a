// tenon run: executes SOURCE here, and says what ran where.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "inputs.h"
#include "output.h"
#include "report.h"
#include "report_html.h"
#include "results.h"
#include "source.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

constexpr std::int64_t kShownValues = 8;

struct Options {
  SourceOptions source;
  std::vector<std::string> inputs, outputs;
  std::optional<std::uint64_t> random;
  std::string report;
  unsigned repeat = 0;  // 0: one run, timed as it comes
  bool reference = false, strict = false;
};

Program compile(const Graph& graph, const Params& params, const Options& options) {
  tenon_program_options given = TENON_PROGRAM_OPTIONS_INIT;
  if (options.reference) given.flags |= TENON_PROGRAM_REFERENCE;
  if (options.strict) given.flags |= TENON_PROGRAM_STRICT;
  if (has_suffix(options.report, ".html")) given.flags |= TENON_PROGRAM_TIMELINE;
  given.params = params.get();
  return make<Program>(tenon_graph_compile, graph.get(), static_cast<const tenon_program_options*>(&given));
}

// One run's wall time in microseconds; nanoseconds per step go to `steps` if there is room.
double run_once(const Program& program, const std::vector<tenon_tensor_view>& inputs, const std::vector<tenon_tensor_view>& outputs,
                std::vector<std::uint64_t>* steps) {
  tenon_run_options given = TENON_RUN_OPTIONS_INIT;
  if (steps != nullptr) {
    given.step_nanoseconds = steps->data();
    given.step_capacity = steps->size();
  }
  const auto begin = std::chrono::steady_clock::now();
  call(tenon_program_run, static_cast<const tenon_program*>(program.get()), inputs.data(), inputs.size(), outputs.data(), outputs.size(),
       static_cast<const tenon_run_options*>(&given));
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

// Reading the clock around every step costs as much as a small step, so with --repeat the whole and the steps are timed in runs of their
// own.
Times run(const Program& program, const std::vector<tenon_tensor_view>& inputs, const std::vector<tenon_tensor_view>& outputs,
          unsigned repeat) {
  std::vector<std::uint64_t> nanoseconds(tenon_program_get_step_count(program.get()));
  std::vector<std::vector<double>> steps(nanoseconds.size());
  std::vector<double> whole;
  if (repeat > 0) {
    run_once(program, inputs, outputs, nullptr);  // the first run warms caches up
    for (unsigned i = 0; i < repeat; ++i) whole.push_back(run_once(program, inputs, outputs, nullptr));
  }
  for (unsigned i = 0; i < std::max(repeat, 1u); ++i) {
    const double time = run_once(program, inputs, outputs, &nanoseconds);
    if (repeat == 0) whole.push_back(time);
    for (std::size_t s = 0; s < steps.size(); ++s) steps[s].push_back(static_cast<double>(nanoseconds[s]) / 1e3);
  }
  Times times;
  times.repeat = std::max(repeat, 1u);
  times.median_us = median(whole);
  times.min_us = *std::min_element(whole.begin(), whole.end());
  for (std::vector<double>& step : steps) times.step_median_us.push_back(median(std::move(step)));
  return times;
}

// name: dtype[shape] = first values
std::string results_text(const std::vector<Named>& outputs, const std::vector<tenon_tensor_view>& views) {
  std::string out;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::int64_t count = element_count(outputs[i].type);
    out += printable(outputs[i].name) + ": " + type_text(outputs[i].type) + " = " + join(first_values(views[i], kShownValues), " ");
    if (count > kShownValues) out += " .. (" + std::to_string(count) + " values)";
    if (count == 0) out += "(no values)";
    out += "\n";
  }
  return out;
}

// Numbers as numbers; JSON has none for infinities and NaN, so those are text.
Json json_values(const tenon_tensor_view& view) {
  Json values = Json::array();
  for (const std::string& text : first_values(view, kShownValues)) {
    Json value = Json::parse(text, nullptr, false);
    values.push_back(value.is_discarded() ? Json(text) : std::move(value));
  }
  return values;
}

void write_report(const std::string& path, const Json& report, const Program& program) {
  if (has_suffix(path, ".html"))
    write_file(path, run_page(report, parse_report(make<Blob>(tenon_program_explain_json, program.get()))));
  else
    write_file(path, dump(report, 2) + "\n");
}

// Dynamic dimensions have the sizes of the inputs' values.
void bind_sizes(Program& program, const std::vector<tenon_tensor_view>& inputs) {
  const std::vector<Named> declared = program_inputs(program);
  if (std::none_of(declared.begin(), declared.end(), [](const Named& input) { return is_dynamic(input.type); })) return;
  std::vector<tenon_type_view> types;
  for (const tenon_tensor_view& view : inputs) types.push_back(type_of(view));
  program = make<Program>(tenon_program_bind, static_cast<const tenon_program*>(program.get()),
                          static_cast<const tenon_type_view*>(types.data()), types.size());
}

int run_source(const Options& options, const Globals& globals) {
  if (!options.report.empty() && !has_suffix(options.report, ".json") && !has_suffix(options.report, ".html"))
    throw wrong_usage("--report " + options.report + " is no .json and no .html file by its name", "write --report FILE.json or FILE.html");
  if (options.reference && options.strict) throw wrong_usage("--reference and --strict exclude each other", "choose one");
  const Context context = open_context(globals);
  const Graph graph = load_source(context, options.source);
  const Params params = open_params(context, graph, options.source, ParamsUse::Required);
  Program program = compile(graph, params, options);
  const std::vector<Named> declared = program_outputs(program);
  const ResultFiles files(options.outputs, declared);  // which holds on to them
  if (globals.json && files.to_stdout()) throw wrong_usage("--json and -o - both want stdout", "write the result to a file");
  const BoundInputs inputs = bind_inputs(context, program, options.inputs, options.random);
  bind_sizes(program, inputs.views);
  const std::vector<Named> outputs = program_outputs(program);

  std::vector<Tensor> results;
  std::vector<tenon_tensor_view> views;
  for (const Named& output : outputs) {
    results.push_back(make<Tensor>(tenon_tensor_create, context.get(), &output.type));
    views.push_back(view_of(results.back()));
  }
  const Times times = run(program, inputs.views, views, options.repeat);
  Json report = run_report(parse_report(make<Blob>(tenon_program_report_json, program.get())), options.source.source, times);

  const std::vector<std::string> written = files.write(views);
  if (!options.report.empty()) write_report(options.report, report, program);
  if (globals.json) {
    if (files.empty() && report.contains("outputs") && report["outputs"].size() == views.size())
      for (std::size_t i = 0; i < views.size(); ++i) report["outputs"][i]["values"] = json_values(views[i]);
    return print_json(report);
  }
  if (files.empty()) write_stdout(results_text(outputs, views));
  if (!globals.quiet) write_stderr(run_table(report, colours_on_stderr()));
  if (globals.verbose)
    for (const std::string& path : written) write_stderr("wrote " + printable(path) + "\n");
  return kDone;
}

}  // namespace

Action add_run(CLI::App& verb) {
  auto options = std::make_shared<Options>();
  verb.add_option("SOURCE", options->source.source, "a graph file (.yaml), or op:NAME with --dtype and --shape")->type_name("");
  add_repeatable(verb, "--input", options->inputs,
                 "an input's value: NAME=FILE.npy, NAME=FILE.safetensors or NAME=random[:SEED];\n"
                 "or FILE.safetensors for all inputs, by name (may be given again)")
      ->type_name("NAME=FILE");
  verb.add_option("--random", options->random, "draw every input that nothing else binds: input number i from SEED + i")->type_name("SEED");
  add_repeatable(verb, "-o,--output", options->outputs,
                 "where results go: NAME=FILE.npy, FILE.safetensors or a FOLDER/;\n"
                 "FILE.npy or - (stdout) for the only output (may be given again);\n"
                 "none: name, dtype, shape and first values on stdout")
      ->type_name("NAME=FILE");
  verb.add_flag("--reference", options->reference, "only the interpreter, no kernels");
  verb.add_flag("--strict", options->strict, "fail if an operator has no kernel here");
  verb.add_option("--repeat", options->repeat, "after one run to warm up, time N runs: median and least")
      ->type_name("N")
      ->check(CLI::Range(1u, 1000000u).description(""));
  verb.add_option("--report", options->report, "write what ran where, with times, to a file")->type_name("FILE.json|FILE.html");
  add_source_options(verb, options->source);
  return [options](const Globals& globals) { return run_source(*options, globals); };
}

}  // namespace tenon::cli
