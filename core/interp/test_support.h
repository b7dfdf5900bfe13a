// What the interpreter's tests share: small modules written operation by operation, and values to compare with.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/interp/interp.h"
#include "core/type/convert.h"

namespace tenon::interp::test {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInf = std::numeric_limits<double>::infinity();

using stablehlo::OpCode;
using stablehlo::ValueId;

// A tensor of these values (floats are rounded to the dtype, integers must fit), row-major.
Tensor tensor(DType dtype, Dims dims, const std::vector<double>& values);
Tensor integers(DType dtype, Dims dims, const std::vector<std::int64_t>& values);  // ui64: bit patterns
Tensor filled(DType dtype, Dims dims, double value);

// Tensors as one list (they cannot be copied into an initializer list).
template <class... Tensors>
std::vector<Tensor> list(Tensors... tensors) {
  std::vector<Tensor> result;
  (result.push_back(std::move(tensors)), ...);
  return result;
}

std::vector<double> values(const Tensor& tensor);
std::vector<std::int64_t> integer_values(const Tensor& tensor);
// Equal numbers with equal signs (0 and -0 differ), NaN where NaN is expected.
void expect_values(const Tensor& actual, const std::vector<double>& expected);
// Each value correctly rounded to the dtype from the expected double, which is right to far better than the dtype.
void expect_rounded(const Tensor& actual, const std::vector<double>& expected);
// Within `ulp` units in the last place of f64.
void expect_near_f64(const Tensor& actual, const std::vector<double>& expected, int ulp);

Attr ints(std::vector<std::int64_t> values);
Attr integer(std::int64_t value);
Attr text(std::string value);
Attr symbol(std::string name);

// A module with @main, written operation by operation with the result types given. run() verifies it first.
class Program {
 public:
  Program();
  ValueId input(TensorType type);
  ValueId op(OpCode code, const std::vector<ValueId>& operands, TensorType result, Dict attributes = {},
             std::vector<stablehlo::Region> regions = {});
  std::vector<ValueId> ops(OpCode code, const std::vector<ValueId>& operands, const std::vector<TensorType>& results, Dict attributes = {},
                           std::vector<stablehlo::Region> regions = {});
  ValueId constant(const Tensor& value);
  void set_constant(stablehlo::Constant constant);  // of the operation made last
  ValueId parameter(TensorType type, std::string name);
  using BodyFunction = std::function<std::vector<ValueId>(const std::vector<ValueId>& arguments)>;
  stablehlo::Region region(const std::vector<TensorType>& arguments, const BodyFunction& body);
  // A region of one operation on its two scalar arguments.
  stablehlo::Region reducer(OpCode code, DType dtype);
  // A private function beside @main.
  void function(const std::string& name, const std::vector<TensorType>& arguments, const BodyFunction& body);

  const TensorType& type(ValueId id) const { return module.funcs[current_].types[id]; }

  // Runs @main returning these values. A program of one operation also runs through run_op with strided, misaligned operands and
  // results, which must give the same bytes, and must not allocate when it runs again with the same scratch.
  std::vector<Tensor> run(const std::vector<ValueId>& results, std::vector<Tensor> inputs, const Parameters& parameters = {});
  Result<std::vector<Tensor>> try_run(const std::vector<ValueId>& results, const std::vector<Tensor>& inputs,
                                      const Parameters& parameters = {});

  stablehlo::Module module;

 private:
  void run_strided(const std::vector<Tensor>& inputs, const std::vector<Tensor>& expected);
  std::size_t current_ = 0;
  std::vector<std::vector<stablehlo::Op>> sinks_;
};

// One operation on these inputs.
Tensor run_one(OpCode code, std::vector<Tensor> inputs, TensorType result, Dict attributes = {});

std::size_t allocations();  // calls of operator new so far

}  // namespace tenon::interp::test
