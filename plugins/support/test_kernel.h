// For *_test.cpp beside a kernel: tensors in every layout with guarded memory, a kernel of an operator by name and level, and one run of
// it as the executor does it. The expected values are the test's own, in float64.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

#include "plugins/support/test_host.h"
#include "plugins/support/test_numbers.h"
#include "tenon_simd_levels.h"

namespace tenon::test_kernel {

using plugin::Dims;
using plugin::Type;

#define TENON_TEST_LEVEL_NAME(space, level) level,
constexpr const char* kLevels[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_TEST_LEVEL_NAME)};
#undef TENON_TEST_LEVEL_NAME

inline bool machine_has([[maybe_unused]] const std::string& level) {
#if defined(__x86_64__)
  if (level == "sse4.2") return __builtin_cpu_supports("sse4.2");
  // Named by instruction sets that both compilers know; no processor has these without F16C.
  if (level == "avx2") return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (level == "avx512")
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#endif
  return true;
}

// For INSTANTIATE_TEST_SUITE_P(Levels, Level, testing::ValuesIn(kLevels), level_name).
inline std::string level_name(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

// A fixture with the level as parameter: a small machine with one thread. Derive from it, so that suites of two files differ in name.
class LevelTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!machine_has(GetParam())) GTEST_SKIP() << "this machine has no " << GetParam();
    test_host::machine.threads = 1;
    test_host::machine.l1d_bytes = 32 << 10;
    test_host::machine.l2_bytes = 512 << 10;
    test_host::machine.l3_bytes = 16 << 20;
  }
};

// ---- Tensors ----

enum class Lay { Compact, Strided, Misaligned, Reversed };
constexpr Lay kLays[] = {Lay::Compact, Lay::Strided, Lay::Misaligned, Lay::Reversed};

// Memory with guard elements around it. at(i): row-major element number i. Integers are read and written as doubles, exactly up to 2^53.
struct Tensor {
  Type type;
  std::vector<std::int64_t> strides;
  std::vector<char> memory;
  std::size_t origin = 0;  // of element 0, in bytes

  Tensor() = default;
  explicit Tensor(Type t, Lay lay = Lay::Compact) : type(std::move(t)), strides(type.dims.size()) {
    std::int64_t step = lay == Lay::Strided ? 2 : 1, reach = 0;
    for (std::size_t d = type.dims.size(); d-- > 0;) {
      strides[d] = step;
      step = step * std::max<std::int64_t>(type.dims[d], 1) + (lay == Lay::Strided ? 3 : 0);
      reach += strides[d] * std::max<std::int64_t>(type.dims[d] - 1, 0);
    }
    const std::size_t size = test_numbers::element_bytes(type.dtype), guard = 64;
    memory.assign((static_cast<std::size_t>(reach) + 1) * size + 2 * guard + 64, char(0x5a));
    const auto base = reinterpret_cast<std::uintptr_t>(memory.data()) + guard;
    origin = guard + (64 - base % 64) % 64 + (lay == Lay::Misaligned ? size : 0);  // one element off every vector
    if (lay == Lay::Reversed && !type.dims.empty() && type.dims.back() > 0) {      // the last dimension runs backwards
      origin += static_cast<std::size_t>(type.dims.back() - 1) * size;
      strides.back() = -1;
    }
  }
  std::size_t elements() const {
    std::size_t n = 1;
    for (std::int64_t d : type.dims) n *= static_cast<std::size_t>(d);
    return n;
  }
  char* at(std::size_t i) {
    std::int64_t offset = 0;
    for (std::size_t d = type.dims.size(); d-- > 0;) {
      const auto size = static_cast<std::size_t>(type.dims[d]);
      offset += static_cast<std::int64_t>(i % size) * strides[d];
      i /= size;
    }
    return memory.data() + static_cast<std::ptrdiff_t>(origin) +
           offset * static_cast<std::ptrdiff_t>(test_numbers::element_bytes(type.dtype));
  }
  double get(std::size_t i) { return test_numbers::read(type.dtype, at(i)); }
  void set(std::size_t i, double value) { test_numbers::write(type.dtype, value, at(i)); }
  std::vector<double> values() {
    std::vector<double> out(elements());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = get(i);
    return out;
  }
  // Every element by value(i).
  Tensor& fill(const std::function<double(std::size_t)>& value) {
    for (std::size_t i = 0; i < elements(); ++i) set(i, value(i));
    return *this;
  }
  // N(0, 1) * magnitude, rounded to the dtype. A seed gives the same values in every layout.
  Tensor& fill_normal(unsigned seed, double magnitude = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    return fill([&](std::size_t) { return magnitude * normal(random); });
  }
  tenon_tensor_view view() {
    return {memory.data() + origin, type.dims.data(), strides.data(), static_cast<std::int32_t>(type.rank()), type.dtype, 0, 0};
  }
  // Bytes that are no element's are as they were.
  bool guards_hold() {
    std::vector<char> expected(memory.size(), char(0x5a));
    for (std::size_t i = 0; i < elements(); ++i) {
      const std::size_t offset = static_cast<std::size_t>(at(i) - memory.data());
      std::memcpy(expected.data() + offset, at(i), test_numbers::element_bytes(type.dtype));
    }
    return expected == memory;
  }
};

