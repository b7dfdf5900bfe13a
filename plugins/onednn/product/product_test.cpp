// oneDNN's products against float64, and that a run keeps the rules of kernels: no threads of its own, the processor's floating-point state
// as it was, equal results for any number of threads, many runs of one plan at once, and no memory but oneDNN's own few small objects.
#include <gtest/gtest.h>
#include <xmmintrin.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "plugins/support/test_kernel.h"

extern "C" {
extern const tenon_operator tenon_operator_matmul, tenon_operator_linear, tenon_operator_gemm, tenon_operator_dot_general;
void* __libc_malloc(std::size_t size);
int omp_get_max_threads(void);
}

namespace {
std::atomic<long> allocations{0}, allocated{0};
}

// Counts what a run asks for, operator new included.
void* malloc(std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  allocated.fetch_add(static_cast<long>(size), std::memory_order_relaxed);
  return __libc_malloc(size);
}

namespace {

namespace host = tenon::test_host;
using namespace tenon;                // NOLINT
using namespace tenon::test_kernel;   // NOLINT
using namespace tenon::test_numbers;  // NOLINT

// A term names a tensor's dimensions by letters: r and c the output's, d summed over, others the batch. '1': a dimension of size 1.
struct Case {
  const char* op = "matmul";
  const char *a = "rd", *b = "dc", *out = "rc", *bias = "";
  std::map<char, std::int64_t> sizes;
  tenon_dtype dtype = TENON_F32, result = TENON_F32;
  double magnitude = 1;
  bool positive = false;
  std::map<std::string, bool> flags{};
  double alpha = 1;
  Lay lay = Lay::Compact;
};

const tenon_operator& operator_of(const std::string& name) {
  return name == "matmul"   ? tenon_operator_matmul
         : name == "linear" ? tenon_operator_linear
         : name == "gemm"   ? tenon_operator_gemm
                            : tenon_operator_dot_general;
}

Dims dims_of(const Case& c, const std::string& term) {
  Dims dims;
  for (char letter : term) dims.push_back(letter == '1' ? 1 : c.sizes.at(letter));
  return dims;
}
std::size_t step_of(const Case& c, const std::string& term, char letter) {
  std::size_t size = 1;
  for (std::size_t i = term.size(); i-- > 0;) {
    if (term[i] == letter) return size;
    if (term[i] != '1') size *= static_cast<std::size_t>(c.sizes.at(term[i]));
  }
  return 0;
}

// The lists of dot_general for the terms; they stand as long as the node does.
struct Lists {
  std::vector<std::int64_t> batch[2], depth[2];
  explicit Lists(const Case& c) {
    const std::string terms[2] = {c.a, c.b}, out = c.out;
    for (std::size_t i = 0; i < terms[0].size(); ++i) {
      const std::size_t other = terms[1].find(terms[0][i]);
      if (other == std::string::npos) continue;
      auto& lists = out.find(terms[0][i]) == std::string::npos ? depth : batch;
      lists[0].push_back(static_cast<std::int64_t>(i));
      lists[1].push_back(static_cast<std::int64_t>(other));
    }
  }
};

struct Ready {
  Case test;
  Lists lists;
  Tensor a, b, bias, out;
  tenon_node node;

