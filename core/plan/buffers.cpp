#include "core/plan/buffers.h"

#include <algorithm>

namespace tenon {
namespace {

constexpr std::size_t kAlign = 64;

struct Block {
  std::size_t bytes;
  std::size_t align;
  std::size_t first, last;  // steps, inclusive
  std::size_t* offset;
};

std::size_t round_up(std::size_t n, std::size_t align) { return (n + align - 1) / align * align; }

}  // namespace

void assign_buffers(Plan& plan) {
  std::vector<std::size_t> first(plan.values.size(), SIZE_MAX), last(plan.values.size(), 0);
  const auto touch = [&](std::uint32_t v, std::size_t step) {
    if (v == kAbsentValue) return;
    first[v] = std::min(first[v], step);
    last[v] = std::max(last[v], step);
  };
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    for (std::uint32_t v : plan.steps[i].operands) touch(v, i);
    for (std::uint32_t v : plan.steps[i].results) touch(v, i);
    for (const auto& [id, v] : plan.steps[i].captured) touch(v, i);
  }
  std::vector<Block> blocks;
  for (std::size_t v = 0; v < plan.values.size(); ++v)
    if (plan.values[v].location.kind == Location::Kind::Workspace && first[v] != SIZE_MAX)
      blocks.push_back({round_up(plan.values[v].type.bytes(), kAlign), kAlign, first[v], last[v], &plan.values[v].location.offset});
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    Step& step = plan.steps[i];
    if (step.kernel != nullptr && step.kernel->plan().workspace_bytes > 0)
      blocks.push_back({round_up(step.kernel->plan().workspace_bytes, kAlign), std::max(kAlign, step.kernel->plan().workspace_align), i, i,
                        &step.workspace_offset});
  }
  // Largest first, each at the lowest offset that no overlapping-in-time block covers: simple, and close to the lower bound in practice.
  std::stable_sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) { return a.bytes > b.bytes; });
  std::vector<const Block*> placed;
  for (Block& block : blocks) {
    plan.unshared_bytes += block.bytes;
    std::vector<const Block*> rivals;
    for (const Block* other : placed)
      if (other->first <= block.last && block.first <= other->last) rivals.push_back(other);
    std::sort(rivals.begin(), rivals.end(), [](const Block* a, const Block* b) { return *a->offset < *b->offset; });
    std::size_t offset = 0;
    for (const Block* rival : rivals) {
      if (offset + block.bytes <= *rival->offset) break;
      offset = std::max(offset, round_up(*rival->offset + rival->bytes, block.align));
    }
    *block.offset = offset;
    placed.push_back(&block);
    plan.workspace_bytes = std::max(plan.workspace_bytes, offset + block.bytes);
  }
}

}  // namespace tenon
