#include "core/params/npy_header.h"

namespace tenon {

namespace {

// The kinds that NumPy has and we do not, for messages.
std::string_view foreign_kind(char kind) {
  switch (kind) {
    case 'c':
      return "complex numbers";
    case 'U':
    case 'S':
    case 'a':
      return "text";
    case 'O':
      return "Python objects";
    case 'M':
    case 'm':
      return "dates or times";
    case 'V':
      return "raw bytes of a size that no dtype here has";
    default:
      return "elements that are not read here";
  }
}

}  // namespace

Error unsupported_npy_descr(std::string_view descr, std::string_view what) {
  return fail(Code::Unimplemented, "the .npy file has dtype '", descr, "': ", what)
      .advise("convert the array before saving it, for example with .astype(np.float32)");
}

Result<NpyDescr> parse_npy_descr(std::string_view descr) {
  const char order = descr.empty() ? '\0' : descr.front();
  if (descr.size() < 2 || (order != '<' && order != '>' && order != '|'))
    return unsupported_npy_descr(descr, "not a byte order, a kind of element and its size");
  const char kind = descr[1];
  const std::string_view size = descr.substr(2);
  const std::size_t bytes = size.size() == 1 && size[0] >= '1' && size[0] <= '8' ? static_cast<std::size_t>(size[0] - '0') : 0;
  const bool raw = (kind == 'V' && (bytes == 1 || bytes == 2)) || (kind == 'f' && bytes == 1);
  if (raw) {
    // Whether a writer meant to swap raw bytes cannot be known.
    if (order == '>' && bytes > 1) return unsupported_npy_descr(descr, "raw bytes in big-endian order");
    return NpyDescr{DType::Invalid, bytes, false};
  }
  struct Row {
    char kind;
    std::size_t bytes;
    DType dtype;
  };
  constexpr Row kRows[] = {{'b', 1, DType::I1},   {'i', 1, DType::I8},  {'i', 2, DType::I16},  {'i', 4, DType::I32},
                           {'i', 8, DType::I64},  {'u', 1, DType::UI8}, {'u', 2, DType::UI16}, {'u', 4, DType::UI32},
                           {'u', 8, DType::UI64}, {'f', 2, DType::F16}, {'f', 4, DType::F32},  {'f', 8, DType::F64}};
  for (const Row& row : kRows) {
    if (row.kind != kind || row.bytes != bytes) continue;
    if (order == '|' && bytes > 1) return unsupported_npy_descr(descr, "several bytes without an order");
    return NpyDescr{row.dtype, bytes, order == '>'};
  }
  return unsupported_npy_descr(descr, foreign_kind(kind));
}

std::string_view npy_descr(DType dtype) {
  switch (dtype) {
    case DType::I1:
      return "|b1";
    case DType::I4:
    case DType::I8:
      return "|i1";
    case DType::I16:
      return "<i2";
    case DType::I32:
      return "<i4";
    case DType::I64:
      return "<i8";
    case DType::UI4:
    case DType::UI8:
      return "|u1";
    case DType::UI16:
      return "<u2";
    case DType::UI32:
      return "<u4";
    case DType::UI64:
      return "<u8";
    case DType::F8E4M3FN:
    case DType::F8E5M2:
      return "<V1";
    case DType::F16:
      return "<f2";
    case DType::BF16:
      return "<V2";
    case DType::F32:
      return "<f4";
    case DType::F64:
      return "<f8";
    case DType::Invalid:
      break;
  }
  return "";
}

}  // namespace tenon