  explicit Ready(const Case& c)
      : test(c),
        lists(c),
        a({c.dtype, dims_of(c, c.a)}, c.lay),
        b({c.dtype, dims_of(c, c.b)}, c.lay),
        out({c.result, dims_of(c, c.out)}, c.lay) {
    if (*c.bias != 0) bias = Tensor({c.dtype, dims_of(c, c.bias)}, c.lay);
    unsigned seed = 1;
    for (Tensor* t : {&a, &b, &bias}) {
      if (!t->type) continue;
      std::mt19937 random(seed++);
      std::normal_distribution<double> normal;
      t->fill([&](std::size_t) { return c.magnitude * (c.positive ? static_cast<double>(random() % 1000 + 1) / 1000 : normal(random)); });
    }
    node = {c.op, {}, {}, {}};
    for (const char* name : {"transpose_a", "transpose_b"}) node.attributes[name] = host::attribute(false);
    for (const auto& [name, value] : c.flags) node.attributes[name] = host::attribute(value);
    node.attributes["alpha"] = host::attribute(c.alpha);
    node.attributes["beta"] = host::attribute(1.0);
    node.attributes["lhs_batching_dimensions"] = host::attribute(lists.batch[0]);
    node.attributes["rhs_batching_dimensions"] = host::attribute(lists.batch[1]);
    node.attributes["lhs_contracting_dimensions"] = host::attribute(lists.depth[0]);
    node.attributes["rhs_contracting_dimensions"] = host::attribute(lists.depth[1]);
  }
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;
  const tenon_kernel* kernel() const { return find_kernel(operator_of(test.op), std::string("onednn_") + test.op, "avx512"); }
  std::vector<Tensor*> operands() { return bias.type ? std::vector<Tensor*>{&a, &b, &bias} : std::vector<Tensor*>{&a, &b}; }
  Ran run() { return test_kernel::run(kernel(), node, operands(), {&out}); }
  std::string text() const {
    return plugin::cat(test.op, " ", plugin::dtype_name(test.dtype), " ", plugin::text(a.type.dims), " ", plugin::text(b.type.dims));
  }
};

// The operators' own bound: 4.8e-7 of the sum of magnitudes beside 2 units in the last place of f32, 1 of bf16; `lost`: what else may be.
void expect_right(const Case& c, double lost = 0) {
  Ready ready(c);
  const Ran ran = ready.run();
  ASSERT_EQ(ran.code, TENON_OK) << ready.text() << ": " << ran.message;
  EXPECT_TRUE(ready.a.guards_hold() && ready.b.guards_hold() && ready.out.guards_hold() && (!ready.bias.type || ready.bias.guards_hold()));
  const std::vector<double> left = ready.a.values(), right = ready.b.values();
  const std::string out = c.out;
  const Dims dims = dims_of(c, out);
  double worst = 0;
  const std::size_t every = ready.out.elements() > 5'000 ? 37 : 1;  // many are like each other
  for (std::size_t i = 0; i < ready.out.elements(); i += every) {
    std::size_t at[3] = {}, rest = i;
    for (std::size_t d = dims.size(); d-- > 0; rest /= static_cast<std::size_t>(dims[d])) {
      const std::size_t index = rest % static_cast<std::size_t>(dims[d]);
      at[0] += index * step_of(c, c.a, out[d]);
      at[1] += index * step_of(c, c.b, out[d]);
      at[2] += index * step_of(c, c.bias, out[d]);
    }
    const std::size_t step[2] = {step_of(c, c.a, 'd'), step_of(c, c.b, 'd')};
    double sum = 0, size = 0;
    for (std::size_t d = 0; d < static_cast<std::size_t>(c.sizes.at('d')); ++d) {
      const double product = left[at[0] + d * step[0]] * right[at[1] + d * step[1]];
      sum += product;
      size += std::fabs(product);
    }
    if (ready.bias.type) {
      sum += ready.bias.get(at[2]);
      size += std::fabs(ready.bias.get(at[2]));
    }
    const double unit = std::ldexp(1, std::max(sum == 0 ? -126 : std::ilogb(sum), -126) - mantissa_bits(c.result));
    const double off = std::fabs(ready.out.get(i) - sum), beyond = off - (c.result == TENON_BF16 ? 1 : 2) * unit - lost;
    worst = std::max(worst, beyond / size);
    ASSERT_LE(beyond, 4.8e-7 * size) << ready.text() << " element " << i << " is " << ready.out.get(i) << ", not " << sum << "; "
                                     << ran.note;
  }
  if (std::getenv("TENON_TEST_SHOW") != nullptr)
    std::printf("%s: %.2g of the magnitudes; %s\n", ready.text().c_str(), worst, ran.note.c_str());
}

class OneDnn : public LevelTest {};

constexpr tenon_dtype kTypes[][2] = {{TENON_F32, TENON_F32}, {TENON_BF16, TENON_BF16}, {TENON_BF16, TENON_F32}};
using Sizes = std::map<char, std::int64_t>;
const Sizes kSizes[] = {{{'r', 128}, {'c', 128}, {'d', 128}},
                        {{'r', 8}, {'c', 700}, {'d', 511}},
                        {{'r', 300}, {'c', 301}, {'d', 65}},
                        {{'r', 2000}, {'c', 9}, {'d', 120}},
                        {{'r', 200}, {'c', 300}, {'d', 600}}};  // the last one is cut, with a rest

void expect_declined(const Case& c, const std::string& reason) {
  Ready ready(c);
  const Ran ran = ready.run();
  EXPECT_EQ(ran.code, TENON_UNIMPLEMENTED) << ready.text();
  EXPECT_NE(ran.message.find(reason), std::string::npos) << ready.text() << ": " << ran.message;
}

TEST_P(OneDnn, Matmul) {
  for (const Sizes& sizes : kSizes)
    for (const auto& [dtype, result] : kTypes)
      for (bool turn_a : {false, true})
        for (bool turn_b : {false, true}) {
          const Case test{.a = turn_a ? "dr" : "rd",
                          .b = turn_b ? "cd" : "dc",
                          .sizes = sizes,
                          .dtype = dtype,
                          .result = result,
                          .flags = {{"transpose_a", turn_a}, {"transpose_b", turn_b}}};
          if (&sizes == std::end(kSizes) - 1 && turn_a && !turn_b)  // neither side's parts would lie together
            expect_declined(test, "does not cut");
          else
            expect_right(test);
        }
}

TEST_P(OneDnn, Batches) {
  const Sizes sizes{{'r', 65}, {'c', 150}, {'d', 257}, {'x', 2}, {'y', 3}};
  for (const auto& [dtype, result] : kTypes) {
    const auto expect = [&, dtype = dtype, result = result](const char* a, const char* b, const char* out) {
      expect_right({.a = a, .b = b, .out = out, .sizes = sizes, .dtype = dtype, .result = result});
    };
    expect("xrd", "xdc", "xrc");
    expect("xyrd", "xydc", "xyrc");
    expect("xyrd", "dc", "xyrc");  // the batch becomes rows
    expect("rd", "xdc", "xrc");
    expect("x1rd", "1ydc", "xyrc");
    expect("yrd", "x1dc", "xyrc");
    expect_right({.op = "dot_general", .a = "xyrd", .b = "xycd", .out = "xyrc", .sizes = sizes, .dtype = dtype, .result = result});
    expect_right({.op = "dot_general",
                  .a = "dr",
                  .b = "cd",
                  .out = "rc",
                  .sizes = {{'r', 200}, {'c', 150}, {'d', 257}},
                  .dtype = dtype,
                  .result = result});
  }
}

TEST_P(OneDnn, LinearAndGemm) {
  for (tenon_dtype dtype : {TENON_F32, TENON_BF16}) {
    for (const Sizes& sizes : {kSizes[0], kSizes[1], kSizes[4]}) {
      expect_right({.op = "linear", .b = "cd", .sizes = sizes, .dtype = dtype, .result = dtype});
      expect_right({.op = "linear", .b = "cd", .bias = "c", .sizes = sizes, .dtype = dtype, .result = dtype});
      expect_right({.op = "linear", .b = "cd", .bias = "c", .sizes = sizes, .dtype = dtype, .result = dtype, .lay = Lay::Misaligned});
      expect_right({.op = "gemm", .bias = "c", .sizes = sizes, .dtype = dtype, .result = dtype});
      expect_right({.op = "gemm",
                    .a = "dr",
                    .b = "cd",
                    .bias = "1c",
                    .sizes = sizes,
                    .dtype = dtype,
                    .result = dtype,
                    .flags = {{"transpose_a", true}, {"transpose_b", true}}});
    }
    expect_right({.op = "linear",
                  .a = "xyrd",
                  .b = "cd",
                  .out = "xyrc",
                  .bias = "c",
                  .sizes = {{'x', 2}, {'y', 3}, {'r', 11}, {'c', 257}, {'d', 129}},
                  .dtype = dtype,
                  .result = dtype});
  }
}

TEST_P(OneDnn, LongSumsOfEitherKind) {
  for (const auto& [dtype, result] : kTypes)
    for (bool positive : {false, true})
      expect_right({.b = "cd",
                    .sizes = {{'r', 17}, {'c', 33}, {'d', 20000}},
                    .dtype = dtype,
                    .result = result,
                    .positive = positive,
                    .flags = {{"transpose_b", true}}});
}

// Subnormal numbers count in f32. The processor's bf16 products take them for 0: each may lose as much as the largest of them times the
// other factor, and a sum as much as it is itself.
TEST_P(OneDnn, SubnormalNumbers) {
  const Sizes sizes{{'r', 128}, {'c', 128}, {'d', 128}};
  expect_right({.sizes = sizes, .magnitude = 1e-21}, 128 * 0x1p-150);  // a rounding of each sum
  expect_right({.sizes = sizes, .dtype = TENON_BF16, .result = TENON_F32, .magnitude = 1e-21}, 128 * 0x1p-126);
}

TEST_P(OneDnn, KeepsTheFloatingPointStateAndStartsNoThreads) {
  Ready ready({.b = "cd", .sizes = {{'r', 64}, {'c', 1000}, {'d', 1024}}, .flags = {{"transpose_b", true}}});
  const auto threads = [] {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) ++count;
    return count;
  };
  const int offered = omp_get_max_threads();
  const std::size_t before = threads();
  const unsigned state = _mm_getcsr();
  ASSERT_EQ(ready.run().code, TENON_OK);
  EXPECT_EQ(_mm_getcsr() & ~0x3fu, state & ~0x3fu);  // but for the sticky flags
  EXPECT_EQ(threads(), before);
  EXPECT_EQ(omp_get_max_threads(), offered);
}

