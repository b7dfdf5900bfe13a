// The implementation of test_support.h.
#include "core/interp/test_support.h"
#include "core/stablehlo/verify.h"

namespace tenon::interp::test {

using stablehlo::Func;
using stablehlo::Op;
using stablehlo::Region;

Tensor filled(DType dtype, Dims dims, double value) {
  Tensor result = Tensor::zeros({dtype, std::move(dims)}).value();
  for (std::int64_t i = 0; i < result.type().elements(); ++i) {
    std::byte* element = result.data() + static_cast<std::size_t>(i) * storage_size(dtype);
    if (is_float(dtype))
      store_f64(dtype, element, value);
    else
      store_i64(dtype, element, static_cast<std::int64_t>(value));
  }
  return result;
}

Tensor tensor(DType dtype, Dims dims, const std::vector<double>& values) {
  Tensor result = filled(dtype, std::move(dims), 0);
  EXPECT_EQ(result.type().elements(), static_cast<std::int64_t>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::byte* element = result.data() + i * storage_size(dtype);
    if (is_float(dtype))
      store_f64(dtype, element, values[i]);
    else
      store_i64(dtype, element, static_cast<std::int64_t>(values[i]));
  }
  return result;
}

Tensor integers(DType dtype, Dims dims, const std::vector<std::int64_t>& values) {
  Tensor result = filled(dtype, std::move(dims), 0);
  EXPECT_EQ(result.type().elements(), static_cast<std::int64_t>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) store_i64(dtype, result.data() + i * storage_size(dtype), values[i]);
  return result;
}

std::vector<double> values(const Tensor& tensor) {
  std::vector<double> result;
  for (std::int64_t i = 0; i < tensor.type().elements(); ++i) result.push_back(tensor.f64(i));
  return result;
}

std::vector<std::int64_t> integer_values(const Tensor& tensor) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < tensor.type().elements(); ++i) result.push_back(tensor.i64(i));
  return result;
}

void expect_values(const Tensor& actual, const std::vector<double>& expected) {
  const std::vector<double> got = values(actual);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(got[i])) << "element " << i << " is " << got[i];
    } else {
      EXPECT_EQ(got[i], expected[i]) << "element " << i;
      EXPECT_EQ(std::signbit(got[i]), std::signbit(expected[i])) << "sign of element " << i;
    }
  }
}

void expect_rounded(const Tensor& actual, const std::vector<double>& expected) {
  expect_values(actual, values(tensor(actual.type().dtype, actual.type().dims, expected)));
}

void expect_near_f64(const Tensor& actual, const std::vector<double>& expected, int ulp) {
  const std::vector<double> got = values(actual);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double unit = std::nextafter(std::fabs(expected[i]), kInf) - std::fabs(expected[i]);
    EXPECT_NEAR(got[i], expected[i], ulp * unit) << "element " << i;
  }
}

Attr ints(std::vector<std::int64_t> values) { return IntsAttr{std::move(values), ListStyle::Array}; }
Attr integer(std::int64_t value) { return IntAttr{value, DType::I64}; }
Attr text(std::string value) { return value; }
Attr symbol(std::string name) { return SymbolAttr{std::move(name)}; }

Program::Program() : sinks_(1) {
  module.funcs.emplace_back();
  module.funcs[0].name = "main";
}

ValueId Program::input(TensorType type) {
  Func& func = module.funcs[current_];
  func.body.arguments.push_back(func.new_value(std::move(type)));
  return func.body.arguments.back();
}

std::vector<ValueId> Program::ops(OpCode code, const std::vector<ValueId>& operands, const std::vector<TensorType>& results,
                                  Dict attributes, std::vector<Region> regions) {
  Op op;
  op.code = code;
  op.operands = operands;
  for (const TensorType& type : results) op.results.push_back(module.funcs[current_].new_value(type));
  op.attributes = std::move(attributes);
  op.regions = std::move(regions);
  std::vector<ValueId> ids = op.results;
  sinks_.back().push_back(std::move(op));
  return ids;
}

ValueId Program::op(OpCode code, const std::vector<ValueId>& operands, TensorType result, Dict attributes, std::vector<Region> regions) {
  return ops(code, operands, {std::move(result)}, std::move(attributes), std::move(regions))[0];
}

ValueId Program::constant(const Tensor& value) {
  const ValueId id = op(OpCode::Constant, {}, value.type());
  const auto bytes = value.bytes();
  set_constant({stablehlo::Constant::Kind::Inline, std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end()), {}});
  return id;
}

void Program::set_constant(stablehlo::Constant constant) {
  sinks_.back().back().constant = std::make_shared<stablehlo::Constant>(std::move(constant));
}

ValueId Program::parameter(TensorType type, std::string name) {
  const ValueId id = op(OpCode::Constant, {}, std::move(type));
  set_constant({stablehlo::Constant::Kind::External, nullptr, std::move(name)});
  return id;
}

