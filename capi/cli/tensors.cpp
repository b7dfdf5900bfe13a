#include "tensors.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace tenon::cli {
namespace {

template <class T>
std::string chars(T value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return {text, end.ptr};
}

// Digits that tell the values of a small float apart: f16 has 11 bits, bf16 8, f8e4m3fn 4, f8e5m2 3.
std::string with_digits(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

std::string float_text(tenon_dtype dtype, double value) {
  if (std::isnan(value)) return "nan";
  switch (dtype) {
    case TENON_F64:
      return chars(value);
    case TENON_F32:
      return chars(static_cast<float>(value));
    case TENON_F16:
      return with_digits(value, 5);
    case TENON_BF16:
      return with_digits(value, 4);
    default:
      return with_digits(value, 3);
  }
}

// A double cannot hold every 64-bit integer, so those are read from memory. Compact views only.
std::string wide_text(const tenon_tensor_view& view, std::int64_t index) {
  const char* element = static_cast<const char*>(view.data) + index * 8;
  if (view.dtype == TENON_UI64) {
    std::uint64_t value = 0;
    std::memcpy(&value, element, sizeof value);
    return chars(value);
  }
  std::int64_t value = 0;
  std::memcpy(&value, element, sizeof value);
  return chars(value);
}

bool is_float(tenon_dtype dtype) { return dtype >= TENON_F8E4M3FN && dtype <= TENON_F64; }

template <class Get>
std::vector<Named> named(std::size_t count, const Program& program, Get get) {
  std::vector<Named> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    std::size_t length = 0;
    call(get, static_cast<const tenon_program*>(program.get()), i, &name, &length, &out[i].type);
    out[i].name.assign(name, length);
  }
  return out;
}

}  // namespace

std::string shape_text(const tenon_type_view& type) {
  std::string out = "[";
  for (std::int32_t i = 0; i < type.rank; ++i) {
    if (i > 0) out += ",";
    out += type.dims[i] == TENON_DYNAMIC ? "?" : std::to_string(type.dims[i]);
  }
  return out + "]";
}

std::string type_text(const tenon_type_view& type) { return tenon_dtype_name(type.dtype) + shape_text(type); }

tenon_type_view type_of(const tenon_tensor_view& view) { return {view.dims, view.rank, view.dtype}; }

std::int64_t element_count(const tenon_type_view& type) {
  std::int64_t count = 1;
  for (std::int32_t i = 0; i < type.rank; ++i) count *= type.dims[i];
  return count;
}

bool fits(const tenon_type_view& given, const tenon_type_view& declared) {
  const auto same = [](std::int64_t size, std::int64_t expected) { return size == expected || expected == TENON_DYNAMIC; };
  return given.dtype == declared.dtype && given.rank == declared.rank &&
         (given.rank == 0 || std::equal(given.dims, given.dims + given.rank, declared.dims, same));
}

bool is_dynamic(const tenon_type_view& type) {
  return type.rank > 0 && std::find(type.dims, type.dims + type.rank, TENON_DYNAMIC) != type.dims + type.rank;
}

std::vector<std::string> first_values(const tenon_tensor_view& view, std::int64_t limit) {
  std::vector<std::string> out;
  const std::int64_t count = std::min(limit, element_count(type_of(view)));
  for (std::int64_t i = 0; i < count; ++i) {
    if (view.dtype == TENON_I64 || view.dtype == TENON_UI64) {
      out.push_back(wide_text(view, i));
      continue;
    }
    double value = 0;
    call(tenon_view_get_element, &view, i, &value);
    if (view.dtype == TENON_I1)
      out.emplace_back(value != 0 ? "true" : "false");
    else if (is_float(view.dtype))
      out.push_back(float_text(view.dtype, value));
    else
      out.push_back(chars(static_cast<std::int64_t>(value)));
  }
  return out;
}

tenon_tensor_view view_of(const Tensor& tensor) {
  tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
  call(tenon_tensor_get_view, static_cast<const tenon_tensor*>(tensor.get()), &view);
  return view;
}

std::vector<Named> program_inputs(const Program& program) {
  return named(tenon_program_get_input_count(program.get()), program, tenon_program_get_input);
}

std::vector<Named> program_outputs(const Program& program) {
  return named(tenon_program_get_output_count(program.get()), program, tenon_program_get_output);
}

std::vector<std::string> names_of(const std::vector<Named>& list) {
  std::vector<std::string> names;
  names.reserve(list.size());
  for (const Named& item : list) names.push_back(item.name);
  return names;
}

int split_binding(const std::string& text, const std::vector<Named>& list, std::string& rest) {
  int best = -1;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string& name = list[i].name;
    if (text.size() > name.size() && text[name.size()] == '=' && text.compare(0, name.size(), name) == 0 && name.size() >= longest) {
      best = static_cast<int>(i);
      longest = name.size();
    }
  }
  if (best >= 0) rest = text.substr(longest + 1);
  return best;
}

bool has_suffix(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

}  // namespace tenon::cli
