// tenon verify: kernels against lowerings, for operators or for the nodes of a graph.
#include <CLI/CLI.hpp>

#include "output.h"
#include "source.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

struct Options {
  std::vector<std::string> what;
  SourceOptions source;
  std::uint64_t seed = 0;
  std::uint32_t cases = 0;
  std::string export_folder;
};

tenon_verify_options verify_options(const Options& options, bool filter_dtype) {
  tenon_verify_options out = TENON_VERIFY_OPTIONS_INIT;
  if (filter_dtype && options.source.dtype) {
    out.dtype = options.source.dtype->data();
    out.dtype_length = options.source.dtype->size();
  }
  out.seed = options.seed;
  out.random_cases = options.cases;
  out.export_folder = options.export_folder.data();
  out.export_folder_length = options.export_folder.size();
  return out;
}

struct Verified {
  Blob report;
  std::uint32_t failed = 0;
};

Verified take(tenon_blob* blob, std::uint32_t failed) { return {Blob(blob), failed}; }

Verified verify_operator(const Context& context, const std::string& op, const Options& options) {
  const tenon_verify_options given = verify_options(options, true);
  tenon_blob* blob = nullptr;
  std::uint32_t failed = 0;
  call(tenon_verify_operator_json, context.get(), op.data(), op.size(), &given, &blob, &failed);
  return take(blob, failed);
}

Verified verify_source(const Context& context, const Options& options) {
  if (options.cases > 0) throw wrong_usage("--cases draws from an operator's schema, and belongs to OP", "leave it out for a SOURCE");
  if (!options.export_folder.empty())
    throw wrong_usage("--export writes an operator's cases, and belongs to OP", "leave it out for a SOURCE");
  SourceOptions source = options.source;
  source.source = options.what.front();
  const Graph graph = load_source(context, source);
  const Params params = open_params(context, graph, source, ParamsUse::Required);
  const tenon_verify_options given = verify_options(options, false);
  tenon_blob* blob = nullptr;
  std::uint32_t failed = 0;
  call(tenon_verify_graph_json, static_cast<const tenon_graph*>(graph.get()), static_cast<const tenon_params*>(params.get()), &given, &blob,
       &failed);
  return take(blob, failed);
}

std::string ulp_text(const Json& row, const char* key) {
  if (field(row, "kernel") == "interpreter" || field(row, "status") == "error as expected") return {};
  const Json value = row.contains(key) ? row.at(key) : Json();
  if (!value.is_number()) return field(row, key);
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value.get<double>());
  return text;
}

void add_rows(Table& table, const Json& report, bool failed_only) {
  for (const Json& row : list(report, "rows")) {
    const std::string status = field(row, "status");
    if (failed_only && status != "failed") continue;
    const Style style = status == "failed" ? Style::Red : status == "ok" ? Style::Green : Style::Plain;
    table.row({op_name(row, "op"),
               field(row, "case"),
               field(row, "dtype"),
               field(row, "kernel"),
               field(row, "level"),
               {status, style},
               ulp_text(row, "max_ulp"),
               ulp_text(row, "bound"),
               field(row, "message")});
  }
}

// Graph files of failing cases, so that they can be run again and attached to a report.
std::string reproducers(const Json& report) {
  std::string out;
  for (const Json& row : list(report, "rows"))
    if (field(row, "status") == "failed" && row.contains("graph"))
      out +=
          "\ncase " + printable(field(row, "case")) + ", " + printable(field(row, "dtype")) + ":\n" + printable_lines(field(row, "graph"));
  return out;
}

int verify(const Options& options, const Globals& globals) {
  if (options.what.empty()) throw wrong_usage("OP or SOURCE is missing", "give operators (rms_norm), a graph file (.yaml) or op:NAME");
  std::size_t sources = 0;
  for (const std::string& word : options.what) sources += is_operator_name(word) ? 0u : 1u;
  if (sources > 0 && options.what.size() > 1) throw wrong_usage("one SOURCE, or operators, but not both", "run the command once for each");
  if (sources == 0 &&
      (options.source.shape || !options.source.attributes.empty() || !options.source.params.empty() || options.source.prune))
    throw wrong_usage("--shape, --attr, --params and --prune belong to a SOURCE",
                      "write op:" + options.what.front() + " to verify one node");

  const Context context = open_context(globals);
  std::vector<Verified> done;
  if (sources > 0)
    done.push_back(verify_source(context, options));
  else
    for (const std::string& op : options.what) done.push_back(verify_operator(context, op, options));
  std::uint32_t failed = 0;
  for (const Verified& one : done) failed += one.failed;
  const int status = failed == 0 ? kDone : kFailed;

  if (globals.json) {
    if (done.size() == 1) {
      print_json(done.front().report);
    } else {
      Json reports = Json::array();
      for (const Verified& one : done) reports.push_back(parse_report(one.report));
      print_json(Json{{"tenon", tenon_version()}, {"reports", reports}, {"failed", failed}});
    }
    return status;
  }
  Table table({"OP", "CASE", "DTYPE", "KERNEL", "LEVEL", "STATUS", "ULP", "BOUND", "MESSAGE"});
  table.right(6).right(7);
  double passed = 0, drawn = 0, refused = 0;
  std::string reproduce;
  for (const Verified& one : done) {
    const Json report = parse_report(one.report);
    add_rows(table, report, globals.quiet);
    passed += number(report, "passed");
    drawn += number(report, "drawn");
    refused += number(report, "refused");
    if (!globals.quiet) reproduce += reproducers(report);
  }
  if (!reproduce.empty()) {
    if (sources == 0) reproduce += "\nthe inputs: the same command with --export DIR writes every case's graph file and inputs\n";
    reproduce += "\n";
  }
  std::string total = std::to_string(static_cast<long long>(passed)) + " passed, " + std::to_string(failed) + " failed";
  if (drawn > 0) total += ", " + std::to_string(static_cast<long long>(drawn)) + " of them drawn at random";
  if (refused > 0) total += " (" + std::to_string(static_cast<long long>(refused)) + " draws refused by inference)";
  write_stdout(table.text(colours_on_stdout()) + reproduce + total + "\n");
  return status;
}

}  // namespace

Action add_verify(CLI::App& verb) {
  auto options = std::make_shared<Options>();
  verb.add_option("OP|SOURCE", options->what, "operators, or one graph file (.yaml) or op:NAME")->type_name("");
  verb.add_option("--seed", options->seed, "where random values start; default: 0")->type_name("N");
  verb.add_option("--cases", options->cases, "cases to draw at random from each operator's schema, beside its own")->type_name("N");
  verb.add_option("--export", options->export_folder,
                  "write the cases that must succeed below this folder: graph file, inputs as .npy, case.json")
      ->type_name("DIR");
  add_source_options(verb, options->source);
  verb.footer(
      "A row per case: the kernel's largest distance from the lowering, run by the interpreter, and the bound that holds, in units in the "
      "last\n"
      "place. Exit status 1 if a case breaks its bound. For OP, --dtype chooses the cases of that dtype. The graph file of each failing "
      "case\n"
      "is printed, too; -q prints only the rows that failed.");
  return [options](const Globals& globals) { return verify(*options, globals); };
}

}  // namespace tenon::cli
