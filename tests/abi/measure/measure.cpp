// What a call costs beside the work it asks for, on this machine: printed, not judged.
//
//   build/bin/abi_measure            the median of many batches, in nanoseconds a call
//
// The kernel is linked into this program (tenon_context_add_static_plugin) and does next to nothing, so that what is left is the way to it.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tenon/tenon.h"

namespace {

const char* const kManifest = R"(schema: 1
name: tests.measure
version: "1.0"
kind: operators
namespace: measure
api: {major: 1, min_minor: 0, built_minor: 0}
threads: concurrent
ops:
- name: first
  version: 1
  operands: [{name: x, type: f32}]
  results: [{name: "y", like: x}]
  infer: same
  kernels: [{name: first, dtypes: [f32]}]
)";

const tenon_host_api* api = nullptr;

extern "C" {
static int32_t measure_lower(tenon_call* call, const tenon_operator*, const tenon_node*, tenon_builder* builder) {
  tenon_hlo_value x = TENON_HLO_NONE;
  const int32_t code = api->build_operand(call, builder, 0, &x);
  return code != TENON_OK ? code : api->build_return(call, builder, &x, 1);
}
static int32_t measure_supports(tenon_call*, const tenon_kernel*, const tenon_node*) { return TENON_OK; }
static int32_t measure_plan(tenon_call*, const tenon_kernel*, const tenon_node*, tenon_kernel_plan*) { return TENON_OK; }
static int32_t measure_run(tenon_call*, const tenon_kernel*, const void*, const tenon_tensor_view* operands, size_t,
                           const tenon_tensor_view* results, size_t, void*) {
  static_cast<float*>(results[0].data)[0] = static_cast<const float*>(operands[0].data)[0];
  return TENON_OK;
}
}

constexpr tenon_kernel kKernel = {TENON_HEADER_INIT(tenon_kernel, TENON_KIND_KERNEL),
                                  "first",
                                  5,
                                  nullptr,
                                  0,
                                  TENON_KERNEL_STRIDED,
                                  0,
                                  nullptr,
                                  measure_supports,
                                  measure_plan,
                                  measure_run,
                                  nullptr};
const tenon_kernel* const kKernels[] = {&kKernel};
const tenon_operator kOperator = {
    TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR), "first", 5, 1, 0, nullptr, measure_lower, nullptr, kKernels, 1, nullptr};
const tenon_operator* const kOperators[] = {&kOperator};

extern "C" int32_t measure_query(const tenon_host_info* host, tenon_plugin_info* out) {
  tenon_plugin_info info = TENON_PLUGIN_INFO_INIT;
  api = host->api;
  info.sanitizer = TENON_SANITIZER_HERE;
  info.name = "tests.measure";
  info.name_length = 13;
  info.version = "1.0";
  info.version_length = 3;
  info.operators = kOperators;
  info.operator_count = 1;
  *out = info;
  return TENON_OK;
}

tenon_error* error = nullptr;  // of the last call that failed
void must(int32_t code) {
  if (code == TENON_OK) return;
  std::fprintf(stderr, "%s\n", tenon_error_get_report(error, nullptr));
  std::exit(1);
}

double now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// Median over batches, so that an interrupted one does not count.
template <class Call>
double measure(const Call& call) {
  constexpr int kBatches = 301, kCalls = 2000;
  for (int i = 0; i < kCalls; ++i) call();
  std::vector<double> times;
  for (int batch = 0; batch < kBatches; ++batch) {
    const double begin = now();
    for (int i = 0; i < kCalls; ++i) call();
    times.push_back((now() - begin) / kCalls);
  }
  std::nth_element(times.begin(), times.begin() + kBatches / 2, times.end());
  return times[kBatches / 2];
}

struct Compiled {
  tenon_graph* graph = nullptr;
  tenon_program* program = nullptr;
};

Compiled compile(tenon_context* context, const char* op, const char* shapes) {
  Compiled out;
  tenon_operator_source source = TENON_OPERATOR_SOURCE_INIT;
  source.op = op;
  source.op_length = TENON_NUL_TERMINATED;
  source.dtype = "f32";
  source.dtype_length = 3;
  source.shapes = shapes;
  source.shapes_length = TENON_NUL_TERMINATED;
  must(tenon_graph_from_operator(context, &source, &out.graph, &error));
  tenon_program_options options = TENON_PROGRAM_OPTIONS_INIT;
  options.flags = TENON_PROGRAM_STRICT;
  must(tenon_graph_compile(out.graph, &options, &out.program, &error));
  return out;
}

