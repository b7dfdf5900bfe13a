#include "plugins/linalg/einsum/equation.h"

#include <algorithm>
#include <array>

namespace tenon::linalg {

using namespace plugin;

namespace {

constexpr int kDots = -1;  // where the dimensions of "..." go

// One term: letters, and kDots for "...".
Labels read_term(const Node& node, std::string_view equation, std::string_view term) {
  Labels labels;
  for (std::size_t i = 0; i < term.size(); ++i) {
    const char c = term[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && term.substr(i, 3) != "...")
      node.fail(TENON_INVALID_ARGUMENT,
                cat("equation takes letters, \"...\", a comma and \"->\", got '", std::string(1, c), "' in \"", equation, "\""));
    labels.push_back(letter ? static_cast<int>(c) : kDots);
    if (!letter) i += 2;
  }
  if (std::count(labels.begin(), labels.end(), kDots) > 1)
    node.fail(TENON_INVALID_ARGUMENT, cat("equation has \"...\" twice in one term: \"", equation, "\""));
  return labels;
}

// With kDots replaced by as many labels as dimensions are left.
Labels spread(const Labels& term, std::int64_t dots) {
  Labels labels;
  for (int label : term) {
    if (label != kDots) labels.push_back(label);
    for (std::int64_t i = dots; label == kDots && i > 0; --i) labels.push_back(kBroadcast + static_cast<int>(i) - 1);
  }
  return labels;
}

bool has_dots(const Labels& term) { return std::find(term.begin(), term.end(), kDots) != term.end(); }

// How many dimensions "..." stands for in a term.
std::int64_t dots_of(const Node& node, std::string_view equation, const char* name, const Labels& term, std::int64_t rank) {
  const std::int64_t letters = static_cast<std::int64_t>(term.size()) - (has_dots(term) ? 1 : 0);
  if (has_dots(term) ? rank < letters : rank != letters)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("equation \"", equation, "\" gives ", name, has_dots(term) ? " at least " : " ", letters, " dimensions, got ", rank));
  return rank - letters;
}

Labels implicit_output(const Labels& a, const Labels& b) {
  std::array<int, 128> uses{};
  for (const Labels* term : {&a, &b})
    for (int label : *term)
      if (label != kDots) ++uses[static_cast<std::size_t>(label)];
  Labels output{kDots};
  for (std::size_t letter = 0; letter < uses.size(); ++letter)
    if (uses[letter] == 1) output.push_back(static_cast<int>(letter));
  return output;
}

}  // namespace

Product parse_equation(const Node& node, std::string_view equation, std::int64_t a_rank, std::int64_t b_rank) {
  std::string text;
  for (char c : equation)
    if (c != ' ') text.push_back(c);
  const std::string_view all = text;
  const std::size_t arrow = all.find("->");
  const std::string_view inputs = all.substr(0, arrow);
  const std::size_t comma = inputs.find(',');
  if (comma == std::string_view::npos || inputs.find(',', comma + 1) != std::string_view::npos)
    node.fail(TENON_INVALID_ARGUMENT, cat("equation must have a term for each of the two operands, got \"", equation, "\""));
  const Labels a = read_term(node, equation, inputs.substr(0, comma)), b = read_term(node, equation, inputs.substr(comma + 1));
  const std::int64_t dots = std::max(dots_of(node, equation, "a", a, a_rank), dots_of(node, equation, "b", b, b_rank));

  Labels output = implicit_output(a, b);
  if (arrow != std::string_view::npos) output = read_term(node, equation, all.substr(arrow + 2));
  for (int label : output) {
    if (std::count(output.begin(), output.end(), label) > 1)
      node.fail(TENON_INVALID_ARGUMENT,
                cat("equation names ", std::string(1, static_cast<char>(label)), " twice in the output: \"", equation, "\""));
    if (label != kDots && std::find(a.begin(), a.end(), label) == a.end() && std::find(b.begin(), b.end(), label) == b.end())
      node.fail(TENON_INVALID_ARGUMENT,
                cat("equation has ", std::string(1, static_cast<char>(label)), " in the output only: \"", equation, "\""));
  }
  if (dots > 0 && !has_dots(output))
    node.fail(TENON_INVALID_ARGUMENT, cat("equation \"", equation, "\" has dimensions of \"...\" that the output lacks"),
              "write \"...\" in the output too, or letters for the dimensions to sum over");
  return {spread(a, a_rank - static_cast<std::int64_t>(a.size()) + (has_dots(a) ? 1 : 0)),
          spread(b, b_rank - static_cast<std::int64_t>(b.size()) + (has_dots(b) ? 1 : 0)), spread(output, dots)};
}

}  // namespace tenon::linalg
