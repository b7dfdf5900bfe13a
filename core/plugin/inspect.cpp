#include "core/plugin/inspect.h"

#include <gnu/libc-version.h>

#include <algorithm>

#include "core/base/sha256.h"
#include "core/plugin/dynamic.h"
#include "core/plugin/query.h"

namespace tenon {
namespace {

// "2.36" as 2036; 0 if it is no version.
std::uint64_t version_number(std::string_view text) {
  const std::vector<std::string> parts = split(text, '.');
  const auto major = parse_u64(parts[0]);
  const auto minor = parts.size() > 1 ? parse_u64(parts[1]) : std::nullopt;
  return major && minor && *major < 1000 && *minor < 1000 ? *major * 1000 + *minor : 0;
}

Status check_note(const ElfFacts& facts, const Manifest& manifest, const std::string& path, std::vector<Error>* problems) {
  const auto mismatch = [&](std::string message) {
    return keep(fail(Code::ManifestMismatch, std::move(message))
                    .file(path)
                    .advise(problems != nullptr ? "build the library again from this manifest"
                                                : "install the plugin again: library and manifest are from different builds"),
                problems);
  };
  if (!facts.note)
    return fail(Code::ManifestMismatch, "the library has no note .note.tenon, so nothing ties it to the manifest")
        .file(path)
        .advise("build it with tenon_add_plugin()");
  const ElfNote& note = *facts.note;
  if (note.name != manifest.name) TENON_TRY(mismatch(cat("the library is ", note.name, ", the manifest ", manifest.name)));
  if (note.version != manifest.version)
    TENON_TRY(mismatch(cat("the library is version ", note.version, ", the manifest ", manifest.version)));
  if (note.kind != manifest.kind) TENON_TRY(mismatch(cat("the library is of kind ", note.kind, ", the manifest ", manifest.kind)));
  if (note.api_major != manifest.api.major || note.api_min_minor != manifest.api.min_minor ||
      note.api_built_minor != manifest.api.built_minor)
    TENON_TRY(mismatch(cat("the library says API ", note.api_major, ".", note.api_min_minor, "-", note.api_major, ".", note.api_built_minor,
                           ", the manifest ", manifest.api.major, ".", manifest.api.min_minor, "-", manifest.api.major, ".",
                           manifest.api.built_minor)));
  if (note.body_digest != manifest.body_digest)
    TENON_TRY(mismatch(cat("the library was built for another text of the manifest's ", manifest.kind == "operators" ? "ops" : "formats")));
  return {};
}

Status check_hash(const TrustedFile& file, const std::array<std::uint8_t, 32>& expected) {
  TENON_ASSIGN(const std::string content, read_trusted_text(file));
  if (content.size() == file.size && sha256(std::as_bytes(std::span(content))) == expected) return {};
  return fail(Code::ManifestMismatch, "the library's SHA-256 is not the one in the manifest")
      .file(file.path)
      .advise("install the plugin again");
}

}  // namespace

Status check_host(const Manifest& manifest, std::vector<Error>* problems) {
  if (Result<std::uint32_t> minor = negotiate(manifest.api, kHostApiMinorMin, kHostApiMinorMax); !minor.ok())
    TENON_TRY(keep(std::move(minor.take_error()).file(manifest.file), problems));
  if (!manifest.arch.empty() && manifest.arch != host_machine())
    TENON_TRY(keep(fail(Code::Incompatible, "the plugin is for ", manifest.arch, ", this process is ", host_machine())
                       .file(manifest.file)
                       .advise(cat("install the plugin built for ", host_machine())),
                   problems));
  if (manifest.kind != "operators")
    TENON_TRY(keep(fail(Code::Unimplemented, "plugins of kind ", manifest.kind, " are not opened by this libtenon")
                       .file(manifest.file)
                       .advise("upgrade libtenon"),
                   problems));
  if (const std::uint64_t needed = manifest.glibc.empty() ? 0 : version_number(manifest.glibc);
      needed > version_number(::gnu_get_libc_version()))
    TENON_TRY(keep(fail(Code::DependencyMissing, "the plugin needs glibc ", manifest.glibc, ", this system has ", ::gnu_get_libc_version())
                       .file(manifest.file)
                       .advise("install a build of the plugin for this system"),
                   problems));
  return {};
}

Result<const Manifest::Variant*> choose_variant(const Manifest& manifest, const Machine& machine,
                                                const std::vector<std::string>& feature_names) {
  std::string missing;
  for (const Manifest::Variant& variant : manifest.variants) {
    std::string lacks;
    for (const std::string& feature : variant.cpu) {
      const auto found = std::find(feature_names.begin(), feature_names.end(), feature);
      const auto bit = static_cast<std::size_t>(found - feature_names.begin());
      if (found == feature_names.end() || bit >= 256 || (machine.features[bit / 64] >> (bit % 64) & 1) == 0)
        lacks += (lacks.empty() ? "" : ", ") + feature;
    }
    if (lacks.empty()) return &variant;
    missing += cat(missing.empty() ? "" : "; ", variant.library, " needs ", lacks);
  }
  return fail(Code::CpuUnsupported, "no variant of the plugin fits this CPU: ", missing)
      .file(manifest.file)
      .advise("install a build of the plugin for a smaller CPU");
}

Result<LibraryFile> check_library(const TrustedFolder& folder, const Manifest& manifest, const Manifest::Variant& variant,
                                  DependencyIndex& dependencies, bool with_hash, std::vector<Error>* problems) {
  TENON_ASSIGN(TrustedFile file, open_trusted_file(folder, variant.library, kMaxLibraryBytes, true));
  const FileElf source(file.descriptor.get(), file.size);
  TENON_ASSIGN(const ElfFacts facts, read_elf(source, file.path));
  TENON_TRY(check_elf(facts, file.path, problems));
  TENON_TRY(keep(check_note(facts, manifest, file.path, problems), problems));
  LibraryFile library{file.path, file.size, file.device, file.inode, facts.needed, {}};
  library.needed.insert(library.needed.end(), manifest.libs.begin(), manifest.libs.end());
  const std::string origin = facts.run_paths.empty() ? std::string() : folder.path;
  for (const std::string& name : library.needed)
    if (!dependencies.has(name, origin))
      TENON_TRY(keep(fail(Code::DependencyMissing, "the plugin needs ", name, ", which is not installed")
                         .file(file.path)
                         .advise(cat("install the package that contains ", name)),
                     problems));
  const std::string runtime = openmp_runtime(facts.needed);
  if (const std::string loaded = runtime.empty() ? std::string() : openmp_runtime(loaded_file_names());
      !loaded.empty() && loaded != runtime)
    TENON_TRY(keep(fail(Code::Incompatible, "the plugin needs the OpenMP runtime ", runtime, ", this process has ", loaded)
                       .file(file.path)
                       .advise("install a build of the plugin for the same OpenMP runtime: two of them do not work in one process"),
                   problems));
  if (const auto hash = manifest.sha256.find(variant.library); with_hash && hash != manifest.sha256.end())
    TENON_TRY(keep(check_hash(file, hash->second), problems));
  if (problems != nullptr) {
    TENON_ASSIGN(library.exports, read_exports(source, file.path));
  }
  return library;
}

}  // namespace tenon
