// How fast rms_norm's kernels are, beside a copy of the same bytes in the same process. The kernel is called as the executor calls it:
// planned once, then run. Every case is a row per SIMD level of this machine and one per probe.
//
//   build/bin/tenon_rms_norm_bench --benchmark_repetitions=11 --benchmark_enable_random_interleaving=true
//       --benchmark_report_aggregates_only=true --benchmark_filter=avx2/f32/32x4096
//
// GB/s counts the least traffic: input and output once. Compare medians within one run only: the machine's own speed moves by a third.
#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "plugins/support/test_host.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

extern "C" const tenon_operator tenon_operator_rms_norm;

namespace {

namespace host = tenon::test_host;
using tenon::plugin::Type;

struct Shape {
  std::int64_t rows, length;
};
constexpr Shape kShapes[] = {{1, 1}, {1, 640}, {1, 4096}, {32, 4096}, {512, 640}, {512, 4096}, {4096, 4096}, {16384, 1024}, {512, 641}};
constexpr tenon_dtype kTypes[] = {TENON_F32, TENON_F16, TENON_BF16};

std::size_t size_of(tenon_dtype dtype) { return dtype == TENON_F32 ? 4 : 2; }

// 2 MiB aligned, on huge pages, filled with random numbers: copies of zero pages are faster than copies.
class Buffer {
 public:
  Buffer(std::size_t bytes, tenon_dtype dtype) : bytes_((bytes + (2u << 20) - 1) & ~std::size_t{(2u << 20) - 1}) {
    data_ = static_cast<char*>(std::aligned_alloc(2u << 20, bytes_));
    madvise(data_, bytes_, MADV_HUGEPAGE);
    std::minstd_rand random(1);
    for (std::size_t i = 0; i < bytes_; i += size_of(dtype)) {
      const std::uint32_t bits = static_cast<std::uint32_t>(random());
      const float number = static_cast<float>(bits % 2000) / 1000 - 1;
      std::uint32_t pattern;
      std::memcpy(&pattern, &number, 4);
      const auto half = static_cast<std::uint16_t>(dtype == TENON_BF16 ? pattern >> 16 : 0x3000 | (bits & 0x87ff));
      std::memcpy(data_ + i, dtype == TENON_F32 ? static_cast<const void*>(&number) : &half, size_of(dtype));
    }
  }
  ~Buffer() { std::free(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  char* data() const { return data_; }

 private:
  std::size_t bytes_;
  char* data_;
};

// What a run reads and writes; made once per dtype, large enough for every shape.
struct Memory {
  explicit Memory(tenon_dtype dtype) : x(kBytes, dtype), r(kBytes, dtype), s(kBytes, dtype), y(kBytes, dtype), w(1u << 16, dtype) {}
  static constexpr std::size_t kBytes = 4096u * 4096u * 4u;
  Buffer x, r, s, y, w;
};
Memory& memory(tenon_dtype dtype) {
  static Memory f32(TENON_F32), f16(TENON_F16), bf16(TENON_BF16);
  return dtype == TENON_F32 ? f32 : dtype == TENON_F16 ? f16 : bf16;
}

void count_bytes(benchmark::State& state, double bytes) {
  state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void run_kernel(benchmark::State& state, const tenon_kernel* kernel, tenon_dtype dtype, Shape shape, bool residual) {
  tenon::plugin::host_table = &host::api();
  const Type full(dtype, {shape.rows, shape.length}), weights(dtype, {shape.length});
  tenon_node node{"rms_norm", {full, weights, residual ? full : Type(), {}}, {full, full}, {}};
  node.attributes["epsilon"] = host::attribute(1e-6);
  node.attributes["unit_offset"] = host::attribute(false);
  node.attributes["axis"] = host::attribute(std::int64_t{-1});
  tenon_call call;
  tenon_kernel_plan plan = TENON_KERNEL_PLAN_INIT;
  if (kernel->plan(&call, kernel, &node, &plan) != TENON_OK) return state.SkipWithError(call.message.c_str());
  const std::int64_t strides[] = {shape.length, 1}, one[] = {1};
  const auto view = [&](char* data, const Type& type) {
    return tenon_tensor_view{data, type.dims.data(), type.rank() == 2 ? strides : one, static_cast<std::int32_t>(type.rank()), dtype, 0, 0};
  };
  Memory& m = memory(dtype);
  const tenon_tensor_view absent = TENON_TENSOR_VIEW_INIT;
  const tenon_tensor_view operands[] = {view(m.x.data(), full), view(m.w.data(), weights), residual ? view(m.r.data(), full) : absent,
                                        absent};
  const tenon_tensor_view results[] = {view(m.y.data(), full), residual ? view(m.s.data(), full) : absent};
  void* workspace = std::aligned_alloc(64, (plan.workspace_bytes + 127) / 64 * 64);
  for (auto _ : state) {
    kernel->run(&call, kernel, plan.state, operands, 4, results, 2, workspace);
    benchmark::ClobberMemory();
  }
  count_bytes(state, static_cast<double>(shape.rows * shape.length) * static_cast<double>(size_of(dtype)) * (residual ? 4 : 2));
  state.SetLabel(std::string(plan.note, plan.note_length));
  std::free(workspace);
  kernel->plan_destroy(&call, kernel, plan.state);
}

// ---- Probes ----

void run_copy(benchmark::State& state, tenon_dtype dtype, Shape shape) {
  Memory& m = memory(dtype);
  const std::size_t bytes = static_cast<std::size_t>(shape.rows * shape.length) * size_of(dtype);
  for (auto _ : state) {
    // Row by row: memcpy of one large block would choose streaming stores by itself.
    const std::size_t row = static_cast<std::size_t>(shape.length) * size_of(dtype);
    for (std::size_t at = 0; at < bytes; at += row) std::memcpy(m.y.data() + at, m.x.data() + at, row);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 2 * static_cast<double>(bytes));
}

#if defined(__SSE2__)
__attribute__((target("avx"))) void stream_copy(char* to, const char* from, std::size_t bytes) {
  for (std::size_t i = 0; i + 32 <= bytes; i += 32)
    _mm256_stream_ps(reinterpret_cast<float*>(to + i), _mm256_load_ps(reinterpret_cast<const float*>(from + i)));
  _mm_sfence();
}
void run_stream_copy(benchmark::State& state, tenon_dtype dtype, Shape shape) {
  Memory& m = memory(dtype);
  const std::size_t bytes = static_cast<std::size_t>(shape.rows * shape.length) * size_of(dtype);
  for (auto _ : state) {
    stream_copy(m.y.data(), m.x.data(), bytes);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 2 * static_cast<double>(bytes));
}
#endif

bool machine_has(const std::string& level) {
#if defined(__x86_64__)
  if (level == "sse4.2") return __builtin_cpu_supports("sse4.2");
  if (level == "avx2") return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (level == "avx512") return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#endif
  return true;
}

// The sizes of this machine's caches, as the plan would be told.
void find_caches() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
  host::machine.l2_bytes = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_LEVEL2_CACHE_SIZE)));
  host::machine.l3_bytes = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_LEVEL3_CACHE_SIZE)));
#endif
}

}  // namespace

int main(int argc, char** argv) {
  find_caches();
  for (tenon_dtype dtype : kTypes)
    for (const Shape& shape : kShapes) {
      const std::string name =
          "/" + std::string(tenon::plugin::dtype_name(dtype)) + "/" + std::to_string(shape.rows) + "x" + std::to_string(shape.length);
      benchmark::RegisterBenchmark(("copy" + name).c_str(), run_copy, dtype, shape);
#if defined(__SSE2__)
      if (__builtin_cpu_supports("avx")) benchmark::RegisterBenchmark(("stream_copy" + name).c_str(), run_stream_copy, dtype, shape);
#endif
      for (std::size_t i = 0; i < tenon_operator_rms_norm.kernel_count; ++i) {
        const tenon_kernel* kernel = tenon_operator_rms_norm.kernels[i];
        if (kernel->level == nullptr) continue;
        const std::string level(kernel->level, kernel->level_length);
        if (!machine_has(level)) continue;
        benchmark::RegisterBenchmark((level + name).c_str(), run_kernel, kernel, dtype, shape, false);
        benchmark::RegisterBenchmark((level + name + "/residual").c_str(), run_kernel, kernel, dtype, shape, true);
      }
    }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
