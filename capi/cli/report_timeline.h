// When what ran, on which thread, as a picture.
#pragma once

#include <map>
#include <string>

#include "errors.h"

namespace tenon::cli {

// The slowest operators have colours of their own, the others share one.
class Colours {
 public:
  const std::string& add(const std::string& op);  // slowest first
  const std::string& of(const std::string& op) const;
  const std::map<std::string, std::string>& all() const { return by_op_; }

 private:
  std::map<std::string, std::string> by_op_;
};

// A section with an SVG picture; nothing where the report has no timeline.
std::string timeline(const Json& report, const Colours& colours);

}  // namespace tenon::cli
