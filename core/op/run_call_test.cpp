// Runs of kernels: no allocation, failures by name, cancelling, the FP environment, threads.
#include <cfenv>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "core/op/call_fixture.h"
#include "core/op/fp_environment.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace tenon {
namespace {

using namespace testing;  // NOLINT
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Run : public Call {
 protected:
  Run() {
    frame.environment = &environment;
    kernel.header = TENON_HEADER_INIT(tenon_kernel, TENON_KIND_KERNEL);
    kernel.name = "fake";
    kernel.name_length = 4;
    kernel.run = [](tenon_call* c, const tenon_kernel*, const void* state, const tenon_tensor_view*, std::size_t, const tenon_tensor_view*,
                    std::size_t, void*) { return (*static_cast<const std::function<std::int32_t(tenon_call*)>*>(state))(c); };
  }
  Status run(const std::function<std::int32_t(tenon_call*)>& body) { return invoke_run(provider, frame, kernel, &body, {}, {}, nullptr); }
  tenon_kernel kernel{};
  tenon_call frame;
};

TEST_F(Run, NothingAllocatesOrLogsInRun) {
  environment.log_level = TENON_LOG_DEBUG;
  EXPECT_TRUE(run([&](tenon_call* c) {
                EXPECT_EQ(api.alloc(c, 8, 8), nullptr);
                EXPECT_EQ(api.realloc(c, nullptr, 0, 8, 8), nullptr);
                EXPECT_EQ(api.scratch(c, 8, 8), nullptr);
                EXPECT_EQ(api.log_enabled(c, TENON_LOG_ERROR), 0);
                api.log(c, TENON_LOG_ERROR, "x", 1);
                return TENON_OK;
              }).ok());
  EXPECT_TRUE(lines.empty());
  EXPECT_FALSE(frame.running);
}

TEST_F(Run, FailuresNameKernelAndPluginAndTheFrameIsReusable) {
  const Status silent = run([](tenon_call*) { return TENON_INTERNAL; });
  EXPECT_THAT(silent.error().message, HasSubstr("kernel fake: run failed without a message"));
  EXPECT_EQ(silent.error().where.plugin, "org.example.fake");
  const Status told = run([&](tenon_call* c) { return api.error_set(c, TENON_CANCELLED, "stopped", 7, nullptr, 0); });
  EXPECT_EQ(code_of(told), Code::Cancelled);
  EXPECT_EQ(code_of(run([](tenon_call*) -> std::int32_t { throw std::runtime_error("x"); })), Code::Internal);
  EXPECT_EQ(code_of(run([&](tenon_call* c) {
              api.error_set(c, TENON_INTERNAL, "lost", 4, nullptr, 0);
              return TENON_OK;
            })),
            Code::Internal);
  EXPECT_TRUE(run([](tenon_call*) { return TENON_OK; }).ok());
  kernel.run = nullptr;
  EXPECT_EQ(code_of(run([](tenon_call*) { return TENON_OK; })), Code::PluginRejected);
}

TEST_F(Run, CancelledIsWhatTheCallerSays) {
  volatile std::int32_t cancel = 0;
  frame.cancel = &cancel;
  EXPECT_TRUE(run([&](tenon_call* c) { return api.cancelled(c) == 0 ? TENON_OK : TENON_CANCELLED; }).ok());
  cancel = 1;
  EXPECT_FALSE(run([&](tenon_call* c) { return api.cancelled(c) == 0 ? TENON_OK : TENON_CANCELLED; }).ok());
  EXPECT_EQ(api.cancelled(nullptr), 0);
}

TEST_F(Run, AChangedFpEnvironmentIsRestored) {
  const FpState before = FpState::read();
  const auto change = [](tenon_call*) {
    std::fesetround(FE_UPWARD);
    return TENON_OK;
  };
  EXPECT_TRUE(run(change).ok());
  EXPECT_EQ(provider.fp_violations, 1);
  EXPECT_EQ(FpState::read(), before);
  environment.strict_fp = true;
  EXPECT_EQ(code_of(run(change)), Code::FpEnvChanged);
  EXPECT_EQ(FpState::read(), before);
}

// Two threads for the parts of a parallel_for.
class TwoThreads final : public ThreadPool {
 public:
  int threads() const override { return 2; }
  void parallel_for(std::size_t count, std::size_t, Task task, void* argument) override {
    std::thread other([&] { task(argument, 0, count / 2, 1); });
    task(argument, count / 2, count, 0);
    other.join();
  }
};

// Half the smallest normal number: a denormal, or 0 where they are flushed.
float half_smallest() {
  volatile float smallest = 1.17549435e-38f;
  return smallest * 0.5f;
}

TEST_F(Run, DenormalsAreFlushedForThePluginThatAsksOnEveryThread) {
  EXPECT_NE(half_smallest(), 0.0f);
  TwoThreads pool;
  environment.pool = &pool;
  environment.strict_fp = true;
  provider.flushes = true;
  float parts[2] = {1, 1};
  const tenon_parallel_fn part = [](void* out, std::size_t, std::size_t, std::size_t slot) {
    static_cast<float*>(out)[slot] = half_smallest();
  };
  EXPECT_TRUE(run([&](tenon_call* c) {
                EXPECT_EQ(half_smallest(), 0.0f);
                api.parallel_for(c, 10, 1, part, parts);
                return TENON_OK;
              }).ok());
  EXPECT_EQ(parts[0], 0.0f);
  EXPECT_EQ(parts[1], 0.0f);
  EXPECT_NE(half_smallest(), 0.0f);
  EXPECT_EQ(provider.fp_violations, 0);
}

TEST_F(Run, ParallelForCoversTheRangeOnceWithAndWithoutAPool) {
  struct Sum {
    std::atomic<std::size_t> sum{0}, parts{0};
  };
  const tenon_parallel_fn add = [](void* argument, std::size_t begin, std::size_t end, std::size_t slot) {
    auto* sum = static_cast<Sum*>(argument);
    EXPECT_LT(slot, 2u);
    for (std::size_t i = begin; i < end; ++i) sum->sum += i;
    ++sum->parts;
  };
  TwoThreads pool;
  for (ThreadPool* each : {static_cast<ThreadPool*>(nullptr), static_cast<ThreadPool*>(&pool)}) {
    environment.pool = each;
    Sum sum;
    EXPECT_TRUE(run([&](tenon_call* c) {
                  api.parallel_for(c, 101, 0, add, &sum);
                  api.parallel_for(c, 0, 1, add, &sum);
                  return TENON_OK;
                }).ok());
    EXPECT_EQ(sum.sum, 5050u);
    EXPECT_EQ(sum.parts, each == nullptr ? 1u : 2u);
  }
}

TEST_F(Run, APartThatThrowsFailsOrChangesTheFpEnvironment) {
  TwoThreads pool;
  environment.pool = &pool;
  const Status thrown = run([&](tenon_call* c) {
    api.parallel_for(
        c, 2, 1,
        [](void*, std::size_t, std::size_t, std::size_t slot) {
          if (slot == 1) throw 1;
        },
        nullptr);
    return TENON_OK;
  });
  EXPECT_THAT(error_of(thrown), HasSubstr("a part of a parallel_for threw an exception"));
  environment.strict_fp = true;
  EXPECT_EQ(code_of(run([&](tenon_call* c) {
              api.parallel_for(
                  c, 2, 1, [](void*, std::size_t, std::size_t, std::size_t) { std::fesetround(FE_DOWNWARD); }, nullptr);
              return TENON_OK;
            })),
            Code::FpEnvChanged);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
  // Errors from several parts at once: one is kept.
  const Status failed = run([&](tenon_call* c) {
    api.parallel_for(
        c, 2, 1,
        [](void* call_of, std::size_t, std::size_t, std::size_t) {
          host_api().error_set(static_cast<tenon_call*>(call_of), TENON_DATA_LOSS, "part", 4, nullptr, 0);
        },
        c);
    return TENON_DATA_LOSS;
  });
  EXPECT_EQ(failed.error().message, "part");
  EXPECT_THAT(error_of(run([&](tenon_call* c) {
                api.parallel_for(c, 2, 1, nullptr, nullptr);
                return TENON_OK;
              })),
              HasSubstr("parallel_for: fn is NULL"));
}

}  // namespace
}  // namespace tenon
