// scaled_dot_product_attention over f32, f16 and bf16; scores, softmax and sums in f32. prefill.hpp and decode.hpp
// have the methods.
#include "plugins/attention/scaled_dot_product_attention/decode.hpp"

namespace {

using namespace attend;

void inspect(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  float* const row = job.memory + slot * job.layout.total + job.layout.rows;
  const auto n = static_cast<std::size_t>(job.value_size);
  const Widen widen = widen_of(job.dtype);
  for (std::size_t index = begin; index < end; ++index) {
    const auto batch = static_cast<std::int64_t>(index) / job.heads, head = static_cast<std::int64_t>(index) % job.heads;
    const std::int64_t length = length_of(job, batch);
    float found = 0;
    for (std::int64_t key = 0; key < length; ++key) {
      widen(key_of(job, job.v, batch, head, key), job.v.element, row, n);
      const float most_here = largest(row, n);
      found += most_here - most_here;
    }
    job.visit_all[index] = found != found;
  }
}

// The last rows of a head see most keys, so they come first.
void prefill(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  const std::size_t heads = static_cast<std::size_t>(job.batch * job.heads);
  for (std::size_t task = begin; task < end; ++task) run_task(job, head_at(job, task % heads), job.blocks - 1 - task / heads, slot);
}

void decode(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  for (std::size_t task = begin; task < end; ++task) {
    const std::size_t head = task / job.blocks;
    run_chunk(job, head_at(job, head), head, task % job.blocks, slot);
  }
}
void merge_heads(const Job& job, std::size_t begin, std::size_t end, std::size_t slot) {
  for (std::size_t head = begin; head < end; ++head) merge(job, head, slot);
}

}  // namespace

namespace tenon::attention::sdpa::TENON_SIMD_NAMESPACE {
extern const Table table;
const Table table = {kPanel, kColumns, kLanes, inspect, prefill, decode, merge_heads};
}  // namespace tenon::attention::sdpa::TENON_SIMD_NAMESPACE
