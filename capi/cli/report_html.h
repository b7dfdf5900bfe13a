// The run report as one self-contained page: it loads nothing and runs no script.
#pragma once

#include <string>

#include "errors.h"

namespace tenon::cli {

// report: run_report's; explain: of the same program (tenon_program_explain_json).
std::string run_page(const Json& report, const Json& explain);

// Text as it stands in a page: names come from files, and must not become markup.
std::string html(std::string_view text);
// JSON as it stands in a script element, which it cannot end.
std::string script_json(const Json& json);

}  // namespace tenon::cli
