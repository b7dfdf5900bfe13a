// The header of an .npy file: the magic, the version, and a Python dict literal with descr, fortran_order and shape.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/params/npy.h"

namespace tenon {

struct NpyHeader {
  NpyInfo info;
  bool big_endian = false;
  std::span<const std::byte> data;  // the rest of the file, of exactly the size that the header gives
};

// The literal is parsed strictly and never evaluated. Errors: no .npy file, an unknown version, a header above 64 KiB, any other key or
// form, a dtype that we do not have (the error names its descr), a size that overflows, data that is missing or left over.
Result<NpyHeader> read_npy_header(std::span<const std::byte> file, const std::string& name);

// What a descr such as "<f4" means. Errors: a dtype that we do not have, named by its descr.
struct NpyDescr {
  DType dtype;  // Invalid: raw bytes
  std::size_t item_bytes;
  bool big_endian;
};
Result<NpyDescr> parse_npy_descr(std::string_view descr);
Error unsupported_npy_descr(std::string_view descr, std::string_view what);

std::string_view npy_descr(DType dtype);  // as written: "<f4"; dtype must be valid

}  // namespace tenon
