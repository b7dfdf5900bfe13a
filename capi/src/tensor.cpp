// Tensors that the library owns or shares, and DLPack in and out.
#include "capi/src/handles.h"
#include "core/type/convert.h"

namespace tenon::capi {

std::unique_ptr<tenon_tensor> new_tensor(Tensor tensor) {
  auto result = std::make_unique<tenon_tensor>();
  auto owner = std::make_shared<Tensor>(std::move(tensor));
  result->type = owner->type();
  result->strides = compact_strides(result->type.dims);
  result->data = owner->data();
  result->tensor = owner.get();
  result->owner = std::move(owner);
  return result;
}

namespace {

struct DlpackCode {
  DType dtype;
  std::uint8_t code, bits;
};
// DLDataTypeCode: kDLInt 0, kDLUInt 1, kDLFloat 2, kDLBfloat 4, kDLBool 6, kDLFloat8_e4m3fn 10, kDLFloat8_e5m2 12. i4 and ui4 travel packed
// in DLPack, which our views are not, so they have no row.
constexpr DlpackCode kCodes[] = {
    {DType::I1, 6, 8},   {DType::I8, 0, 8},    {DType::I16, 0, 16},  {DType::I32, 0, 32},      {DType::I64, 0, 64},
    {DType::UI8, 1, 8},  {DType::UI16, 1, 16}, {DType::UI32, 1, 32}, {DType::UI64, 1, 64},     {DType::F16, 2, 16},
    {DType::F32, 2, 32}, {DType::F64, 2, 64},  {DType::BF16, 4, 16}, {DType::F8E4M3FN, 10, 8}, {DType::F8E5M2, 12, 8},
};

Result<std::unique_ptr<tenon_tensor>> import(const DLTensor& given, bool read_only) {
  if (static_cast<std::int32_t>(given.device.device_type) != 1)
    return fail(Code::Unimplemented, "DLPack device type ", static_cast<std::int32_t>(given.device.device_type),
                ": only the CPU (1) is known");
  auto tensor = std::make_unique<tenon_tensor>();
  for (const DlpackCode& row : kCodes)
    if (row.code == given.dtype.code && row.bits == given.dtype.bits && given.dtype.lanes == 1) tensor->type.dtype = row.dtype;
  if (tensor->type.dtype == DType::Invalid)
    return fail(Code::Unimplemented, "DLPack dtype code ", int{given.dtype.code}, ", ", int{given.dtype.bits}, " bits, ",
                int{given.dtype.lanes}, " lanes is none of ours");
  if (given.byte_offset > PTRDIFF_MAX) return fail(Code::InvalidArgument, "DLPack byte_offset ", given.byte_offset);
  tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
  view.data = given.data == nullptr ? nullptr : static_cast<std::byte*>(given.data) + given.byte_offset;
  view.dims = given.shape;
  view.strides = given.strides;
  view.rank = given.ndim;
  view.dtype = static_cast<tenon_dtype>(tensor->type.dtype);
  Dims storage;
  TENON_ASSIGN(TensorView checked, tensor_view(view, storage, "DLPack tensor"));
  tensor->type.dims.assign(checked.dims.begin(), checked.dims.end());
  tensor->strides.assign(checked.strides.begin(), checked.strides.end());
  tensor->data = checked.data;
  tensor->read_only = read_only;
  return tensor;
}

// What to_dlpack hands out: shares the tensor's memory through the owner. Managed: either of DLPack's two structs.
template <class Managed>
struct Export {
  Managed managed{};
  std::shared_ptr<void> owner;
  Dims dims, strides;
};
template <class Managed>
void delete_export(Managed* self) {
  if (self != nullptr) delete static_cast<Export<Managed>*>(self->manager_ctx);
}
template <class Managed>
Result<std::unique_ptr<Export<Managed>>> make_export(const tenon_tensor& tensor) {
  const DlpackCode* code = nullptr;
  for (const DlpackCode& row : kCodes)
    if (row.dtype == tensor.type.dtype) code = &row;
  if (code == nullptr) return fail(Code::Unimplemented, "DLPack has no unpacked form of ", name(tensor.type.dtype));
  auto exported = std::make_unique<Export<Managed>>();
  exported->owner = tensor.owner;
  exported->dims = tensor.type.dims;
  exported->strides = tensor.strides;
  Managed& m = exported->managed;
  m.manager_ctx = exported.get();
  m.deleter = delete_export<Managed>;
  m.dl_tensor.data = tensor.data;
  m.dl_tensor.device.device_type = static_cast<decltype(m.dl_tensor.device.device_type)>(1);
  m.dl_tensor.ndim = tensor.type.rank();
  m.dl_tensor.dtype = {code->code, code->bits, 1};
  m.dl_tensor.shape = exported->dims.data();
  m.dl_tensor.strides = exported->strides.data();
  return exported;
}

}  // namespace
}  // namespace tenon::capi

using namespace tenon;        // NOLINT: the entry points below are C
using namespace tenon::capi;  // NOLINT

extern "C" {

int32_t tenon_tensor_create(tenon_context* context, const tenon_type_view* type, tenon_tensor** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(type);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(TensorType checked, tensor_type(type));
    if (!checked.is_static()) return fail(Code::InvalidArgument, "a tensor in memory has no dynamic dimension: ", to_string(checked));
    TENON_ASSIGN(Tensor tensor, Tensor::zeros(std::move(checked)));
    *out = new_tensor(std::move(tensor)).release();
    return {};
  });
}

