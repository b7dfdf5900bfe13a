#include <cstring>

#include "capi/src/handles.h"

namespace tenon::capi {
namespace {

// Made once per process, so that reporting exhaustion needs no memory.
tenon_error& oom_error() {
  static tenon_error* error = [] {
    auto* e = new tenon_error();
    e->error = fail(Code::ResourceExhausted, "out of memory");
    e->error.advice = "free memory, or use smaller shapes";
    e->report = to_string(e->error);
    e->json =
        R"({"error": {"code": "RESOURCE_EXHAUSTED", "message": "out of memory", "where": {}, "advice": "free memory, or use smaller shapes"}})";
    e->borrowed = true;
    return e;
  }();
  return *error;
}

}  // namespace

std::int32_t out_of_memory(tenon_error** out) noexcept {
  if (out != nullptr) *out = &oom_error();
  return TENON_RESOURCE_EXHAUSTED;
}

std::int32_t report(Error error, tenon_error** out) noexcept {
  const std::int32_t code = error.raw_code != TENON_OK ? error.raw_code : TENON_UNKNOWN;
  if (out == nullptr) return code;
  try {
    *out = make_error(std::move(error)).release();
    return code;
  } catch (...) {
    return out_of_memory(out);
  }
}

Error null_argument(std::string_view function, std::string_view argument) {
  return fail(Code::InvalidArgument, function, ": ", argument, " is NULL");
}

Result<std::string> text(const char* data, std::size_t length, std::string_view what) {
  if (data == nullptr) {
    if (length == 0 || length == TENON_NUL_TERMINATED) return std::string();
    return fail(Code::InvalidArgument, what, " is NULL with a length of ", length);
  }
  std::string result(data, length == TENON_NUL_TERMINATED ? std::strlen(data) : length);
  if (!is_valid_utf8(result)) return fail(Code::InvalidArgument, what, " is not valid UTF-8");
  return result;
}

Status make_blob(std::string bytes, tenon_blob** out) {
  *out = new tenon_blob{std::move(bytes)};
  return {};
}

Result<TensorType> tensor_type(const tenon_type_view* view) {
  TensorType type;
  if (!is_valid(static_cast<DType>(view->dtype)))
    return fail(Code::InvalidArgument, "dtype number ", view->dtype, " is none of tenon/base.h's");
  type.dtype = static_cast<DType>(view->dtype);
  if (view->rank < 0 || view->rank > kMaxRank) return fail(Code::InvalidArgument, "rank ", view->rank, " is not in 0..", kMaxRank);
  if (view->rank > 0 && view->dims == nullptr) return fail(Code::InvalidArgument, "dims is NULL with rank ", view->rank);
  if (view->rank > 0) type.dims.assign(view->dims, view->dims + view->rank);
  TENON_TRY(check_type(type));
  return type;
}

tenon_type_view type_view(const TensorType& type) { return {type.dims.data(), type.rank(), static_cast<tenon_dtype>(type.dtype)}; }

Status check_reach(const tenon_tensor_view& view, std::string_view what) {
  const auto rank = static_cast<std::size_t>(view.rank);
  for (std::size_t i = 0; i < rank; ++i)
    if (view.dims[i] == 0) return {};
  std::int64_t reach = 0;
  for (std::size_t i = 0; i < rank; ++i) {
    std::int64_t step = 0;
    if (__builtin_mul_overflow(view.dims[i] - 1, view.strides[i], &step) || step == INT64_MIN ||
        __builtin_add_overflow(reach, step < 0 ? -step : step, &reach) || reach > (INT64_MAX >> 4))
      return fail(Code::InvalidArgument, what, ": the strides ", dims_text({view.strides, rank}), " reach beyond any memory");
  }
  return {};
}

Result<TensorView> tensor_view(const tenon_tensor_view& view, Dims& storage, std::string_view what) {
  const tenon_type_view type{view.dims, view.rank, view.dtype};
  Result<TensorType> checked = tensor_type(&type);
  if (!checked.ok()) return std::move(checked.take_error()).operand(std::string(what));
  if (!checked->is_static()) return fail(Code::InvalidArgument, what, ": a tensor in memory has no dynamic dimension");
  if ((view.flags & ~TENON_TENSOR_READ_ONLY) != 0)
    return fail(Code::NotUnderstood, what, ": unknown flags ", view.flags & ~TENON_TENSOR_READ_ONLY);
  if (view.reserved0 != 0) return fail(Code::NotUnderstood, what, ": reserved0 is not 0");
  TENON_ASSIGN(const std::int64_t elements, checked_elements(*checked));
  if (view.data == nullptr && elements > 0) return fail(Code::InvalidArgument, what, " has no data for ", elements, " elements");
  const auto rank = static_cast<std::size_t>(view.rank);
  TensorView result{static_cast<std::byte*>(view.data), checked->dtype, {view.dims, rank}, {view.strides, rank}};
  if (view.strides == nullptr) {
    storage = compact_strides(result.dims);
    result.strides = storage;
    return result;
  }
  TENON_TRY(check_reach(view, what));
  return result;
}

}  // namespace tenon::capi
