/* Ways to disturb the floating-point environment of the calling thread. */
#ifndef TENON_TESTS_LOADER_FP_H
#define TENON_TESTS_LOADER_FP_H

#include <fenv.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#define ZOO_FLUSH_DENORMALS() _mm_setcsr(_mm_getcsr() | 0x8040u) /* FTZ and DAZ, as crtfastmath does */
#elif defined(__aarch64__)
#define ZOO_FLUSH_DENORMALS()                                  \
  do {                                                         \
    unsigned long fpcr;                                        \
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));             \
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | 1u << 24)); \
  } while (0)
#endif
#define ZOO_ROUND_UP() fesetround(FE_UPWARD)

#endif
