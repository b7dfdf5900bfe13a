// RAII over the C API's handles, and calls that turn a tenon_error into a Failure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "errors.h"
#include "tenon/tenon.h"

namespace tenon::cli {

template <auto Release>
struct Releaser {
  template <class T>
  void operator()(T* handle) const {
    Release(handle);
  }
};

// Destroyed in the reverse order of declaration, so a Context declared first outlives what is made from it.
using Context = std::unique_ptr<tenon_context, Releaser<tenon_context_destroy>>;
using Graph = std::unique_ptr<tenon_graph, Releaser<tenon_graph_destroy>>;
using Module = std::unique_ptr<tenon_module, Releaser<tenon_module_release>>;
using Target = std::unique_ptr<tenon_target, Releaser<tenon_target_release>>;
using Program = std::unique_ptr<tenon_program, Releaser<tenon_program_destroy>>;
using Params = std::unique_ptr<tenon_params, Releaser<tenon_params_destroy>>;
using Tensor = std::unique_ptr<tenon_tensor, Releaser<tenon_tensor_destroy>>;
using Blob = std::unique_ptr<tenon_blob, Releaser<tenon_blob_release>>;

// Calls a function whose last parameter is tenon_error**; throws Failure if it returns a code.
template <class Function, class... Arguments>
void call(Function function, Arguments... arguments) {
  tenon_error* error = nullptr;
  const int32_t code = function(arguments..., &error);
  if (code != TENON_OK) throw Failure::take(code, error);
}

// Calls a function that hands out a handle just before its tenon_error**.
template <class Handle, class Function, class... Arguments>
Handle make(Function function, Arguments... arguments) {
  typename Handle::pointer raw = nullptr;
  call(function, arguments..., &raw);
  return Handle(raw);
}

inline std::string_view text_of(const Blob& blob) {
  std::size_t length = 0;
  const char* data = tenon_blob_get_data(blob.get(), &length);
  return {data, length};
}

// A report of the library, parsed. An object that cannot be parsed is a bug of the library: INTERNAL.
Json parse_report(const Blob& blob);

}  // namespace tenon::cli
