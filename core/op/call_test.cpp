// Calls into plugins: codes, exceptions, the FP environment, memory, the log.
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

// ---- codes and exceptions ----

TEST_F(Call, AnErrorKeepsItsCodeTextAndAdvice) {
  EXPECT_TRUE(call([](tenon_call*) { return TENON_OK; }).ok());
  const Status failed = call([&](tenon_call* c) {
    EXPECT_EQ(api.error_set(c, TENON_OUT_OF_RANGE, "first", 5, "do", 2), TENON_OUT_OF_RANGE);
    return api.error_set(c, TENON_INTERNAL, "second", 6, nullptr, 0);
  });
  EXPECT_EQ(failed.error().code, Code::OutOfRange);
  EXPECT_EQ(failed.error().message, "first");
  EXPECT_EQ(failed.error().advice, "do");
  EXPECT_EQ(failed.error().domain, "org.example.fake 1.0");
}

TEST_F(Call, ACodeWithoutTextAndAnUnknownCode) {
  const Status silent = call([](tenon_call*) { return TENON_UNIMPLEMENTED; });
  EXPECT_EQ(silent.error().code, Code::Unimplemented);
  EXPECT_THAT(silent.error().message, HasSubstr("[op] infer failed without a message"));
  for (const std::int32_t raw : {17, 4711, -1, INT32_MIN}) {
    const Status unknown = call([&](tenon_call*) { return raw; });
    EXPECT_EQ(unknown.error().code, Code::Unknown);
    EXPECT_EQ(unknown.error().raw_code, raw);
    const Status told = call([&](tenon_call* c) { return api.error_set(c, raw, "x", 1, nullptr, 0); });
    EXPECT_EQ(told.error().code, Code::Unknown);
    EXPECT_EQ(told.error().raw_code, raw);
  }
}

TEST_F(Call, AnErrorThatIsSetCountsWhateverIsReturned) {
  const Status set = call([&](tenon_call* c) {
    api.error_set(c, TENON_INTERNAL, "lost", 4, nullptr, 0);
    return TENON_OK;
  });
  EXPECT_EQ(code_of(set), Code::Internal);
  EXPECT_EQ(code_of(call([&](tenon_call* c) { return api.error_set(c, TENON_OK, "odd", 3, nullptr, 0); })), Code::Unknown);
  const Status empty = call([&](tenon_call* c) { return api.error_set(c, TENON_INTERNAL, nullptr, 1000, nullptr, 1000); });
  EXPECT_THAT(empty.error().message, HasSubstr("gave no message"));
  const Status binary = call([&](tenon_call* c) { return api.error_set(c, TENON_INTERNAL, "a\xff", 2, nullptr, 0); });
  EXPECT_EQ(binary.error().message, "a\\xff");
}

TEST_F(Call, ExceptionsStopHere) {
  const Status standard = call([](tenon_call*) -> std::int32_t { throw std::runtime_error("boom"); });
  EXPECT_EQ(code_of(standard), Code::Internal);
  EXPECT_THAT(standard.error().message, HasSubstr("[op] infer threw an exception: boom"));
  EXPECT_EQ(standard.error().where.plugin, "org.example.fake");
  EXPECT_EQ(code_of(call([](tenon_call*) -> std::int32_t { throw 7; })), Code::Internal);
  EXPECT_EQ(code_of(call([](tenon_call*) -> std::int32_t { throw std::bad_alloc(); })), Code::ResourceExhausted);
  EXPECT_TRUE(call([](tenon_call*) { return TENON_OK; }).ok());  // the lock was let go
}

TEST_F(Call, OneAtATimeUnlessConcurrentAndOneThreadMayNest) {
  std::atomic<int> inside{0}, most{0};
  const auto body = [&](tenon_call*) {
    const int now = ++inside;
    most = std::max(most.load(), now);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    --inside;
    return TENON_OK;
  };
  const auto from_threads = [&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_TRUE(call(body).ok()); });
    for (std::thread& thread : threads) thread.join();
  };
  from_threads();
  EXPECT_EQ(most, 1);
  EXPECT_TRUE(call([&](tenon_call*) { return call([](tenon_call*) { return TENON_OK; }).ok() ? TENON_OK : TENON_INTERNAL; }).ok());
  provider.threads_concurrent = true;
  std::atomic<int> waiting{2};  // two callbacks that end only when both have begun
  const auto meet = [&](tenon_call*) {
    --waiting;
    while (waiting > 0) std::this_thread::yield();
    return TENON_OK;
  };
  std::thread other([&] { EXPECT_TRUE(call(meet).ok()); });
  EXPECT_TRUE(call(meet).ok());
  other.join();
}

// ---- the FP environment ----

