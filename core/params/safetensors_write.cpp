#include "core/base/json.h"
#include "core/params/archive.h"
#include "core/params/bytes.h"
#include "core/params/param_source.h"
#include "core/params/safetensors_dtype.h"

namespace tenon {

namespace {

Result<std::string_view> dtype_text(const ParamSource& tensor) {
  for (const SafetensorsDType& row : kSafetensorsDTypes)
    if (row.dtype == tensor.type.dtype) return row.name;
  return fail(Code::Unimplemented, "tensor \"", tensor.name, "\": safetensors has no dtype for ", name(tensor.type.dtype))
      .operand(tensor.name)
      .advise("write an .npy file, or convert the tensor to i8 or ui8");
}

Result<std::string> header_of(std::span<const ParamSource> tensors) {
  JsonWriter json;
  json.begin_object();
  std::uint64_t offset = 0;
  for (const ParamSource& tensor : tensors) {
    if (tensor.name == "__metadata__")
      return fail(Code::InvalidArgument, "a tensor cannot be named __metadata__ in a safetensors file")
          .operand(tensor.name)
          .advise("rename the tensor");
    TENON_ASSIGN(const std::string_view dtype, dtype_text(tensor));
    json.key(tensor.name).begin_object().field("dtype", dtype).key("shape").begin_array();
    for (const std::int64_t dim : tensor.type.dims) json.value(dim);
    json.end_array().key("data_offsets").begin_array().value(offset).value(offset + tensor.bytes.size()).end_array().end_object();
    offset += tensor.bytes.size();
  }
  json.end_object();
  std::string header = json.take();
  header.resize(align_up(header.size(), 8), ' ');  // so that the data begins at a multiple of 8
  if (header.size() > ParamArchive::kMaxHeaderBytes)
    return fail(Code::InvalidArgument, "the safetensors header would have ", header.size(), " bytes, the limit is ",
                ParamArchive::kMaxHeaderBytes)
        .advise("write fewer tensors into one file");
  return header;
}

}  // namespace

Status safetensors_write(const std::string& path, std::span<const ParamSource> tensors) {
  TENON_TRY(check_sources(tensors));
  TENON_ASSIGN(const std::string header, header_of(tensors));
  std::string length;
  append_le(length, static_cast<std::uint64_t>(header.size()));
  TENON_ASSIGN(AtomicFile file, AtomicFile::create(path));
  TENON_TRY(file.write(length));
  TENON_TRY(file.write(header));
  for (const ParamSource& tensor : tensors) TENON_TRY(file.write(tensor.bytes));
  return file.commit();
}

}  // namespace tenon
