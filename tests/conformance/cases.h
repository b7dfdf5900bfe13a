// The cases of all operators that have kernels, as graphs of one node with their inputs: for tests that run them in ways of their own.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/pipeline/support.h"

namespace tenon_test {

using nlohmann::json;

inline json machine_of(tenon_context* context) {
  tenon_blob* blob = nullptr;
  must([&](tenon_error** e) { return tenon_machine_json(context, &blob, e); });
  const Owned<tenon_blob> owned(blob);
  return json::parse(tenon_blob_get_data(blob, nullptr));
}

inline json operators_of(tenon_context* context) {
  tenon_blob* blob = nullptr;
  must([&](tenon_error** e) { return tenon_operators_json(context, nullptr, 0, &blob, e); });
  const Owned<tenon_blob> owned(blob);
  return json::parse(tenon_blob_get_data(blob, nullptr))["operators"];
}

// The levels that this machine has and this build too, best first: a build for the sanitizers has not all.
inline std::vector<std::string> usable_levels() {
  const std::string built = "," TENON_BUILT_LEVELS ",";
  std::vector<std::string> levels;
  const json machine = machine_of(make_context().get());
  for (const std::string level : machine["levels"])
    if (built.find("," + level + ",") != std::string::npos) levels.push_back(level);
  return levels;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    // In memory if possible: thousands of small files, each of which is brought to the disk before it counts as written.
    std::string name = "/dev/shm/tenon-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
      name = (std::filesystem::temp_directory_path() / "tenon-test-XXXXXX").string();
      if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

// A tensor's values, compact.
struct Values {
  std::string name;
  tenon_dtype dtype = TENON_DTYPE_INVALID;
  std::vector<std::int64_t> dims;
  std::vector<char> bytes;

  std::size_t size() const { return tenon_dtype_size(dtype); }
  std::size_t elements() const {
    std::size_t count = 1;
    for (std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
    return count;
  }
  tenon_tensor_view view() {
    tenon_tensor_view out = TENON_TENSOR_VIEW_INIT;
    out.data = bytes.data();
    out.dims = dims.data();
    out.rank = static_cast<std::int32_t>(dims.size());
    out.dtype = dtype;
    return out;
  }
};

struct Case {
  std::string op, name;  // "rms_norm", "plain-f32"
  std::string graph;     // a graph file's text
  std::vector<Values> inputs;

  std::string what() const { return op + "/" + name; }
};

// Where the cases of operators lie that a verification has written.
struct CaseFolder {
  std::string op;
  std::filesystem::path path;
};

inline Case load_case(tenon_context* context, const CaseFolder& from) {
  Case out{from.op, from.path.filename().string(), read_text(from.path / "graph.yaml"), {}};
  const json described = json::parse(read_text(from.path / "case.json"));
  for (const auto& operand : described["operands"])
    for (const json& part : operand) {
      Values values;
      values.name = part["input"];
      const std::string dtype = part["dtype"], file = (from.path / part["file"].get<std::string>()).string();
      values.dtype = tenon_dtype_from_name(dtype.c_str(), dtype.size());
      values.dims = part["shape"].get<std::vector<std::int64_t>>();
      tenon_tensor* tensor = nullptr;
      must([&](tenon_error** e) { return tenon_tensor_load(context, file.c_str(), file.size(), values.dtype, &tensor, e); });
      const Owned<tenon_tensor> owned(tensor);
      tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
      must([&](tenon_error** e) { return tenon_tensor_get_view(tensor, &view, e); });
      const char* const data = static_cast<const char*>(view.data);
      values.bytes.assign(data, data + values.elements() * values.size());
      out.inputs.push_back(std::move(values));
    }
  return out;
}

// Verifies every operator with kernels, which writes its named cases and `random` drawn ones below `folder`; of each at most `most`, evenly
// chosen.
inline std::vector<CaseFolder> export_cases(tenon_context* context, const std::string& folder, std::uint32_t random, std::size_t most) {
  std::vector<CaseFolder> out;
  for (const json& op : operators_of(context)) {
    if (op["kernels"].empty()) continue;
    const std::string full = op["full_name"], name = op["name"];
    tenon_verify_options options = TENON_VERIFY_OPTIONS_INIT;
    options.seed = 31;
    options.random_cases = random;
    options.export_folder = folder.c_str();
    options.export_folder_length = folder.size();
    tenon_blob* report = nullptr;
    std::uint32_t failed = 0;
    must([&](tenon_error** e) { return tenon_verify_operator_json(context, full.c_str(), full.size(), &options, &report, &failed, e); });
    const Owned<tenon_blob> owned(report);
    EXPECT_EQ(failed, 0u) << full;
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(folder) / name)) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    const std::size_t count = std::min(most, paths.size());
    for (std::size_t i = 0; i < count; ++i) out.push_back({name, paths[i * paths.size() / count]});
  }
  return out;
}

inline Owned<tenon_graph> parse_graph(tenon_context* context, const std::string& text, tenon_error** error) {
  tenon_graph* graph = nullptr;
  if (tenon_graph_parse(context, text.c_str(), text.size(), "case.yaml", TENON_NUL_TERMINATED, 0, &graph, error) != TENON_OK)
    return nullptr;
  return Owned<tenon_graph>(graph);
}

inline Owned<tenon_program> compile(const tenon_graph* graph) {
  tenon_program* program = nullptr;
  must([&](tenon_error** e) { return tenon_graph_compile(graph, nullptr, &program, e); });
  return Owned<tenon_program>(program);
}

// Whether a kernel runs the graph's node, and nothing is left to the interpreter.
inline bool by_kernel(const tenon_program* program) {
  tenon_blob* report = nullptr;
  must([&](tenon_error** e) { return tenon_program_report_json(program, &report, e); });
  const Owned<tenon_blob> owned(report);
  const json parsed = json::parse(tenon_blob_get_data(report, nullptr));
  bool kernel = false;
  for (const json& step : parsed["steps"]) {
    if (step["kernel"] == "interpreter") return false;
    kernel = kernel || !step["plugin"].get<std::string>().empty();
  }
  return kernel;
}

// The case's inputs in the program's order.
inline std::vector<Values*> inputs_of(const tenon_program* program, Case& test) {
  std::vector<Values*> out;
  for (std::size_t i = 0; i < tenon_program_get_input_count(program); ++i) {
    const char* name = nullptr;
    std::size_t length = 0;
    tenon_type_view type = TENON_TYPE_VIEW_INIT;
    must([&](tenon_error** e) { return tenon_program_get_input(program, i, &name, &length, &type, e); });
    for (Values& values : test.inputs)
      if (values.name == std::string(name, length)) out.push_back(&values);
  }
  return out;
}

// Room for the program's outputs.
inline std::vector<Values> outputs_of(const tenon_program* program) {
  std::vector<Values> out(tenon_program_get_output_count(program));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char* name = nullptr;
    std::size_t length = 0;
    tenon_type_view type = TENON_TYPE_VIEW_INIT;
    must([&](tenon_error** e) { return tenon_program_get_output(program, i, &name, &length, &type, e); });
    out[i].name.assign(name, length);
    out[i].dtype = type.dtype;
    out[i].dims.assign(type.dims, type.dims + type.rank);
    out[i].bytes.resize(out[i].elements() * out[i].size());
  }
  return out;
}

