# shellcheck shell=bash
# Shared by packaging/build-deb and packaging/test-deb. Source it from bash, after lib.sh.

# export_sources FOLDER: this working tree without what git ignores, as a Debian source tree: packaging/debian stands at its top. Modes and
# owners do not depend on the checkout's.
export_sources() {
  local folder=$1
  mkdir -p "$folder"
  if [ -e "$tenon_root/.git" ]; then
    git -c safe.directory='*' -C "$tenon_root" ls-files -z --cached --others --exclude-standard | LC_ALL=C sort -zu |
      while IFS= read -r -d '' file; do
        if [ -e "$tenon_root/$file" ] || [ -L "$tenon_root/$file" ]; then printf '%s\0' "$file"; fi
      done |
      tar -C "$tenon_root" --null --no-recursion -T - --mode=u+rw,go=rX,go-w -c | tar -C "$folder" --no-same-owner -p -x
  else
    tar -C "$tenon_root" --exclude='./build*/*' --mode=u+rw,go=rX,go-w -c . | tar -C "$folder" --no-same-owner -p -x
  fi
  find "$folder" -type d -exec chmod 755 {} +
  mv "$folder/packaging/debian" "$folder/debian"
}

# The version of the packages, which must be the library's.
package_version() {
  local version
  version=$(dpkg-parsechangelog -l "$tenon_root/packaging/debian/changelog" -S Version)
  if [ "$version" != "$(cat "$tenon_root/VERSION")" ]; then
    say "VERSION is $(cat "$tenon_root/VERSION") and packaging/debian/changelog has $version: write an entry for the new version there"
    return 1
  fi
  printf '%s\n' "$version"
}

# debian_sources: one-line apt sources of Debian itself, as this machine's apt has them: a clean tree is made from the same mirror.
debian_sources() {
  apt-get indextargets --format '$(ORIGIN)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' | sed -n 's/^Debian|//p' | sort -u
}

fresh_tree() {
  local folder=$1
  shift
  rm -rf --one-file-system "$folder"
  mmdebstrap --quiet --variant=apt --aptopt='Acquire::Retries "5"' --aptopt='APT::Install-Recommends "false"' "$@" \
    "$(. /etc/os-release && printf %s "$VERSION_CODENAME")" "$folder" "$folder.list"
}

# make_tree FOLDER [OPTIONS..]: a clean Debian tree with apt in it, made with mmdebstrap.
make_tree() {
  local folder=$1
  shift
  debian_sources >"$folder.list"
  [ -s "$folder.list" ] || { say "apt knows no Debian mirror: apt-get update"; return 1; }
  say "a clean tree from $(head -n 1 "$folder.list")"
  retry fresh_tree "$folder" "$@" || return 1
  cp /etc/resolv.conf "$folder/etc/resolv.conf"
}

# in_tree FOLDER COMMAND..: as root in the tree, with /proc, in a process space that ends with the command.
in_tree() {
  local folder=$1
  shift
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    unshare --mount --pid --fork --kill-child sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$folder" "$@"
}
