// For tests: a module with one public function @main, built step by step.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/stablehlo/builder.h"
#include "core/stablehlo/print.h"
#include "core/stablehlo/verify.h"

namespace tenon::stablehlo {

inline TensorType tensor(DType dtype, Dims dims = {}) { return TensorType{dtype, std::move(dims)}; }
inline TensorType f32(Dims dims = {}) { return tensor(DType::F32, std::move(dims)); }
inline TensorType i32(Dims dims = {}) { return tensor(DType::I32, std::move(dims)); }
inline TensorType i1(Dims dims = {}) { return tensor(DType::I1, std::move(dims)); }
inline Attr ints(std::vector<std::int64_t> values) { return IntsAttr{std::move(values), ListStyle::Array}; }
inline Attr integer(std::int64_t value) { return IntAttr{value}; }

inline std::size_t add_function(Module& module, std::string name, const std::vector<TensorType>& arguments, bool is_private = true) {
  Func func;
  func.name = std::move(name);
  func.is_private = is_private;
  for (const TensorType& type : arguments) func.body.arguments.push_back(func.new_value(type));
  module.funcs.push_back(std::move(func));
  return module.funcs.size() - 1;
}

class OneFunction {
 public:
  explicit OneFunction(std::vector<TensorType> arguments, BuilderLimits limits = {})
      : OneFunction(Module{}, std::move(arguments), limits) {}
  OneFunction(Module start, std::vector<TensorType> arguments, BuilderLimits limits = {})
      : module(std::move(start)), b(module, add_function(module, "main", arguments, false), limits) {
    for (const ValueId id : b.arguments()) args.push_back(id);
  }

  Module module;
  Builder b;
  std::vector<ValueId> args;

  // Ends the function, checks it, and returns the lines of its body but for the return, without the function's indentation.
  std::string body(const std::vector<ValueId>& results = {}) {
    if (Status status = b.finish(results); !status.ok()) return to_string(status.error());
    if (Status status = verify(module); !status.ok()) return to_string(status.error());
    Result<std::string> text = print(module);
    if (!text.ok()) return to_string(text.error());
    const std::string& whole = *text;
    std::string out;
    std::size_t at = whole.find("public @main");
    at = whole.find('\n', at) + 1;
    while (whole.compare(at, 11, "    return ") != 0 && whole.compare(at, 11, "    return\n") != 0) {
      const std::size_t end = whole.find('\n', at);
      out += whole.substr(at + 4, end - at - 3);
      at = end + 1;
    }
    return out.empty() ? out : out.substr(0, out.size() - 1);
  }
};

// The message of an expected failure, or "(no error)".
template <class T>
std::string message(const Result<T>& result) {
  return result.ok() ? "(no error)" : result.error().message;
}
inline std::string message(const Status& status) { return status.ok() ? "(no error)" : status.error().message; }

#define EXPECT_REFUSED(result, text) EXPECT_THAT(::tenon::stablehlo::message(result), ::testing::HasSubstr(text))

}  // namespace tenon::stablehlo
