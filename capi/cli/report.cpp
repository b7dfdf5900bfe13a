#include "report.h"

#include <algorithm>

#include "terminal.h"

namespace tenon::cli {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Json run_report(const Json& program_report, const std::string& source, const Times& times) {
  Json out{{"tenon", field(program_report, "tenon")}, {"source", source}};
  for (const auto& [key, value] : program_report.items()) {
    if (key == "tenon") continue;
    if (key == "steps") {
      out["time"] = {{"repeat", times.repeat}, {"median_us", times.median_us}, {"min_us", times.min_us}};
      out["steps"] = value;
      for (std::size_t i = 0; i < value.size() && i < times.step_median_us.size(); ++i)
        out["steps"][i]["median_us"] = times.step_median_us[i];
    } else {
      out[key] = value;
    }
  }
  return out;
}

std::string run_table(const Json& report, bool colour) {
  Table table({"STEP", "NODE", "OP", "KERNEL", "LEVEL", "TIME"});
  table.right(0).right(5);
  for (const Json& step : list(report, "steps")) {
    const std::string kernel = field(step, "kernel", "interpreter");
    table.row({field(step, "index"),
               field(step, "node"),
               field(step, "op"),
               {kernel, kernel == "interpreter" ? Style::Yellow : Style::Green},
               field(step, "level"),
               time_text(number(step, "median_us"))});
  }
  std::string out = table.text(colour);
  const Json time = report.contains("time") ? report.at("time") : Json::object();
  const Json memory = report.contains("memory") ? report.at("memory") : Json::object();
  const double repeat = number(time, "repeat", 1);
  out += time_text(number(time, "median_us"));
  if (repeat > 1) out += " per run (median of " + field(time, "repeat") + ", least " + time_text(number(time, "min_us")) + ")";
  out += "; level " + printable(field(report, "arch", "?")) + ", " + field(report, "threads", "?") + " threads, workspace " +
         bytes_text(number(memory, "workspace_bytes")) + ", peak " + bytes_text(number(memory, "peak_bytes")) + "\n";
  return out;
}

}  // namespace tenon::cli