void print(const char* what, double nanoseconds) { std::printf("%-72s %8.1f ns\n", what, nanoseconds); }

}  // namespace

int main() {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR;
  options.threads = 1;
  tenon_context* context = nullptr;
  must(tenon_context_create(&options, &context, &error));
  must(tenon_context_add_static_plugin(context, measure_query, kManifest, TENON_NUL_TERMINATED, &error));

  static float in[640], weight[640], out[640];
  for (int i = 0; i < 640; ++i) in[i] = static_cast<float>(i % 7 - 3), weight[i] = 1;
  const int64_t one[1] = {1}, strides[2] = {640, 1}, row[2] = {1, 640}, width[1] = {640};
  tenon_tensor_view input = TENON_TENSOR_VIEW_INIT, output;
  input.data = in;
  input.dims = one;
  input.strides = strides + 1;
  input.rank = 1;
  input.dtype = TENON_F32;
  output = input;
  output.data = out;

  const tenon_kernel* volatile kernel = &kKernel;  // so that the compiler does not see through it
  const double bare = measure([&] { kernel->run(nullptr, kernel, nullptr, &input, 1, &output, 1, nullptr); });
  print("the kernel alone, through its table", bare);
#if defined(__x86_64__)
  // The state that the library compares around every callback: MXCSR and the x87 control word, read before and after.
  const double guarded = measure([&] {
    unsigned before = 0, after = 0;
    unsigned short x87_before = 0, x87_after = 0;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(before), "=m"(x87_before));
    kernel->run(nullptr, kernel, nullptr, &input, 1, &output, 1, nullptr);
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(after), "=m"(x87_after));
    if ((before & ~0x3fu) != (after & ~0x3fu) || x87_before != x87_after) std::abort();
  });
  print("the kernel with the floating-point check around it", guarded);
  print("  so the check costs (wanted: at most 15)", guarded - bare);
#endif

  const Compiled first = compile(context, "measure.first", "1");
  const auto run_first = [&] { must(tenon_program_run(first.program, &input, 1, &output, 1, nullptr, &error)); };
  const double strided = measure(run_first);
  print("tenon_program_run of that kernel, views with strides", strided);
  input.strides = output.strides = nullptr;
  const double compact = measure(run_first);
  print("tenon_program_run of that kernel, views without", compact);
  print("  so a call costs beside its kernel (wanted: at most 150)", compact - bare);
  uint64_t times[4] = {};
  tenon_run_options timed = TENON_RUN_OPTIONS_INIT;
  timed.step_nanoseconds = times;
  timed.step_capacity = 4;
  print("the same with step_nanoseconds", measure([&] { must(tenon_program_run(first.program, &input, 1, &output, 1, &timed, &error)); }));

  const Compiled norm = compile(context, "rms_norm", "1x640,640");
  tenon_tensor_view inputs[2] = {input, input};
  inputs[0].dims = output.dims = row;
  inputs[0].rank = output.rank = 2;
  inputs[1].dims = width;
  inputs[1].data = weight;
  print("tenon_program_run of rms_norm f32 1x640, all of it",
        measure([&] { must(tenon_program_run(norm.program, inputs, 2, &output, 1, nullptr, &error)); }));
  std::vector<double> kernels;
  for (int i = 0; i < 2000; ++i) {
    must(tenon_program_run(norm.program, inputs, 2, &output, 1, &timed, &error));
    kernels.push_back(static_cast<double>(times[0]));
  }
  std::nth_element(kernels.begin(), kernels.begin() + 1000, kernels.end());
  print("  of which its step, as step_nanoseconds says (with two clock readings)", kernels[1000]);
  print("  two clock readings", measure([] { (void)now(), (void)now(); }));

  for (const Compiled& c : {first, norm}) tenon_program_destroy(c.program), tenon_graph_destroy(c.graph);
  tenon_context_destroy(context);
  return 0;
}
