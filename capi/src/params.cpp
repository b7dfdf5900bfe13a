#include "capi/src/handles.h"
#include "core/params/npy.h"

using namespace tenon;        // NOLINT: the entry points below are C
using namespace tenon::capi;  // NOLINT

extern "C" {

int32_t tenon_params_open(tenon_context* context, const char* path, size_t length, tenon_params** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string file, text(path, length, "path"));
    TENON_ASSIGN(ParamArchive archive, ParamArchive::open(file));
    auto params = std::make_unique<tenon_params>();
    params->archive = std::move(archive);
    for (const ParamEntry& entry : params->archive.entries())
      params->strides.push_back(entry.type ? compact_strides(entry.type->dims) : Dims());
    *out = params.release();
    return {};
  });
}

void tenon_params_destroy(tenon_params* params) { delete params; }

size_t tenon_params_get_count(const tenon_params* params) { return params == nullptr ? 0 : params->archive.entries().size(); }

int32_t tenon_params_get(const tenon_params* params, size_t index, const char** name, size_t* length, tenon_tensor_view* out,
                         tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(params);
    if (index >= params->archive.entries().size())
      return fail(Code::OutOfRange, "tensor ", index, " of ", params->archive.entries().size());
    const ParamEntry& entry = params->archive.entries()[index];
    if (name != nullptr) *name = entry.name.c_str();
    if (length != nullptr) *length = entry.name.size();
    if (out != nullptr) {
      *out = TENON_TENSOR_VIEW_INIT;
      out->data = const_cast<std::byte*>(entry.bytes.data());
      out->flags = TENON_TENSOR_READ_ONLY;
      if (entry.type) {
        out->dims = entry.type->dims.data();
        out->strides = params->strides[index].data();
        out->rank = entry.type->rank();
        out->dtype = static_cast<tenon_dtype>(entry.type->dtype);
      }
    }
    return {};
  });
}

int32_t tenon_params_write(const tenon_graph* graph, const tenon_params* params, const char* path, size_t length, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(params);
    TENON_ASSIGN(std::string file, text(path, length, "path"));
    std::vector<ParamSource> sources;
    for (const GraphParam& param : graph->graph.params()) {
      const TensorType& type = graph->graph.value(param.value).type;
      TENON_ASSIGN(const ParamEntry* entry, require_param(&params->archive, param.name, type));
      sources.push_back({param.name, type, entry->bytes});
    }
    if (file.ends_with(".irpa")) return irpa_write(file, sources);
    if (file.ends_with(".safetensors")) return safetensors_write(file, sources);
    return fail(Code::InvalidArgument, "parameters are written as .irpa or .safetensors, not ", file);
  });
}

int32_t tenon_tensor_load(tenon_context* context, const char* path, size_t length, tenon_dtype dtype, tenon_tensor** out,
                          tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string file, text(path, length, "path"));
    if (dtype != TENON_DTYPE_INVALID && !is_valid(static_cast<DType>(dtype)))
      return fail(Code::InvalidArgument, "no dtype has number ", dtype);
    TENON_ASSIGN(Tensor tensor, npy_read(file, static_cast<DType>(dtype)));
    *out = new_tensor(std::move(tensor)).release();
    return {};
  });
}

int32_t tenon_view_save(const tenon_tensor_view* view, const char* path, size_t length, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(view);
    TENON_ASSIGN(std::string file, text(path, length, "path"));
    Dims strides;
    TENON_ASSIGN(TensorView checked, tensor_view(*view, strides, "view"));
    return npy_write(file, checked);
  });
}

int32_t tenon_views_save(const tenon_tensor_view* views, const char* const* names, size_t count, const char* path, size_t length,
                         tenon_error** error) {
  return fenced(error, [&]() -> Status {
    if (count > 0) {
      TENON_CHECK_ARGUMENT(views);
      TENON_CHECK_ARGUMENT(names);
    }
    TENON_ASSIGN(std::string file, text(path, length, "path"));
    std::vector<Tensor> copies;
    std::vector<ParamSource> sources;
    copies.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      TENON_ASSIGN(std::string name, text(names[i], TENON_NUL_TERMINATED, "name"));
      Dims strides;
      TENON_ASSIGN(TensorView checked, tensor_view(views[i], strides, name));
      TENON_ASSIGN(Tensor copy, Tensor::zeros({checked.dtype, Dims(checked.dims.begin(), checked.dims.end())}));
      copy_strided(checked, copy.view());
      copies.push_back(std::move(copy));
      sources.push_back({std::move(name), copies.back().type(), copies.back().bytes()});
    }
    return safetensors_write(file, sources);
  });
}

}  // extern "C"
