#include "core/params/param_source.h"

#include <unordered_set>

namespace tenon {

Status check_sources(std::span<const ParamSource> tensors) {
  std::unordered_set<std::string_view> names;
  for (const ParamSource& tensor : tensors) {
    if (!is_valid_utf8(tensor.name) || tensor.name.find('\0') != std::string::npos)
      return fail(Code::InvalidArgument, "a tensor's name is not UTF-8, or has a zero byte in it").advise("rename the tensor");
    if (!names.insert(tensor.name).second)
      return fail(Code::InvalidArgument, "two tensors have the name \"", tensor.name, "\"")
          .operand(tensor.name)
          .advise("rename one of them");
    Result<std::int64_t> elements = checked_elements(tensor.type);
    if (!elements.ok()) return std::move(elements.take_error()).operand(tensor.name);
    if (tensor.type.bytes() != tensor.bytes.size())
      return fail(Code::InvalidArgument, "tensor \"", tensor.name, "\": ", to_string(tensor.type), " takes ", tensor.type.bytes(),
                  " bytes, got ", tensor.bytes.size())
          .operand(tensor.name)
          .advise("give the tensor's compact bytes");
  }
  return {};
}

}  // namespace tenon
