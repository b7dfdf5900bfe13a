// .npy files (NEP 1, versions 1.0 to 3.0). Read: any byte order, C and Fortran order, converted to little-endian C order. Written:
// version 1.0, C order, deterministic. Dtypes that NumPy does not know (bf16, f8) travel as raw bytes of their item size ('<V2', '<V1';
// read also as '|V2', '|V1', and as the '<f1' that ml_dtypes gives to one of the 8-bit floats) and take their dtype from the caller. i4
// and ui4 are one int8 or uint8 per element, in range. i1 is '|b1', 0 or 1.
#pragma once

#include <span>
#include <string>

#include "core/type/tensor.h"

namespace tenon {

struct NpyInfo {
  std::string descr;             // "<f4"
  DType dtype = DType::Invalid;  // Invalid for raw bytes (V2, V1), whose dtype the reader must be told
  std::size_t item_bytes = 0;
  bool fortran_order = false;
  Dims dims;
};

// What the header says. The file's size is checked against it, its elements are not looked at.
Result<NpyInfo> npy_inspect(const std::string& path);

// Reads the file as `expected` dtype (nothing is converted: a file of another dtype is an error that names both). With
// DType::Invalid the file's own dtype is taken; raw bytes are then an error.
Result<Tensor> npy_read(const std::string& path, DType expected);
Result<Tensor> npy_parse(std::span<const std::byte> file, const std::string& name, DType expected);  // the same, from memory

// The view may be strided. A failure leaves an old file as it was.
Status npy_write(const std::string& path, const TensorView& tensor);

}  // namespace tenon
