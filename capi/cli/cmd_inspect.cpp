// tenon inspect: what is in a file.
#include <CLI/CLI.hpp>

#include "command.h"
#include "output.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

std::string shape_text(const Json& row) {
  if (!row.contains("shape")) return {};
  std::vector<std::string> dims;
  for (const Json& dim : list(row, "shape")) dims.push_back(dim.is_string() ? dim.get<std::string>() : dump(dim));
  return "[" + join(dims, ", ") + "]";
}

std::string value_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "~";
  if (!value.is_array() && !value.is_object()) return dump(value);
  std::vector<std::string> parts;
  for (const auto& [key, item] : value.items()) parts.push_back(value.is_object() ? key + ": " + value_text(item) : value_text(item));
  return join(parts, ", ");
}

// A list of objects as a table: a column per key, in the order of first appearance. Reports of any version can be shown so.
Table table_of(const Json& rows) {
  std::vector<std::string> keys;
  for (const Json& row : rows)
    for (const auto& [key, value] : row.items())
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  std::vector<std::string> heads = keys;
  for (std::string& head : heads)
    for (char& c : head) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  Table table(heads);
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == "bytes") table.right(i);
  for (const Json& row : rows) {
    std::vector<Table::Cell> cells;
    cells.reserve(keys.size());
    for (const std::string& key : keys)
      cells.emplace_back(!row.contains(key) ? "" : key == "shape" ? shape_text(row) : value_text(row.at(key)));
    table.row(std::move(cells));
  }
  return table;
}

bool is_table(const Json& value) { return value.is_array() && !value.empty() && value.front().is_object(); }

// An object as a table of keys and values.
Table fields_of(const Json& object) {
  Table table({"", ""});
  for (const auto& [key, value] : object.items())
    if (!value_text(value).empty()) table.row({key, value_text(value)});
  return table;
}

std::string section(std::string_view title, const Table& table, bool colour) {
  return "\n" + styled(printable(title), Style::Bold, colour) + "\n" + table.text(colour, "  ");
}

int inspect(const std::string& file, const Globals& globals) {
  if (file.empty()) throw wrong_usage("FILE is missing", "give a graph (.yaml), .npy, .safetensors, .irpa, manifest or plugin");
  const Context context = open_context(globals);
  const Blob blob = make<Blob>(tenon_inspect_json, context.get(), file.data(), file.size());
  if (globals.json) return print_json(blob);
  const Json report = parse_report(blob);
  const bool colour = colours_on_stdout();
  std::string out, sections;
  for (const auto& [key, value] : report.items()) {
    if (is_table(value))
      sections += section(key, table_of(value), colour);
    else if (value.is_object() && !value.empty())
      sections += section(key, fields_of(value), colour);
    else if (key != "tenon" && !value_text(value).empty())
      out += printable(key) + ": " + printable(key == "bytes" && value.is_number() ? bytes_text(value.get<double>()) : value_text(value)) +
             "\n";
  }
  out += sections;
  write_stdout(out);
  return kDone;
}

}  // namespace

Action add_inspect(CLI::App& verb) {
  auto file = std::make_shared<std::string>();
  verb.add_option("FILE", *file, "a graph (.yaml), .npy, .safetensors, .irpa, a manifest (.tenon.yaml) or a plugin (.so)")->type_name("");
  return [file](const Globals& globals) { return inspect(*file, globals); };
}

}  // namespace tenon::cli
