// oneDNN 2, as Debian has it: softmax, sums and maxima, products. RMS normalization came with oneDNN 3.
#include <cstring>
#include <dnnl.hpp>
#include <fstream>
#include <stdexcept>
#include <unordered_map>

#include "bench/serve.h"

namespace {

using nlohmann::json;
using tenon::bench::Prepared;
using Type = dnnl::memory::data_type;

struct Unsupported : std::runtime_error {
  using runtime_error::runtime_error;
};

Type type_of(const std::string& name) {
  if (name == "f32") return Type::f32;
  if (name == "bf16") return Type::bf16;
  throw Unsupported("oneDNN 2 has no " + name + " on CPUs");
}

dnnl::memory::desc compact(const json& type) {
  dnnl::memory::dims dims = type.at("dims"), strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return {dims, type_of(type.at("dtype")), strides};
}

class Peer {
 public:
  Prepared prepare(const json& request) {
    const json& c = request.at("case");
    const std::string op = c.at("op");
    const json &inputs = c.at("inputs"), &outputs = c.at("outputs");
    arguments_.clear();
    const dnnl::memory x = loaded(compact(inputs[0]), request.at("inputs")[0]);
    if (op == "softmax")
      softmax(x, axis(c));
    else if (op == "reduce_sum" || op == "reduce_max" || op == "reduce_min" || op == "reduce_mean")
      reduce(x, op, axis(c));
    else if (op == "matmul" || op == "linear")
      multiply(x, op == "linear", inputs[1], request.at("inputs")[1], outputs[0]);
    else
      throw Unsupported("oneDNN 2 has no such primitive");
    const dnnl::memory y = arguments_.at(DNNL_ARG_DST);
    Prepared prepared;
    prepared.run = [this] {
      primitive_.execute(stream_, arguments_);
      stream_.wait();
    };
    prepared.outputs = {{y.get_data_handle(), y.get_desc().get_size()}};
    return prepared;
  }

 private:
  dnnl::memory loaded(const dnnl::memory::desc& type, const std::string& path) {
    dnnl::memory memory(type, engine_);
    std::ifstream file(path, std::ios::binary);
    if (!file.read(static_cast<char*>(memory.get_data_handle()), static_cast<std::streamsize>(type.get_size())))
      throw std::runtime_error("cannot read " + path);
    return memory;
  }

  static int axis(const json& c) {
    int at = -1;
    for (const std::string text : c.value("attributes", json::array())) {
      const json value = json::parse(text.substr(text.find('=') + 1));
      if (text.starts_with("axis=")) at = value.get<int>();
      if (text.starts_with("axes=")) at = value.at(0).get<int>();
    }
    return at < 0 ? at + static_cast<int>(c.at("inputs")[0].at("dims").size()) : at;
  }

  void softmax(const dnnl::memory& x, int along) {
    const dnnl::softmax_forward::desc what(dnnl::prop_kind::forward_inference, x.get_desc(), along);
    finish(dnnl::softmax_forward({what, engine_}), x, dnnl::memory(x.get_desc(), engine_));
  }

  void reduce(const dnnl::memory& x, const std::string& op, int along) {
    dnnl::memory::dims dims = x.get_desc().dims();
    dims[static_cast<std::size_t>(along)] = 1;
    const dnnl::memory::desc y(dims, x.get_desc().data_type(), dnnl::memory::format_tag::ab);
    const auto algorithm = op == "reduce_sum"   ? dnnl::algorithm::reduction_sum
                           : op == "reduce_max" ? dnnl::algorithm::reduction_max
                           : op == "reduce_min" ? dnnl::algorithm::reduction_min
                                                : dnnl::algorithm::reduction_mean;
    finish(dnnl::reduction({{algorithm, x.get_desc(), y, 0.f, 0.f}, engine_}), x, dnnl::memory(y, engine_));
  }

  // The weights may be packed beforehand, as a program would do it.
  void multiply(const dnnl::memory& x, bool transposed, const json& weights, const std::string& file, const json& result) {
    dnnl::memory::desc given = compact(weights);
    if (transposed) given = given.permute_axes({1, 0});
    const dnnl::memory::desc any(given.dims(), given.data_type(), dnnl::memory::format_tag::any), y = compact(result);
    const dnnl::matmul::primitive_desc plan({x.get_desc(), any, y}, engine_);
    dnnl::memory raw = loaded(given, file), packed(plan.weights_desc(), engine_);
    dnnl::reorder(raw, packed).execute(stream_, raw, packed);
    stream_.wait();
    finish(dnnl::matmul(plan), x, dnnl::memory(y, engine_));
    arguments_.insert({DNNL_ARG_WEIGHTS, packed});
  }

  void finish(dnnl::primitive primitive, const dnnl::memory& x, const dnnl::memory& y) {
    primitive_ = std::move(primitive);
    arguments_.insert({DNNL_ARG_SRC, x});
    arguments_.insert({DNNL_ARG_DST, y});
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

}  // namespace

int main(int argc, char** argv) {
  unsigned threads = 1;
  for (int i = 1; i + 1 < argc; ++i)
    if (std::strcmp(argv[i], "--threads") == 0) threads = static_cast<unsigned>(std::stoul(argv[i + 1]));
  tenon::bench::pin(threads);
  Peer peer;
  const dnnl::version_t* version = dnnl::version();
  const std::string number = std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch);
  return tenon::bench::serve("onednn", number, [&](const json& request) { return peer.prepare(request); });
}
