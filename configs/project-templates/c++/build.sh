#!/bin/sh
# Builds the plugin: library, manifest and cases in build/tenon/plugins-1. Needs CMake, a C++17 compiler, xsimd, pkg-config and Tenon's
# headers. Further arguments go to CMake: -DTENON_SIMD_LEVELS=avx2 builds that level alone.
set -eu

@FIND_TENON@
cd "$(dirname "$0")"

mkdir -p build
log=$PWD/build/build.log # shown where something fails
run() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }
run cmake -S . -B build -DCMAKE_PREFIX_PATH="$(tenon --variable=prefix)" "$@"
run cmake --build build
echo "built $PWD/build/tenon/plugins-1/@LIBRARY@.so"
