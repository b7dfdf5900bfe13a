// No kernel reads or writes outside its tensors: every input and result ends exactly at an unreadable page, and in a second run begins
// right behind one; inputs cannot be written, workspaces end at an unreadable page too. All operators with kernels, at all levels, in a
// child process each, whose death names the case. TENON_GUARD_CASES=N takes N cases per operator in place of the default.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/conformance/cases.h"

using namespace tenon_test;

namespace {

constexpr std::size_t kPage = 4096;

std::size_t pages(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

// Pages between two that nobody may touch.
class Fenced {
 public:
  explicit Fenced(std::size_t bytes) : size_(std::max(pages(bytes), kPage)) {
    void* const memory = ::mmap(nullptr, size_ + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<char*>(memory) + kPage;
    if (::mprotect(base_, size_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  }
  ~Fenced() { ::munmap(base_ - kPage, size_ + 2 * kPage); }
  Fenced(const Fenced&) = delete;
  Fenced& operator=(const Fenced&) = delete;
  char* begin() { return base_; }
  char* end() { return base_ + size_; }
  void seal() { ASSERT_EQ(::mprotect(base_, size_, PROT_READ), 0); }

 private:
  std::size_t size_;
  char* base_;
};

enum class Lay { Compact, Apart, Backwards };  // Apart: every element two from the next, rows with gaps. Backwards: the last dimension

struct Placement {
  const char* name;
  Lay lay;
  bool at_end;
};
constexpr Placement kPlacements[] = {{"ending at a page", Lay::Compact, true},
                                     {"beginning at a page", Lay::Compact, false},
                                     {"apart, ending at a page", Lay::Apart, true},
                                     {"apart, beginning at a page", Lay::Apart, false},
                                     {"backwards, ending at a page", Lay::Backwards, true},
                                     {"backwards, beginning at a page", Lay::Backwards, false}};

// A tensor whose outermost elements touch the fence.
class FencedTensor {
 public:
  FencedTensor(const Values& values, Lay lay, bool at_end) : dims_(values.dims), dtype_(values.dtype), strides_(values.dims.size()) {
    std::int64_t step = lay == Lay::Apart ? 2 : 1, reach = 0;
    for (std::size_t d = dims_.size(); d-- > 0;) {
      strides_[d] = step;
      reach += step * std::max<std::int64_t>(dims_[d] - 1, 0);
      step = step * std::max<std::int64_t>(dims_[d], 1) + (lay == Lay::Apart ? 3 : 0);
    }
    const std::size_t size = values.size(), bytes = values.elements() == 0 ? 0 : (static_cast<std::size_t>(reach) + 1) * size;
    memory_ = std::make_unique<Fenced>(bytes);
    data_ = at_end ? memory_->end() - bytes : memory_->begin();
    if (lay == Lay::Backwards && !dims_.empty() && dims_.back() > 1) {
      data_ += static_cast<std::size_t>(dims_.back() - 1) * size;
      strides_.back() = -strides_.back();
    }
    compact_ = lay == Lay::Compact;
    copy(const_cast<char*>(values.bytes.data()), values.elements(), size, true);
  }
  void seal() { memory_->seal(); }
  tenon_tensor_view view() const {
    tenon_tensor_view out = TENON_TENSOR_VIEW_INIT;
    out.data = data_;
    out.dims = dims_.data();
    out.strides = strides_.data();
    out.rank = static_cast<std::int32_t>(dims_.size());
    out.dtype = dtype_;
    return out;
  }
  void read(Values& to) { copy(to.bytes.data(), to.elements(), to.size(), false); }

 private:
  void copy(char* compact, std::size_t count, std::size_t size, bool in) {
    if (compact_) {
      std::memcpy(in ? data_ : compact, in ? compact : data_, count * size);
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::int64_t offset = 0;
      std::size_t rest = i;
      for (std::size_t d = dims_.size(); d-- > 0; rest /= static_cast<std::size_t>(dims_[d]))
        offset += static_cast<std::int64_t>(rest % static_cast<std::size_t>(dims_[d])) * strides_[d];
      char* const here = data_ + offset * static_cast<std::int64_t>(size);
      std::memcpy(in ? here : compact + i * size, in ? compact + i * size : here, size);
    }
  }
  std::vector<std::int64_t> dims_;
  tenon_dtype dtype_;
  std::vector<std::int64_t> strides_;
  std::unique_ptr<Fenced> memory_;
  char* data_ = nullptr;
  bool compact_ = false;
};

// Workspaces whose last byte (but for the alignment) is the fence's neighbour.
struct FencedAllocator {
  std::map<void*, std::unique_ptr<Fenced>> live;
  tenon_allocator table = TENON_ALLOCATOR_INIT;

  FencedAllocator() {
    table.user = this;
    table.allocate = [](void* user, std::size_t bytes, std::size_t align) -> void* {
      auto fenced = std::make_unique<Fenced>(bytes + align);
      const auto end = reinterpret_cast<std::uintptr_t>(fenced->end());
      void* const at = reinterpret_cast<void*>((end - bytes) / align * align);
      static_cast<FencedAllocator*>(user)->live[at] = std::move(fenced);
      return at;
    };
    table.reallocate = [](void*, void*, std::size_t, std::size_t, std::size_t) -> void* { return nullptr; };
    table.release = [](void* user, void* memory, std::size_t, std::size_t) { static_cast<FencedAllocator*>(user)->live.erase(memory); };
  }
};

// What the child is at, where the parent sees it.
struct Shared {
  std::size_t next;  // the case to go on with
  std::size_t runs;
  int failures;
  char what[512];
};

// A case as it is, or made so large that kernels work in blocks, of which two are taken. What the next child begins with if this one dies.
struct Work {
  CaseFolder folder;
  bool large;
};
constexpr std::size_t kLargeElements = std::size_t{1} << 16, kLargeOnes = 2;

// False if the graph is refused, or no kernel takes it.
bool run_case(tenon_context* context, Case& test, bool large, Shared& shared) {
  tenon_error* refused = nullptr;
  const Owned<tenon_graph> graph = parse_graph(context, test.graph, &refused);
  tenon_error_release(refused);
  if (graph == nullptr) return false;
  const Owned<tenon_program> program = compile(graph.get());
  if (!by_kernel(program.get())) return false;
  const std::vector<Values*> inputs = inputs_of(program.get(), test);
  std::vector<Values> plain = outputs_of(program.get()), got = plain;
  for (const Values& values : plain)
    if (values.elements() > 16 * kLargeElements) return false;
  for (const Placement& placement : kPlacements) {
    if (large && placement.lay != Lay::Compact) break;
    std::snprintf(shared.what, sizeof shared.what, "%s, tensors %s", test.what().c_str(), placement.name);
    std::vector<std::unique_ptr<FencedTensor>> in, out;
    std::vector<tenon_tensor_view> in_views, out_views;
    for (const Values* values : inputs) {
      in.push_back(std::make_unique<FencedTensor>(*values, placement.lay, placement.at_end));
      in.back()->seal();
      in_views.push_back(in.back()->view());
    }
    for (const Values& values : got) {
      out.push_back(std::make_unique<FencedTensor>(values, placement.lay == Lay::Apart ? Lay::Apart : Lay::Compact, placement.at_end));
      out_views.push_back(out.back()->view());
    }
    must([&](tenon_error** e) {
      return tenon_program_run(program.get(), in_views.data(), in_views.size(), out_views.data(), out_views.size(), nullptr, e);
    });
    ++shared.runs;
    if (placement.lay != Lay::Compact) continue;
    // Where they lie does not reach the numbers.
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i]->read(placement.at_end ? plain[i] : got[i]);
      EXPECT_TRUE(placement.at_end || plain[i].bytes == got[i].bytes) << test.what() << " " << got[i].name;
    }
  }
  return true;
}

void run_work(tenon_context* context, const Work& work, Shared& shared) {
  Case test = load_case(context, work.folder);
  if (!work.large) {
    run_case(context, test, false, shared);
    return;
  }
  std::size_t done = 0;
  for (Case& large : large_ones(test, kLargeElements))
    if (done < kLargeOnes && run_case(context, large, true, shared)) ++done;
}

// From case `shared.next` on. The context is made here: threads and a fork do not go together.
void run_all(const std::string& level, const std::vector<Work>& works, Shared& shared) {
  FencedAllocator allocator;
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = TENON_CONTEXT_NO_ENV | TENON_CONTEXT_NO_USER_DIR;
  options.threads = 1;
  options.arch = level.c_str();
  options.arch_length = level.size();
  options.allocator = &allocator.table;
  tenon_context* context = nullptr;
  must([&](tenon_error** e) { return tenon_context_create(&options, &context, e); });
  const Owned<tenon_context> owned(context);
  for (; shared.next < works.size(); ++shared.next) run_work(context, works[shared.next], shared);
}

}  // namespace

TEST(Guard, NoKernelLeavesItsTensors) {
  const char* const asked = std::getenv("TENON_GUARD_CASES");
  const std::size_t most = asked != nullptr ? std::strtoul(asked, nullptr, 10) : 16;
  const TemporaryFolder folder;
  const std::vector<CaseFolder> folders = export_cases(make_context(nullptr, 1).get(), folder.path().string(), 6, most);
  ASSERT_GT(folders.size(), 1000u);
  std::vector<Work> works;
  std::map<std::string, int> larges;  // of an operator
  for (const CaseFolder& from : folders) {
    works.push_back({from, false});
    if (++larges[from.op] % 6 == 1) works.push_back({from, true});
  }
  const std::vector<std::string> levels = usable_levels();
  ASSERT_FALSE(levels.empty());
  void* const memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  Shared& shared = *static_cast<Shared*>(memory);
  for (const std::string& level : levels) {
    shared = Shared{};
    int deaths = 0;
    while (shared.next < works.size() && deaths < 20) {
      std::fflush(nullptr);
      const pid_t child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        try {
          run_all(level, works, shared);
        } catch (const std::exception& error) {
          ADD_FAILURE() << error.what();
        }
        std::fflush(nullptr);
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
      }
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
      ++deaths;
      ADD_FAILURE() << level << ": " << shared.what << ": "
                    << (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? "reads or writes outside its tensors, or writes to an input"
                        : WIFSIGNALED(status)                              ? "died of signal " + std::to_string(WTERMSIG(status))
                                                                           : "failed, see above");
      ++shared.next;
    }
    EXPECT_GT(shared.runs, folders.size()) << level;
    std::printf("%s: %zu runs of %zu cases\n", level.c_str(), shared.runs, works.size());
  }
  ::munmap(memory, sizeof(Shared));
}
