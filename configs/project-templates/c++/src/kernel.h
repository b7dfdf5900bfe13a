// What plugin.cpp asks of kernel.simd.cpp: a table of functions per SIMD level.
#pragma once

#include <cstddef>

#include "tenon_simd_levels.h"  // made by tenon_add_plugin

struct Job {
  const float *x, *weight, *bias;  // bias: null if there is none
  float* y;                        // may be x
  std::size_t columns;
  float alpha;
};

struct Level {
  void (*rows)(const Job& job, std::size_t begin, std::size_t end);
};

#define DECLARE_LEVEL(level_namespace, level) \
  namespace level_namespace {                 \
  extern const Level kLevel;                  \
  }
TENON_SIMD_FOR_EACH_LEVEL(DECLARE_LEVEL)
#undef DECLARE_LEVEL
