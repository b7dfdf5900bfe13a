// One of oneDNN's primitives: a product of two matrices of one shape, compiled once, run by any threads at once, each run by one thread.
#pragma once

#include <oneapi/dnnl/dnnl.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "tenon/plugin.hpp"

namespace tenon::onednn {

// While it lives, oneDNN starts no threads from this one: OpenMP keeps the number of threads for each thread of the host by itself.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

// A matrix in memory; strides in elements.
struct Layout {
  tenon_dtype dtype;
  std::int64_t rows, columns, row_step, column_step;
};

template <class Handle, dnnl_status_t (*kDestroy)(Handle)>
struct Destroy {
  void operator()(Handle handle) const { (void)kDestroy(handle); }
};
template <class Handle, dnnl_status_t (*kDestroy)(Handle)>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Destroy<Handle, kDestroy>>;

class Primitive {
 public:
  struct Request {
    Layout left, right, output;
    bool bias;  // of the output's columns, in the operands' dtype
  };
  // Whether oneDNN has code of its own kind for it here; else why not. Compiles nothing.
  static std::string refusal(const Request& request);
  explicit Primitive(const Request& request);
  ~Primitive();

  std::size_t scratch_bytes() const { return scratch_bytes_; }
  const std::string& implementation() const { return implementation_; }  // "brg:avx512_core_bf16"

  struct Data {
    const void *left, *right, *bias;
    void *output, *scratch;
  };
  // On this thread alone. False if oneDNN reports an error, which is one of memory.
  bool run(const Data& data) const;

 private:
  // What a run hands over: oneDNN's objects for the tensors, which hold their addresses. One run uses them at a time.
  struct Binding;
  std::unique_ptr<Binding> bind() const;
  std::unique_ptr<Binding> take() const;
  void give_back(std::unique_ptr<Binding> binding) const;

  static constexpr int kKept = 32;  // bindings that wait for their next run
  Owned<dnnl_primitive_t, dnnl_primitive_destroy> primitive_;
  dnnl_memory_desc_t left_, right_, bias_, output_, scratch_;
  bool has_bias_;
  std::size_t scratch_bytes_ = 0;
  std::string implementation_;
  struct Kept;
  std::unique_ptr<Kept> kept_;
};

}  // namespace tenon::onednn