int32_t tenon_tensor_get_view(const tenon_tensor* tensor, tenon_tensor_view* out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(tensor);
    TENON_CHECK_ARGUMENT(out);
    *out = {tensor->data,
            tensor->type.dims.data(),
            tensor->strides.data(),
            tensor->type.rank(),
            static_cast<tenon_dtype>(tensor->type.dtype),
            tensor->read_only ? TENON_TENSOR_READ_ONLY : 0u,
            0};
    return {};
  });
}

int32_t tenon_tensor_fill_random(tenon_tensor* tensor, uint64_t seed, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(tensor);
    if (tensor->tensor == nullptr)
      return fail(Code::FailedPrecondition, "only a tensor that the library made can be filled, not one taken from DLPack");
    fill_random(*tensor->tensor, seed);
    return {};
  });
}

void tenon_tensor_destroy(tenon_tensor* tensor) { delete tensor; }

int32_t tenon_view_get_element(const tenon_tensor_view* view, int64_t index, double* out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(view);
    TENON_CHECK_ARGUMENT(out);
    Dims strides;
    TENON_ASSIGN(TensorView checked, tensor_view(*view, strides, "view"));
    if (index < 0 || index >= checked.elements()) return fail(Code::OutOfRange, "element ", index, " of ", checked.elements());
    std::int64_t offset = 0;
    for (std::size_t i = checked.dims.size(); i-- > 0;) {
      offset += index % checked.dims[i] * checked.strides[i];
      index /= checked.dims[i];
    }
    const std::byte* element = checked.data + offset * static_cast<std::int64_t>(storage_size(checked.dtype));
    if (is_float(checked.dtype)) {
      *out = load_f64(checked.dtype, element);
    } else {
      const std::int64_t value = load_i64(checked.dtype, element);
      *out = checked.dtype == DType::UI64 ? static_cast<double>(static_cast<std::uint64_t>(value)) : static_cast<double>(value);
    }
    return {};
  });
}

tenon_dtype tenon_dtype_from_name(const char* name, size_t length) {
  if (name == nullptr) return TENON_DTYPE_INVALID;
  const std::string_view view(name, length == TENON_NUL_TERMINATED ? std::char_traits<char>::length(name) : length);
  return static_cast<tenon_dtype>(dtype_from_name(view).value_or(DType::Invalid));
}

const char* tenon_dtype_name(tenon_dtype dtype) { return tenon::name(static_cast<DType>(dtype)).data(); }

size_t tenon_dtype_size(tenon_dtype dtype) { return is_valid(static_cast<DType>(dtype)) ? storage_size(static_cast<DType>(dtype)) : 0; }

int32_t tenon_tensor_from_dlpack(tenon_context* context, DLManagedTensorVersioned* managed, tenon_tensor** out, tenon_error** error) {
  if (managed == nullptr) return fenced(error, []() -> Status { return null_argument("tenon_tensor_from_dlpack", "managed"); });
  // Whatever happens, the tensor is ours now: its deleter runs once, at the latest when this fails.
  return fenced(error, [&]() -> Status {
    const auto release = [](DLManagedTensorVersioned* m) {
      if (m->deleter != nullptr) m->deleter(m);
    };
    std::shared_ptr<DLManagedTensorVersioned> owner(managed, release);
    if (managed->version.major != 1)
      return fail(Code::Incompatible, "DLPack major version ", managed->version.major, ": 1 is known").advise("export with DLPack 1.x");
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::unique_ptr<tenon_tensor> tensor, import(managed->dl_tensor, (managed->flags & DLPACK_FLAG_BITMASK_READ_ONLY) != 0));
    tensor->owner = std::move(owner);
    *out = tensor.release();
    return {};
  });
}

int32_t tenon_tensor_from_dlpack_legacy(tenon_context* context, DLManagedTensor* managed, tenon_tensor** out, tenon_error** error) {
  if (managed == nullptr) return fenced(error, []() -> Status { return null_argument("tenon_tensor_from_dlpack_legacy", "managed"); });
  return fenced(error, [&]() -> Status {
    const auto release = [](DLManagedTensor* m) {
      if (m->deleter != nullptr) m->deleter(m);
    };
    std::shared_ptr<DLManagedTensor> owner(managed, release);
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::unique_ptr<tenon_tensor> tensor, import(managed->dl_tensor, false));
    tensor->owner = std::move(owner);
    *out = tensor.release();
    return {};
  });
}

int32_t tenon_tensor_to_dlpack(const tenon_tensor* tensor, DLManagedTensorVersioned** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(tensor);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(auto exported, make_export<DLManagedTensorVersioned>(*tensor));
    exported->managed.version = {DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION};
    exported->managed.flags = tensor->read_only ? DLPACK_FLAG_BITMASK_READ_ONLY : 0;
    *out = &exported.release()->managed;
    return {};
  });
}

int32_t tenon_tensor_to_dlpack_legacy(const tenon_tensor* tensor, DLManagedTensor** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(tensor);
    TENON_CHECK_ARGUMENT(out);
    if (tensor->read_only)
      return fail(Code::FailedPrecondition, "unversioned DLPack cannot say that a tensor is read-only")
          .advise("export the versioned form, or a copy");
    TENON_ASSIGN(auto exported, make_export<DLManagedTensor>(*tensor));
    *out = &exported.release()->managed;
    return {};
  });
}

}  // extern "C"
