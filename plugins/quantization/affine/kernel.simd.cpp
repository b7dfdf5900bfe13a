// quantize and dequantize, 256 numbers at a time: to f32, the arithmetic in the lowering's steps, to the result's dtype.
#include "plugins/quantization/affine/job.h"
#include "plugins/quantization/convert.hpp"

namespace {

using namespace simd;
using namespace tenon::quantization::affine;
using I = xsimd::batch<std::int32_t, Arch>;

// ---- Integers from and to f32 ----

template <class T>
void load_integers(const char* from, float* to, std::size_t n) {
  const T* p = reinterpret_cast<const T*>(from);
  for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<float>(p[i]);
}

Load load_any(tenon_dtype dtype) {
  switch (dtype) {
    case TENON_I4:  // one to a byte
    case TENON_I8:
      return load_integers<std::int8_t>;
    case TENON_UI4:
    case TENON_UI8:
      return load_integers<std::uint8_t>;
    case TENON_I16:
      return load_integers<std::int16_t>;
    case TENON_UI16:
      return load_integers<std::uint16_t>;
    case TENON_I32:
      return load_integers<std::int32_t>;
    default:
      return load_of(dtype);
  }
}

void widen(tenon_dtype dtype, const char* from, std::size_t count, float* to) { load_any(dtype)(from, to, count); }

template <class T>
void narrow(const std::int32_t* from, char* to, std::size_t n) {
  T* p = reinterpret_cast<T*>(to);
  for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<T>(from[i]);
}

struct Integer {
  float lowest, highest;
  std::size_t size;
  void (*narrow)(const std::int32_t* from, char* to, std::size_t n);
};
Integer integer_of(tenon_dtype dtype) {
  switch (dtype) {
    case TENON_I4:
      return {-8, 7, 1, narrow<std::int8_t>};
    case TENON_UI4:
      return {0, 15, 1, narrow<std::uint8_t>};
    case TENON_I8:
      return {-128, 127, 1, narrow<std::int8_t>};
    case TENON_UI8:
      return {0, 255, 1, narrow<std::uint8_t>};
    case TENON_I16:
      return {-32768, 32767, 2, narrow<std::int16_t>};
    default:
      return {0, 65535, 2, narrow<std::uint16_t>};
  }
}

// ---- Chunks ----
// Buffers have room for whole vectors. A scale and a zero point stand for all elements, or there is one of each for each.

template <bool kEach>
void dequantize(float* x, const float* scales, const float* zeros, std::size_t n) {
  for (std::size_t i = 0; i < n; i += kLanes) {
    F v = load(x + i);
    if (zeros != nullptr) v = v - (kEach ? load(zeros + i) : F(*zeros));
    store(x + i, v * (kEach ? load(scales + i) : F(*scales)));
  }
}

template <bool kEach>
void quantize(const float* x, const float* scales, const float* zeros, const Integer& to, std::int32_t* out, std::size_t n) {
  for (std::size_t i = 0; i < n; i += kLanes) {
    F v = xsimd::nearbyint(divide(load(x + i), kEach ? load(scales + i) : F(*scales)));
    v = xsimd::select(xsimd::isnan(v), F(0.0f), v);  // a NaN has no integer
    // What lies far outside stays so beyond any zero point; and the conversion has integers that it can hold.
    if (zeros != nullptr) v = v + (kEach ? load(zeros + i) : F(*zeros));
    xsimd::to_int(xsimd::min(xsimd::max(v, F(to.lowest)), F(to.highest))).store_unaligned(out + i);
  }
}

struct Buffers {
  alignas(64) float x[kChunk], scales[kChunk + kUnit], zeros[kChunk + kUnit];
  alignas(64) std::int32_t integers[kChunk];
};

std::size_t size_of(tenon_dtype dtype) {
  switch (dtype) {
    case TENON_I32:
    case TENON_F32:
      return 4;
    case TENON_I16:
    case TENON_UI16:
    case TENON_F16:
    case TENON_BF16:
      return 2;
    default:
      return 1;
  }
}

// Up to kChunk elements, of which the first has this scale.
inline void run_chunk(const Job& job, Load get, Store put, const Integer& integer, std::size_t at, std::size_t scale, std::size_t n,
                      Buffers& buffers) {
  const char* const in = job.in + at * size_of(job.from);
  if (job.numbers != nullptr)
    for (std::size_t i = 0; i < n; ++i) buffers.x[i] = job.numbers[static_cast<unsigned char>(in[i])];
  else
    get(in, buffers.x, n);
  const float *scales = job.scales + scale, *zeros = job.zeros == nullptr ? nullptr : job.zeros + scale;
  if (job.each && n % kLanes != 0) {  // nothing is read behind them
    memcpy(buffers.scales, scales, n * sizeof(float));
    scales = buffers.scales;
    if (zeros != nullptr) memcpy(buffers.zeros, zeros, n * sizeof(float));
    if (zeros != nullptr) zeros = buffers.zeros;
  }
  if (!job.quantizes) {
    (job.each ? dequantize<true> : dequantize<false>)(buffers.x, scales, zeros, n);
    put(buffers.x, job.out + at * size_of(job.to), n);
    return;
  }
  (job.each ? quantize<true> : quantize<false>)(buffers.x, scales, zeros, integer, buffers.integers, n);
  integer.narrow(buffers.integers, job.out + at * integer.size, n);
}

void run(const Job& job, std::size_t begin, std::size_t end) {
  const Load get = load_any(job.from);
  const Store put = store_of(job.to);
  const Integer integer = integer_of(job.to);
  Buffers buffers;
  for (std::size_t i = 0; i < kChunk; ++i) buffers.x[i] = 0;
  for (std::size_t i = 0; i < kChunk + kUnit; ++i) buffers.scales[i] = buffers.zeros[i] = 1;
  for (std::size_t r = begin; r < end; ++r) {
    const Run run = run_at(&job, r);
    for (std::size_t i = 0; i < run.count; i += kChunk)
      run_chunk(job, get, put, integer, run.begin + i, run.scale + (job.each ? i : 0), run.count - i < kChunk ? run.count - i : kChunk,
                buffers);
  }
}

}  // namespace

namespace tenon::quantization::affine::TENON_SIMD_NAMESPACE {
extern const Table table;
const Table table = {run, widen};
}  // namespace tenon::quantization::affine::TENON_SIMD_NAMESPACE