TEST_P(OneDnn, ThreadsDoNotReachTheNumbers) {
  for (const auto& [dtype, result] : kTypes)
    for (const Sizes& sizes : {Sizes{{'r', 64}, {'c', 1000}, {'d', 1024}}, Sizes{{'r', 515}, {'c', 257}, {'d', 600}}})
      for (bool turn : {false, true}) {
        if (!turn && sizes.at('r') == 64) continue;  // not cut
        std::vector<double> first;
        for (std::uint32_t threads : {1u, 2u, 3u, 7u}) {
          host::machine.threads = threads;
          Ready ready({.b = turn ? "cd" : "dc", .sizes = sizes, .dtype = dtype, .result = result, .flags = {{"transpose_b", turn}}});
          const Ran ran = ready.run();
          ASSERT_EQ(ran.code, TENON_OK) << ran.message;
          EXPECT_NE(ran.note.find(plugin::cat("threads: ", threads)), std::string::npos) << ran.note;
          if (first.empty()) first = ready.out.values();
          EXPECT_EQ(ready.out.values(), first) << threads << " threads; " << ran.note;
        }
      }
}

// One plan from many threads; and what a run asks of the memory.
TEST_P(OneDnn, RunsOfOnePlanAtOnce) {
  Ready ready({.b = "cd", .sizes = {{'r', 8}, {'c', 600}, {'d', 700}}, .flags = {{"transpose_b", true}}});
  ASSERT_EQ(ready.run().code, TENON_OK);  // sets the node's types
  const tenon_kernel* const kernel = ready.kernel();
  tenon_call call;
  tenon_kernel_plan plan = TENON_KERNEL_PLAN_INIT;
  ASSERT_EQ(kernel->plan(&call, kernel, &ready.node, &plan), TENON_OK) << call.message;
  const auto run_into = [&](Tensor& out) {
    const tenon_tensor_view inputs[] = {ready.a.view(), ready.b.view()}, output = out.view();
    void* const workspace = std::aligned_alloc(64, plan.workspace_bytes + 64);
    tenon_call own;
    const std::int32_t code = kernel->run(&own, kernel, plan.state, inputs, 2, &output, 1, workspace);
    std::free(workspace);
    return code;
  };
  const std::vector<double> expected = ready.out.values();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      Tensor out(ready.out.type);
      for (int i = 0; i < 40; ++i)
        if (run_into(out) != TENON_OK || out.values() != expected) ++wrong;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);

  for (int i = 0; i < 3; ++i) {
    const long before = allocations, bytes = allocated;
    ASSERT_EQ(run_into(ready.out), TENON_OK);
    EXPECT_LE(allocations - before, 12);  // oneDNN's lists of a run's tensors
    EXPECT_LE(allocated - bytes, 2048);
    if (i == 2 && std::getenv("TENON_TEST_SHOW") != nullptr)
      std::printf("%ld allocations of %ld bytes in a run\n", allocations - before, allocated - bytes);
  }
  kernel->plan_destroy(&call, kernel, plan.state);
}

