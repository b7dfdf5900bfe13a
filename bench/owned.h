// Objects of tenon.h, owned, for the benchmarks.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "tenon/tenon.h"

namespace tenon::bench {

struct Deleter {
  void operator()(tenon_context* p) const { tenon_context_destroy(p); }
  void operator()(tenon_graph* p) const { tenon_graph_destroy(p); }
  void operator()(tenon_program* p) const { tenon_program_destroy(p); }
  void operator()(tenon_tensor* p) const { tenon_tensor_destroy(p); }
  void operator()(tenon_target* p) const { tenon_target_release(p); }
  void operator()(tenon_module* p) const { tenon_module_release(p); }
  void operator()(tenon_blob* p) const { tenon_blob_release(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

// Throws what the library says. error by reference: as a value it could be read before the call that sets it.
inline void must(std::int32_t code, tenon_error*& error) {
  if (code == TENON_OK) return;
  const std::string report = tenon_error_get_report(error, nullptr);
  tenon_error_release(error);
  throw std::runtime_error(report);
}

// make(&object, &error) -> the object.
template <class T, class Make>
Owned<T> own(const Make& make) {
  T* object = nullptr;
  tenon_error* error = nullptr;
  must(make(&object, &error), error);
  return Owned<T>(object);
}

}  // namespace tenon::bench
