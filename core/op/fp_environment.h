// The floating-point control state of this thread: rounding mode, denormal handling, exception masks. Plugins must leave it as they found
// it; core/op/call.cpp and parallel_for compare around every callback.
#pragma once

#include <cstdint>
#include <string>

namespace tenon {

struct FpState {
  std::uint64_t control = 0;  // MXCSR without its sticky flags, which every operation may set; FPCR
  std::uint16_t x87 = 0;      // x87 control word

  static FpState read() {
    FpState state;
#if defined(__x86_64__)
    std::uint32_t mxcsr = 0;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(state.x87));
    state.control = mxcsr & ~0x3fu;
#elif defined(__aarch64__)
    __asm__ volatile("mrs %0, fpcr" : "=r"(state.control));
#endif
    return state;
  }

  // On x86 this clears the sticky flags of both units: with unmasked exceptions a flag that is already set would trap when loaded.
  void write() const {
#if defined(__x86_64__)
    const auto mxcsr = static_cast<std::uint32_t>(control);
    __asm__ volatile("fnclex\n\tfldcw %0" : : "m"(x87));
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(control));
#endif
  }

  // The state with denormals flushed to zero, for kernels that declare fp: {ftz: true}.
  FpState flushing() const {
    FpState state = *this;
    state.control |= kFlush;
    return state;
  }

  bool operator==(const FpState&) const = default;

  // What differs, for people: "denormal handling and the rounding mode".
  static std::string difference(const FpState& before, const FpState& after) {
    const std::uint64_t changed = before.control ^ after.control;
    const std::uint16_t x87_changed = before.x87 ^ after.x87;
    std::string text;
    const auto add = [&text](bool differs, const char* what) {
      if (!differs) return;
      if (!text.empty()) text += " and ";
      text += what;
    };
    add((changed & kFlush) != 0, "denormal handling");
    add((changed & kRounding) != 0 || (x87_changed & 0x0c00) != 0, "the rounding mode");
    add((changed & ~(kFlush | kRounding)) != 0 || (x87_changed & 0x003f) != 0, "exception masks");
    add((x87_changed & 0x0300) != 0, "x87 precision");
    return text.empty() ? "control bits" : text;
  }

 private:
#if defined(__aarch64__)
  static constexpr std::uint64_t kFlush = (std::uint64_t{1} << 24) | (std::uint64_t{1} << 19);  // FZ, FZ16
  static constexpr std::uint64_t kRounding = std::uint64_t{3} << 22;
#else
  static constexpr std::uint64_t kFlush = 0x8040;  // FTZ, DAZ
  static constexpr std::uint64_t kRounding = 0x6000;
#endif
};

}  // namespace tenon