TEST_F(Call, AChangedRoundingModeIsRestoredNotedAndLoggedOnce) {
  const FpState before = FpState::read();
  const auto change = [](tenon_call*) {
    std::fesetround(FE_DOWNWARD);
    return TENON_OK;
  };
  EXPECT_TRUE(call(change).ok());
  EXPECT_TRUE(call(change).ok());
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
  EXPECT_EQ(FpState::read(), before);
  EXPECT_EQ(provider.fp_violations, 2);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].category, "org.example.fake");
  EXPECT_EQ(lines[0].text, "[op] infer changed the rounding mode of the floating-point environment; it was restored");
  environment.strict_fp = true;
  const Status strict = call(change);
  EXPECT_EQ(code_of(strict), Code::FpEnvChanged);
  EXPECT_EQ(strict.error().where.plugin, "org.example.fake");
  EXPECT_EQ(FpState::read(), before);
  // The plugin's own error is the better one.
  EXPECT_EQ(code_of(call([&](tenon_call* c) {
              change(c);
              return TENON_OUT_OF_RANGE;
            })),
            Code::OutOfRange);
  // And a callback that changes it and throws.
  EXPECT_EQ(code_of(call([&](tenon_call* c) -> std::int32_t {
              change(c);
              throw 1;
            })),
            Code::Internal);
  EXPECT_EQ(FpState::read(), before);
}

TEST_F(Call, FlagsThatArithmeticRaisesAreNoChange) {
  EXPECT_TRUE(call([](tenon_call*) {
                volatile double zero = 0.0;
                volatile double inf = 1.0 / zero;
                return std::isinf(inf) ? TENON_OK : TENON_INTERNAL;
              }).ok());
  EXPECT_EQ(provider.fp_violations, 0);
}

#if defined(__x86_64__)
TEST_F(Call, FlushToZeroIsRestored) {
  environment.strict_fp = true;
  const Status status = call([](tenon_call*) {
    _mm_setcsr(_mm_getcsr() | 0x8040u);
    return TENON_OK;
  });
  EXPECT_EQ(code_of(status), Code::FpEnvChanged);
  EXPECT_THAT(status.error().message, HasSubstr("denormal handling"));
  EXPECT_EQ(_mm_getcsr() & 0x8040u, 0u);
  const Status x87 = call([](tenon_call*) {
    const std::uint16_t single = 0x007f;  // 24 bits of precision
    __asm__ volatile("fldcw %0" : : "m"(single));
    return TENON_OK;
  });
  EXPECT_THAT(x87.error().message, HasSubstr("x87 precision"));
}
#endif

// ---- memory ----

TEST_F(Call, AllocScratchAndTheirLimits) {
  ASSERT_TRUE(call([&](tenon_call* c) {
                for (const std::size_t align : {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{4096}}) {
                  void* memory = api.alloc(c, 100, align);
                  void* zero = api.scratch(c, 0, align);
                  void* scratch = api.scratch(c, 100, align);
                  EXPECT_NE(memory, nullptr);
                  EXPECT_NE(zero, nullptr);
                  EXPECT_NE(scratch, nullptr);
                  if (align > 0) {
                    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % align, 0u);
                    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(scratch) % align, 0u);
                  }
                  std::memset(memory, 7, 100);
                  std::memset(scratch, 8, 100);
                  memory = api.realloc(c, memory, 100, 1000, align);
                  EXPECT_NE(memory, nullptr);
                  EXPECT_EQ(static_cast<char*>(memory)[99], 7);
                  api.free(c, memory, 1000, align);
                }
                EXPECT_EQ(api.alloc(c, 8, 3), nullptr);
                EXPECT_EQ(api.alloc(c, 8, 8192), nullptr);
                EXPECT_EQ(api.scratch(c, SIZE_MAX, 16), nullptr);
                EXPECT_EQ(api.scratch(c, SIZE_MAX / 2 - 5000, 16), nullptr);
                EXPECT_EQ(api.alloc(c, SIZE_MAX - 8, 64), nullptr);  // would be small once aligned
                EXPECT_EQ(api.realloc(c, nullptr, 0, SIZE_MAX, 64), nullptr);
                api.free(c, nullptr, 0, 0);
                return TENON_OK;
              }).ok());
}

class ThrowingAllocator final : public Allocator {
 public:
  void* allocate(std::size_t, std::size_t) override { throw std::bad_alloc(); }
  void* reallocate(void*, std::size_t, std::size_t, std::size_t) override { throw 1; }
  void release(void*, std::size_t, std::size_t) override { throw 1; }
};

TEST_F(Call, TheEnvironmentsAllocatorIsUsedAndFenced) {
  ThrowingAllocator allocator;
  environment.allocator = &allocator;
  EXPECT_TRUE(call([&](tenon_call* c) {
                char byte = 0;
                EXPECT_EQ(api.alloc(c, 8, 8), nullptr);
                EXPECT_EQ(api.realloc(c, &byte, 1, 8, 8), nullptr);
                api.free(c, &byte, 1, 8);
                return TENON_OK;
              }).ok());
}

// ---- the log ----

