#include "plugins/onednn/product/primitive.h"

// From the OpenMP runtime of oneDNN, GCC's. <omp.h> is the compiler's, and clang brings that of another runtime.
extern "C" int omp_get_max_threads(void);
extern "C" void omp_set_num_threads(int count);

namespace tenon::onednn {

using namespace plugin;

namespace {

void must(dnnl_status_t status, const char* what) {
  if (status == dnnl_out_of_memory) fail(TENON_RESOURCE_EXHAUSTED, cat("oneDNN has no memory for ", what));
  if (status != dnnl_success) fail(TENON_INTERNAL, cat("oneDNN failed at ", what, ", status ", static_cast<int>(status)));
}

// The processor. Made once: this library is never unmapped.
dnnl_engine_t engine() {
  static const dnnl_engine_t made = [] {
    dnnl_engine_t out = nullptr;
    must(dnnl_engine_create(&out, dnnl_cpu, 0), "its engine");
    return out;
  }();
  return made;
}

dnnl_data_type_t data_type(tenon_dtype dtype) {
  return dtype == TENON_F32 ? dnnl_f32 : dtype == TENON_BF16 ? dnnl_bf16 : dtype == TENON_F16 ? dnnl_f16 : dnnl_data_type_undef;
}

dnnl_memory_desc_t descriptor(const Layout& layout) {
  dnnl_memory_desc_t out;
  const dnnl_dims_t dims = {layout.rows, layout.columns};
  // The step of a single index is free: the one of a compact matrix is the one that oneDNN looks for.
  const bool is_row = layout.rows == 1, is_column = layout.columns == 1;
  const dnnl_dims_t strides = {is_row ? layout.columns * layout.column_step : layout.row_step, is_row && is_column ? 1
                                                                                               : is_column         ? 1
                                                                                                                   : layout.column_step};
  must(dnnl_memory_desc_init_by_strides(&out, 2, dims, data_type(layout.dtype), strides), "a memory descriptor");
  return out;
}

using Descriptor = Owned<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy>;
using Attributes = Owned<dnnl_primitive_attr_t, dnnl_primitive_attr_destroy>;

struct Described {
  dnnl_memory_desc_t left, right, bias, output;
  Descriptor descriptor;  // null: oneDNN has no code for it
};

Described describe(const Primitive::Request& request) {
  Described out{descriptor(request.left), descriptor(request.right), {}, descriptor(request.output), nullptr};
  if (request.bias) out.bias = descriptor({request.left.dtype, 1, request.output.columns, request.output.columns, 1});
  dnnl_matmul_desc_t product;
  must(dnnl_matmul_desc_init(&product, &out.left, &out.right, request.bias ? &out.bias : nullptr, &out.output), "describing a product");
  dnnl_primitive_attr_t raw_attributes = nullptr;
  must(dnnl_primitive_attr_create(&raw_attributes), "attributes");
  const Attributes attributes(raw_attributes);
  must(dnnl_primitive_attr_set_scratchpad_mode(raw_attributes, dnnl_scratchpad_mode_user), "attributes");
  // f32 is f32, whatever DNNL_DEFAULT_FPMATH_MODE says.
  must(dnnl_primitive_attr_set_fpmath_mode(raw_attributes, dnnl_fpmath_mode_strict), "attributes");
  dnnl_primitive_desc_t raw = nullptr;
  const dnnl_status_t status = dnnl_primitive_desc_create(&raw, &product, raw_attributes, engine(), nullptr);
  if (status == dnnl_unimplemented) return out;
  must(status, "choosing a product");
  out.descriptor.reset(raw);
  return out;
}

std::string implementation_of(const Described& described) {
  const char* name = nullptr;
  must(dnnl_primitive_desc_query(described.descriptor.get(), dnnl_query_impl_info_str, 0, &name), "asking for a name");
  return name;
}

}  // namespace

OneThread::OneThread() : before_(omp_get_max_threads()) {
  if (before_ != 1) omp_set_num_threads(1);
}
OneThread::~OneThread() {
  if (before_ != 1) omp_set_num_threads(before_);
}

std::string Primitive::refusal(const Request& request) {
  const OneThread one;
  const dnnl_version_t* const version = dnnl_version();
  const auto named = [&](const std::string& what) {
    return cat("oneDNN ", version->major, ".", version->minor, ".", version->patch, " has ", what, " on this processor");
  };
  const Described described = describe(request);
  if (!described.descriptor) return named(cat("no product of ", dtype_name(request.left.dtype)));
  const std::string implementation = implementation_of(described);
  // Others are its plain loops, and its older code, which asks for memory in every run.
  if (implementation.rfind("brg", 0) != 0) return named(cat("only \"", implementation, "\" for these matrices"));
  return {};
}

struct Primitive::Binding {
  Owned<dnnl_stream_t, dnnl_stream_destroy> stream;
  Owned<dnnl_memory_t, dnnl_memory_destroy> left, right, bias, output, scratch;
};

struct Primitive::Kept {
  std::atomic<Binding*> at[kKept] = {};
  ~Kept() {
    for (std::atomic<Binding*>& slot : at) delete slot.load();
  }
};

Primitive::Primitive(const Request& request) : has_bias_(request.bias), kept_(std::make_unique<Kept>()) {
  const OneThread one;
  const Described described = describe(request);
  if (!described.descriptor) fail(TENON_INTERNAL, "a product that was declined");
  left_ = described.left;
  right_ = described.right;
  bias_ = described.bias;
  output_ = described.output;
  scratch_ = *dnnl_primitive_desc_query_md(described.descriptor.get(), dnnl_query_scratchpad_md, 0);
  scratch_bytes_ = dnnl_memory_desc_get_size(&scratch_);
  implementation_ = implementation_of(described);
  dnnl_primitive_t raw = nullptr;
  must(dnnl_primitive_create(&raw, described.descriptor.get()), "compiling a product");
  primitive_.reset(raw);
  give_back(bind());
}

Primitive::~Primitive() = default;

std::unique_ptr<Primitive::Binding> Primitive::bind() const {
  auto out = std::make_unique<Binding>();
  dnnl_stream_t stream = nullptr;
  must(dnnl_stream_create(&stream, engine(), dnnl_stream_default_flags), "a stream");
  out->stream.reset(stream);
  const auto memory = [](const dnnl_memory_desc_t& descriptor) {
    dnnl_memory_t made = nullptr;
    must(dnnl_memory_create(&made, &descriptor, engine(), DNNL_MEMORY_NONE), "a memory object");
    return made;
  };
  out->left.reset(memory(left_));
  out->right.reset(memory(right_));
  out->output.reset(memory(output_));
  out->scratch.reset(memory(scratch_));
  if (has_bias_) out->bias.reset(memory(bias_));
  return out;
}

// One that waits, or where more runs are under way than ever before a new one: the one case in which a run makes objects of its own.
std::unique_ptr<Primitive::Binding> Primitive::take() const {
  for (std::atomic<Binding*>& slot : kept_->at)
    if (slot.load(std::memory_order_relaxed) != nullptr)
      if (Binding* const found = slot.exchange(nullptr, std::memory_order_acquire)) return std::unique_ptr<Binding>(found);
  try {
    return bind();
  } catch (...) {
    return nullptr;
  }
}

void Primitive::give_back(std::unique_ptr<Binding> binding) const {
  for (std::atomic<Binding*>& slot : kept_->at) {
    Binding* empty = nullptr;
    if (slot.compare_exchange_strong(empty, binding.get(), std::memory_order_release, std::memory_order_relaxed)) {
      (void)binding.release();
      return;
    }
  }
}

bool Primitive::run(const Data& data) const {
  const OneThread one;
  std::unique_ptr<Binding> binding = take();
  if (binding == nullptr) return false;
  // oneDNN's objects hold addresses without const; it writes to the output and the scratch memory alone.
  dnnl_exec_arg_t arguments[5];
  int count = 0;
  bool good = true;
  const auto pass = [&](int name, dnnl_memory_t memory, const void* address) {
    good = good && dnnl_memory_set_data_handle(memory, const_cast<void*>(address)) == dnnl_success;
    arguments[count++] = {name, memory};
  };
  pass(DNNL_ARG_SRC, binding->left.get(), data.left);
  pass(DNNL_ARG_WEIGHTS, binding->right.get(), data.right);
  if (has_bias_) pass(DNNL_ARG_BIAS, binding->bias.get(), data.bias);
  pass(DNNL_ARG_DST, binding->output.get(), data.output);
  pass(DNNL_ARG_SCRATCHPAD, binding->scratch.get(), data.scratch);
  good = good && dnnl_primitive_execute(primitive_.get(), binding->stream.get(), count, arguments) == dnnl_success;
  give_back(std::move(binding));
  return good;
}

}  // namespace tenon::onednn
