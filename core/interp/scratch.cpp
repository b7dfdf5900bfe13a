// Scratch: a stack of bytes in blocks that are never given back before the end.
#include <algorithm>

#include "core/interp/interp.h"

namespace tenon::interp {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kSmallestBlock = std::size_t{1} << 16;
constexpr std::size_t kLargestStep = std::size_t{1} << 24;  // beyond it blocks no longer double, they are what is asked for

// Where the aligned part of a block begins.
std::size_t shift(const std::byte* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  return (kAlignment - address % kAlignment) % kAlignment;
}

}  // namespace

std::byte* Scratch::take(std::size_t bytes) {
  const std::size_t need = std::max<std::size_t>((bytes + kAlignment - 1) / kAlignment * kAlignment, kAlignment);
  for (; block_ < blocks_.size(); ++block_, offset_ = 0) {
    if (blocks_[block_].size - offset_ >= need) {
      std::byte* base = blocks_[block_].memory.get();
      std::byte* result = base + shift(base) + offset_;
      offset_ += need;
      return result;
    }
  }
  const std::size_t next = blocks_.empty() ? kSmallestBlock : std::min(2 * blocks_.back().size, kLargestStep);
  const std::size_t size = std::max(need, next);
  blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size + kAlignment]), size});  // not zeroed
  block_ = blocks_.size() - 1;
  offset_ = need;
  std::byte* base = blocks_.back().memory.get();
  return base + shift(base);
}

// A mark counts the bytes of all blocks before the current one, and the offset in it. Blocks are only ever appended, so it stays true.
std::size_t Scratch::mark() const {
  std::size_t before = 0;
  for (std::size_t i = 0; i < block_; ++i) before += blocks_[i].size;
  return before + offset_;
}

void Scratch::release(std::size_t mark) {
  block_ = 0;
  while (block_ < blocks_.size() && mark >= blocks_[block_].size && block_ + 1 < blocks_.size()) mark -= blocks_[block_++].size;
  offset_ = mark;
}

}  // namespace tenon::interp
