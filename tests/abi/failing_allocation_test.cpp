// Memory that runs out anywhere, from the first call to the last: for every n the n-th allocation fails, once; the call says
// RESOURCE_EXHAUSTED (or managed without), nothing is lost, and the library works on. (tests/pipeline/allocation_test.cpp: the steady
// state.)
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/pipeline/support.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // inlined, g++ sees free() meet the operator new of this very file
#endif

namespace {

struct Heap {
  std::atomic<long> live{0}, made{0};
  std::atomic<long> fail_at{-1};  // the allocation that fails, counted from 0; -1: none
  std::atomic<bool> failed{false};

  bool refuses() {
    ++made;
    if (fail_at.load() < 0 || fail_at.fetch_sub(1) != 0) return false;
    failed = true;
    return true;
  }
  void arm(long n) {
    failed = false;
    fail_at = n;
  }
  void disarm() { fail_at = -1; }
} heap;

void* take(std::size_t size, std::size_t align) {
  if (heap.refuses()) return nullptr;
  void* memory = nullptr;
  if (align <= alignof(std::max_align_t)) {
    memory = std::malloc(size == 0 ? 1 : size);
  } else if (posix_memalign(&memory, align, size == 0 ? 1 : size) != 0) {
    memory = nullptr;
  }
  if (memory != nullptr) ++heap.live;
  return memory;
}
void give(void* memory) {
  if (memory == nullptr) return;
  --heap.live;
  std::free(memory);
}
void* must_take(std::size_t size, std::size_t align) {
  if (void* memory = take(size, align)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return must_take(size, 1); }
void* operator new[](std::size_t size) { return must_take(size, 1); }
void* operator new(std::size_t size, std::align_val_t align) { return must_take(size, static_cast<std::size_t>(align)); }
void* operator new[](std::size_t size, std::align_val_t align) { return must_take(size, static_cast<std::size_t>(align)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size, 1); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return take(size, 1); }
void* operator new(std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
  return take(size, static_cast<std::size_t>(align));
}
void operator delete(void* memory) noexcept { give(memory); }
void operator delete[](void* memory) noexcept { give(memory); }
void operator delete(void* memory, std::size_t) noexcept { give(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { give(memory); }

using namespace tenon_test;

namespace {

// One call after the other; stops at the first that fails, and remembers which.
struct Story {
  std::int32_t code = TENON_OK;
  const char* call = "none";
  tenon_error* error = nullptr;

  template <class Call>
  bool tell(const char* name, const Call& next) {
    if (code != TENON_OK) return false;
    call = name;
    code = next(&error);
    return code == TENON_OK;
  }
};

tenon_context_options quiet_options() {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR | TENON_CONTEXT_NO_SYSTEM_DIR;
  options.threads = 1;
  options.log = [](void*, std::int32_t, const char*, const char*, std::size_t) {};
  return options;
}

// From the context to the result, and back to nothing. A float is wrong in the output only if the code was OK.
Story whole_life(const tenon_context_options& options, bool& right) {
  static const char* const kShape = "6";
  Story story;
  tenon_context* context = nullptr;
  tenon_graph* graph = nullptr;
  tenon_target* target = nullptr;
  tenon_module* module = nullptr;
  tenon_program* program = nullptr;
  tenon_blob* blobs[3] = {};
  tenon_operator_source source = TENON_OPERATOR_SOURCE_INIT;
  source.op = "travel_c.affine";
  source.op_length = TENON_NUL_TERMINATED;
  source.dtype = "f32";
  source.dtype_length = 3;
  source.shapes = kShape;
  source.shapes_length = 1;
  static const std::int64_t dims[1] = {6};
  float in[6] = {1, 2, 3, 4, 5, 6}, out[6] = {};
  tenon_tensor_view input = TENON_TENSOR_VIEW_INIT, output = TENON_TENSOR_VIEW_INIT;
  input.data = in;
  output.data = out;
  input.dims = output.dims = dims;
  input.rank = output.rank = 1;
  input.dtype = output.dtype = TENON_F32;

  story.tell("context_create", [&](tenon_error** e) { return tenon_context_create(&options, &context, e); });
  story.tell("add_plugin_path",
             [&](tenon_error** e) { return tenon_context_add_plugin_path(context, TENON_KEPT_PLUGINS, TENON_NUL_TERMINATED, e); });
  story.tell("graph_from_operator", [&](tenon_error** e) { return tenon_graph_from_operator(context, &source, &graph, e); });
  story.tell("graph_to_yaml", [&](tenon_error** e) { return tenon_graph_to_yaml(graph, &blobs[0], e); });
  story.tell("target_find", [&](tenon_error** e) { return tenon_target_find(context, "iree", 4, &target, e); });
  story.tell("graph_lower", [&](tenon_error** e) { return tenon_graph_lower(graph, target, nullptr, &module, e); });
  story.tell("module_print", [&](tenon_error** e) { return tenon_module_print(module, &blobs[1], e); });
  story.tell("graph_compile", [&](tenon_error** e) { return tenon_graph_compile(graph, nullptr, &program, e); });
  story.tell("program_run", [&](tenon_error** e) { return tenon_program_run(program, &input, 1, &output, 1, nullptr, e); });
  story.tell("report_json", [&](tenon_error** e) { return tenon_program_report_json(program, &blobs[2], e); });
  // The same once more with memory: nothing that failed is held against the plugin or the context.
  if (story.code != TENON_OK && context != nullptr) {
    const long armed = heap.fail_at.exchange(-1);
    tenon_graph* again = nullptr;
    tenon_error* error = nullptr;
    if (std::strcmp(story.call, "add_plugin_path") != 0) {
      EXPECT_EQ(tenon_graph_from_operator(context, &source, &again, &error), TENON_OK)
          << "after " << story.call << ": " << tenon_error_get_report(error, nullptr);
    }
    tenon_error_release(error);
    tenon_graph_destroy(again);
    heap.fail_at = armed;
  }
  right = out[0] == 3 && out[5] == 13;
  for (tenon_blob* blob : blobs) tenon_blob_release(blob);
  tenon_program_destroy(program);
  tenon_module_release(module);
  tenon_target_release(target);
  tenon_graph_destroy(graph);
  tenon_context_destroy(context);
  return story;
}

struct Tally {
  int refused = 0, managed = 0;
};

// What one life did after its n-th allocation failed.
void judge(const Story& story, bool right, long n, Tally& tally) {
  EXPECT_TRUE(story.code == TENON_OK || story.code == TENON_RESOURCE_EXHAUSTED)
      << "allocation " << n << " in " << story.call << ": " << tenon_code_name(story.code) << ": "
      << tenon_error_get_text(story.error, TENON_ERROR_MESSAGE, nullptr);
  EXPECT_EQ(story.code != TENON_OK, story.error != nullptr) << "allocation " << n;
  if (story.code == TENON_OK) {
    EXPECT_TRUE(right) << "allocation " << n;
  }
  ++(story.code == TENON_OK ? tally.managed : tally.refused);
  tenon_error_release(story.error);
}

}  // namespace

TEST(AbiFailingAllocation, EveryOperatorNew) {
  const tenon_context_options options = quiet_options();
  bool right = false;
  for (int i = 0; i < 2; ++i) {  // what is made once per process is made
    const Story story = whole_life(options, right);
    ASSERT_EQ(story.code, TENON_OK) << story.call << ": " << tenon_error_get_report(story.error, nullptr);
    ASSERT_TRUE(right);
  }
  heap.arm(0);  // so is the error that says so
  tenon_error_release(whole_life(options, right).error);
  heap.disarm();
  const long made = heap.made.load();
  whole_life(options, right);
  const long count = heap.made.load() - made;
  ASSERT_GT(count, 100);
  Tally tally;
  for (long n = 0; n < count; ++n) {
    const long before = heap.live.load();
    heap.arm(n);
    const Story story = whole_life(options, right);
    heap.disarm();
    judge(story, right, n, tally);
    EXPECT_EQ(heap.live.load(), before) << "blocks that nobody gave back after allocation " << n << " failed in " << story.call;
  }
  const Story story = whole_life(options, right);
  EXPECT_EQ(story.code, TENON_OK);
  EXPECT_TRUE(right);
  std::printf("%ld allocations in a life: %d times RESOURCE_EXHAUSTED, %d times done without\n", count, tally.refused, tally.managed);
  EXPECT_GT(tally.refused, 100);
}

TEST(AbiFailingAllocation, EveryCallOfTheContextsAllocator) {
  struct Lent {
    long live = 0, calls = 0, fail_at = -1;
  } lent;
  tenon_allocator allocator = TENON_ALLOCATOR_INIT;
  allocator.user = &lent;
  allocator.allocate = [](void* user, std::size_t bytes, std::size_t align) -> void* {
    auto* l = static_cast<Lent*>(user);
    if (l->calls++ == l->fail_at) return nullptr;
    l->live += static_cast<long>(bytes);
    return std::aligned_alloc(std::max<std::size_t>(align, sizeof(void*)), (bytes + align - 1) / align * align);
  };
  allocator.reallocate = [](void* user, void* memory, std::size_t old_bytes, std::size_t new_bytes, std::size_t align) -> void* {
    auto* l = static_cast<Lent*>(user);
    if (l->calls++ == l->fail_at) return nullptr;
    void* moved = std::aligned_alloc(std::max<std::size_t>(align, sizeof(void*)), (new_bytes + align - 1) / align * align);
    std::memcpy(moved, memory, std::min(old_bytes, new_bytes));
    std::free(memory);
    l->live += static_cast<long>(new_bytes) - static_cast<long>(old_bytes);
    return moved;
  };
  allocator.release = [](void* user, void* memory, std::size_t bytes, std::size_t) {
    static_cast<Lent*>(user)->live -= static_cast<long>(bytes);
    std::free(memory);
  };
  tenon_context_options options = quiet_options();
  options.allocator = &allocator;
  bool right = false;
  ASSERT_EQ(whole_life(options, right).code, TENON_OK);
  ASSERT_TRUE(right);
  const long count = lent.calls;
  ASSERT_GT(count, 3) << "plan state and workspace come from here";
  Tally tally;
  for (long n = 0; n < count; ++n) {
    lent = {0, 0, n};
    const Story story = whole_life(options, right);
    judge(story, right, n, tally);
    EXPECT_EQ(lent.live, 0) << "allocation " << n;
  }
  lent = {};
  EXPECT_EQ(whole_life(options, right).code, TENON_OK);
  std::printf("%ld calls of the allocator: %d times RESOURCE_EXHAUSTED, %d times done without\n", count, tally.refused, tally.managed);
  EXPECT_GT(tally.refused, 0);
}

// tenon.h: no allocation after the first run of a thread. Also with strides, read-only inputs and an output in place of an input.
TEST(AbiFailingAllocation, ARunWithStridesNeedsNoMemory) {
  Owned<tenon_context> context = make_context();
  GraphMaker graph(context.get());
  graph.output("y", graph.node("n", "rms_norm", {graph.input("x", {4, 8}), graph.input("w", {8})})[0]);
  const Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> dims{4, 8}, width{8}, strides{16, 1}, every_second{2};
  std::vector<float> x = normal_values(64, 1), w(16, 1), y(64);
  tenon_tensor_view inputs[2] = {view_of(x, dims), view_of(w, width)}, output = view_of(y, dims);
  inputs[0].strides = output.strides = strides.data();
  inputs[1].strides = every_second.data();
  inputs[0].flags = inputs[1].flags = TENON_TENSOR_READ_ONLY;
  for (tenon_tensor_view out : {output, inputs[0]}) {
    out.flags = 0;
    for (int i = 0; i < 2; ++i) ASSERT_EQ(tenon_program_run(program.get(), inputs, 2, &out, 1, nullptr, nullptr), TENON_OK);
    const long made = heap.made.load();
    for (int i = 0; i < 5; ++i) ASSERT_EQ(tenon_program_run(program.get(), inputs, 2, &out, 1, nullptr, nullptr), TENON_OK);
    EXPECT_EQ(heap.made.load(), made);
  }
}
