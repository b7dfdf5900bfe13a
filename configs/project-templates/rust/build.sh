#!/bin/sh
# Builds the plugin: library, manifest and cases in build/tenon/plugins-1. Needs cargo, pkg-config, python3 and Tenon's headers and crates;
# no network. Further arguments go to cargo.
set -eu

@FIND_TENON@
cd "$(dirname "$0")"

name=@LIBRARY@
cases=
if [ -e cases.yaml ]; then cases=cases.yaml; fi # none where the operator is another plugin's
arch=$(uname -m)
case $arch in x86_64) levels=avx2 ;; *) levels= ;; esac # that src/plugin.rs has kernels for, beside the plain one
out=build/tenon/plugins-1
mkdir -p "$out"
crates=$(tenon --variable=rustdir)
if [ ! -e "$crates/tenon-plugin/Cargo.toml" ]; then echo "build.sh: Tenon's Rust crates are not in $crates: install them" >&2; exit 1; fi
ln -sfn "$crates" sdk
cargo build --release --offline --quiet "$@"
cp target/release/libplugin.so "$out/$name.so"

# The manifest as it is installed: with what this build knows. The crate puts the note that ties the two together into the library.
pack=$(tenon --variable=pack)
python3 "$pack" build --manifest plugin.tenon.yaml --out "$out/$name.tenon.yaml" --library "$name" --arch "$arch" \
  --include "$(tenon --variable=includedir)" --levels "$levels" ${cases:+--cases "$cases" --cases-out "$out/$name.cases.yaml"}
python3 "$pack" check "$out/$name.so"
echo "built $PWD/$out/$name.so"
