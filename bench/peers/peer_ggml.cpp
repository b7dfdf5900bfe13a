// ggml's CPU backend, in f32: what it has of norms, softmax, sums of rows and products.
#include <ggml-cpu.h>
#include <ggml.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "bench/serve.h"

namespace {

using nlohmann::json;
using tenon::bench::Prepared;

struct Unsupported : std::runtime_error {
  using runtime_error::runtime_error;
};

std::vector<char> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Peer {
 public:
  explicit Peer(int threads) : threads_(threads) { ggml_cpu_init(); }

  Prepared prepare(const json& request) {
    const json& c = request.at("case");
    if (c.at("dtype") != "f32") throw Unsupported("ggml computes in f32");
    const ggml_init_params params{std::size_t{3} << 30, nullptr, false};
    context_.reset(ggml_init(params));
    if (context_ == nullptr) throw std::runtime_error("ggml_init failed");
    const std::string op = c.at("op");
    std::vector<ggml_tensor*> inputs;
    for (std::size_t i = 0; i < c.at("inputs").size(); ++i) inputs.push_back(tensor(c.at("inputs")[i].at("dims"), request.at("inputs")[i]));
    ggml_tensor* out = nullptr;
    std::vector<ggml_tensor*> results;
    if (op == "rms_norm") {
      ggml_tensor* x = inputs[0];
      if (inputs.size() == 3) x = ggml_add(get(), x, inputs[2]);
      out = ggml_mul(get(), ggml_rms_norm(get(), x, 1e-6f), inputs[1]);
      results = inputs.size() == 3 ? std::vector<ggml_tensor*>{out, x} : std::vector<ggml_tensor*>{out};
    } else if (op == "softmax" && last_axis(c)) {
      results = {out = ggml_soft_max(get(), inputs[0])};
    } else if (op == "reduce_sum" && last_axis(c)) {
      results = {out = ggml_sum_rows(get(), inputs[0])};
    } else if (op == "linear") {
      results = {out = ggml_mul_mat(get(), inputs[1], inputs[0])};
    } else {
      throw Unsupported("ggml has no such operator, or this program does not use it");
    }
    return finish(out, results);
  }

 private:
  ggml_context* get() { return context_.get(); }

  // ggml counts dimensions from the innermost one.
  ggml_tensor* tensor(const json& dims, const std::string& path) {
    std::vector<std::int64_t> sizes(dims.rbegin(), dims.rend());
    ggml_tensor* out = ggml_new_tensor(get(), GGML_TYPE_F32, static_cast<int>(sizes.size()), sizes.data());
    const std::vector<char> bytes = bytes_of(path);
    if (bytes.size() != ggml_nbytes(out)) throw std::runtime_error(path + " has the wrong size");
    std::memcpy(out->data, bytes.data(), bytes.size());
    return out;
  }

  static bool last_axis(const json& c) {
    for (const std::string text : c.value("attributes", json::array()))
      if (text == "axis=0" || text == "axes=[0]" || text == "axes=[1]") return false;
    return true;
  }

  Prepared finish(ggml_tensor* out, const std::vector<ggml_tensor*>& results) {
    graph_ = ggml_new_graph(get());
    ggml_build_forward_expand(graph_, out);
    plan_ = ggml_graph_plan(graph_, threads_, nullptr);
    work_.assign(plan_.work_size + 64, 0);
    plan_.work_data = work_.data();
    Prepared prepared;
    prepared.run = [this] { ggml_graph_compute(graph_, &plan_); };
    for (ggml_tensor* result : results) prepared.outputs.emplace_back(result->data, ggml_nbytes(result));
    return prepared;
  }

  struct Free {
    void operator()(ggml_context* context) const { ggml_free(context); }
  };
  int threads_;
  std::unique_ptr<ggml_context, Free> context_;
  ggml_cgraph* graph_ = nullptr;
  ggml_cplan plan_{};
  std::vector<std::uint8_t> work_;
};

}  // namespace

int main(int argc, char** argv) {
  unsigned threads = 1;
  for (int i = 1; i + 1 < argc; ++i)
    if (std::strcmp(argv[i], "--threads") == 0) threads = static_cast<unsigned>(std::stoul(argv[i + 1]));
  tenon::bench::pin(threads);
  Peer peer(static_cast<int>(threads));
  return tenon::bench::serve("ggml", "", [&](const json& request) { return peer.prepare(request); });
}
