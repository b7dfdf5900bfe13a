#include "report_timeline.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "report_html.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

constexpr std::size_t kOwnColours = 6;
const std::string kRest = "rest";

// The picture's own units.
constexpr double kLeft = 70, kWidth = 1000, kLane = 22, kGap = 6;

struct Piece {
  std::size_t step = 0, thread = 0;
  double begin = 0, end = 0;
};

std::string coordinate(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

// Pieces of one step on one thread that lie nearer than the picture can show become one.
std::vector<Piece> merged(std::vector<Piece> pieces, double least) {
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return a.thread != b.thread ? a.thread < b.thread : a.begin < b.begin; });
  std::vector<Piece> out;
  for (const Piece& piece : pieces) {
    if (!out.empty() && out.back().thread == piece.thread && out.back().step == piece.step && piece.begin - out.back().end < least)
      out.back().end = std::max(out.back().end, piece.end);
    else
      out.push_back(piece);
  }
  return out;
}

// A round distance between the marks of the axis: 1, 2 or 5 times a power of ten, at most ten marks.
double tick_distance(double total) {
  const double power = std::pow(10.0, std::floor(std::log10(total / 10)));
  for (double factor : {1.0, 2.0, 5.0})
    if (total / (factor * power) <= 10) return factor * power;
  return 10 * power;
}

class Picture {
 public:
  Picture(const Json& report, const Colours& colours, double total) : steps_(list(report, "steps")), colours_(colours), total_(total) {}

  void lane(const std::string& name) {
    top_ += kLane + kGap;
    body_ += "<text x=\"0\" y=\"" + coordinate(top_ + kLane * 0.7) + "\">" + name + "</text>\n";
  }

  void piece(const Piece& piece) {
    if (piece.step >= steps_.size()) return;
    const Json& step = steps_[piece.step];
    const double width = std::max((piece.end - piece.begin) / total_ * kWidth, 0.4);
    body_ += "<rect class=\"" + colours_.of(field(step, "op")) + "\" x=\"" + coordinate(at(piece.begin)) + "\" y=\"" + coordinate(top_) +
             "\" width=\"" + coordinate(width) + "\" height=\"" + coordinate(kLane) + "\"><title>step " + std::to_string(piece.step) +
             ", " + html(field(step, "node")) + ", " + html(field(step, "op")) + ", " + html(field(step, "kernel")) + ": " +
             time_text(piece.end - piece.begin) + ", from " + time_text(piece.begin) + "</title></rect>\n";
  }

  std::string text() const {
    const double bottom = top_ + kLane + kGap;
    std::string marks;
    const double distance = tick_distance(total_);
    for (int i = 0; i * distance <= total_ * 1.0001; ++i) {
      const std::string x = coordinate(at(i * distance));
      marks += "<line x1=\"" + x + "\" x2=\"" + x + "\" y1=\"0\" y2=\"" + coordinate(bottom) + "\"/><text x=\"" + x + "\" y=\"" +
               coordinate(bottom + 12) + "\" text-anchor=\"middle\">" + (i == 0 ? "0" : time_text(i * distance)) + "</text>\n";
    }
    return "<svg role=\"img\" aria-label=\"timeline\" viewBox=\"0 0 " + coordinate(kLeft + kWidth + 40) + " " + coordinate(bottom + 18) +
           "\">\n" + marks + body_ + "</svg>\n";
  }

 private:
  double at(double us) const { return kLeft + us / total_ * kWidth; }
  const Json& steps_;
  const Colours& colours_;
  double total_, top_ = -kLane - kGap;
  std::string body_;
};

std::string legend(const Colours& colours) {
  std::string out, rest;
  for (const auto& [op, colour] : colours.all())
    if (colour == kRest)
      rest = "<span><i></i>others</span>";
    else
      out += "<span><i class=\"" + colour + "\"></i>" + html(op) + "</span>";
  return "<div class=\"legend\">" + out + rest + "</div>\n";
}

std::vector<Piece> pieces_of(const Json& timeline, const char* key) {
  std::vector<Piece> out;
  for (const Json& entry : list(timeline, key))
    out.push_back({static_cast<std::size_t>(number(entry, "step")), static_cast<std::size_t>(number(entry, "thread")),
                   number(entry, "begin_us"), number(entry, "end_us")});
  return out;
}

}  // namespace

const std::string& Colours::add(const std::string& op) {
  const std::size_t taken = by_op_.size();
  return by_op_.emplace(op, taken < kOwnColours ? "c" + std::to_string(taken) : kRest).first->second;
}

const std::string& Colours::of(const std::string& op) const {
  const auto found = by_op_.find(op);
  return found == by_op_.end() ? kRest : found->second;
}

std::string timeline(const Json& report, const Colours& colours) {
  if (!report.contains("timeline")) return "";
  const Json& times = report.at("timeline");
  const double total = number(times, "us");
  if (!(total > 0)) return "";
  Picture picture(report, colours, total);
  picture.lane("steps");
  for (const Piece& piece : pieces_of(times, "steps")) picture.piece(piece);
  const std::vector<Piece> parts = merged(pieces_of(times, "parts"), total / kWidth / 2);
  const auto threads = static_cast<std::size_t>(number(times, "threads"));
  auto next = parts.begin();
  for (std::size_t thread = 0; thread < threads && !parts.empty(); ++thread) {
    picture.lane("thread " + std::to_string(thread));
    for (; next != parts.end() && next->thread == thread; ++next) picture.piece(*next);
  }
  std::string note = "<p>One timed run of " + time_text(total) + ". Thread 0 called it, and runs every step";
  note += parts.empty() ? "; no step was split over threads.</p>\n"
                        : "; the lanes below show the parts of the steps that were split, each on the thread that ran it.</p>\n";
  if (number(times, "parts_left_out") > 0)
    note += "<p>" + html(field(times, "parts_left_out")) + " parts are not shown: there was no room to note them.</p>\n";
  return "<h2>Timeline</h2>\n" + note + "<div class=\"wide\">" + picture.text() + "</div>\n" + legend(colours);
}

}  // namespace tenon::cli
