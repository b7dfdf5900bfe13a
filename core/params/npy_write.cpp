#include "core/base/files.h"
#include "core/params/bytes.h"
#include "core/params/npy_header.h"

namespace tenon {

namespace {

// Version 1.0. Data begins at a multiple of 64, as numpy.save has it.
std::string header_of(const TensorView& tensor) {
  std::string shape;
  for (const std::int64_t dim : tensor.dims) {
    if (!shape.empty()) shape += ' ';
    shape += cat(dim, ',');
  }
  if (tensor.rank() > 1) shape.pop_back();
  std::string text = cat("{'descr': '", npy_descr(tensor.dtype), "', 'fortran_order': False, 'shape': (", shape, "), }");
  constexpr std::size_t before = 10;
  const std::size_t total = align_up(before + text.size() + 1, 64);
  text.append(total - before - text.size() - 1, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  append_le(header, static_cast<std::uint16_t>(text.size()));
  return header + text;
}

// Elements in C order, gathered into pieces of moderate size.
Status write_strided(AtomicFile& file, const TensorView& tensor) {
  const std::size_t item = storage_size(tensor.dtype);
  const auto count = static_cast<std::size_t>(tensor.elements());
  std::vector<std::byte> piece;
  constexpr std::size_t kPiece = 256u << 10;  // a multiple of every item
  piece.reserve(kPiece);
  Dims index(tensor.dims.size(), 0);
  const std::byte* element = tensor.data;
  for (std::size_t written = 0; written < count; ++written) {
    piece.insert(piece.end(), element, element + item);
    if (piece.size() == kPiece) {
      TENON_TRY(file.write(piece));
      piece.clear();
    }
    for (std::size_t axis = index.size(); axis-- > 0;) {  // count up, the last index first
      const std::ptrdiff_t step = tensor.strides[axis] * static_cast<std::ptrdiff_t>(item);
      if (++index[axis] < tensor.dims[axis]) {
        element += step;
        break;
      }
      element -= step * (tensor.dims[axis] - 1);
      index[axis] = 0;
    }
  }
  return file.write(piece);
}

}  // namespace

Status npy_write(const std::string& path, const TensorView& tensor) {
  const TensorType type{tensor.dtype, Dims(tensor.dims.begin(), tensor.dims.end())};
  TENON_ASSIGN(const std::int64_t elements, checked_elements(type));
  TENON_ASSIGN(AtomicFile file, AtomicFile::create(path));
  TENON_TRY(file.write(header_of(tensor)));
  if (elements > 0) {
    if (tensor.is_compact())
      TENON_TRY(file.write(std::span<const std::byte>(tensor.data, type.bytes())));
    else
      TENON_TRY(write_strided(file, tensor));
  }
  return file.commit();
}

}  // namespace tenon
