// What plugin.cpp asks of kernel.simd.cpp: a table of functions per SIMD level.
#pragma once

#include <cstddef>

#include "tenon_simd_levels.h"  // made by tenon_add_plugin

struct Job {
  const float *gate, *up;
  float* y;  // may be either of them
};

struct Level {
  void (*silu_mul)(const Job& job, std::size_t begin, std::size_t end);  // elements
};

#define DECLARE_LEVEL(level_namespace, level) \
  namespace level_namespace {                 \
  extern const Level kLevel;                  \
  }
TENON_SIMD_FOR_EACH_LEVEL(DECLARE_LEVEL)
#undef DECLARE_LEVEL