TEST_P(OneDnn, SaysWhyItDeclines) {
  const Sizes large{{'r', 128}, {'c', 128}, {'d', 128}}, small{{'r', 127}, {'c', 128}, {'d', 128}}, none{{'r', 0}, {'c', 128}, {'d', 128}};
  expect_declined({.sizes = large, .dtype = TENON_F16, .result = TENON_F16}, "has no product of f16");
  expect_declined({.sizes = large, .dtype = TENON_F32, .result = TENON_F64}, "gives no f64 from f32");
  expect_declined({.sizes = small}, "at least two million products");
  expect_declined({.b = "cd", .sizes = {{'r', 7}, {'c', 600}, {'d', 700}}, .flags = {{"transpose_b", true}}}, "at least 8 rows");
  expect_declined({.a = "d", .out = "c", .sizes = {{'c', 2048}, {'d', 1024}}}, "at least 8 rows");
  expect_declined({.sizes = {{'r', 64}, {'c', 1024}, {'d', 1024}}}, "does not cut");
  expect_declined({.sizes = none}, "no product of nothing");
  expect_declined({.op = "gemm", .sizes = large, .alpha = 2}, "no factors");
  expect_declined({.op = "gemm", .bias = "rc", .sizes = large}, "one row for all");
  expect_declined({.op = "dot_general", .a = "rxd", .b = "dxc", .out = "xrc", .sizes = {{'r', 128}, {'c', 128}, {'d', 128}, {'x', 2}}},
                  "has only");
  expect_declined({.op = "dot_general", .a = "rdx", .b = "dcx", .out = "xrc", .sizes = {{'r', 128}, {'c', 128}, {'d', 128}, {'x', 2}}},
                  "has only");
  expect_declined({.op = "dot_general",
                   .a = "drx",
                   .b = "dc",
                   .out = "rxc",
                   .sizes = {{'r', 64}, {'c', 128}, {'d', 128}, {'x', 2}},
                   .dtype = TENON_F16,
                   .result = TENON_F16},
                  "f16");
}

INSTANTIATE_TEST_SUITE_P(Level, OneDnn, testing::Values("avx512"), level_name);

}  // namespace
