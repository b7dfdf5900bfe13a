#include "probes.h"

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tenon::bench {
namespace {

constexpr std::size_t kHuge = 2u << 20;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The least time of one call of work(thread) on every thread at once, over at least `budget` seconds.
double best_time(unsigned threads, double budget, const std::function<void(unsigned)>& work) {
  double best = 1e9;
  const double end = now() + budget;
  for (int i = 0; i < 3 || now() < end; ++i) {
    const double begin = now();
    std::vector<std::thread> others;
    if (threads > 1) others.reserve(threads - 1);
    for (unsigned t = 1; t < threads; ++t) others.emplace_back(work, t);
    work(0);
    for (std::thread& other : others) other.join();
    best = std::min(best, now() - begin);
  }
  return best;
}

// Small work is repeated, so that clock and threads do not count.
double best_seconds(double bytes, unsigned threads, double budget, const std::function<void(unsigned)>& once) {
  const int repeat = std::max(1, static_cast<int>((threads > 1 ? 8e6 : 2e5) / std::max(bytes, 1.0)));
  return best_time(threads, budget,
                   [&](unsigned t) {
                     for (int i = 0; i < repeat; ++i) once(t);
                   }) /
         repeat;
}

void fill(Buffer& buffer, std::size_t bytes) {  // random: copies of zero pages are faster than copies
  std::uint64_t state = 88172645463325252u;
  for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    std::memcpy(buffer.data() + i, &state, 8);
  }
}

void ordinary_copy(const char* from, char* to, std::size_t bytes) {  // in pieces: memcpy chooses streaming stores by itself for large ones
  for (std::size_t i = 0; i < bytes; i += 16384) std::memcpy(to + i, from + i, std::min<std::size_t>(16384, bytes - i));
}

void streaming_copy([[maybe_unused]] const char* from, [[maybe_unused]] char* to, [[maybe_unused]] std::size_t bytes) {
#if defined(__x86_64__)
  for (std::size_t i = 0; i + 64 <= bytes; i += 64)
    for (std::size_t j = 0; j < 64; j += 16)
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + i + j), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i + j)));
  _mm_sfence();
#endif
}

typedef std::uint64_t Lanes __attribute__((vector_size(64), aligned(64)));

std::uint64_t read_four_streams(const char* from, std::size_t bytes) {
  Lanes sum[4] = {};
  const std::size_t part = bytes / 4 / 64 * 64;
  for (std::size_t i = 0; i < part; i += 64)
    for (std::size_t s = 0; s < 4; ++s) sum[s] ^= *reinterpret_cast<const Lanes*>(from + s * part + i);
  std::uint64_t all = 0;
  for (int l = 0; l < 8; ++l) all ^= sum[0][l] ^ sum[1][l] ^ sum[2][l] ^ sum[3][l];
  return all;
}

#if defined(__x86_64__)
constexpr int kChains = 12, kSteps = 1 << 20;

// Twelve independent chains hide the latency of four cycles on two pipes. They begin at out[0..11] and end in memory, so that all are
// computed.
#define TENON_FMA_LOOP(name, features, vector, set1, fmadd, store)                             \
  __attribute__((target(features))) void name(float* out) {                                    \
    vector acc[kChains];                                                                       \
    const vector x = set1(1.0000001f), y = set1(1e-9f);                                        \
    _Pragma("GCC unroll 12") for (int c = 0; c < kChains; ++c) acc[c] = set1(out[c]);          \
    for (int i = 0; i < kSteps; ++i) {                                                         \
      _Pragma("GCC unroll 12") for (int c = 0; c < kChains; ++c) acc[c] = fmadd(acc[c], x, y); \
    }                                                                                          \
    _Pragma("GCC unroll 12") for (int c = 0; c < kChains; ++c) store(out + 16 * c, acc[c]);    \
  }
#define TENON_MULTIPLY_ADD(a, x, y) _mm_add_ps(_mm_mul_ps(a, x), y)
TENON_FMA_LOOP(loop_sse2, "sse2", __m128, _mm_set1_ps, TENON_MULTIPLY_ADD, _mm_storeu_ps)
TENON_FMA_LOOP(loop_avx2, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps)
TENON_FMA_LOOP(loop_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_storeu_ps)
#endif

}  // namespace

Buffer::Buffer(std::size_t bytes) {
  const std::size_t size = (std::max<std::size_t>(bytes, 1) + kHuge - 1) / kHuge * kHuge;
  data_ = static_cast<char*>(std::aligned_alloc(kHuge, size));
  if (data_ == nullptr) throw std::bad_alloc();
  madvise(data_, size, MADV_HUGEPAGE);
}
Buffer::~Buffer() { std::free(data_); }

Probe::Probe(const std::string& ceiling, double bytes, unsigned threads)
    : copy_(ceiling == "copy"),
      known_(copy_ || ceiling == "read"),
      bytes_(bytes),
      threads_(threads),
      part_(std::max<std::size_t>(256, static_cast<std::size_t>(bytes / (copy_ ? 2 : 1)) / threads / 64 * 64)),
      from_(part_ * threads),
      to_(copy_ ? part_ * threads : 1) {
  fill(from_, part_ * threads);
}

double Probe::seconds(double budget) const {
  if (!known_) return 0;
  if (!copy_) {
    volatile std::uint64_t sink = 0;
    return best_seconds(bytes_, threads_, budget, [&](unsigned t) { sink = read_four_streams(from_.data() + t * part_, part_); });
  }
  const auto copied = [&](auto copy) {
    return best_seconds(bytes_, threads_, budget / 2, [&](unsigned t) { copy(from_.data() + t * part_, to_.data() + t * part_, part_); });
  };
#if defined(__x86_64__)
  return std::min(copied(ordinary_copy), copied(streaming_copy));
#else
  return copied(ordinary_copy);
#endif
}

double fma_peak([[maybe_unused]] const std::string& level, [[maybe_unused]] unsigned threads) {
#if defined(__x86_64__)
  void (*loop)(float*) = level == "avx512" ? loop_avx512 : level == "avx2" ? loop_avx2 : loop_sse2;
  const int lanes = level == "avx512" ? 16 : level == "avx2" ? 8 : 4;
  const double seconds = best_time(threads, 0.03, [&](unsigned) {
    alignas(64) float out[16 * kChains] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    asm volatile("" : : "r"(out) : "memory");  // where the chains begin is not known to the compiler: equal chains would be computed once
    loop(out);
  });
  return 2.0 * kChains * kSteps * lanes * threads / seconds;
#else
  return 0;
#endif
}

}  // namespace tenon::bench