// Every size `from` of the inputs becomes `to`, their values are repeated, and the graph's text follows. Sizes in attributes stay.
inline Case scaled(const Case& base, std::int64_t from, std::int64_t to) {
  Case out = base;
  for (Values& values : out.inputs) {
    const Values old = values;
    for (std::int64_t& dim : values.dims)
      if (dim == from) dim = to;
    values.bytes.resize(values.elements() * values.size());
    for (std::size_t i = 0; i < values.elements(); ++i) {
      std::size_t rest = i, source = 0, step = 1;
      for (std::size_t d = values.dims.size(); d-- > 0; rest /= static_cast<std::size_t>(values.dims[d])) {
        const auto size = static_cast<std::size_t>(old.dims[d]);
        source += rest % static_cast<std::size_t>(values.dims[d]) % size * step;
        step *= size;
      }
      std::memcpy(values.bytes.data() + i * values.size(), old.bytes.data() + source * values.size(), values.size());
    }
  }
  // "shape: [3, 5]" of each input, before the nodes.
  const std::size_t nodes = out.graph.find("\nnodes:");
  std::string head = out.graph.substr(0, nodes), made;
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t begin = head.find("shape: [", at);
    if (begin == std::string::npos) {
      made += head.substr(at);
      break;
    }
    const std::size_t end = head.find(']', begin);
    std::string list = head.substr(begin + 8, end - begin - 8), sizes;
    std::istringstream stream(list);
    for (std::string size; std::getline(stream, size, ',');)
      sizes += (sizes.empty() ? "" : ", ") + std::to_string(std::stoll(size) == from ? to : std::stoll(size));
    made += head.substr(at, begin + 8 - at) + sizes;
    at = end;
  }
  out.graph = made + out.graph.substr(nodes);
  out.name += " with " + std::to_string(to) + " for " + std::to_string(from);
  return out;
}

inline std::size_t largest(const Case& test, std::int64_t from, std::int64_t to) {
  std::size_t most = 0;
  for (const Values& values : test.inputs) {
    std::size_t count = 1;
    for (std::int64_t dim : values.dims) count *= static_cast<std::size_t>(dim == from ? to : dim);
    most = std::max(most, count);
  }
  return most;
}

// The case with one of its sizes enlarged, for each of them, so that the largest input has about as many elements.
inline std::vector<Case> large_ones(const Case& test, std::size_t elements) {
  std::set<std::int64_t> sizes;
  for (const Values& values : test.inputs) {
    for (std::int64_t dim : values.dims) {
      if (dim == 0) return {};
      if (dim > 1) sizes.insert(dim);
    }
  }
  std::vector<Case> out;
  for (std::int64_t size : sizes) {
    std::int64_t to = size;
    while (largest(test, size, 2 * to) <= elements) to *= 2;
    if (to > size) out.push_back(scaled(test, size, to));
  }
  return out;
}

}  // namespace tenon_test
