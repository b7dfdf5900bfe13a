// tenon/tenon.hpp - C++17 over tenon.h, header only: owners that release themselves, errors as exceptions. Not ABI: it compiles into your
// program. The functions of tenon.h take `object.get()`.
//
//   tenon::Context context;
//   tenon::Graph graph(context, "norm");
//   tenon_value x = graph.input("x", TENON_F32, {4, 640});
//   graph.output("y", graph.node("norm", "rms_norm", {x}, {tenon::attr("epsilon", 1e-5)})[0]);
//   std::string text = graph.lower("iree");
//   tenon::Program program = graph.compile();
//   program.run({&in, 1}, {&out, 1});
#ifndef TENON_TENON_HPP_
#define TENON_TENON_HPP_

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/tenon.h"

namespace tenon {
inline namespace v0_1 {

// What a failed call throws. what() is the whole report; the parts are there too.
class Exception : public std::runtime_error {
 public:
  Exception(std::int32_t code, tenon_error* error)
      : std::runtime_error(error == nullptr ? tenon_code_name(code) : tenon_error_get_report(error, nullptr)),
        code_(code),
        error_(error, tenon_error_release) {}
  std::int32_t code() const { return code_; }
  std::string message() const { return text(TENON_ERROR_MESSAGE); }
  std::string advice() const { return text(TENON_ERROR_ADVICE); }
  std::string node() const { return text(TENON_ERROR_NODE); }
  const tenon_error* get() const { return error_.get(); }

 private:
  std::string text(std::int32_t field) const {
    std::size_t length = 0;
    const char* data = tenon_error_get_text(error_.get(), field, &length);
    return std::string(data, length);
  }
  std::int32_t code_;
  std::shared_ptr<tenon_error> error_;
};

namespace detail {
// Calls f(&error) and throws what it reports.
template <class Function>
void call(Function&& f) {
  tenon_error* error = nullptr;
  const std::int32_t code = f(&error);
  if (code != TENON_OK) throw Exception(code, error);
}

template <class T, void (*Release)(T*)>
class Owner {
 public:
  Owner() = default;
  explicit Owner(T* object) : object_(object, Release) {}
  T* get() const { return object_.get(); }

 private:
  std::shared_ptr<T> object_;
};

inline std::string take(tenon_blob* blob) {
  std::size_t length = 0;
  const char* data = tenon_blob_get_data(blob, &length);
  std::string text(data, length);
  tenon_blob_release(blob);
  return text;
}
}  // namespace detail

// Attributes: attr("epsilon", 1e-5), attr("axis", 1), attr("keepdims", true), attr("mode", "clamp"). The name must outlive the call.
inline tenon_attr attr(std::string_view name) {
  tenon_attr out = TENON_ATTR_INIT;
  out.name = name.data();
  out.name_length = name.size();
  return out;
}
inline tenon_attr attr(std::string_view name, double value) {
  tenon_attr out = attr(name);
  out.kind = TENON_ATTR_F64;
  out.f64 = value;
  return out;
}
inline tenon_attr attr(std::string_view name, std::int64_t value) {
  tenon_attr out = attr(name);
  out.kind = TENON_ATTR_I64;
  out.i64 = value;
  return out;
}
inline tenon_attr attr(std::string_view name, int value) { return attr(name, static_cast<std::int64_t>(value)); }
inline tenon_attr attr(std::string_view name, bool value) {
  tenon_attr out = attr(name);
  out.kind = TENON_ATTR_BOOL;
  out.i64 = value ? 1 : 0;
  return out;
}
inline tenon_attr attr(std::string_view name, const char* value) {
  tenon_attr out = attr(name);
  out.kind = TENON_ATTR_STRING;
  out.text = value;
  out.count = std::strlen(value);
  return out;
}

// Shared by copies; outlives everything made from it.
class Context : public detail::Owner<tenon_context, tenon_context_destroy> {
 public:
  explicit Context(const tenon_context_options* options = nullptr) : Owner(make(options)) {}
  void add_plugin_path(std::string_view path) {
    detail::call([&](tenon_error** e) { return tenon_context_add_plugin_path(get(), path.data(), path.size(), e); });
  }
  void add_static_plugin(tenon_plugin_query_fn query, std::string_view manifest) {
    detail::call([&](tenon_error** e) { return tenon_context_add_static_plugin(get(), query, manifest.data(), manifest.size(), e); });
  }

 private:
  static tenon_context* make(const tenon_context_options* options) {
    tenon_context* context = nullptr;
    detail::call([&](tenon_error** e) { return tenon_context_create(options, &context, e); });
    return context;
  }
};

class Program : public detail::Owner<tenon_program, tenon_program_destroy> {
 public:
  using Owner::Owner;
  // Views of the caller's memory, in the graph's order. Any thread.
  void run(const std::vector<tenon_tensor_view>& inputs, const std::vector<tenon_tensor_view>& outputs) const {
    detail::call([&](tenon_error** e) {
      return tenon_program_run(get(), inputs.data(), inputs.size(), outputs.data(), outputs.size(), nullptr, e);
    });
  }
  // The program for inputs of these types: of a graph with dynamic dimensions.
  Program bind(const std::vector<tenon_type_view>& inputs) const {
    tenon_program* program = nullptr;
    detail::call([&](tenon_error** e) { return tenon_program_bind(get(), inputs.data(), inputs.size(), &program, e); });
    return Program(program);
  }
  std::string plan() const {
    tenon_blob* blob = nullptr;
    detail::call([&](tenon_error** e) { return tenon_program_print(get(), &blob, e); });
    return detail::take(blob);
  }
};

class Graph : public detail::Owner<tenon_graph, tenon_graph_destroy> {
 public:
  Graph(const Context& context, std::string_view name) : Owner(make(context, name)), context_(context) {}

  tenon_value input(std::string_view name, tenon_dtype dtype, const std::vector<std::int64_t>& dims) {
    const tenon_type_view type = {dims.data(), static_cast<std::int32_t>(dims.size()), dtype};
    tenon_value value = TENON_VALUE_NONE;
    detail::call([&](tenon_error** e) { return tenon_graph_add_input(get(), name.data(), name.size(), &type, &value, e); });
    return value;
  }
  // The results in the operator's order, TENON_VALUE_NONE for absent ones. operands: TENON_VALUE_NONE for absent ones.
  std::vector<tenon_value> node(std::string_view name, std::string_view op, const std::vector<tenon_value>& operands,
                                const std::vector<tenon_attr>& attributes = {}) {
    tenon_node_request request = TENON_NODE_REQUEST_INIT;
    request.name = name.data();
    request.name_length = name.size();
    request.op = op.data();
    request.op_length = op.size();
    request.operands = operands.data();
    request.operand_count = operands.size();
    request.attributes = attributes.data();
    request.attribute_count = attributes.size();
    std::vector<tenon_value> results(16, TENON_VALUE_NONE);
    std::size_t count = 0;
    detail::call([&](tenon_error** e) { return tenon_graph_add_node(get(), &request, results.data(), results.size(), &count, e); });
    results.resize(count < results.size() ? count : results.size());
    return results;
  }
  void output(std::string_view name, tenon_value value) {
    detail::call([&](tenon_error** e) { return tenon_graph_add_output(get(), name.data(), name.size(), value, e); });
  }
  // StableHLO text for a target ("iree", or a profile's path).
  std::string lower(std::string_view target_name, const tenon_params* params = nullptr) const {
    tenon_target* target = nullptr;
    detail::call([&](tenon_error** e) { return tenon_target_find(context_.get(), target_name.data(), target_name.size(), &target, e); });
    const detail::Owner<tenon_target, tenon_target_release> owned_target(target);
    tenon_lower_options options = TENON_LOWER_OPTIONS_INIT;
    options.params = params;
    tenon_module* module = nullptr;
    detail::call([&](tenon_error** e) { return tenon_graph_lower(get(), target, &options, &module, e); });
    const detail::Owner<tenon_module, tenon_module_release> owned_module(module);
    tenon_blob* text = nullptr;
    detail::call([&](tenon_error** e) { return tenon_module_print(module, &text, e); });
    return detail::take(text);
  }
  Program compile(const tenon_program_options* options = nullptr) const {
    tenon_program* program = nullptr;
    detail::call([&](tenon_error** e) { return tenon_graph_compile(get(), options, &program, e); });
    return Program(program);
  }
  std::string to_yaml() const {
    tenon_blob* blob = nullptr;
    detail::call([&](tenon_error** e) { return tenon_graph_to_yaml(get(), &blob, e); });
    return detail::take(blob);
  }

 private:
  static tenon_graph* make(const Context& context, std::string_view name) {
    tenon_graph* graph = nullptr;
    detail::call([&](tenon_error** e) { return tenon_graph_create(context.get(), name.data(), name.size(), &graph, e); });
    return graph;
  }
  Context context_;  // kept alive
};

}  // namespace v0_1
}  // namespace tenon

#endif  // TENON_TENON_HPP_
