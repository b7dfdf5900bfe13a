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

namespace {

std::string html(std::string_view text) {
  std::string out;
  for (char c : printable(text)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string cells(std::initializer_list<std::pair<std::string, const char*>> row) {
  std::string out = "<tr>";
  for (const auto& [text, style] : row)
    out += std::string("<td") + (*style == '\0' ? "" : " class=\"" + std::string(style) + "\"") + ">" + text + "</td>";
  return out + "</tr>\n";
}

std::string shapes(const Json& step) {
  std::vector<std::string> parts;
  for (const Json& shape : list(step, "shapes")) parts.push_back(shape.is_string() ? shape.get<std::string>() : dump(shape));
  return join(parts, ", ");
}

std::string percent(double part, double whole) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", whole > 0 ? 100 * part / whole : 0.0);
  return text;
}

constexpr const char* kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#1d2733;background:#fff}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #dde3ea;vertical-align:top}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}.slow{color:#a15c00}.bar{background:#2f6fb2;height:.6rem;min-width:1px}"
    "td.b{width:12rem}"
    "@media(prefers-color-scheme:dark){body{color:#dde3ea;background:#12181f}th,td{border-color:#2c3743}.slow{color:#e6a85c}}";

}  // namespace

std::string run_page(const Json& report) {
  const Json time = report.contains("time") ? report.at("time") : Json::object();
  const Json memory = report.contains("memory") ? report.at("memory") : Json::object();
  double total = 0, most = 0;
  for (const Json& step : list(report, "steps")) {
    total += number(step, "median_us");
    most = std::max(most, number(step, "median_us"));
  }
  const std::string title = "Tenon run: " + html(field(report, "source"));
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
      title + "</title>\n<style>" + kStyle + "</style></head><body>\n<h1>" + title + "</h1>\n<table>\n";
  out += cells({{"time per run", ""},
                {time_text(number(time, "median_us")) + " (median of " + html(field(time, "repeat")) + "), least " +
                     time_text(number(time, "min_us")),
                 ""}});
  out += cells({{"SIMD level, threads", ""}, {html(field(report, "arch")) + ", " + html(field(report, "threads")), ""}});
  out += cells({{"memory", ""},
                {"workspace " + bytes_text(number(memory, "workspace_bytes")) + ", peak " + bytes_text(number(memory, "peak_bytes")), ""}});
  out += cells({{"Tenon", ""}, {html(field(report, "tenon")), ""}});
  out +=
      "</table>\n<h2>Steps</h2>\n<table>\n<tr><th "
      "class=\"n\">step</th><th>node</th><th>operator</th><th>kernel</th><th>level</th><th>operands</th>"
      "<th class=\"n\">time</th><th class=\"n\">%</th><th></th></tr>\n";
  for (const Json& step : list(report, "steps")) {
    const double us = number(step, "median_us");
    const std::string kernel = field(step, "kernel");
    out += cells({{html(field(step, "index")), "n"},
                  {html(field(step, "node")), ""},
                  {html(field(step, "op")), ""},
                  {html(kernel), kernel == "interpreter" ? "slow" : ""},
                  {html(field(step, "level")), ""},
                  {html(shapes(step)), ""},
                  {time_text(us), "n"},
                  {percent(us, total), "n"},
                  {"<div class=\"bar\" style=\"width:" + percent(us, most) + "%\"></div>", "b"}});
  }
  out += "</table>\n<h2>Outputs</h2>\n<table>\n<tr><th>name</th><th>dtype</th><th>shape</th></tr>\n";
  for (const Json& output : list(report, "outputs"))
    out += cells({{html(field(output, "name")), ""}, {html(field(output, "dtype")), ""}, {html(dump(list(output, "shape"))), ""}});
  return out + "</table>\n</body></html>\n";
}

}  // namespace tenon::cli
