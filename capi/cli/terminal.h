// Text for people: colours where they are wanted, names that cannot disturb a terminal, tables, nearest names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tenon::cli {

enum class Style { Plain, Bold, Dim, Red, Green, Yellow };

// Whether that stream is a terminal that shows colours: not with NO_COLOR set to anything, nor on a dumb terminal.
bool colours_on_stdout();
bool colours_on_stderr();

std::string styled(std::string_view text, Style style, bool colour);

// Names come from files: control characters become \xNN. printable_lines lets newlines and tabs through.
std::string printable(std::string_view text);
std::string printable_lines(std::string_view text);

// The one of `names` that is nearest to what was typed, or "" if none is near.
std::string nearest_name(std::string_view typed, const std::vector<std::string>& names);
// "did you mean X?" or the fallback.
std::string did_you_mean(std::string_view typed, const std::vector<std::string>& names, std::string_view fallback);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

// 1536 -> "1.5 KiB"; 12.34 -> "12.3 us"
std::string bytes_text(double bytes);
std::string time_text(double microseconds);

// Columns as wide as their widest cell, two blanks apart. A column that is empty in every row is left out.
class Table {
 public:
  struct Cell {
    Cell(std::string t, Style s = Style::Plain) : text(std::move(t)), style(s) {}  // NOLINT: implicit by design
    Cell(const char* t) : text(t) {}                                               // NOLINT
    std::string text;
    Style style = Style::Plain;
  };

  explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)), right_(heads_.size(), false) {}
  Table& right(std::size_t column);  // numbers stand to the right
  void row(std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }
  std::string text(bool colour, std::string_view indent = {}) const;  // every line ends in a newline
  std::string markdown() const;

 private:
  std::vector<std::string> heads_;
  std::vector<bool> right_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace tenon::cli
