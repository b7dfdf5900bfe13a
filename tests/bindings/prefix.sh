# Sourced by the tests of the bindings with an installed prefix as $1: tenon.pc found there, a temporary folder that goes at the end.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
prefix=$(cd "${1:?which prefix? (cmake --install build --prefix PREFIX)}" && pwd)
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT # Go makes parts of its caches read-only
pc=$(find "$prefix" -name tenon.pc -print -quit)
[ -n "$pc" ] || { printf '%s\n' "$prefix has no tenon.pc: it is no installation" >&2; exit 1; }
libdir=$(dirname "$(dirname "$pc")")
export PKG_CONFIG_PATH=${pc%/*} LD_LIBRARY_PATH=$libdir
# The prefix of the .pc file is the one that was configured; an installation may be elsewhere.
printf '#!/bin/sh\nexec pkg-config --define-variable=prefix="%s" "$@"\n' "$prefix" >"$work/pkg-config"
chmod +x "$work/pkg-config"
export PKG_CONFIG=$work/pkg-config
say() { printf '%s\n' "$*" >&2; }
need() { for tool in "$@"; do command -v "$tool" >/dev/null || { say "missing: $tool"; exit 1; }; done; }
# The environment of the user must not change what is tested.
for name in $(env | sed -n 's/^\(TENON_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