TEST_F(Call, LogIsFilteredAndNeverUnderALock) {
  environment.log_level = TENON_LOG_INFO;
  on_log = [&] {
    // A sink may do what it likes, also from another thread that calls the plugin.
    std::thread([&] { EXPECT_TRUE(call([](tenon_call*) { return TENON_OK; }).ok()); }).join();
  };
  const auto body = [&](tenon_call* c) {
    EXPECT_EQ(api.log_enabled(c, TENON_LOG_INFO), 1);
    EXPECT_EQ(api.log_enabled(c, TENON_LOG_DEBUG), 0);
    EXPECT_EQ(api.log_enabled(c, 0), 0);
    api.log(c, TENON_LOG_INFO, "hello", 5);
    api.log(c, TENON_LOG_DEBUG, "hidden", 6);
    api.log(c, TENON_LOG_ERROR, nullptr, 9);
    return TENON_OK;
  };
  EXPECT_TRUE(call(body).ok());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].text, "hello");
  EXPECT_EQ(lines[0].category, "org.example.fake");
  EXPECT_EQ(lines[1].text, "");
  provider.threads_concurrent = true;
  EXPECT_TRUE(call(body).ok());
  EXPECT_EQ(lines.size(), 4u);
  on_log = [] { throw 1; };
  EXPECT_TRUE(call(body).ok());
  environment.log = nullptr;
  EXPECT_TRUE(call([&](tenon_call* c) { return api.log_enabled(c, TENON_LOG_ERROR) == 0 ? TENON_OK : TENON_INTERNAL; }).ok());
}

// ---- the table ----

TEST_F(Call, TheMachineByTheReceiveRule) {
  environment.machine.l2_bytes = 1 << 20;
  environment.machine.level = "avx2";
  EXPECT_TRUE(call([&](tenon_call* c) {
                tenon_machine machine = TENON_MACHINE_INIT;
                EXPECT_EQ(api.machine(c, &machine), TENON_OK);
                EXPECT_EQ(machine.threads, 1u);  // no pool
                EXPECT_EQ(machine.l2_bytes, 1u << 20);
                EXPECT_STREQ(machine.level, "avx2");
                EXPECT_EQ(machine.header.struct_size, sizeof machine);
                return TENON_OK;
              }).ok());
  EXPECT_EQ(code_of(call([&](tenon_call* c) {
              tenon_machine machine{};
              return api.machine(c, &machine);
            })),
            Code::InvalidArgument);
}

TEST(HostApi, EveryMemberIsThereAndTakesNull) {
  const tenon_host_api& api = host_api();
  EXPECT_EQ(api.header.struct_size, sizeof api);
  EXPECT_TRUE(TENON_HAS(&api, get_extension));
  const auto* functions = reinterpret_cast<void* const*>(&api.alloc);
  for (std::size_t i = 0; i < (sizeof api - offsetof(tenon_host_api, alloc)) / sizeof(void*); ++i) EXPECT_NE(functions[i], nullptr) << i;

  EXPECT_EQ(api.alloc(nullptr, 8, 8), nullptr);
  EXPECT_EQ(api.realloc(nullptr, nullptr, 0, 8, 8), nullptr);
  api.free(nullptr, nullptr, 0, 0);
  EXPECT_EQ(api.scratch(nullptr, 8, 8), nullptr);
  EXPECT_EQ(api.error_set(nullptr, TENON_INTERNAL, nullptr, 0, nullptr, 0), TENON_INTERNAL);
  EXPECT_EQ(api.log_enabled(nullptr, TENON_LOG_ERROR), 0);
  api.log(nullptr, TENON_LOG_ERROR, "x", 1);
  std::size_t length = 7;
  EXPECT_STREQ(api.node_operator(nullptr, &length), "");
  EXPECT_EQ(length, 0u);
  EXPECT_STREQ(api.node_name(nullptr, nullptr), "");
  EXPECT_EQ(api.node_operand_count(nullptr), 0u);
  EXPECT_EQ(api.node_result_count(nullptr), 0u);
  tenon_type_view type{nullptr, 3, TENON_F32};
  EXPECT_EQ(api.node_operand(nullptr, 0, &type), 0);
  EXPECT_EQ(type.dtype, TENON_DTYPE_INVALID);
  EXPECT_EQ(api.node_result(nullptr, 0, nullptr), 0);
  EXPECT_EQ(api.node_attr(nullptr, nullptr, 0, nullptr), 0);
  EXPECT_EQ(api.infer_result(nullptr, 0, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(api.build_operand(nullptr, nullptr, 0, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(api.build_type(nullptr, nullptr, 0, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(api.build_op(nullptr, nullptr, nullptr, nullptr, 0, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(api.build_constant(nullptr, nullptr, nullptr, nullptr, 0, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(api.build_region_begin(nullptr, nullptr, nullptr, 0, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(api.build_region_end(nullptr, nullptr, nullptr, 0), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(api.build_operator(nullptr, nullptr, nullptr, nullptr, 0, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(api.build_return(nullptr, nullptr, nullptr, 0), TENON_INVALID_ARGUMENT);
  api.parallel_for(nullptr, 1, 1, nullptr, nullptr);
  EXPECT_EQ(api.machine(nullptr, nullptr), TENON_INVALID_ARGUMENT);
  EXPECT_EQ(api.get_extension("graph", 5, 0), nullptr);
}

}  // namespace
}  // namespace tenon
