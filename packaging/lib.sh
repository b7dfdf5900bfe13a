# Shared by packaging/quickstart, tests/run and .ci/run: Debian packages, configure, build. Source it from bash.

tenon_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# A second checkout of the same sources finds what the first compiled.
export CCACHE_BASEDIR=$tenon_root CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '%s\n' "$*" >&2; }

# retry COMMAND..: up to four times, for downloads.
retry() {
  local attempt
  for attempt in 1 2 3 4; do
    "$@" && return 0
    [ "$attempt" = 4 ] || { say "failed (attempt $attempt): $*; trying again in $((attempt * 5)) s"; sleep $((attempt * 5)); }
  done
  say "gave up: $*"
  return 1
}

# need_packages NAME..: installs the Debian packages that are missing; asks for nothing where all are there.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local become=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "missing packages: ${missing[*]}"; say "install them as root: apt-get install ${missing[*]}"; return 1; }
    become=(sudo)
  fi
  say "installing: ${missing[*]}"
  retry "${become[@]}" apt-get update -q >&2 || return 1
  retry "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}

# What the product builds with.
tenon_build_packages=(g++ cmake ninja-build pkg-config python3 libyaml-cpp-dev libxsimd-dev libcli11-dev nlohmann-json3-dev libpthreadpool-dev)
# What the tests need beside it.
tenon_test_packages=(libgtest-dev libgmock-dev clang clang-format clang-tidy libclang-rt-14-dev binutils libbenchmark-dev g++-aarch64-linux-gnu qemu-user-static
  python3-jsonschema python3-numpy python3-venv python3-yaml abigail-tools ccache libdnnl-dev cargo rustc golang-go libcap2-bin valgrind xz-utils
  mandoc groff man-db doxygen build-essential debhelper lintian git mmdebstrap gpg file dpkg-dev util-linux)

# configure FOLDER [OPTIONS..]: a build folder, with the least output that still shows what went wrong.
configure() {
  local folder=$1
  shift
  local log
  log=$(mktemp)
  if ! cmake -S "$tenon_root" -B "$folder" -G Ninja "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
