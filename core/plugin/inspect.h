// Checking a manifest against this machine and against its library file, without running any of the library's code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/op/environment.h"
#include "core/plugin/dependencies.h"
#include "core/plugin/elf.h"
#include "core/plugin/manifest.h"
#include "core/plugin/trust.h"

namespace tenon {

// `problems`, here and below: a list that takes every error, instead of the return of the first (see keep() in manifest.h).

// What the manifest alone decides: API range, architecture, glibc, kind. INCOMPATIBLE, DEPENDENCY_MISSING, UNIMPLEMENTED.
Status check_host(const Manifest& manifest, std::vector<Error>* problems = nullptr);

// The first variant whose CPU features this machine has, or CPU_UNSUPPORTED with what is missing. feature_names: of machine.features.
Result<const Manifest::Variant*> choose_variant(const Manifest& manifest, const Machine& machine,
                                                const std::vector<std::string>& feature_names);

struct LibraryFile {
  std::string path;
  std::uint64_t size = 0, device = 0, inode = 0;
  std::vector<std::string> needed;
  std::vector<std::string> exports;  // read only where problems are listed
};

// Owner and mode, ELF headers, dependencies, the note against the manifest; with_hash: also the manifest's sha256, which reads the file.
// UNTRUSTED, PLUGIN_REJECTED, INCOMPATIBLE, DEPENDENCY_MISSING, MANIFEST_MISMATCH.
Result<LibraryFile> check_library(const TrustedFolder& folder, const Manifest& manifest, const Manifest::Variant& variant,
                                  DependencyIndex& dependencies, bool with_hash, std::vector<Error>* problems = nullptr);

}  // namespace tenon
