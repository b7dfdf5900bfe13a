#!/bin/sh
# Builds the plugin: library, manifest and cases in build/tenon/plugins-1. Needs a C compiler, pkg-config, python3 and Tenon's headers.
# CC (also a cross compiler) and CFLAGS are honoured.
set -eu

@FIND_TENON@
cd "$(dirname "$0")"

name=@LIBRARY@
cases=
if [ -e cases.yaml ]; then cases=cases.yaml; fi # none where the operator is another plugin's
arch=$(${CC:-cc} -dumpmachine | cut -d- -f1)
out=build/tenon/plugins-1
mkdir -p "$out" build/objects
rm -f build/objects/*
pack=$(tenon --variable=pack)
# Hidden: the query function alone leaves the library. No contraction: a kernel takes the steps that it says. A root is one instruction.
flags="-std=c99 -O3 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -Wall -Wextra ${CFLAGS:-} -Ibuild $(tenon --cflags)"

# *.simd.c: an object per SIMD level; tenon_simd_levels.h lists the levels.
python3 "$pack" levels --arch "$arch" --header build/tenon_simd_levels.h >build/levels.txt
levels=
while read -r level level_flags; do
  table=level_$(printf %s "$level" | tr -c 'A-Za-z0-9' _)
  for source in src/*.simd.c; do
    ${CC:-cc} $flags $level_flags -DLEVEL_TABLE="$table" -c "$source" -o "build/objects/$(basename "$source" .c).$table.o"
  done
  levels="$levels$level;"
done <build/levels.txt
for source in src/*.c; do
  case $source in *.simd.c) continue ;; esac
  ${CC:-cc} $flags -c "$source" -o "build/objects/$(basename "$source" .c).o"
done

# The manifest as it is installed, and the note in the library that ties the two together.
python3 "$pack" build --manifest plugin.tenon.yaml --out "$out/$name.tenon.yaml" --note build/note.c --library "$name" --arch "$arch" \
  --include "$(tenon --variable=includedir)" --levels "$levels" ${cases:+--cases "$cases" --cases-out "$out/$name.cases.yaml"}
printf '{ global: tenon_plugin_query_v1; local: *; };\n' >build/exports.map
${CC:-cc} $flags $(tenon --variable=plugin_ldflags) -Wl,--version-script=build/exports.map build/objects/*.o build/note.c -o "$out/$name.so"
python3 "$pack" check "$out/$name.so"
echo "built $PWD/$out/$name.so"
