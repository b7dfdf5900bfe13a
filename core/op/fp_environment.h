// The floating-point control state of this thread: rounding mode, denormal handling, exception masks.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace tenon {

struct FpState {
  std::uint64_t control = 0;
  std::uint16_t x87 = 0;

  static FpState read() {
    FpState state;
#if defined(__x86_64__)
    state.control = _mm_getcsr() & ~0x3Fu;  // without the sticky exception flags, which every operation may set
    __asm__ volatile("fnstcw %0" : "=m"(state.x87));
#elif defined(__aarch64__)
    __asm__ volatile("mrs %0, fpcr" : "=r"(state.control));
#endif
    return state;
  }
  void write() const {
#if defined(__x86_64__)
    _mm_setcsr(static_cast<unsigned>(control));
    __asm__ volatile("fldcw %0" : : "m"(x87));
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(control));
#endif
  }
  // The state with denormals flushed, for kernels that declare fp: {ftz: true}.
  FpState flushing() const {
    FpState state = *this;
#if defined(__x86_64__)
    state.control |= 0x8040u;  // FTZ and DAZ
#elif defined(__aarch64__)
    state.control |= std::uint64_t{1} << 24;  // FZ
#endif
    return state;
  }
  bool operator==(const FpState&) const = default;
};

}  // namespace tenon
