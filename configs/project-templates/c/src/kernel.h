/* What plugin.c asks of kernel.simd.c: a table of functions per SIMD level. */
#ifndef KERNEL_H_
#define KERNEL_H_

#include <stddef.h>

#include "tenon_simd_levels.h" /* made by build.sh */

typedef struct level_table {
  void (*squared_relu)(const float* x, float* y, size_t count, float scale); /* y may be x */
} level_table;

#define DECLARE_LEVEL(table, level) extern const level_table table;
TENON_SIMD_FOR_EACH_LEVEL(DECLARE_LEVEL)
#undef DECLARE_LEVEL

#endif
