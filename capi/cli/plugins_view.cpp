#include "plugins_view.h"

#include <algorithm>

#include "terminal.h"

namespace tenon::cli {
namespace {

bool starts_with(const std::string& text, std::string_view start) { return text.compare(0, start.size(), start) == 0; }

// Where it went wrong: the place in the file that the error names, else the manifest.
std::string place_text(const Json& plugin) {
  std::string out = field(plugin, "file", field(plugin, "manifest"));
  if (number(plugin, "line") > 0) out += ":" + field(plugin, "line");
  if (number(plugin, "line") > 0 && number(plugin, "column") > 0) out += ":" + field(plugin, "column");
  return out;
}

}  // namespace

bool is_bad(const Json& plugin) {
  const std::string state = field(plugin, "state");
  return starts_with(state, "REJECTED") || starts_with(state, "QUARANTINED");
}

Style style_of(const Json& plugin) {
  const std::string state = field(plugin, "state");
  return is_bad(plugin) ? Style::Red : starts_with(state, "DENIED") || starts_with(state, "SHADOWED") ? Style::Yellow : Style::Green;
}

std::string state_text(const Json& plugin) {
  std::string state = field(plugin, "state", "?");
  const std::string code = field(plugin, "code");
  if (code.empty() || code == "0" || code == "OK" || state.find('(') != std::string::npos) return state;
  return state + "(" + code + ")";
}

std::string complaint(const Json& plugin, bool colour) {
  const std::string name = field(plugin, "name");
  std::string out = styled(printable(name.empty() ? field(plugin, "manifest", "?") : name), Style::Bold, colour);
  out += ": " + styled(printable(state_text(plugin)), style_of(plugin), colour);
  if (!field(plugin, "message").empty()) out += ": " + printable_lines(field(plugin, "message"));
  out += "\n";
  if (!place_text(plugin).empty()) out += " --> " + printable(place_text(plugin)) + "\n";
  if (!field(plugin, "advice").empty()) out += "  advice: " + printable_lines(field(plugin, "advice")) + "\n";
  return out;
}

std::string remarks(const Json& report) {
  std::string out;
  const auto add = [&out](const std::string& who, const Json& lines) {
    for (const Json& line : lines)
      if (line.is_string()) out += "note: " + who + printable_lines(line.get<std::string>()) + "\n";
  };
  for (const Json& plugin : list(report, "plugins")) add(printable(field(plugin, "name")) + ": ", list(plugin, "warnings"));
  add("", list(report, "notices"));
  return out;
}

Json searched_rows(const Json& report) {
  struct Row {
    double tier;
    Json json;
  };
  std::vector<Row> rows;
  for (const Json& place : list(report, "searched")) {
    std::size_t plugins = 0;
    const std::string path = field(place, "path");
    for (const Json& plugin : list(report, "plugins"))
      plugins += starts_with(field(plugin, "manifest"), path + "/") || field(plugin, "manifest") == path;
    Json row = place;
    row["note"] = std::to_string(plugins) + (plugins == 1 ? " plugin" : " plugins");
    rows.push_back({number(place, "tier"), std::move(row)});
  }
  for (const Json& place : list(report, "skipped")) rows.push_back({number(place, "tier"), place});
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.tier < b.tier; });
  Json out = Json::array();
  for (Row& row : rows) out.push_back(std::move(row.json));
  return out;
}

std::string searched_table(const Json& report, bool colour) {
  Table table({"TIER", "FOLDER", "NOTE"});
  for (const Json& row : searched_rows(report)) table.row({field(row, "tier"), field(row, "path"), field(row, "note")});
  return table.text(colour);
}

void add_rows(Table& table, const Json& object) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object())
      add_rows(table, value);
    else if (value.is_array() && !value.empty() && value.front().is_object())
      continue;
    else if (value.is_array() && !value.empty()) {
      std::vector<std::string> parts;
      for (const Json& item : value) parts.push_back(item.is_string() ? item.get<std::string>() : dump(item));
      table.row({key, join(parts, ", ")});
    } else if (!value.is_array() && !field(object, key.c_str()).empty())
      table.row({key, field(object, key.c_str())});
  }
}

}  // namespace tenon::cli