// ---- Running ----

// The kernel of `op` with this name, at this level ("": one without a level); null if there is none.
inline const tenon_kernel* find_kernel(const tenon_operator& op, const std::string& name, const std::string& level) {
  for (std::size_t i = 0; i < op.kernel_count; ++i) {
    const tenon_kernel* kernel = op.kernels[i];
    const std::string own = kernel->level == nullptr ? "" : std::string(kernel->level, kernel->level_length);
    if (std::string(kernel->name, kernel->name_length) == name && own == level) return kernel;
  }
  return nullptr;
}

struct Ran {
  std::int32_t code = TENON_OK;
  std::string message;  // of a refusal
  std::string note;     // of the plan
  std::size_t workspace_bytes = 0;
};

// supports, plan, run, destroy. Null: an absent operand or result. A tensor may stand on both sides (in place). The node's operand and
// result types are set from the tensors. The workspace begins full of NaN: a kernel that reads what it did not write shows it.
inline Ran run(const tenon_kernel* kernel, tenon_node& node, const std::vector<Tensor*>& operands, const std::vector<Tensor*>& results) {
  plugin::host_table = &test_host::api();
  Ran out;
  node.operands.clear();
  node.results.clear();
  const tenon_tensor_view absent = TENON_TENSOR_VIEW_INIT;
  std::vector<tenon_tensor_view> inputs, outputs;
  for (Tensor* t : operands) {
    node.operands.push_back(t == nullptr ? Type() : t->type);
    inputs.push_back(t == nullptr ? absent : t->view());
  }
  for (Tensor* t : results) {
    node.results.push_back(t == nullptr ? Type() : t->type);
    outputs.push_back(t == nullptr ? absent : t->view());
  }
  tenon_call call;
  const auto refused = [&](std::int32_t code) {
    out.code = code;
    out.message = call.message;
    return code != TENON_OK;
  };
  if (kernel == nullptr) return out.code = TENON_NOT_FOUND, out.message = "no such kernel", out;
  tenon_kernel_plan plan = TENON_KERNEL_PLAN_INIT;
  if (refused(kernel->supports(&call, kernel, &node)) || refused(kernel->plan(&call, kernel, &node, &plan))) return out;
  out.note.assign(plan.note == nullptr ? "" : plan.note, plan.note_length);
  out.workspace_bytes = plan.workspace_bytes;
  const std::size_t align = std::max<std::size_t>(plan.workspace_align, 64), size = (plan.workspace_bytes + align) / align * align;
  void* workspace = std::aligned_alloc(align, size);
  std::memset(workspace, 0xff, size);
  refused(kernel->run(&call, kernel, plan.state, inputs.data(), inputs.size(), outputs.data(), outputs.size(), workspace));
  std::free(workspace);
  if (kernel->plan_destroy != nullptr) kernel->plan_destroy(&call, kernel, plan.state);
  return out;
}

// run() with one thread and large caches, then on machines with small caches, which take other paths, and more threads: every time
// check(outcome, the first outcome, whether the last level is small, threads).
template <class Run, class Check>
void on_every_path(const Run& run, const Check& check) {
  test_host::machine.threads = 1;
  test_host::machine.l2_bytes = 1u << 30;
  const auto plain = run();
  EXPECT_NE(plain.note.find("serial"), std::string::npos) << plain.note;
  for (std::uint64_t last : {1u << 30, 1u << 10})
    for (std::uint32_t threads : {1u, 3u}) {
      test_host::machine.threads = threads;
      test_host::machine.l2_bytes = 1u << 10;
      test_host::machine.l3_bytes = last;
      const auto other = run();
      EXPECT_NE(other.note.find(threads == 1 ? "serial" : "parallel"), std::string::npos) << other.note;
      check(other, plain, last == 1u << 10, threads);
    }
}

}  // namespace tenon::test_kernel
