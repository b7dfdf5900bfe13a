// Any bytes give a tensor of exactly the size that its type says, or an error with an advice.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/params/npy.h"

namespace {

using namespace tenon;

void check(std::span<const std::byte> bytes, DType expected) {
  const Result<Tensor> result = npy_parse(bytes, "fuzz.npy", expected);
  if (!result.ok()) {
    if (result.error().message.empty() || result.error().advice.empty() || result.error().where.file != "fuzz.npy") std::abort();
    if (!is_valid_utf8(to_string(result.error()))) std::abort();
    return;
  }
  const TensorType& type = result->type();
  if (expected != DType::Invalid && type.dtype != expected) std::abort();
  if (!checked_elements(type).ok() || result->bytes().size() != type.bytes()) std::abort();
  if (type.bytes() > bytes.size()) std::abort();  // elements are in the file, each once
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  check(bytes, DType::Invalid);
  for (const DTypeInfo& row : all_dtypes()) check(bytes, row.dtype);
  return 0;
}
