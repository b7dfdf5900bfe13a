#include <algorithm>

#include "core/base/files.h"
#include "core/params/npy_header.h"

namespace tenon {

namespace {

// The dtype that the file's elements are to be read as, or an error that names both.
Result<DType> agree(const NpyInfo& info, DType expected) {
  const bool raw = info.dtype == DType::Invalid;
  if (expected == DType::Invalid) {
    if (!raw) return info.dtype;
    return fail(Code::InvalidArgument, "the .npy file has raw elements '", info.descr, "' and does not say which dtype they have")
        .advise(info.item_bytes == 2 ? "name the dtype: bf16" : "name the dtype: f8e4m3fn or f8e5m2");
  }
  if (!is_valid(expected))
    return fail(Code::InvalidArgument, "no dtype has number ", static_cast<std::int32_t>(expected)).advise(cat("one of ", dtype_names()));
  const bool takes_raw = raw && (expected == DType::BF16 || expected == DType::F8E4M3FN || expected == DType::F8E5M2);
  if (takes_raw && info.item_bytes == storage_size(expected)) return expected;
  if (!raw && (info.dtype == expected || npy_descr(info.dtype) == npy_descr(expected))) return expected;
  return fail(Code::InvalidArgument, "expected dtype ", name(expected), " ('", npy_descr(expected), "'), the .npy file has '", info.descr,
              "' (", raw ? std::string_view("raw") : name(info.dtype), ")")
      .advise("nothing is converted silently: save the array with the expected dtype");
}

// Fortran order: the first index runs fastest. The result is in C order.
void copy_fortran(std::span<const std::byte> data, Tensor& tensor) {
  const Dims& dims = tensor.type().dims;
  Dims strides(dims.size());
  std::int64_t step = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    strides[i] = step;
    step *= std::max<std::int64_t>(dims[i], 1);
  }
  // Only read: a view has no constness of its own.
  copy_strided({const_cast<std::byte*>(data.data()), tensor.type().dtype, dims, strides}, tensor.view());
}

void swap_bytes(std::span<std::byte> bytes, std::size_t item) {
  for (std::size_t i = 0; i < bytes.size(); i += item)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i), bytes.begin() + static_cast<std::ptrdiff_t>(i + item));
}

// Dtypes whose byte can hold more than their values.
Status check_values(const Tensor& tensor) {
  int lowest = 0, highest = 0;
  switch (tensor.type().dtype) {
    case DType::I1:
      highest = 1;
      break;
    case DType::I4:
      lowest = -8;
      highest = 7;
      break;
    case DType::UI4:
      highest = 15;
      break;
    default:
      return {};
  }
  const std::span<const std::byte> bytes = tensor.bytes();
  const bool is_unsigned_byte = lowest == 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int value = is_unsigned_byte ? static_cast<int>(bytes[i]) : static_cast<int>(static_cast<std::int8_t>(bytes[i]));
    if (value < lowest || value > highest)
      return fail(Code::OutOfRange, "element ", i, " of the .npy file is ", value, ", ", name(tensor.type().dtype), " goes from ", lowest,
                  " to ", highest)
          .advise("save values in that range");
  }
  return {};
}

Result<Tensor> read(const NpyHeader& header, DType expected) {
  TENON_ASSIGN(const DType dtype, agree(header.info, expected));
  TensorType type{dtype, header.info.dims};
  // The header's size was checked against the file, so a hostile shape cannot ask for more memory than the file has bytes.
  const bool runs_on = !header.info.fortran_order || type.rank() < 2;
  Result<Tensor> tensor = runs_on ? Tensor::from_bytes(std::move(type), header.data) : Tensor::zeros(std::move(type));
  if (!tensor.ok()) return tensor.take_error();
  if (!runs_on) copy_fortran(header.data, *tensor);
  if (header.big_endian) swap_bytes(tensor->bytes(), header.info.item_bytes);
  TENON_TRY(check_values(*tensor));
  return tensor;
}

}  // namespace

Result<NpyInfo> npy_inspect(const std::string& path) {
  TENON_ASSIGN(const MappedFile file, MappedFile::open(path));
  TENON_ASSIGN(NpyHeader header, read_npy_header(file.bytes(), path));
  return std::move(header.info);
}

Result<Tensor> npy_parse(std::span<const std::byte> file, const std::string& name, DType expected) {
  TENON_ASSIGN(const NpyHeader header, read_npy_header(file, name));
  Result<Tensor> tensor = read(header, expected);
  if (!tensor.ok()) return std::move(tensor.take_error()).file(name);
  return tensor;
}

Result<Tensor> npy_read(const std::string& path, DType expected) {
  TENON_ASSIGN(const MappedFile file, MappedFile::open(path));
  return npy_parse(file.bytes(), path, expected);
}

}  // namespace tenon
