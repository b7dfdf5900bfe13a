#include "core/base/receive.h"

#include <cstring>

namespace tenon {

Status receive(void* destination, std::size_t destination_size, std::uint32_t kind, std::size_t v1_size, const void* source) {
  if (source == nullptr) return fail(Code::InvalidArgument, "a struct of kind ", kind, " is NULL");
  tenon_header header;
  std::memcpy(&header, source, sizeof header);  // the sender's alignment is not trusted
  if (header.struct_kind != kind)
    return fail(Code::InvalidArgument, "a struct of kind ", kind, " was expected, got kind ", header.struct_kind)
        .advise("initialise it with its TENON_..._INIT macro");
  if (header.struct_size < v1_size)
    return fail(Code::InvalidArgument, "a struct of kind ", kind, " has size ", header.struct_size, ", version 1 has ", v1_size)
        .advise("initialise it with its TENON_..._INIT macro; = {0} leaves the size 0");
  if (header.struct_size > kMaxStructSize)
    return fail(Code::InvalidArgument, "a struct of kind ", kind, " claims ", header.struct_size, " bytes");
  const auto* bytes = static_cast<const unsigned char*>(source);
  for (std::size_t i = destination_size; i < header.struct_size; ++i)
    if (bytes[i] != 0)
      return fail(Code::NotUnderstood, "a newer field of a struct of kind ", kind, " is set, at byte ", i)
          .advise("upgrade libtenon, or leave the field at its default");
  int links = 0;
  for (const void* next = header.next; next != nullptr;) {
    tenon_header extension;
    std::memcpy(&extension, next, sizeof extension);
    if ((extension.struct_kind & TENON_KIND_MUST_UNDERSTAND) != 0)
      return fail(Code::NotUnderstood, "an extension of kind ", extension.struct_kind, " must be understood and is not known")
          .advise("upgrade libtenon, or do not chain the extension");
    if (++links > 64) return fail(Code::InvalidArgument, "the chain of extensions of a struct of kind ", kind, " has no end");
    next = extension.next;
  }
  const std::size_t common = header.struct_size < destination_size ? header.struct_size : destination_size;
  std::memcpy(static_cast<char*>(destination) + sizeof header, bytes + sizeof header, common - sizeof header);
  return {};
}

}  // namespace tenon
