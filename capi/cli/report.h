// The run report: what ran where, and how long it took, as JSON and as a table. report_html.h has it as a page.
#pragma once

#include <string>
#include <vector>

#include "errors.h"

namespace tenon::cli {

struct Times {
  unsigned repeat = 1;
  double median_us = 0, min_us = 0;    // the program alone: inputs bound, no files
  std::vector<double> step_median_us;  // one per step
};

double median(std::vector<double> values);  // 0 of nothing

// The library's report of the program, with the source and the times in it.
Json run_report(const Json& program_report, const std::string& source, const Times& times);
// A line per step, then a line for the whole.
std::string run_table(const Json& report, bool colour);

}  // namespace tenon::cli
