#include "terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>

namespace tenon::cli {
namespace {

bool colours_on(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* terminal = std::getenv("TERM");
  if (terminal == nullptr || std::string_view(terminal) == "dumb") return false;
  return isatty(descriptor) == 1;
}

std::string without_controls(std::string_view text, bool keep_lines) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    // U+0080 to U+009F are control characters too: 0xc2 and one more byte.
    const bool wide_control = byte == 0xc2 && next >= 0x80 && next < 0xa0;
    if ((byte < 0x20 && !(keep_lines && (byte == '\n' || byte == '\t'))) || byte == 0x7f || wide_control) {
      out += std::string("\\x") + digits[byte >> 4] + digits[byte & 15];
      if (wide_control) {
        out += std::string("\\x") + digits[next >> 4] + digits[next & 15];
        ++i;
      }
    } else {
      out += text[i];
    }
  }
  return out;
}

// Code points, which is near enough to columns for names in Latin script.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Edits to get from a to b: insert, remove, replace, and swap of neighbours count one each.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

}  // namespace

bool colours_on_stdout() { return colours_on(STDOUT_FILENO); }
bool colours_on_stderr() { return colours_on(STDERR_FILENO); }

std::string styled(std::string_view text, Style style, bool colour) {
  if (!colour || style == Style::Plain || text.empty()) return std::string(text);
  const char* code = style == Style::Bold    ? "1"
                     : style == Style::Dim   ? "2"
                     : style == Style::Red   ? "1;31"
                     : style == Style::Green ? "32"
                                             : "33";
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string printable(std::string_view text) { return without_controls(text, false); }
std::string printable_lines(std::string_view text) { return without_controls(text, true); }

std::string nearest_name(std::string_view typed, const std::vector<std::string>& names) {
  if (typed.size() > 128) return {};
  std::string best;
  std::size_t least = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string& name : names) {
    if (name.size() > 128) continue;
    const std::size_t edits = distance(typed, name);
    if (edits < least) {
      least = edits;
      best = name;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& names, std::string_view fallback) {
  const std::string name = nearest_name(typed, names);
  return name.empty() ? std::string(fallback) : "did you mean " + name + "?";
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

namespace {
std::string scaled(double value, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f %s", value >= 100 ? 0 : value >= 10 ? 1 : 2, value, unit);
  return text;
}
}  // namespace

std::string bytes_text(double bytes) {
  if (bytes < 1024) return std::to_string(static_cast<long long>(bytes)) + " B";
  if (bytes < 1024.0 * 1024) return scaled(bytes / 1024, "KiB");
  if (bytes < 1024.0 * 1024 * 1024) return scaled(bytes / 1024 / 1024, "MiB");
  return scaled(bytes / 1024 / 1024 / 1024, "GiB");
}

std::string time_text(double microseconds) {
  if (microseconds < 1e3) return scaled(microseconds, "us");
  if (microseconds < 1e6) return scaled(microseconds / 1e3, "ms");
  return scaled(microseconds / 1e6, "s");
}

Table& Table::right(std::size_t column) {
  right_.at(column) = true;
  return *this;
}

void Table::row(std::vector<Cell> cells) {
  cells.resize(heads_.size(), "");
  for (Cell& cell : cells) cell.text = printable(cell.text);
  rows_.push_back(std::move(cells));
}

std::string Table::text(bool colour, std::string_view indent) const {
  std::vector<std::size_t> widths(heads_.size(), 0);
  for (std::size_t c = 0; c < heads_.size(); ++c)
    for (const auto& cells : rows_)
      if (!cells[c].text.empty()) widths[c] = std::max({widths[c], width(cells[c].text), width(heads_[c])});
  std::string out;
  const auto write = [&](const std::vector<Cell>& cells) {
    std::string line(indent);
    std::size_t blanks = 0;  // written only before something, so that no line ends in blanks
    for (std::size_t c = 0; c < cells.size(); ++c) {
      if (widths[c] == 0) continue;
      const std::size_t space = widths[c] - width(cells[c].text);
      if (right_[c]) blanks += space;
      if (!cells[c].text.empty()) {
        line += std::string(blanks, ' ') + styled(cells[c].text, cells[c].style, colour);
        blanks = 0;
      }
      blanks += (right_[c] ? 0 : space) + 2;
    }
    out += line + "\n";
  };
  std::vector<Cell> heads;
  for (const std::string& head : heads_) heads.emplace_back(head, Style::Bold);
  const bool headed = std::any_of(heads_.begin(), heads_.end(), [](const std::string& head) { return !head.empty(); });
  if (headed && !rows_.empty()) write(heads);
  for (const auto& cells : rows_) write(cells);
  return out;
}

std::string Table::markdown() const {
  const auto escaped = [](std::string_view text) {
    std::string out;
    for (char c : text) {
      if (c == '|' || c == '\\' || c == '<' || c == '*' || c == '_') out += '\\';
      out += c;
    }
    return out;
  };
  std::string out = "|";
  for (const std::string& head : heads_) out += " " + escaped(head) + " |";
  out += "\n|";
  for (const bool right : right_) out += right ? " ---: |" : " --- |";
  out += "\n";
  for (const auto& cells : rows_) {
    out += "|";
    for (const Cell& cell : cells) out += " " + escaped(cell.text) + " |";
    out += "\n";
  }
  return out;
}

}  // namespace tenon::cli
