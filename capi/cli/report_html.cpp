#include "report_html.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "report_page.h"
#include "report_timeline.h"
#include "terminal.h"

namespace tenon::cli {

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
    else if (c == '\'')
      out += "&#39;";
    else
      out += c;
  }
  return out;
}

std::string script_json(const Json& json) {
  std::string out;
  for (char c : dump(json)) {
    if (c == '<')  // only inside strings
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

namespace {

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string percent(double part, double whole) { return fixed(whole > 0 ? 100 * part / whole : 0.0, 1); }

// Amount per microsecond as billions per second; nothing where there is no amount or no time.
std::string rate(double amount, double us) { return amount > 0 && us > 0 ? fixed(amount / us / 1e3, 1) : ""; }

std::string cell(const std::string& content, const char* style = "") {
  return std::string("<td") + (*style == '\0' ? "" : " class=\"" + std::string(style) + "\"") + ">" + content + "</td>";
}

std::string tile(const std::string& value, const std::string& name) {
  return "<div class=\"tile\"><b>" + value + "</b><span>" + name + "</span></div>\n";
}

std::string bar(double part, double most, const std::string& colour) {
  return "<div class=\"bar " + colour + "\" style=\"width:" + percent(part, most) + "%\"></div>";
}

std::string joined(const Json& step, const char* key) {
  std::vector<std::string> parts;
  for (const Json& shape : list(step, key)) parts.push_back(shape.is_string() ? shape.get<std::string>() : dump(shape));
  return html(join(parts, ", "));
}

struct Group {
  std::string op;
  double us = 0;
  int steps = 0;
};

// The operators by time, slowest first.
std::vector<Group> by_operator(const Json& report) {
  std::map<std::string, Group> groups;
  for (const Json& step : list(report, "steps")) {
    Group& group = groups[field(step, "op")];
    group.op = field(step, "op");
    group.us += number(step, "median_us");
    ++group.steps;
  }
  std::vector<Group> sorted;
  for (auto& [name, group] : groups) sorted.push_back(std::move(group));
  std::stable_sort(sorted.begin(), sorted.end(), [](const Group& a, const Group& b) { return a.us > b.us; });
  return sorted;
}

// Every kernel that was considered for a step, and the rule that decided.
std::string candidates(const Json& explain, std::size_t index) {
  const Json& steps = list(explain, "steps");
  if (index >= steps.size() || !steps[index].contains("operator") || !steps[index]["operator"].is_number_unsigned()) return "";
  const Json& operators = list(explain, "operators");
  const auto at = steps[index]["operator"].get<std::size_t>();
  if (at >= operators.size()) return "";
  std::string out;
  for (const Json& candidate : list(operators[at], "candidates")) {
    const bool chosen = candidate.contains("chosen") && candidate["chosen"] == true;
    std::string name = field(candidate, "kernel");
    for (const char* more : {"plugin", "level"})
      if (!field(candidate, more).empty()) name += ", " + field(candidate, more);
    out += "<li>" + std::string(chosen ? "<b>chosen</b> " : "rejected ") + html(name) + ": " + html(field(candidate, "reason"));
    if (!field(candidate, "advice").empty()) out += " (" + html(field(candidate, "advice")) + ")";
    out += "</li>";
  }
  return out.empty() ? "" : "<details><summary>why</summary><ul>" + out + "</ul></details>";
}

std::string step_row(const Json& step, std::size_t index, const Json& explain, double total, double most, const std::string& colour) {
  const double us = number(step, "median_us"), bytes = number(step, "bytes");
  const std::string kernel = field(step, "kernel"), note = field(step, "note");
  std::string how = html(kernel);
  if (!note.empty()) how += "<details><summary>plan</summary>" + html(note) + "</details>";
  return "<tr>" + cell(html(field(step, "index")), "n") + cell(html(field(step, "node")), "name") + cell(html(field(step, "op")), "word") +
         cell(how + candidates(explain, index), kernel == "interpreter" ? "word slow" : "word") +
         cell(html(field(step, "level")), "level") + cell(joined(step, "shapes") + " &rarr; " + joined(step, "results"), "types") +
         cell(time_text(us), "n") + cell(percent(us, total) + " %", "n") + cell(bar(us, most, colour), "share") +
         cell(bytes > 0 ? bytes_text(bytes) : "", "n") + cell(rate(bytes, us), "n") + cell(rate(number(step, "flops"), us), "n") +
         "</tr>\n";
}

std::string tiles(const Json& report, double total) {
  const Json time = report.contains("time") ? report.at("time") : Json::object();
  const Json memory = report.contains("memory") ? report.at("memory") : Json::object();
  double interpreted = 0;
  for (const Json& step : list(report, "steps"))
    if (field(step, "kernel") == "interpreter") interpreted += number(step, "median_us");
  const double repeat = number(time, "repeat", 1);
  std::string out = tile(time_text(number(time, "median_us")),
                         repeat > 1 ? "per run, median of " + html(field(time, "repeat")) : std::string("one run, without warm-up"));
  if (repeat > 1) out += tile(time_text(number(time, "min_us")), "least");
  out += tile(std::to_string(list(report, "steps").size()), "steps");
  out += tile(percent(interpreted, total) + " %", "of the time interpreted");
  out += tile(html(field(report, "arch", "?")), "SIMD level") + tile(html(field(report, "threads", "?")), "threads at most");
  out += tile(bytes_text(number(memory, "workspace_bytes")), "workspace") + tile(bytes_text(number(memory, "peak_bytes")), "peak");
  return out + tile(html(field(report, "tenon")), "Tenon");
}

// The template with @NAME@ replaced; what is put in is not searched again.
std::string filled(std::string_view page, const std::map<std::string, std::string>& values) {
  std::string out;
  while (!page.empty()) {
    const std::size_t begin = page.find('@'), end = begin == page.npos ? page.npos : page.find('@', begin + 1);
    if (end == page.npos) break;
    const auto value = values.find(std::string(page.substr(begin + 1, end - begin - 1)));
    out += page.substr(0, value == values.end() ? begin + 1 : begin);
    if (value != values.end()) out += value->second;
    page.remove_prefix(value == values.end() ? begin + 1 : end + 1);
  }
  return out.append(page);
}

}  // namespace

std::string run_page(const Json& report, const Json& explain) {
  double total = 0, most = 0;
  for (const Json& step : list(report, "steps")) {
    total += number(step, "median_us");
    most = std::max(most, number(step, "median_us"));
  }
  const std::vector<Group> groups = by_operator(report);
  Colours colours;
  std::string operators;
  for (const Group& group : groups) {
    const std::string& colour = colours.add(group.op);
    operators += "<tr>" + cell(html(group.op)) + cell(std::to_string(group.steps), "n") + cell(time_text(group.us), "n") +
                 cell(percent(group.us, total) + " %", "n") + cell(bar(group.us, groups.front().us, colour), "share") + "</tr>\n";
  }
  std::string steps, outputs;
  std::size_t index = 0;
  for (const Json& step : list(report, "steps")) {
    steps += step_row(step, index, explain, total, most, colours.of(field(step, "op")));
    ++index;
  }
  for (const Json& output : list(report, "outputs"))
    outputs += "<tr>" + cell(html(field(output, "name")), "name") + cell(html(field(output, "dtype"))) +
               cell(html(dump(list(output, "shape")))) + "</tr>\n";
  return filled(kReportPage, {{"TITLE", "Tenon run: " + html(field(report, "source"))},
                              {"TILES", tiles(report, total)},
                              {"TIMELINE", timeline(report, colours)},
                              {"OPERATORS", operators},
                              {"STEPS", steps},
                              {"OUTPUTS", outputs},
                              {"REPORT", script_json(report)},
                              {"EXPLAIN", script_json(explain)}});
}

}  // namespace tenon::cli
