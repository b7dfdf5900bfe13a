// The steady state allocates nothing, neither through operator new, malloc nor the context's allocator; and every allocation of setting up
// may fail without a crash.
#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/pipeline/support.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // inlined, g++ sees free() meet the operator new of this very file
#endif

namespace {
std::atomic<long> allocations{0};
std::atomic<long> fail_after{-1};  // operator new fails when this reaches 0

void* counted(std::size_t size, std::size_t align) {
  allocations.fetch_add(1);
  if (fail_after.load() >= 0 && fail_after.fetch_sub(1) == 0) return nullptr;
  void* memory = nullptr;
  if (align <= alignof(std::max_align_t)) return std::malloc(size == 0 ? 1 : size);
  return posix_memalign(&memory, align, size == 0 ? 1 : size) == 0 ? memory : nullptr;
}
}  // namespace

void* operator new(std::size_t size) {
  if (void* memory = counted(size, 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t align) {
  if (void* memory = counted(size, static_cast<std::size_t>(align))) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size, 1); }
void* operator new(std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
  return counted(size, static_cast<std::size_t>(align));
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept { return operator new(size, tag); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

using namespace tenon_test;

TEST(Allocation, TheSteadyStateAllocatesNothing) {
  Owned<tenon_context> context = make_context();
  GraphMaker graph(context.get());
  const tenon_value x = graph.input("x", {16, 200}), w = graph.input("w", {200});
  const tenon_value y = graph.node("norm", "rms_norm", {x, w})[0];
  graph.output("y", y);
  graph.output("m", graph.node("mean", "reduce_mean", {y}, {i64_attr("axes", -1)})[0]);  // through the interpreter
  Owned<tenon_program> program = graph.compile();
  const std::vector<std::int64_t> dims{16, 200}, w_dims{200}, m_dims{16};
  std::vector<float> in = normal_values(3200, 1), scale = normal_values(200, 2), out(3200), mean(16);
  const tenon_tensor_view inputs[] = {view_of(in, dims), view_of(scale, w_dims)}, outputs[] = {view_of(out, dims), view_of(mean, m_dims)};
  for (int i = 0; i < 3; ++i) ASSERT_EQ(tenon_program_run(program.get(), inputs, 2, outputs, 2, nullptr, nullptr), TENON_OK);
  const long before = allocations.load();
  for (int i = 0; i < 10; ++i) ASSERT_EQ(tenon_program_run(program.get(), inputs, 2, outputs, 2, nullptr, nullptr), TENON_OK);
  EXPECT_EQ(allocations.load() - before, 0);
  EXPECT_GT(before, 0);  // the count counts
}

// For every n the n-th allocation of building, compiling and running fails once: an error, never a crash, and the library works on.
TEST(Allocation, EveryAllocationMayFail) {
  Owned<tenon_context> context = make_context();
  const std::vector<std::int64_t> dims{2, 8};
  std::vector<float> in(16, 1), out(16);
  const tenon_tensor_view input = view_of(in, dims), output = view_of(out, dims);
  const auto whole = [&]() -> std::int32_t {
    tenon_error* error = nullptr;
    tenon_graph* graph = nullptr;
    tenon_program* program = nullptr;
    tenon_value x = 0, y = 0;
    const tenon_type_view type{dims.data(), 2, TENON_F32};
    tenon_node_request request = TENON_NODE_REQUEST_INIT;
    request.name = "norm";
    request.name_length = 4;
    request.op = "rms_norm";
    request.op_length = 8;
    request.operands = &x;
    request.operand_count = 1;
    std::int32_t code = tenon_graph_create(context.get(), "g", 1, &graph, &error);
    if (code == TENON_OK) code = tenon_graph_add_input(graph, "x", 1, &type, &x, &error);
    if (code == TENON_OK) code = tenon_graph_add_node(graph, &request, &y, 1, nullptr, &error);
    if (code == TENON_OK) code = tenon_graph_add_output(graph, "y", 1, y, &error);
    if (code == TENON_OK) code = tenon_graph_compile(graph, nullptr, &program, &error);
    if (code == TENON_OK) code = tenon_program_run(program, &input, 1, &output, 1, nullptr, &error);
    const long left = fail_after.exchange(-1);  // cleaning up may allocate
    EXPECT_EQ(code != TENON_OK, error != nullptr);
    tenon_error_release(error);
    tenon_program_destroy(program);
    tenon_graph_destroy(graph);
    fail_after.store(left);
    return code;
  };
  ASSERT_EQ(whole(), TENON_OK);  // everything that is made once is made
  int failed = 0;
  for (long n = 0; n < 20000; ++n) {
    fail_after.store(n);
    const std::int32_t code = whole();
    const bool reached = fail_after.exchange(-1) < 0;
    if (code != TENON_OK) ++failed;
    if (!reached) break;  // fewer than n allocations are made
  }
  EXPECT_GT(failed, 20);
  EXPECT_EQ(whole(), TENON_OK);
}

// The context's allocator is asked for workspaces, and gets back what it gave.
TEST(Allocation, TheHostsAllocatorIsUsedAndBalanced) {
  struct Counter {
    std::atomic<long> live{0}, calls{0};
  } counter;
  tenon_allocator allocator = TENON_ALLOCATOR_INIT;
  allocator.user = &counter;
  allocator.allocate = [](void* user, std::size_t bytes, std::size_t align) -> void* {
    auto* c = static_cast<Counter*>(user);
    c->live += static_cast<long>(bytes);
    ++c->calls;
    return std::aligned_alloc(align, (bytes + align - 1) / align * align);
  };
  allocator.reallocate = [](void*, void*, std::size_t, std::size_t, std::size_t) -> void* { return nullptr; };
  allocator.release = [](void* user, void* memory, std::size_t bytes, std::size_t) {
    static_cast<Counter*>(user)->live -= static_cast<long>(bytes);
    std::free(memory);
  };
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR;
  options.allocator = &allocator;
  tenon_context* raw = nullptr;
  must([&](tenon_error** e) { return tenon_context_create(&options, &raw, e); });
  Owned<tenon_context> context(raw);
  {
    GraphMaker graph(context.get());
    graph.output("y", graph.node("mean", "reduce_mean", {graph.input("x", {4, 4})})[0]);
    Owned<tenon_program> program = graph.compile();
    const std::vector<std::int64_t> dims{4, 4}, none{};
    std::vector<float> in(16, 2), out(1);
    const tenon_tensor_view input = view_of(in, dims), output = view_of(out, none);
    must([&](tenon_error** e) { return tenon_program_run(program.get(), &input, 1, &output, 1, nullptr, e); });
    EXPECT_EQ(out[0], 2.0f);
    EXPECT_GT(counter.calls.load(), 0);
  }
  context.reset();
  EXPECT_EQ(counter.live.load(), 0);
}
