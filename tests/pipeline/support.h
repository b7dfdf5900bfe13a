// What the tests of the C API share: objects that release themselves, graphs of one node, float64 references.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tenon/tenon.h"

namespace tenon_test {

struct Deleter {
  void operator()(tenon_context* p) const { tenon_context_destroy(p); }
  void operator()(tenon_graph* p) const { tenon_graph_destroy(p); }
  void operator()(tenon_program* p) const { tenon_program_destroy(p); }
  void operator()(tenon_error* p) const { tenon_error_release(p); }
  void operator()(tenon_blob* p) const { tenon_blob_release(p); }
  void operator()(tenon_target* p) const { tenon_target_release(p); }
  void operator()(tenon_module* p) const { tenon_module_release(p); }
  void operator()(tenon_tensor* p) const { tenon_tensor_destroy(p); }
  void operator()(tenon_params* p) const { tenon_params_destroy(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

// An error, read out and released.
struct Failure {
  std::int32_t code = TENON_OK;
  std::string message, advice, node, operand;
  explicit Failure(std::int32_t returned, tenon_error* error) : code(returned) {
    if (error == nullptr) return;
    EXPECT_EQ(tenon_error_get_code(error), returned);
    message = tenon_error_get_text(error, TENON_ERROR_MESSAGE, nullptr);
    advice = tenon_error_get_text(error, TENON_ERROR_ADVICE, nullptr);
    node = tenon_error_get_text(error, TENON_ERROR_NODE, nullptr);
    operand = tenon_error_get_text(error, TENON_ERROR_OPERAND, nullptr);
    tenon_error_release(error);
  }
};

#define TENON_EXPECT_OK(call)                                                                  \
  do {                                                                                         \
    tenon_error* tenon_test_error = nullptr;                                                   \
    const std::int32_t tenon_test_code = (call)(&tenon_test_error);                            \
    EXPECT_EQ(tenon_test_code, TENON_OK) << tenon_error_get_report(tenon_test_error, nullptr); \
    tenon_error_release(tenon_test_error);                                                     \
  } while (0)

template <class Call>
void must(Call&& call) {
  tenon_error* error = nullptr;
  const std::int32_t code = call(&error);
  ASSERT_EQ(code, TENON_OK) << tenon_error_get_report(error, nullptr);
}

template <class Call>
Failure must_fail(Call&& call) {
  tenon_error* error = nullptr;
  const std::int32_t code = call(&error);
  EXPECT_NE(code, TENON_OK);
  EXPECT_NE(error, nullptr);
  return Failure(code, error);
}

// A context that sees the packs of this build and nothing of the machine's.
inline Owned<tenon_context> make_context(const char* arch = nullptr, std::uint32_t threads = 2) {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR;
  options.threads = threads;
  options.arch = arch;
  options.arch_length = arch == nullptr ? 0 : TENON_NUL_TERMINATED;
  tenon_context* context = nullptr;
  must([&](tenon_error** e) { return tenon_context_create(&options, &context, e); });
  return Owned<tenon_context>(context);
}

inline tenon_attr f64_attr(const char* name, double value) {
  tenon_attr attr = TENON_ATTR_INIT;
  attr.name = name;
  attr.name_length = std::strlen(name);
  attr.kind = TENON_ATTR_F64;
  attr.f64 = value;
  return attr;
}
inline tenon_attr i64_attr(const char* name, std::int64_t value) {
  tenon_attr attr = f64_attr(name, 0);
  attr.kind = TENON_ATTR_I64;
  attr.i64 = value;
  return attr;
}
inline tenon_attr text_attr(const char* name, const char* value) {
  tenon_attr attr = f64_attr(name, 0);
  attr.kind = TENON_ATTR_STRING;
  attr.text = value;
  attr.count = std::strlen(value);
  return attr;
}

// A graph under construction; values by name.
class GraphMaker {
 public:
  explicit GraphMaker(tenon_context* context) {
    tenon_graph* graph = nullptr;
    must([&](tenon_error** e) { return tenon_graph_create(context, "test", TENON_NUL_TERMINATED, &graph, e); });
    graph_.reset(graph);
  }
  tenon_value input(const char* name, const std::vector<std::int64_t>& dims, tenon_dtype dtype = TENON_F32) {
    const tenon_type_view type{dims.data(), static_cast<std::int32_t>(dims.size()), dtype};
    tenon_value value = TENON_VALUE_NONE;
    must([&](tenon_error** e) { return tenon_graph_add_input(graph_.get(), name, TENON_NUL_TERMINATED, &type, &value, e); });
    return value;
  }
  std::int32_t try_node(const char* name, const char* op, const std::vector<tenon_value>& operands,
                        const std::vector<tenon_attr>& attributes, std::vector<tenon_value>& results, tenon_error** error) {
    tenon_node_request request = TENON_NODE_REQUEST_INIT;
    request.name = name;
    request.name_length = TENON_NUL_TERMINATED;
    request.op = op;
    request.op_length = TENON_NUL_TERMINATED;
    request.operands = operands.data();
    request.operand_count = operands.size();
    request.attributes = attributes.data();
    request.attribute_count = attributes.size();
    results.assign(8, TENON_VALUE_NONE);
    std::size_t count = 0;
    const std::int32_t code = tenon_graph_add_node(graph_.get(), &request, results.data(), results.size(), &count, error);
    results.resize(count);
    return code;
  }
  std::vector<tenon_value> node(const char* name, const char* op, const std::vector<tenon_value>& operands,
                                const std::vector<tenon_attr>& attributes = {}) {
    std::vector<tenon_value> results;
    must([&](tenon_error** e) { return try_node(name, op, operands, attributes, results, e); });
    return results;
  }
  Failure bad_node(const char* name, const char* op, const std::vector<tenon_value>& operands,
                   const std::vector<tenon_attr>& attributes = {}) {
    std::vector<tenon_value> results;
    return must_fail([&](tenon_error** e) { return try_node(name, op, operands, attributes, results, e); });
  }
  void output(const char* name, tenon_value value) {
    must([&](tenon_error** e) { return tenon_graph_add_output(graph_.get(), name, TENON_NUL_TERMINATED, value, e); });
  }
  Owned<tenon_program> compile(std::uint32_t flags = 0) {
    tenon_program_options options = TENON_PROGRAM_OPTIONS_INIT;
    options.flags = flags;
    tenon_program* program = nullptr;
    must([&](tenon_error** e) { return tenon_graph_compile(graph_.get(), &options, &program, e); });
    return Owned<tenon_program>(program);
  }
  std::string lower(tenon_context* context, const char* name) {
    tenon_target* target = nullptr;
    must([&](tenon_error** e) { return tenon_target_find(context, name, TENON_NUL_TERMINATED, &target, e); });
    Owned<tenon_target> owned_target(target);
    tenon_module* module = nullptr;
    must([&](tenon_error** e) { return tenon_graph_lower(graph_.get(), target, nullptr, &module, e); });
    Owned<tenon_module> owned_module(module);
    tenon_blob* text = nullptr;
    must([&](tenon_error** e) { return tenon_module_print(module, &text, e); });
    Owned<tenon_blob> owned_text(text);
    return tenon_blob_get_data(text, nullptr);
  }
  tenon_graph* get() { return graph_.get(); }

 private:
  Owned<tenon_graph> graph_;
};

template <class T>
struct DtypeOf;
template <>
struct DtypeOf<float> {
  static constexpr tenon_dtype value = TENON_F32;
};
template <>
struct DtypeOf<double> {
  static constexpr tenon_dtype value = TENON_F64;
};
template <>
struct DtypeOf<std::uint16_t> {
  static constexpr tenon_dtype value = TENON_BF16;
};

// A view of a vector; dims must outlive it.
template <class T>
tenon_tensor_view view_of(std::vector<T>& data, const std::vector<std::int64_t>& dims, tenon_dtype dtype = DtypeOf<T>::value) {
  tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
  view.data = data.data();
  view.dims = dims.data();
  view.rank = static_cast<std::int32_t>(dims.size());
  view.dtype = dtype;
  return view;
}

inline std::vector<float> normal_values(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> draw;
  std::vector<float> values(count);
  for (float& value : values) value = draw(generator);
  return values;
}

// The formula of operators' documentation in double: x / sqrt(mean(x^2) + epsilon) * scale, over rows of `width`.
inline std::vector<double> rms_norm_reference(const std::vector<float>& x, const std::vector<float>& scale, std::size_t width,
                                              double epsilon) {
  std::vector<double> y(x.size());
  for (std::size_t row = 0; row * width < x.size(); ++row) {
    double sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += static_cast<double>(x[row * width + i]) * x[row * width + i];
    const double k = 1 / std::sqrt(sum / static_cast<double>(width) + epsilon);
    for (std::size_t i = 0; i < width; ++i) y[row * width + i] = x[row * width + i] * k * (scale.empty() ? 1.0 : scale[i]);
  }
  return y;
}

// Within four units in the last place of f32, as the operator promises, or both tiny.
inline void expect_near(const std::vector<float>& got, const std::vector<double>& want, double ulps = 4) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_LE(std::abs(got[i] - want[i]), ulps * std::max(std::abs(want[i]), 1e-30) * 0x1p-23)
        << "element " << i << ": " << got[i] << " and " << want[i];
}

}  // namespace tenon_test
