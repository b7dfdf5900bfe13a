/* The speed, compiled once per SIMD level: vectors of GCC and Clang, as wide as the level's registers. Everything here but the table is
 * static, because objects of two levels must not share a symbol: the linker would keep one of them for both. */
#include "kernel.h"

#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
enum { LANES = VECTOR_BYTES / sizeof(float) };
typedef float floats __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t bits __attribute__((vector_size(VECTOR_BYTES)));

/* The lowering's steps in the lowering's order: then every bit is the same. A comparison gives -1 or 0 in each lane; NaN is not below 0. */
static void squared_relu(const float* x, float* y, size_t count, float scale) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    floats v;
    memcpy(&v, x + i, sizeof v); /* unaligned load */
    v = (floats)((bits)v & ~(bits)(v < 0.0f));
    v = v * v * scale;
    memcpy(y + i, &v, sizeof v);
  }
  for (; i < count; ++i) {
    const float v = x[i] < 0.0f ? 0.0f : x[i];
    y[i] = v * v * scale;
  }
}

const level_table LEVEL_TABLE = {squared_relu};
