#include "inputs.h"

#include <charconv>

#include "terminal.h"

namespace tenon::cli {
namespace {

class Binder {
 public:
  Binder(const Context& context, const Program& program) : context_(context), inputs_(program_inputs(program)), specs_(inputs_.size()) {}

  BoundInputs bind(const std::vector<std::string>& specs, std::optional<std::uint64_t> random) {
    for (const std::string& spec : specs) read_spec(spec);
    out_.views.resize(inputs_.size());
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const std::string& spec = specs_[i];
      if (!spec.empty())
        bind_one(i, spec);
      else if (!archive_.empty() && (!random || in_archive(i)))
        bind_archived(i, archive_);
      else if (random)
        draw(i, *random + i);
      else
        throw Failure(
            "INVALID_ARGUMENT", "input " + inputs_[i].name + " has no value: expected " + type_text(inputs_[i].type),
            "give one: --input " + inputs_[i].name + "=FILE.npy, or --input " + inputs_[i].name + "=random, or --random SEED for all")
            .at("operand", inputs_[i].name);
    }
    return std::move(out_);
  }

 private:
  void read_spec(const std::string& spec) {
    std::string rest;
    const int index = split_binding(spec, inputs_, rest);
    if (index >= 0) {
      std::string& known = specs_[static_cast<std::size_t>(index)];
      const std::string& name = inputs_[static_cast<std::size_t>(index)].name;
      if (rest.empty()) throw wrong_usage("--input " + spec + " names no file", "write " + name + "=FILE.npy or " + name + "=random");
      if (!known.empty()) throw wrong_usage("input " + name + " is given twice", "keep one of " + known + " and " + rest);
      known = rest;
      return;
    }
    const std::size_t equals = spec.find('=');
    if (equals != std::string::npos) {
      const std::string name = spec.substr(0, equals);
      throw Failure("NOT_FOUND", "the graph has no input " + name, did_you_mean(name, names_of(inputs_), inputs_text()))
          .at("operand", name);
    }
    if (!has_suffix(spec, ".safetensors"))
      throw wrong_usage("--input " + spec + " names no input", "write NAME=" + spec + "; " + inputs_text());
    if (!archive_.empty())
      throw wrong_usage("two files for all inputs: " + archive_ + " and " + spec, "give one, or NAME=FILE for each input");
    archive_ = spec;
  }

  std::string inputs_text() const {
    return inputs_.empty() ? "the graph has no inputs" : "the graph's inputs are " + join(names_of(inputs_), ", ");
  }

  void bind_one(std::size_t i, const std::string& spec) {
    if (spec == "random" || spec.rfind("random:", 0) == 0) {
      std::uint64_t seed = i;
      if (spec.size() > 6) {
        const char* begin = spec.data() + 7;
        const char* end = spec.data() + spec.size();
        const auto read = std::from_chars(begin, end, seed);
        if (read.ec != std::errc() || read.ptr != end)
          throw wrong_usage("input " + inputs_[i].name + ": " + spec + " has no seed that is a number", "write random:7");
      }
      return draw(i, seed);
    }
    if (has_suffix(spec, ".npy")) return bind_npy(i, spec);
    if (has_suffix(spec, ".safetensors")) return bind_archived(i, spec);
    throw Failure("INVALID_ARGUMENT", "input " + inputs_[i].name + ": " + spec + " is no .npy and no .safetensors file by its name",
                  "name the file FILE.npy, or write random:SEED")
        .at("operand", inputs_[i].name);
  }

  void draw(std::size_t i, std::uint64_t seed) {
    if (is_dynamic(inputs_[i].type))
      throw Failure("FAILED_PRECONDITION", "input " + inputs_[i].name + ": no sizes to draw for: " + type_text(inputs_[i].type),
                    "give a file, whose sizes count: --input " + inputs_[i].name + "=FILE.npy")
          .at("operand", inputs_[i].name);
    Tensor tensor = make<Tensor>(tenon_tensor_create, context_.get(), static_cast<const tenon_type_view*>(&inputs_[i].type));
    call(tenon_tensor_fill_random, tensor.get(), seed);
    take(i, std::move(tensor));
  }

  void bind_npy(std::size_t i, const std::string& path) {
    try {
      Tensor tensor = make<Tensor>(tenon_tensor_load, context_.get(), path.data(), path.size(), inputs_[i].type.dtype);
      check_type(i, view_of(tensor), path);
      take(i, std::move(tensor));
    } catch (Failure& failure) {
      throw std::move(failure).name_input(inputs_[i].name).at("file", path);
    }
  }

  // -1: none of that name.
  std::ptrdiff_t find(const Params& archive, const std::string& name, tenon_tensor_view& view, std::vector<std::string>& names) const {
    for (std::size_t t = 0; t < tenon_params_get_count(archive.get()); ++t) {
      const char* data = nullptr;
      std::size_t length = 0;
      call(tenon_params_get, static_cast<const tenon_params*>(archive.get()), t, &data, &length, &view);
      names.emplace_back(data, length);
      if (names.back() == name) return static_cast<std::ptrdiff_t>(t);
    }
    return -1;
  }

  const Params& open(const std::string& path) {
    for (std::size_t a = 0; a < paths_.size(); ++a)
      if (paths_[a] == path) return out_.archives[a];
    out_.archives.push_back(make<Params>(tenon_params_open, context_.get(), path.data(), path.size()));
    paths_.push_back(path);
    return out_.archives.back();
  }

  bool in_archive(std::size_t i) {
    tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
    std::vector<std::string> names;
    return find(open(archive_), inputs_[i].name, view, names) >= 0;
  }

  void bind_archived(std::size_t i, const std::string& path) {
    const Params& archive = open(path);
    tenon_tensor_view view = TENON_TENSOR_VIEW_INIT;
    std::vector<std::string> names;
    const std::string& name = inputs_[i].name;
    if (find(archive, name, view, names) < 0)
      throw Failure("NOT_FOUND", "input " + name + ": no tensor of that name in " + path,
                    did_you_mean(name, names, "`tenon inspect " + path + "` lists its tensors"))
          .at("operand", name)
          .at("file", path);
    check_type(i, view, path);
    out_.views[i] = view;
  }

  void check_type(std::size_t i, const tenon_tensor_view& view, const std::string& path) const {
    const tenon_type_view& expected = inputs_[i].type;
    const tenon_type_view got = type_of(view);
    if (fits(got, expected)) return;
    const std::string came = got.dtype == TENON_DTYPE_INVALID ? "a dtype that is none of Tenon's" : type_text(got);
    throw Failure("INVALID_ARGUMENT", "input " + inputs_[i].name + ": expected " + type_text(expected) + ", got " + came,
                  "nothing is converted: write the file as the graph declares the input")
        .at("operand", inputs_[i].name)
        .at("file", path);
  }

  void take(std::size_t i, Tensor tensor) {
    out_.views[i] = view_of(tensor);
    out_.tensors.push_back(std::move(tensor));
  }

  const Context& context_;
  const std::vector<Named> inputs_;
  std::vector<std::string> specs_;  // per input: what its NAME= says
  std::string archive_;             // for all inputs
  std::vector<std::string> paths_;  // of out_.archives
  BoundInputs out_;
};

}  // namespace

BoundInputs bind_inputs(const Context& context, const Program& program, const std::vector<std::string>& specs,
                        std::optional<std::uint64_t> random) {
  return Binder(context, program).bind(specs, random);
}

}  // namespace tenon::cli
