#!/bin/sh
# Builds the plugin: library, manifest and cases in build/tenon/plugins-1. Needs CMake, a C++17 compiler, xsimd, pkg-config and Tenon's headers.
# Further arguments go to CMake: -DTENON_SIMD_LEVELS=avx2 builds that level alone.
set -eu
cd "$(dirname "$0")"

@FIND_TENON@
cmake -S . -B build -DCMAKE_PREFIX_PATH="$(tenon --variable=prefix)" "$@" >build.log 2>&1 || { cat build.log >&2; exit 1; }
cmake --build build >build.log 2>&1 || { cat build.log >&2; exit 1; }
rm build.log
echo "built $PWD/build/tenon/plugins-1/@LIBRARY@.so"
