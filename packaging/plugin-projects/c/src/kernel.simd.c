/* x / sqrt(mean(x^2) + epsilon) * scale, row by row, in vectors of GCC and Clang as wide as the level's registers. Everything here but the
 * table is static, because objects of two levels must not share a symbol. */
#include "kernel.h"

#include <string.h>

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
enum { LANES = VECTOR_BYTES / sizeof(float), CHAINS = 4 };
typedef float floats __attribute__((vector_size(VECTOR_BYTES)));

static floats load(const float* p) {
  floats v;
  memcpy(&v, p, sizeof v); /* unaligned */
  return v;
}

/* Several chains of sums: one would wait for each addition, and its rounding would grow with the length of the row. */
static float sum_of_squares(const float* x, size_t count) {
  floats sums[CHAINS];
  memset(sums, 0, sizeof sums);
  size_t i = 0;
  for (; i + CHAINS * LANES <= count; i += CHAINS * LANES)
    for (size_t c = 0; c < CHAINS; ++c) {
      const floats v = load(x + i + c * LANES);
      sums[c] += v * v;
    }
  for (; i + LANES <= count; i += LANES) {
    const floats v = load(x + i);
    sums[0] += v * v;
  }
  const floats together = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  float sum = 0;
  for (size_t lane = 0; lane < LANES; ++lane) sum += together[lane];
  for (; i < count; ++i) sum += x[i] * x[i];
  return sum;
}

static void rms_norm(const job* j, size_t begin, size_t end) {
  for (size_t row = begin; row < end; ++row) {
    const float* x = j->x + row * j->columns;
    float* y = j->y + row * j->columns;
    const float root = __builtin_sqrtf(sum_of_squares(x, j->columns) / (float)j->columns + j->epsilon);
    const float factor = 1.0f / root;
    size_t i = 0;
    for (; i + LANES <= j->columns; i += LANES) {
      const floats v = load(x + i) * factor * load(j->scale + i);
      memcpy(y + i, &v, sizeof v);
    }
    for (; i < j->columns; ++i) y[i] = x[i] * factor * j->scale[i];
  }
}

const level_table LEVEL_TABLE = {rms_norm};
