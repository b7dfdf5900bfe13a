// Any bytes give an archive that keeps its promises, or an error with an advice.
#include <cstddef>
#include <cstdint>

#include "core/params/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  tenon::check_archive(tenon::ParamArchive::parse_safetensors(bytes, "fuzz"), bytes);
  return 0;
}
