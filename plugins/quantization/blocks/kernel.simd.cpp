// Blocks of GGUF to f32, f16 and bf16. The arithmetic is the lowering's, and exact but for q4_k's difference and the last rounding.
#include "plugins/quantization/blocks/job.h"
#include "plugins/quantization/convert.hpp"

namespace {

using namespace simd;
using namespace tenon::quantization::blocks;

// Two bytes, the low one first, as an f16. Its bits in f32's places are the number times 2^-112, subnormal ones included.
float half_at(const unsigned char* p) {
  const auto half = static_cast<std::uint32_t>(p[0] | p[1] << 8);
  std::uint32_t bits = (half & 0x7fffu) << 13;
  float value;
  memcpy(&value, &bits, sizeof value);
  value *= 0x1p112f;
  memcpy(&bits, &value, sizeof bits);
  if ((half & 0x7c00u) == 0x7c00u) bits = 0x7f800000u | (half & 0x3ffu) << 13;
  bits |= (half & 0x8000u) << 16;
  memcpy(&value, &bits, sizeof value);
  return value;
}

void q8_0(const unsigned char* block, float* out) {
  const float d = half_at(block);
  const auto* q = reinterpret_cast<const signed char*>(block + 2);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(q[i]);
}

void q4_0(const unsigned char* block, float* out) {
  const float d = half_at(block);
  const unsigned char* q = block + 2;
  for (int i = 0; i < 16; ++i) {
    out[i] = d * static_cast<float>((q[i] & 15) - 8);
    out[16 + i] = d * static_cast<float>((q[i] >> 4) - 8);
  }
}

void q4_k(const unsigned char* block, float* out) {
  const float d = half_at(block), m = half_at(block + 2);
  const unsigned char *factors = block + 4, *q = block + 16;
  float scale[8], least[8];
  for (int i = 0; i < 4; ++i) {
    const int s = factors[i], t = factors[4 + i], both = factors[8 + i];
    scale[i] = d * static_cast<float>(s & 63);
    least[i] = m * static_cast<float>(t & 63);
    scale[4 + i] = d * static_cast<float>((both & 15) | (s >> 6) << 4);
    least[4 + i] = m * static_cast<float>(both >> 4 | (t >> 6) << 4);
  }
  for (int group = 0; group < 4; ++group, q += 32, out += 64) {
    const float s0 = scale[2 * group], t0 = least[2 * group], s1 = scale[2 * group + 1], t1 = least[2 * group + 1];
    for (int i = 0; i < 32; ++i) {
      out[i] = static_cast<float>(q[i] & 15) * s0 - t0;
      out[32 + i] = static_cast<float>(q[i] >> 4) * s1 - t1;
    }
  }
}

void run(const Job& job, std::size_t begin, std::size_t end) {
  const auto decode = job.coding == Coding::Q8_0 ? q8_0 : job.coding == Coding::Q4_0 ? q4_0 : q4_k;
  const Store put = store_of(job.dtype);
  if (job.dtype == TENON_F32) {
    for (std::size_t block = begin; block < end; ++block)
      decode(job.from + block * job.bytes, reinterpret_cast<float*>(job.to) + block * job.length);
    return;
  }
  const std::size_t together = kChunk / job.length;  // blocks that are rounded at once
  for (std::size_t block = begin; block < end;) {
    alignas(64) float numbers[kChunk];
    const std::size_t count = end - block < together ? end - block : together;
    for (std::size_t i = 0; i < count; ++i) decode(job.from + (block + i) * job.bytes, numbers + i * job.length);
    put(numbers, job.to + block * job.length * 2, count * job.length);
    block += count;
  }
}

}  // namespace

namespace tenon::quantization::blocks::TENON_SIMD_NAMESPACE {
extern const Table table;
const Table table = {run};
}  // namespace tenon::quantization::blocks::TENON_SIMD_NAMESPACE
