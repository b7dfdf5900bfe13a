// Every operator with kernels, on inputs so large that its work is split (2^17 elements, where its sizes follow from the inputs'): a run
// allocates nothing, neither with one thread nor with two, and the number of threads and the way in which the host splits the work do not
// reach the numbers.
#include <atomic>
#include <mutex>
#include <set>

#include "tests/conformance/cases.h"

// All of the process's memory, the C library's and other libraries' own: what they ask for goes through these.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t align, std::size_t size);
}

namespace {
std::atomic<long> allocations{0};
}

// The declarations of the C library have noexcept, and so has this.
void* malloc(std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t align, std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(align, size);
}
int posix_memalign(void** out, std::size_t align, std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  *out = __libc_memalign(align, size);
  return *out == nullptr ? 12 : 0;  // ENOMEM
}

using namespace tenon_test;

namespace {

constexpr std::size_t kElements = std::size_t{1} << 17;  // of the largest input, about
constexpr std::size_t kCasesPerOperator = 3;

// A pool of the host's that runs the parts one after another, the last first, each as small as may be: the least friendly split.
struct Splitter {
  tenon_thread_pool table = TENON_THREAD_POOL_INIT;
  std::size_t regions = 0;  // that were split

  Splitter() {
    table.user = this;
    table.threads = 3;
    table.parallel_for = [](void* user, std::size_t count, std::size_t grain, tenon_parallel_fn fn, void* argument) {
      auto& self = *static_cast<Splitter*>(user);
      const std::size_t size = std::max<std::size_t>(std::max<std::size_t>(grain, 1), (count + 63) / 64), parts = (count + size - 1) / size;
      if (parts > 1) ++self.regions;
      for (std::size_t p = parts; p-- > 0;) fn(argument, p * size, std::min(count, (p + 1) * size), p % 3);
    };
  }
};

Owned<tenon_context> context_with(const tenon_thread_pool& pool) {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR;
  options.thread_pool = &pool;
  tenon_context* context = nullptr;
  must([&](tenon_error** e) { return tenon_context_create(&options, &context, e); });
  return Owned<tenon_context>(context);
}

struct Machines {
  Splitter splitter;
  Owned<tenon_context> one = make_context(nullptr, 1), two = make_context(nullptr, 2), three = make_context(nullptr, 3),
                       split = context_with(splitter.table);
};

// False if the graph is refused, or no kernel takes it, or its result is too large to try.
bool run_case(Machines& machines, Case& test) {
  std::vector<Values> first;
  for (tenon_context* context : {machines.one.get(), machines.two.get(), machines.three.get(), machines.split.get()}) {
    tenon_error* refused = nullptr;
    const Owned<tenon_graph> graph = parse_graph(context, test.graph, &refused);
    tenon_error_release(refused);
    if (graph == nullptr) return false;
    const Owned<tenon_program> program = compile(graph.get());
    if (!by_kernel(program.get())) return false;
    std::vector<Values> outputs = outputs_of(program.get());
    for (const Values& values : outputs)
      if (values.elements() > 8 * kElements) return false;
    std::vector<tenon_tensor_view> in, out;
    for (Values* values : inputs_of(program.get(), test)) in.push_back(values->view());
    for (Values& values : outputs) out.push_back(values.view());
    const auto run = [&] { return tenon_program_run(program.get(), in.data(), in.size(), out.data(), out.size(), nullptr, nullptr); };
    EXPECT_EQ(run(), TENON_OK) << test.what();
    if (context != machines.three.get()) {
      EXPECT_EQ(run(), TENON_OK) << test.what();
      const long before = allocations.load();
      const std::int32_t code = run();
      const long during = allocations.load() - before;
      EXPECT_EQ(code, TENON_OK) << test.what();
      EXPECT_EQ(during, 0) << test.what() << ": allocations in a run, "
                           << (context == machines.one.get() ? "one thread" : "several threads");
    }
    if (first.empty()) first = outputs;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      EXPECT_EQ(outputs[i].bytes, first[i].bytes) << test.what() << ": " << outputs[i].name << " depends on the number of threads";
  }
  return true;
}

}  // namespace

TEST(Steady, RunsAllocateNothingAndAreBitwiseEqualForAnySplit) {
  const TemporaryFolder folder;
  Machines machines;
  const std::vector<CaseFolder> folders = export_cases(machines.one.get(), folder.path().string(), 0, 400);
  EXPECT_GT(allocations.load(), 1000);                               // the count counts
  std::map<std::string, std::pair<std::size_t, std::size_t>> tried;  // of an operator: runs, and those of them that were split
  for (const CaseFolder& from : folders) {
    auto& [runs, splits] = tried[from.op];
    if (splits >= kCasesPerOperator) continue;
    const Case test = load_case(machines.one.get(), from);
    for (Case& large : large_ones(test, kElements)) {
      const std::size_t regions = machines.splitter.regions;
      if (splits >= kCasesPerOperator || !run_case(machines, large)) continue;
      ++runs;
      if (machines.splitter.regions != regions) ++splits;
    }
  }
  // Sizes of a few operators are not those of their inputs: they run as they are.
  for (const CaseFolder& from : folders) {
    std::size_t& runs = tried[from.op].first;
    if (runs >= kCasesPerOperator) continue;
    Case test = load_case(machines.one.get(), from);
    if (run_case(machines, test)) ++runs;
  }
  std::size_t without = 0;
  std::string names;
  for (const auto& [op, counts] : tried) {
    EXPECT_GT(counts.first, 0u) << op << ": no case was run by a kernel";
    if (counts.second > 0) continue;
    ++without;
    names += " " + op;
  }
  std::printf("%zu operators; work never split:%s\n", tried.size(), names.c_str());
  EXPECT_GT(tried.size(), 100u);
  EXPECT_LT(without, tried.size() / 4) << names;
}
