/* What plugin.c asks of kernel.simd.c: a table of functions per SIMD level. */
#ifndef KERNEL_H_
#define KERNEL_H_

#include <stddef.h>

#include "tenon_simd_levels.h" /* made by build.sh */

typedef struct job {
  const float* x;
  const float* scale;
  float* y; /* may be x */
  size_t columns;
  float epsilon;
} job;

typedef struct level_table {
  void (*rms_norm)(const job* job, size_t begin, size_t end); /* rows */
} level_table;

#define DECLARE_LEVEL(table, level) extern const level_table table;
TENON_SIMD_FOR_EACH_LEVEL(DECLARE_LEVEL)
#undef DECLARE_LEVEL

#endif
