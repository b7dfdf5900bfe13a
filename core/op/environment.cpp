#include "core/op/environment.h"

#include <cstring>
#include <new>

namespace tenon {
namespace {

class SystemAllocator final : public Allocator {
 public:
  void* allocate(std::size_t bytes, std::size_t align) override {
    return ::operator new(bytes, std::align_val_t(align < alignof(std::max_align_t) ? alignof(std::max_align_t) : align), std::nothrow);
  }
  void* reallocate(void* memory, std::size_t old_bytes, std::size_t new_bytes, std::size_t align) override {
    void* moved = allocate(new_bytes, align);
    if (moved == nullptr) return nullptr;
    if (memory != nullptr) {
      std::memcpy(moved, memory, old_bytes < new_bytes ? old_bytes : new_bytes);
      release(memory, old_bytes, align);
    }
    return moved;
  }
  void release(void* memory, std::size_t, std::size_t align) override {
    ::operator delete(memory, std::align_val_t(align < alignof(std::max_align_t) ? alignof(std::max_align_t) : align));
  }
};

}  // namespace

Allocator& system_allocator() {
  static SystemAllocator* allocator = new SystemAllocator();  // never destroyed: used until the last context is gone
  return *allocator;
}

}  // namespace tenon