Region Program::region(const std::vector<TensorType>& arguments, const BodyFunction& body) {
  Region region;
  for (const TensorType& type : arguments) region.arguments.push_back(module.funcs[current_].new_value(type));
  sinks_.emplace_back();
  Op end;
  end.code = OpCode::Return;
  end.operands = body(region.arguments);
  region.ops = std::move(sinks_.back());
  sinks_.pop_back();
  region.ops.push_back(std::move(end));
  return region;
}

Region Program::reducer(OpCode code, DType dtype) {
  const TensorType scalar{dtype, {}};
  return region({scalar, scalar}, [&](const std::vector<ValueId>& a) { return std::vector{op(code, {a[0], a[1]}, scalar)}; });
}

void Program::function(const std::string& name, const std::vector<TensorType>& arguments, const BodyFunction& body) {
  const std::size_t caller = current_;
  current_ = module.funcs.size();
  module.funcs.emplace_back();
  module.funcs[current_].name = name;
  module.funcs[current_].is_private = true;
  Region made = region(arguments, body);
  module.funcs[current_].body = std::move(made);
  current_ = caller;
}

Result<std::vector<Tensor>> Program::try_run(const std::vector<ValueId>& results, const std::vector<Tensor>& inputs,
                                             const Parameters& parameters) {
  Op end;
  end.code = OpCode::Return;
  end.operands = results;
  module.funcs[0].body.ops = sinks_[0];
  module.funcs[0].body.ops.push_back(std::move(end));
  TENON_TRY(stablehlo::verify(module));
  std::vector<TensorView> views;
  for (const Tensor& input : inputs) views.push_back(input.view());
  return interp::run(module, "main", views, parameters);
}

std::vector<Tensor> Program::run(const std::vector<ValueId>& results, std::vector<Tensor> inputs, const Parameters& parameters) {
  Result<std::vector<Tensor>> got = try_run(results, inputs, parameters);
  if (!got.ok()) {
    ADD_FAILURE() << to_string(got.error());
    std::vector<Tensor> zeros;
    for (const ValueId id : results) zeros.push_back(Tensor::zeros(type(id)).value());
    return zeros;
  }
  std::vector<Tensor> tensors = std::move(got).value();
  const bool external =
      sinks_[0].size() == 1 && sinks_[0][0].constant && sinks_[0][0].constant->kind == stablehlo::Constant::Kind::External;
  if (sinks_[0].size() == 1 && !external && sinks_[0][0].results == results) run_strided(inputs, tensors);
  return tensors;
}

namespace {

// A copy of a tensor in an unfriendly place: the first dimension runs fastest, with gaps, and the data starts at an odd address.
struct Strided {
  explicit Strided(const TensorType& of) : type(of) {
    std::int64_t stride = 2;
    for (const std::int64_t dim : type.dims) {
      strides.push_back(stride);
      stride *= dim + 1;
    }
    memory.resize(static_cast<std::size_t>(stride) * storage_size(type.dtype) + 1, std::byte{0x5A});
  }
  TensorView view() { return {memory.data() + 1, type.dtype, type.dims, strides}; }
  TensorType type;
  Dims strides;
  std::vector<std::byte> memory;
};

}  // namespace

void Program::run_strided(const std::vector<Tensor>& inputs, const std::vector<Tensor>& expected) {
  const Func& func = module.funcs[0];
  const Op& op = func.body.ops[0];
  std::vector<Strided> in, out;
  for (const Tensor& input : inputs) in.emplace_back(input.type());
  for (const Tensor& result : expected) out.emplace_back(result.type());
  for (std::size_t i = 0; i < in.size(); ++i) copy_strided(inputs[i].view(), in[i].view());
  const auto view_of = [&](ValueId id) {
    for (std::size_t i = 0; i < in.size(); ++i)
      if (func.body.arguments[i] == id) return in[i].view();
    return TensorView{};
  };
  std::vector<TensorView> operands, results;
  std::vector<Captured> captured;
  for (const ValueId id : op.operands) operands.push_back(view_of(id));
  for (const ValueId id : stablehlo::captures(op)) captured.push_back({id, view_of(id)});
  for (Strided& result : out) results.push_back(result.view());

  Scratch scratch;
  for (int round = 0; round < 2; ++round) {
    const std::size_t before = allocations();
    const Status status = run_op(module, func, op, operands, captured, results, scratch);
    const std::size_t after = allocations();
    ASSERT_TRUE(status.ok()) << to_string(status.error());
    if (round == 1) {
      EXPECT_EQ(after - before, 0u) << "allocations of the second run";
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    Tensor got = Tensor::zeros(expected[i].type()).value();
    copy_strided(out[i].view(), got.view());
    EXPECT_TRUE(std::ranges::equal(got.bytes(), expected[i].bytes())) << "strided result " << i << " differs";
  }
}

Tensor run_one(OpCode code, std::vector<Tensor> inputs, TensorType result, Dict attributes) {
  Program program;
  std::vector<ValueId> ids;
  for (const Tensor& input : inputs) ids.push_back(program.input(input.type()));
  const ValueId id = program.op(code, ids, std::move(result), std::move(attributes));
  std::vector<Tensor> results = program.run({id}, std::move(inputs));
  return std::move(results[0]);
}

}  // namespace tenon::interp::test
