// tenon/tenon.hpp - C++17 over tenon.h, header only: owners that release themselves, errors as exceptions. Not ABI: it compiles into your
// program. The functions of tenon.h take `object.get()`.
//
//   tenon::Context context;
//   tenon::Graph graph(context, "norm");
//   const tenon_value x = graph.input("x", TENON_F32, {4, 640});
//   graph.output("y", graph.node("rms_norm", {x}, {{"epsilon", 1e-5}})[0]);
//   const std::string text = graph.lower("iree");
//   const tenon::Program program = graph.compile();
//   program.run({tenon::view(in, {4, 640})}, {tenon::view(out, {4, 640})});
//
// Owners can be moved and not copied. What is made from another keeps it alive: a program its context and parameters, a graph its context;
// so the order of destruction does not matter. An owner that was moved from is null, and using it is an Error. A const member function may
// be called from many threads at once, another from one at a time.
#ifndef TENON_TENON_HPP_
#define TENON_TENON_HPP_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tenon/tenon_values.hpp"

namespace tenon {
inline namespace v0_1 {

// ---- Contexts ----

struct ContextOptions {
  std::uint32_t flags = 0;    // TENON_CONTEXT_*
  std::uint32_t threads = 0;  // 0: as many as the process may use
  std::string arch;           // a SIMD level to force; "": TENON_ARCH, else the best
  std::int32_t log_level = 0;
  // level: TENON_LOG_*; called from any thread. Empty: errors go to stderr once each.
  std::function<void(std::int32_t level, std::string_view category, std::string_view text)> log = {};
  std::vector<std::string> plugin_paths = {}, manifests = {}, allow = {}, deny = {};
  const tenon_allocator* allocator = nullptr;  // what it points to must outlive the context and everything made from it
  const tenon_thread_pool* thread_pool = nullptr;
};

struct VerifyOptions {
  std::string dtype;  // "": all
  std::uint64_t seed = 0;
  std::uint32_t random_cases = 0;
  tenon_verify_options get() const {
    tenon_verify_options out = TENON_VERIFY_OPTIONS_INIT;
    out.dtype = dtype.empty() ? nullptr : dtype.data();
    out.dtype_length = dtype.size();
    out.seed = seed;
    out.random_cases = random_cases;
    return out;
  }
};

// Plugins, thread pool, machine. One for a program; two share nothing.
class Context : public detail::Owner<tenon_context, tenon_context_destroy> {
 public:
  explicit Context(const ContextOptions& options = {}) : Context(options, std::make_shared<decltype(options.log)>(options.log)) {}
  // Before the first use. The manifest's text is copied.
  void add_static_plugin(tenon_plugin_query_fn query, std::string_view manifest) {
    detail::call(tenon_context_add_static_plugin, get(), query, manifest.data(), manifest.size());
  }
  void preload(std::string_view plugin) { detail::call(tenon_plugin_preload, get(), plugin.data(), plugin.size()); }
  // In the child after fork, before anything else.
  void after_fork_child() { detail::call(tenon_after_fork_child, get()); }

  // Reports, as JSON. name: one operator; "": all.
  std::string operators(std::string_view name = {}) const { return detail::text(tenon_operators_json, get(), name.data(), name.size()); }
  std::string plugins() const { return detail::text(tenon_plugins_json, get()); }
  std::string targets() const { return detail::text(tenon_targets_json, get()); }
  std::string machine() const { return detail::text(tenon_machine_json, get()); }
  std::string inspect(std::string_view path) const { return detail::text(tenon_inspect_json, get(), path.data(), path.size()); }
  std::string lint(std::string_view path) const { return detail::text(tenon_plugin_lint, get(), path.data(), path.size()); }
  // An operator's cases, kernel against lowering. failed: how many broke the bound.
  std::string verify(std::string_view op, const VerifyOptions& options = {}, std::uint32_t* failed = nullptr) const {
    const tenon_verify_options given = options.get();
    tenon_blob* blob = nullptr;
    detail::call(tenon_verify_operator_json, get(), op.data(), op.size(), &given, &blob, failed);
    return detail::take(blob);
  }

 private:
  using Log = std::function<void(std::int32_t, std::string_view, std::string_view)>;
  Context(const ContextOptions& options, const std::shared_ptr<Log>& log) : Owner(make(options, *log), log) {
    for (const std::string& path : options.plugin_paths) detail::call(tenon_context_add_plugin_path, get(), path.data(), path.size());
    for (const std::string& path : options.manifests) detail::call(tenon_context_add_manifest, get(), path.data(), path.size());
    for (const std::string& name : options.allow) detail::call(tenon_context_allow_plugins, get(), name.data(), name.size());
    for (const std::string& name : options.deny) detail::call(tenon_context_deny_plugins, get(), name.data(), name.size());
  }
  static tenon_context* make(const ContextOptions& options, Log& log) {
    tenon_context_options given = TENON_CONTEXT_OPTIONS_INIT;
    given.flags = options.flags;
    given.threads = options.threads;
    given.arch = options.arch.empty() ? nullptr : options.arch.data();
    given.arch_length = options.arch.size();
    given.log_level = options.log_level;
    if (log) {
      given.log_user = &log;
      given.log = [](void* user, std::int32_t level, const char* category, const char* text, std::size_t length) {
        try {
          (*static_cast<Log*>(user))(level, category, std::string_view(text, length));
        } catch (...) {  // NOLINT: nothing may pass into C
        }
      };
    }
    given.allocator = options.allocator;
    given.thread_pool = options.thread_pool;
    tenon_context* context = nullptr;
    detail::call(tenon_context_create, &given, &context);
    return context;
  }
};

// ---- Tensors and parameters ----

// Memory of the library's own, or shared with it: for files and DLPack. A view of any other memory does as well.
class Tensor : public detail::Owner<tenon_tensor, tenon_tensor_destroy> {
 public:
  Tensor() = default;
  // Zeros, compact, aligned to 64 bytes.
  Tensor(const Context& context, const Type& type) : Owner(create(context, type), context.share()) {}
  // A .npy file, as that dtype (TENON_DTYPE_INVALID: the file's own).
  static Tensor load(const Context& context, std::string_view path, tenon_dtype dtype = TENON_DTYPE_INVALID) {
    tenon_tensor* out = nullptr;
    detail::call(tenon_tensor_load, context.get(), path.data(), path.size(), dtype, &out);
    return Tensor(out, context.share());
  }
  // Takes the tensor over without a copy; its deleter runs once, also when this throws.
  static Tensor from_dlpack(const Context& context, DLManagedTensorVersioned* managed) {
    tenon_tensor* out = nullptr;
    detail::call(tenon_tensor_from_dlpack, context.get(), managed, &out);
    return Tensor(out, context.share());
  }
  // Shares the memory, and keeps it alive until the deleter of the result is called.
  DLManagedTensorVersioned* to_dlpack() const {
    DLManagedTensorVersioned* out = nullptr;
    detail::call(tenon_tensor_to_dlpack, get(), &out);
    return out;
  }
  View view() const {
    tenon_tensor_view out = TENON_TENSOR_VIEW_INIT;
    detail::call(tenon_tensor_get_view, get(), &out);
    return View(out.data, out.dtype, {out.dims, out.dims + out.rank}, {out.strides, out.strides + out.rank}, out.flags);
  }
  void fill_random(std::uint64_t seed) { detail::call(tenon_tensor_fill_random, get(), seed); }

 private:
  Tensor(tenon_tensor* tensor, std::shared_ptr<tenon_context> context) : Owner(tensor, std::move(context)) {}
  static tenon_tensor* create(const Context& context, const Type& type) {
    const tenon_type_view given = type.get();
    tenon_tensor* out = nullptr;
    detail::call(tenon_tensor_create, context.get(), &given, &out);
    return out;
  }
};

// Writes a .npy file, by temporary file and rename.
inline void save(const View& view, std::string_view path) {
  const tenon_tensor_view given = view.get();
  detail::call(tenon_view_save, &given, path.data(), path.size());
}

// A .safetensors or .irpa file, mapped.
class Params : public detail::Owner<tenon_params, tenon_params_destroy> {
 public:
  Params() = default;
  Params(const Context& context, std::string_view path) : Owner(open(context, path), context.share()) {}
  std::size_t size() const { return tenon_params_get_count(get()); }
  // By number, sorted by name.
  std::string name(std::size_t index) const {
    const char* name = nullptr;
    std::size_t length = 0;
    detail::call(tenon_params_get, get(), index, &name, &length, nullptr);
    return std::string(name, length);
  }
  // Read-only, over the file. The dtype is TENON_DTYPE_INVALID where the file does not say, or says none of ours.
  View view(std::size_t index) const {
    tenon_tensor_view out = TENON_TENSOR_VIEW_INIT;
    detail::call(tenon_params_get, get(), index, nullptr, nullptr, &out);
    return View(out.data, out.dtype, {out.dims, out.dims + out.rank}, {}, out.flags);
  }

 private:
  static tenon_params* open(const Context& context, std::string_view path) {
    tenon_params* out = nullptr;
    detail::call(tenon_params_open, context.get(), path.data(), path.size(), &out);
    return out;
  }
};

// ---- Lowering ----

// What a consumer of StableHLO accepts: a built-in target ("iree"), or a profile by a path that ends in .yaml.
class Target : public detail::Owner<tenon_target, tenon_target_release> {
 public:
  Target() = default;
  Target(const Context& context, std::string_view name) : Target(context.get(), name) {}
  // The profile's text: a user edits a copy of it.
  std::string yaml() const {
    std::size_t length = 0;
    const char* data = tenon_target_get_yaml(get(), &length);
    return std::string(data, length);
  }

 private:
  friend class Graph;
  Target(tenon_context* context, std::string_view name) : Owner(find(context, name)) {}
  static tenon_target* find(tenon_context* context, std::string_view name) {
    tenon_target* out = nullptr;
    detail::call(tenon_target_find, context, name.data(), name.size(), &out);
    return out;
  }
};

// A lowered graph.
class Module : public detail::Owner<tenon_module, tenon_module_release> {
 public:
  Module() = default;
  // StableHLO text. Equal modules, equal bytes.
  std::string text() const { return detail::text(tenon_module_print, get()); }
  // What became of each operator, and why. JSON.
  std::string decisions() const { return detail::text(tenon_module_decisions_json, get()); }

 private:
  friend class Graph;
  explicit Module(tenon_module* module) : Owner(module) {}
};

// ---- Running ----

struct ProgramOptions {
  std::uint32_t flags = 0;         // TENON_PROGRAM_*
  double max_ulp = 0;              // only kernels that claim at most this; 0: any
  const Params* params = nullptr;  // for graphs with parameters; the program keeps them alive
  std::string pinned_plugin = {};  // kernels of this plugin first
};

// Planned once, run often, from any thread.
class Program : public detail::Owner<tenon_program, tenon_program_destroy> {
 public:
  Program() = default;
  // On the caller's memory, in the graph's order. An output may be the very memory of an input, and overlaps no other.
  void run(const std::vector<View>& inputs, const std::vector<View>& outputs, const tenon_run_options* options = nullptr) const {
    std::vector<tenon_tensor_view> views;
    views.reserve(inputs.size() + outputs.size());
    for (const View& view : inputs) views.push_back(view.get());
    for (const View& view : outputs) views.push_back(view.get());
    run(views.data(), inputs.size(), views.data() + inputs.size(), outputs.size(), options);
  }
  // The same without a vector made: nothing is allocated after the first run of a thread.
  void run(const tenon_tensor_view* inputs, std::size_t input_count, const tenon_tensor_view* outputs, std::size_t output_count,
           const tenon_run_options* options = nullptr) const {
    detail::call(tenon_program_run, get(), inputs, input_count, outputs, output_count, options);
  }
  // The program for inputs of these types, in order, every size known: for a graph with dynamic sizes, before the first run.
  Program bind(const std::vector<Type>& inputs) const {
    std::vector<tenon_type_view> types;
    for (const Type& type : inputs) types.push_back(type.get());
    tenon_program* out = nullptr;
    detail::call(tenon_program_bind, get(), types.data(), types.size(), &out);
    return Program(out, share());
  }
  // Sizes that are not bound are TENON_DYNAMIC.
  std::vector<NamedType> inputs() const { return list(tenon_program_get_input_count, tenon_program_get_input); }
  std::vector<NamedType> outputs() const { return list(tenon_program_get_output_count, tenon_program_get_output); }
  std::size_t step_count() const { return tenon_program_get_step_count(get()); }
  // The plan for a person; what runs where, and every candidate kernel of every step, as JSON.
  std::string plan() const { return detail::text(tenon_program_print, get()); }
  std::string report() const { return detail::text(tenon_program_report_json, get()); }
  std::string explain() const { return detail::text(tenon_program_explain_json, get()); }

 private:
  friend class Graph;
  template <class... Parents>
  explicit Program(tenon_program* program, Parents... parents) : Owner(program, std::move(parents)...) {}
  template <class Count, class Get>
  std::vector<NamedType> list(Count count, Get get_one) const {
    std::vector<NamedType> out;
    for (std::size_t i = 0; i < count(get()); ++i) {
      const char* name = nullptr;
      std::size_t length = 0;
      tenon_type_view type = TENON_TYPE_VIEW_INIT;
      detail::call(get_one, get(), i, &name, &length, &type);
      out.push_back({std::string(name, length), Type(type)});
    }
    return out;
  }
};

// ---- Graphs ----

// An operand by its name in the operator's schema.
struct NamedOperand {
  std::string name;
  tenon_value value;
};

// A graph: built by calls, checked and typed at each, or read from a graph file.
class Graph : public detail::Owner<tenon_graph, tenon_graph_destroy> {
 public:
  Graph() = default;
  Graph(const Context& context, std::string_view name)
      : Graph(made(context.get(), tenon_graph_create, name.data(), name.size()), context) {}
  // A graph file, or its text. flags: TENON_GRAPH_PRUNE. file: its name in messages.
  static Graph load(const Context& context, std::string_view path, std::uint32_t flags = 0) {
    return Graph(made(context.get(), tenon_graph_load, path.data(), path.size(), flags), context);
  }
  static Graph parse(const Context& context, std::string_view text, std::string_view file = {}, std::uint32_t flags = 0) {
    return Graph(made(context.get(), tenon_graph_parse, text.data(), text.size(), file.data(), file.size(), flags), context);
  }
  // One operator as a graph. shapes: "4x640,640" in the operands' order. attributes: "epsilon=1e-5".
  static Graph from_operator(const Context& context, std::string_view op, std::string_view dtype, std::string_view shapes,
                             const std::vector<std::string>& attributes = {}) {
    tenon_operator_source source = TENON_OPERATOR_SOURCE_INIT;
    source.op = op.data();
    source.op_length = op.size();
    source.dtype = dtype.data();
    source.dtype_length = dtype.size();
    source.shapes = shapes.data();
    source.shapes_length = shapes.size();
    std::vector<const char*> items;
    for (const std::string& attribute : attributes) items.push_back(attribute.c_str());
    source.attributes = items.data();
    source.attribute_count = items.size();
    return Graph(made(context.get(), tenon_graph_from_operator, &source), context);
  }

  // An argument of the graph. A size may be TENON_DYNAMIC.
  tenon_value input(std::string_view name, tenon_dtype dtype, const std::vector<std::int64_t>& dims) {
    const tenon_type_view type = {dims.data(), static_cast<std::int32_t>(dims.size()), dtype};
    return value(tenon_graph_add_input, name.data(), name.size(), &type);
  }
  // A named tensor of a parameter archive. alias: its name in the graph; "": the same.
  tenon_value param(std::string_view name, tenon_dtype dtype, const std::vector<std::int64_t>& dims, std::string_view alias = {}) {
    const tenon_type_view type = {dims.data(), static_cast<std::int32_t>(dims.size()), dtype};
    return value(tenon_graph_add_param, name.data(), name.size(), alias.data(), alias.size(), &type);
  }
  // A constant; the data is copied.
  tenon_value constant(std::string_view name, const View& data) {
    const tenon_tensor_view view = data.get();
    return value(tenon_graph_add_constant, name.data(), name.size(), &view);
  }
  // Adds a node and gives its results in the operator's order; TENON_VALUE_NONE for absent operands and results. name: unique in the graph;
  // "": made from the operator's. On failure the graph is as it was.
  std::vector<tenon_value> node(std::string_view op, const std::vector<tenon_value>& operands, const std::vector<Attr>& attributes = {},
                                std::string_view name = {}) {
    return add(name, op, operands, nullptr, attributes);
  }
  // The same with operands by name.
  std::vector<tenon_value> node_by_names(std::string_view op, const std::vector<NamedOperand>& operands,
                                         const std::vector<Attr>& attributes = {}, std::string_view name = {}) {
    std::vector<tenon_value> values;
    std::vector<const char*> names;
    for (const NamedOperand& operand : operands) {
      values.push_back(operand.value);
      names.push_back(operand.name.c_str());
    }
    return add(name, op, values, names.data(), attributes);
  }
  void output(std::string_view name, tenon_value value) { detail::call(tenon_graph_add_output, get(), name.data(), name.size(), value); }
  // "x", "norm", "norm:1", "norm:sum".
  tenon_value find(std::string_view name) const {
    tenon_value out = TENON_VALUE_NONE;
    detail::call(tenon_graph_find_value, get(), name.data(), name.size(), &out);
    return out;
  }
  Type type(tenon_value value) const {
    tenon_type_view out = TENON_TYPE_VIEW_INIT;
    detail::call(tenon_graph_get_type, get(), value, &out);
    return Type(out);
  }
  std::string to_yaml() const { return detail::text(tenon_graph_to_yaml, get()); }
  // The parameter file that the graph file names, or "".
  std::string params_file() const { return tenon_graph_get_params_file(get(), nullptr); }

  // StableHLO text for a target. params: for targets that keep parameters as constants.
  std::string lower(std::string_view target, const Params* params = nullptr) const {
    return lower(Target(context_.get(), target), params).text();
  }
  Module lower(const Target& target, const Params* params = nullptr) const {
    tenon_lower_options options = TENON_LOWER_OPTIONS_INIT;
    options.params = params == nullptr ? nullptr : params->get();
    tenon_module* out = nullptr;
    detail::call(tenon_graph_lower, get(), target.get(), &options, &out);
    return Module(out);
  }
  Program compile(const ProgramOptions& options = {}) const {
    tenon_program_options given = TENON_PROGRAM_OPTIONS_INIT;
    given.flags = options.flags;
    given.max_ulp = options.max_ulp;
    given.params = options.params == nullptr ? nullptr : options.params->get();
    given.pinned_plugin = options.pinned_plugin.empty() ? nullptr : options.pinned_plugin.data();
    given.pinned_plugin_length = options.pinned_plugin.size();
    tenon_program* out = nullptr;
    detail::call(tenon_graph_compile, get(), &given, &out);
    return Program(out, context_, options.params == nullptr ? nullptr : options.params->share());
  }
  // Each kernel step against the interpreter on inputs drawn from the seed. JSON. failed: how many broke the bound.
  std::string verify(const VerifyOptions& options = {}, const Params* params = nullptr, std::uint32_t* failed = nullptr) const {
    const tenon_verify_options given = options.get();
    tenon_blob* blob = nullptr;
    detail::call(tenon_verify_graph_json, get(), params == nullptr ? nullptr : params->get(), &given, &blob, failed);
    return detail::take(blob);
  }

 private:
  Graph(tenon_graph* graph, const Context& context) : Owner(graph, context.share()), context_(context.share()) {}
  template <class Make, class... Arguments>
  static tenon_graph* made(tenon_context* context, Make make, Arguments... arguments) {
    tenon_graph* out = nullptr;
    detail::call(make, context, arguments..., &out);
    return out;
  }
  template <class Add, class... Arguments>
  tenon_value value(Add add_one, Arguments... arguments) {
    tenon_value out = TENON_VALUE_NONE;
    detail::call(add_one, get(), arguments..., &out);
    return out;
  }
  std::vector<tenon_value> add(std::string_view name, std::string_view op, const std::vector<tenon_value>& operands,
                               const char* const* operand_names, const std::vector<Attr>& attributes) {
    std::vector<std::vector<tenon_attr>> items(attributes.size());
    std::vector<tenon_attr> given;
    for (std::size_t i = 0; i < attributes.size(); ++i) given.push_back(attributes[i].get(items[i]));
    tenon_node_request request = TENON_NODE_REQUEST_INIT;
    request.op = op.data();
    request.op_length = op.size();
    request.operands = operands.data();
    request.operand_count = operands.size();
    request.operand_names = operand_names;
    request.attributes = given.data();
    request.attribute_count = given.size();
    std::vector<tenon_value> results(1024, TENON_VALUE_NONE);  // no operator is near it
    std::size_t count = 0;
    for (;;) {
      const std::string text = name.empty() ? next_name(op) : std::string(name);
      request.name = text.data();
      request.name_length = text.size();
      tenon_error* error = nullptr;
      const std::int32_t code = tenon_graph_add_node(get(), &request, results.data(), results.size(), &count, &error);
      const std::optional<Error> failure = code == TENON_OK ? std::nullopt : std::make_optional<Error>(code, error);
      const bool taken = name.empty() && code == TENON_ALREADY_EXISTS;
      if (failure && !taken) throw *failure;
      if (name.empty()) ++numbers_[std::string(op)];
      if (!failure) break;
    }
    results.resize(count);
    return results;
  }
  // "rms_norm", then "rms_norm_1", ..
  std::string next_name(std::string_view op) const {
    const std::size_t dot = op.rfind('.');
    const std::string base(op.substr(dot == std::string_view::npos ? 0 : dot + 1));
    const auto number = numbers_.find(std::string(op));
    return number == numbers_.end() ? base : base + "_" + std::to_string(number->second);
  }
  std::shared_ptr<tenon_context> context_;
  std::unordered_map<std::string, std::size_t> numbers_;
};

}  // namespace v0_1
}  // namespace tenon

#endif  // TENON_TENON_HPP_
