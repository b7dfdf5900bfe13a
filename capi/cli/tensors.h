// Tensors in text: types, shapes, and elements in as many digits as their dtype holds.
#pragma once

#include <string>
#include <vector>

#include "handles.h"

namespace tenon::cli {

// "[4,640]" and "bf16[4,640]", as in the library's messages; "?" for a dynamic size.
std::string shape_text(const tenon_type_view& type);
std::string type_text(const tenon_type_view& type);
tenon_type_view type_of(const tenon_tensor_view& view);
std::int64_t element_count(const tenon_type_view& type);
// dtype, rank and every size that is declared.
bool fits(const tenon_type_view& given, const tenon_type_view& declared);
bool is_dynamic(const tenon_type_view& type);

// The first `limit` elements in row-major order, each as short as its dtype allows: "0.5", "-3", "true", "nan".
std::vector<std::string> first_values(const tenon_tensor_view& view, std::int64_t limit);

tenon_tensor_view view_of(const Tensor& tensor);

// A named argument or result of a program.
struct Named {
  std::string name;
  tenon_type_view type = TENON_TYPE_VIEW_INIT;  // dims live as long as the program
};
std::vector<Named> program_inputs(const Program& program);
std::vector<Named> program_outputs(const Program& program);
std::vector<std::string> names_of(const std::vector<Named>& list);

// "NAME=REST": the index of the longest name that the text starts with, so that names and files may contain '='. -1 if there is none.
int split_binding(const std::string& text, const std::vector<Named>& list, std::string& rest);

bool has_suffix(std::string_view text, std::string_view suffix);

}  // namespace tenon::cli
