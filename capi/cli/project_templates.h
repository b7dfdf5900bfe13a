// The files of configs/project-templates as they are compiled into the command: what `tenon plugins new` writes.
#pragma once

#include <span>
#include <string_view>

namespace tenon::cli {

struct ProjectTemplate {
  std::string_view path;  // "c++/src/plugin.cpp"; below "common/": for every language
  std::string_view text;  // with @WORDS@ to fill in
};

std::span<const ProjectTemplate> project_templates();

}  // namespace tenon::cli
