#include "bench/host.h"

#include <cstring>
#include <stdexcept>

namespace tenon::bench {
namespace {

// Memory of our own for a type, filled with the library's random values.
Tensor make_tensor(tenon_context* context, const tenon_type_view& type, std::uint64_t seed) {
  Owned<tenon_tensor> values =
      own<tenon_tensor>([&](tenon_tensor** out, tenon_error** error) { return tenon_tensor_create(context, &type, out, error); });
  tenon_error* error = nullptr;
  must(tenon_tensor_fill_random(values.get(), seed, &error), error);
  Tensor tensor;
  tenon_tensor_get_view(values.get(), &tensor.view, nullptr);
  tensor.dims.assign(tensor.view.dims, tensor.view.dims + tensor.view.rank);
  tensor.strides.assign(tensor.view.strides, tensor.view.strides + tensor.view.rank);
  std::size_t elements = 1;
  for (std::int64_t d : tensor.dims) elements *= static_cast<std::size_t>(d);
  tensor.bytes = elements * tenon_dtype_size(tensor.view.dtype);
  tensor.memory = std::make_unique<Buffer>(tensor.bytes);
  std::memcpy(tensor.memory->data(), tensor.view.data, tensor.bytes);
  tensor.view.data = tensor.memory->data();
  tensor.view.dims = tensor.dims.data();
  tensor.view.strides = tensor.strides.data();
  return tensor;
}

}  // namespace

json parsed(const Owned<tenon_blob>& blob) { return json::parse(tenon_blob_get_data(blob.get(), nullptr)); }

Owned<tenon_context> make_context(const std::string& level, unsigned threads) {
  return own<tenon_context>([&](tenon_context** out, tenon_error** error) {
    tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    options.arch = level.empty() ? nullptr : level.data();
    options.arch_length = level.size();
    return tenon_context_create(&options, out, error);
  });
}

Work::Work(const Case& c, const std::string& level, unsigned threads) : context_(make_context(level, threads)) {
  std::vector<const char*> attributes;
  for (const std::string& attribute : c.attributes) attributes.push_back(attribute.c_str());
  const Owned<tenon_graph> graph = own<tenon_graph>([&](tenon_graph** out, tenon_error** error) {
    tenon_operator_source source = TENON_OPERATOR_SOURCE_INIT;
    source.op = c.op.data();
    source.op_length = c.op.size();
    source.dtype = c.dtype.data();
    source.dtype_length = c.dtype.size();
    source.shapes = c.shape.data();
    source.shapes_length = c.shape.size();
    source.attributes = attributes.data();
    source.attribute_count = attributes.size();
    return tenon_graph_from_operator(context_.get(), &source, out, error);
  });
  program_ = own<tenon_program>([&](tenon_program** out, tenon_error** error) {
    tenon_program_options options = TENON_PROGRAM_OPTIONS_INIT;
    options.flags = TENON_PROGRAM_STRICT;
    return tenon_graph_compile(graph.get(), &options, out, error);
  });
  tenon_type_view type = TENON_TYPE_VIEW_INIT;
  for (std::size_t i = 0; i < tenon_program_get_input_count(program_.get()); ++i) {
    tenon_program_get_input(program_.get(), i, nullptr, nullptr, &type, nullptr);
    inputs.push_back(make_tensor(context_.get(), type, i + 1));
    input_views_.push_back(inputs.back().view);
  }
  for (std::size_t i = 0; i < tenon_program_get_output_count(program_.get()); ++i) {
    tenon_program_get_output(program_.get(), i, nullptr, nullptr, &type, nullptr);
    outputs.push_back(make_tensor(context_.get(), type, 99));
    output_views_.push_back(outputs.back().view);
  }
  const json report =
      parsed(own<tenon_blob>([&](tenon_blob** out, tenon_error** error) { return tenon_program_report_json(program_.get(), out, error); }));
  for (const json& step : report["steps"]) {
    bytes += step.value("bytes", 0.0);
    flops += step.value("flops", 0.0);
    note = step.value("note", "");
  }
}

void Work::run() const {
  tenon_error* error = nullptr;
  must(tenon_program_run(program_.get(), input_views_.data(), input_views_.size(), output_views_.data(), output_views_.size(), nullptr,
                         &error),
       error);
}

}  // namespace tenon::bench
