// Chunks of f32, f16 and bf16 for the block functions. Whole units of f32 are handed on where they lie; 16-bit floats go through blocks of
// f32 in the first-level cache, and so does what is left of a unit. Operands of one element become a unit of it. Results of predicates
// (i1) and of casts have another dtype than the operands.
#include "plugins/elementwise/kernels/blocks.hpp"

namespace {

using tenon::elementwise::Chunk;
using tenon::elementwise::DriverTable;
using tenon::elementwise::Job;
using tenon::elementwise::kMostOperands;

constexpr std::size_t kBlock = 512;  // elements: four buffers of 2 KiB

// ---- Into blocks ----
// A row type's own order of elements is good for a function of elements, but where the result has another dtype the orders must agree.
template <class Row>
void load_units(const typename Row::T* from, float* to, std::size_t count) {
  std::size_t i = 0;
  for (; count - i >= kUnit; i += kUnit) RowF32::store(to + i, Row::load(from + i));
  if (i < count) RowF32::store(to + i, Row::load_part(from + i, count - i));
}
void load_in_order(const std::uint16_t* from, float* to, std::size_t count) {  // bf16
  std::uint32_t* bits_of = reinterpret_cast<std::uint32_t*>(to);
  for (std::size_t i = 0; i < count; ++i) bits_of[i] = static_cast<std::uint32_t>(from[i]) << 16;
  for (std::size_t i = count; i % kUnit != 0; ++i) bits_of[i] = 0;
}
TENON_SIMD_NOINLINE void load_block(tenon_dtype dtype, bool in_order, const char* from, float* to, std::size_t count) {
  if (dtype == TENON_F32) return load_units<RowF32>(reinterpret_cast<const float*>(from), to, count);
  const auto* const halves = reinterpret_cast<const std::uint16_t*>(from);
  if (dtype == TENON_F16) return load_units<RowF16>(halves, to, count);
  if (!in_order) return load_units<RowBF16>(halves, to, count);
  load_in_order(halves, to, count);
}

// ---- Out of blocks ----
template <class Row>
void store_units(const float* from, typename Row::T* to, std::size_t count, bool streams) {
  std::size_t i = 0;
  if (streams) {
    for (; count - i >= kUnit; i += kUnit) Row::stream(to + i, RowF32::load(from + i));
  } else {
    for (; count - i >= kUnit; i += kUnit) Row::store(to + i, RowF32::load(from + i));
  }
  if (i < count) Row::store_part(to + i, RowF32::load(from + i), count - i);
}
void store_in_order(const float* from, std::uint16_t* to, std::size_t count) {  // bf16
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t all;
    __builtin_memcpy(&all, from + i, sizeof all);
    const std::uint32_t rounded = (all + 0x7fffu + (all >> 16 & 1u)) >> 16;
    to[i] = static_cast<std::uint16_t>((all & 0x7fffffffu) > 0x7f800000u ? 0x7fc0u : rounded);
  }
}
void store_predicate(const float* from, char* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t all;
    __builtin_memcpy(&all, from + i, sizeof all);
    to[i] = static_cast<char>(all);
  }
}
TENON_SIMD_NOINLINE void store_block(tenon_dtype dtype, bool in_order, const float* from, char* to, std::size_t count, bool streams) {
  if (dtype == TENON_F32) return store_units<RowF32>(from, reinterpret_cast<float*>(to), count, streams);
  if (dtype == TENON_I1) return store_predicate(from, to, count);
  auto* const halves = reinterpret_cast<std::uint16_t*>(to);
  if (dtype == TENON_F16) return store_units<RowF16>(from, halves, count, streams);
  if (!in_order) return store_units<RowBF16>(from, halves, count, streams);
  store_in_order(from, halves, count);
}

// ---- Chunks ----
struct Buffers {
  alignas(64) float in[kMostOperands][kBlock];
  alignas(64) float out[kBlock];
};

std::size_t size_of(tenon_dtype dtype) { return dtype == TENON_F32 ? 4 : dtype == TENON_I1 ? 1 : 2; }

// Up to kBlock elements from element `at` on, through the buffers. Operands of one element are there already.
TENON_SIMD_NOINLINE void through_buffers(const Job& job, const Chunk& c, Buffers& buffers, std::size_t at, std::size_t count,
                                         bool streams) {
  Block block;
  for (int o = 0; o < job.operands; ++o) {
    block.in[o] = reinterpret_cast<const char*>(buffers.in[o]);
    block.step[o] = c.one[o] ? 0 : kUnit * sizeof(float);
    if (!c.one[o]) load_block(job.in[o], job.in_order, c.in[o] + at * size_of(job.in[o]), buffers.in[o], count);
  }
  block.out = reinterpret_cast<char*>(buffers.out);
  block.units = (count + kUnit - 1) / kUnit;
  block.stream = false;
  job.block(block);
  store_block(job.out, job.in_order, buffers.out, c.out + at * size_of(job.out), count, streams);
}

// A unit of one element, in f32.
void spread(tenon_dtype dtype, const char* from, float* to) {
  float first[kUnit];
  load_block(dtype, true, from, first, 1);
  RowF32::store(to, {F(first[0]), F(first[0])});
}

// Whole units from element `at` on, where they lie. Returns how many elements.
std::size_t run_direct(const Job& job, const Chunk& c, Buffers& buffers, std::size_t at) {
  const std::size_t size = size_of(job.out);
  Block block;
  block.units = (c.count - at) / kUnit;
  if (block.units == 0) return 0;
  alignas(64) char ones[kMostOperands][kUnit * sizeof(float)];
  for (int o = 0; o < job.operands; ++o) {
    block.step[o] = c.one[o] ? 0 : kUnit * size;
    block.in[o] = c.one[o] ? ones[o] : c.in[o] + at * size;
    if (c.one[o]) store_block(job.out, false, buffers.in[o], ones[o], kUnit, false);  // back into its own type, which is exact
  }
  block.out = c.out + at * size;
  block.stream = c.stream;
  job.direct(block);
  return block.units * kUnit;
}

void run_chunk(const Job& job, const Chunk& c) {
  Buffers buffers;
  bool direct = job.direct != nullptr;
  for (int o = 0; o < job.operands; ++o) {
    direct = direct && job.in[o] == job.out;
    if (c.one[o]) spread(job.in[o], c.in[o], buffers.in[o]);
  }
  // Streaming stores need an aligned address: the elements before it go through the buffers.
  std::size_t at = 0;
  if (c.stream) {
    const std::size_t over = reinterpret_cast<std::uintptr_t>(c.out) % kVectorBytes;
    at = over == 0 ? 0 : (kVectorBytes - over) / size_of(job.out);
    at = at < c.count ? at : c.count;
    if (at > 0) through_buffers(job, c, buffers, 0, at, false);
  }
  if (direct) at += run_direct(job, c, buffers, at);
  while (at < c.count) {
    const std::size_t count = c.count - at < kBlock ? c.count - at : kBlock;
    through_buffers(job, c, buffers, at, count, c.stream);
    at += count;
  }
  if (c.stream) stream_fence();
}

void widen(tenon_dtype dtype, const char* from, float* to, std::size_t count) { load_block(dtype, true, from, to, count); }

}  // namespace

namespace tenon::elementwise::TENON_SIMD_NAMESPACE {
extern const DriverTable driver;
const DriverTable driver = {run_chunk, widen};
}  // namespace tenon::elementwise::TENON_SIMD_NAMESPACE
