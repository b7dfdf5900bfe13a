// A case as a host runs it: through tenon.h, on memory of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/owned.h"
#include "bench/probes.h"

namespace tenon::bench {

using nlohmann::json;

json parsed(const Owned<tenon_blob>& blob);
Owned<tenon_context> make_context(const std::string& level, unsigned threads);  // level empty: the best

struct Case {
  std::string op, dtype, shape, name, ceiling;  // ceiling: copy, read or fma
  std::vector<std::string> attributes;
  std::string label() const { return op + "/" + dtype + "/" + (name.empty() ? shape : name); }
};

struct Tensor {
  tenon_tensor_view view;
  std::vector<std::int64_t> dims, strides;
  std::unique_ptr<Buffer> memory;
  std::size_t bytes = 0;
};

// A case, compiled with TENON_PROGRAM_STRICT (an operator that the interpreter would run is an error), with random inputs. Input number i
// is drawn from the seed i + 1: the same values in every process.
class Work {
 public:
  Work(const Case& c, const std::string& level, unsigned threads);
  void run() const;  // throws what the library says
  double bytes = 0, flops = 0;
  std::string note;  // what the kernel says of its plan
  std::vector<Tensor> inputs, outputs;

 private:
  Owned<tenon_context> context_;
  Owned<tenon_program> program_;
  std::vector<tenon_tensor_view> input_views_, output_views_;
};

}  // namespace tenon::bench
