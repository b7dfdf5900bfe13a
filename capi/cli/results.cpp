#include "results.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "output.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

namespace fs = std::filesystem;

bool is_folder(const std::string& spec) {
  std::error_code code;
  return fs::is_directory(spec, code) || spec.back() == '/' || fs::path(spec).filename().string().find('.') == std::string::npos;
}

// A folder that is missing is better known before a long run than after it.
void check_parent(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  std::error_code code;
  if (!parent.empty() && !fs::is_directory(parent, code))
    throw Failure("NOT_FOUND", "no folder " + parent.string() + " to write " + path + " in", "make the folder first").at("file", path);
}

// The library writes .npy to a path; stdout gets a copy of it.
void write_npy_to_stdout(const tenon_tensor_view& view) {
  std::string folder = (fs::temp_directory_path() / "tenon-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr)
    throw Failure("UNAVAILABLE", "no temporary folder can be made in " + fs::temp_directory_path().string(),
                  "set TMPDIR to a folder that can be written");
  struct Remover {
    const std::string& path;
    ~Remover() {
      std::error_code code;
      fs::remove_all(path, code);
    }
  } remover{folder};
  const std::string file = folder + "/stdout.npy";
  call(tenon_view_save, &view, file.data(), file.size());
  std::ifstream in(file, std::ios::binary);
  write_stdout(std::string(std::istreambuf_iterator<char>(in), {}));
}

}  // namespace

ResultFiles::ResultFiles(const std::vector<std::string>& specs, const std::vector<Named>& outputs) : outputs_(outputs) {
  for (const std::string& spec : specs) {
    std::string rest;
    const int index = split_binding(spec, outputs_, rest);
    if (index >= 0) {
      add_named(static_cast<std::size_t>(index), rest);
    } else if (const std::size_t equals = spec.find('='); equals != std::string::npos) {
      const std::string name = spec.substr(0, equals);
      throw Failure("NOT_FOUND", "the graph has no output " + name,
                    did_you_mean(name, names_of(outputs_), "the graph's outputs are " + join(names_of(outputs_), ", ")))
          .at("operand", name);
    } else {
      add_all(spec);
    }
  }
}

void ResultFiles::add_named(std::size_t output, const std::string& path) {
  if (path == "-") return add({Sink::Kind::Stdout, path, output});
  if (!has_suffix(path, ".npy"))
    throw wrong_usage("-o " + outputs_[output].name + "=" + path + " is no .npy file by its name",
                      "write -o " + outputs_[output].name + "=FILE.npy");
  add({Sink::Kind::Npy, path, output});
}

void ResultFiles::add_all(const std::string& spec) {
  if (spec.empty()) throw wrong_usage("-o needs a file", "write -o NAME=FILE.npy, -o FILE.safetensors or -o FOLDER/");
  if (has_suffix(spec, ".safetensors")) return add({Sink::Kind::Safetensors, spec, 0});
  if (spec == "-" || has_suffix(spec, ".npy")) {
    if (outputs_.size() != 1)
      throw Failure("INVALID_ARGUMENT", "-o " + spec + " takes one output, and the graph has " + std::to_string(outputs_.size()),
                    "write -o NAME=" + spec + ", -o FILE.safetensors or -o FOLDER/; the outputs are " + join(names_of(outputs_), ", "));
    return add({spec == "-" ? Sink::Kind::Stdout : Sink::Kind::Npy, spec, 0});
  }
  if (!is_folder(spec))
    throw wrong_usage("-o " + spec + " is no .npy, no .safetensors and no folder by its name",
                      "write -o NAME=FILE.npy, -o FILE.safetensors or -o FOLDER/");
  add_folder(spec);
}

void ResultFiles::add_folder(const std::string& folder) {
  folders_.push_back(folder);
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    std::string name = outputs_[i].name;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == ':' || c == '/'; }, '_');
    const std::string path = (fs::path(folder) / (name + ".npy")).string();
    for (const Sink& sink : sinks_)
      if (sink.path == path)
        throw Failure("ALREADY_EXISTS",
                      "outputs " + outputs_[sink.output].name + " and " + outputs_[i].name + " would both be written to " + path,
                      "name the files: -o NAME=FILE.npy")
            .at("operand", outputs_[i].name);
    sinks_.push_back({Sink::Kind::Npy, path, i});
  }
}

void ResultFiles::add(Sink sink) {
  for (const Sink& other : sinks_)
    if (other.path == sink.path) throw wrong_usage("two results for " + sink.path, "give each its own file");
  if (sink.kind != Sink::Kind::Stdout) check_parent(sink.path);
  sinks_.push_back(std::move(sink));
}

bool ResultFiles::to_stdout() const {
  return std::any_of(sinks_.begin(), sinks_.end(), [](const Sink& sink) { return sink.kind == Sink::Kind::Stdout; });
}

std::vector<std::string> ResultFiles::write(const std::vector<tenon_tensor_view>& views) const {
  for (const std::string& folder : folders_) {
    std::error_code code;
    fs::create_directories(folder, code);
    if (code) throw Failure("PERMISSION_DENIED", "the folder cannot be made: " + code.message(), "check the path").at("file", folder);
  }
  std::vector<std::string> paths;
  for (const Sink& sink : sinks_) {
    if (sink.kind == Sink::Kind::Stdout) {
      write_npy_to_stdout(views[sink.output]);
      continue;
    }
    if (sink.kind == Sink::Kind::Npy) {
      call(tenon_view_save, &views[sink.output], sink.path.data(), sink.path.size());
    } else {
      std::vector<const char*> names;
      for (const Named& output : outputs_) names.push_back(output.name.c_str());
      call(tenon_views_save, views.data(), names.data(), views.size(), sink.path.data(), sink.path.size());
    }
    paths.push_back(sink.path);
  }
  return paths;
}

}  // namespace tenon::cli
