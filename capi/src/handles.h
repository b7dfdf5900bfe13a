// The objects behind the C handles, and what every entry point does: check handles, fence exceptions, call core.
#pragma once

#include <atomic>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "core/base/receive.h"
#include "core/graphfile/graphfile.h"
#include "core/pipeline/bind.h"
#include "core/pipeline/pipeline.h"
#include "tenon/tenon.h"

struct tenon_error {
  tenon::Error error;
  bool borrowed = false;  // a cause, or the preallocated out-of-memory error: release does nothing
  std::string json, report;
  std::unique_ptr<tenon_error> cause;
};

struct tenon_blob {
  std::string bytes;
};

struct tenon_context {
  std::unique_ptr<tenon::Context> context;
};

struct tenon_params {
  tenon::ParamArchive archive;
  std::vector<tenon::Dims> strides;
};

struct tenon_graph {
  tenon_context* context;
  tenon::Graph graph;
  std::string params_file;
};

struct tenon_target {
  tenon::Target target;
};

struct tenon_module {
  std::string text;
  std::string decisions;
};

struct tenon_tensor {
  tenon::TensorType type;
  tenon::Dims strides;
  std::byte* data = nullptr;
  bool read_only = false;
  tenon::Tensor* tensor = nullptr;  // set if the library made it; owned by `owner`
  std::shared_ptr<void> owner;      // a Tensor, or a DLPack tensor with its deleter
};

struct tenon_program {
  std::shared_ptr<tenon::CompiledGraph> graph;
  std::shared_ptr<const tenon::Program> program;  // null while the graph has dynamic sizes that nobody has bound
};

namespace tenon::capi {

std::unique_ptr<tenon_error> make_error(Error error);
// Fills *out with a new error (if out is not null) and returns its code. Never throws.
std::int32_t report(Error error, tenon_error** out) noexcept;
std::int32_t out_of_memory(tenon_error** out) noexcept;

// Runs the body of an entry point: Status or Result errors become *error, exceptions too.
template <class Body>
std::int32_t fenced(tenon_error** error, Body&& body) noexcept {
  try {
    Status status = body();
    return status.ok() ? TENON_OK : report(status.take_error(), error);
  } catch (const std::bad_alloc&) {
    return out_of_memory(error);
  } catch (const std::exception& e) {
    try {
      return report(fail(Code::Internal, "an exception reached the C boundary: ", e.what()), error);
    } catch (...) {
      return out_of_memory(error);
    }
  } catch (...) {
    return out_of_memory(error);
  }
}

Error null_argument(std::string_view function, std::string_view argument);
#define TENON_CHECK_ARGUMENT(argument) \
  if ((argument) == nullptr) return ::tenon::capi::null_argument(__func__, #argument)

// Text given as pointer and length (TENON_NUL_TERMINATED: strlen). Null with length 0 is empty.
Result<std::string> text(const char* data, std::size_t length, std::string_view what);

// An options struct by the receive rule; a null pointer keeps the defaults in `destination`.
template <class Options>
Status receive_options(Options& destination, const Options* source, std::uint32_t kind) {
  if (source == nullptr) return {};
  return receive(&destination, sizeof destination, kind, sizeof destination, source);
}

Status make_blob(std::string bytes, tenon_blob** out);
Result<TensorType> tensor_type(const tenon_type_view* view);
std::unique_ptr<tenon_tensor> new_tensor(Tensor tensor);
tenon_type_view type_view(const TensorType& type);

// The bytes that a view's strides reach must not overflow; whether they are mapped only the caller can know. Allocates on failure only.
Status check_reach(const tenon_tensor_view& view, std::string_view what);

// A caller's view, checked once: rank, dims, dtype, spans without overflow. storage keeps compact strides for views without any.
Result<TensorView> tensor_view(const tenon_tensor_view& view, Dims& storage, std::string_view what);

}  // namespace tenon::capi
