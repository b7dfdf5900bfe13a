// The manifest NAME.tenon.yaml that lies beside a plugin's library: who it is, what it needs, and its operators. Listing and checking
// plugins reads manifests alone; no library is opened for it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/op/schema.h"
#include "core/yaml/document.h"

namespace tenon {

inline constexpr std::size_t kMaxOperators = 512;
inline constexpr int kManifestSchemaMinor = 0;  // the newest `schema_minor` that this reader knows in full

struct Manifest {
  struct Api {
    std::uint32_t major = 0, min_minor = 0, built_minor = 0;
  };
  struct Variant {
    std::string library;           // a bare file name
    std::vector<std::string> cpu;  // features it needs, by the names of configs/arch.json; empty: none
  };
  struct Format {  // kind importer: what it reads
    std::string name;
    std::vector<std::string> extensions;
    std::string summary;
  };

  std::string file;  // as given to parse_manifest
  std::string name, version, kind;
  std::string op_namespace, license, summary;
  Api api;
  std::string arch;               // "x86_64"; empty only in a static plugin's manifest
  std::vector<Variant> variants;  // `library: X` is one variant without cpu; empty only in a static plugin's manifest
  std::vector<std::string> levels;
  std::string glibc;              // requires: the least glibc, "2.31"; empty: any
  std::vector<std::string> libs;  // requires: shared libraries by soname
  std::string runtime = "none";
  bool concurrent = false;
  bool ftz = false;
  int priority = 500;
  std::map<std::string, std::array<std::uint8_t, 32>> sha256;   // by library file name
  std::vector<std::pair<std::string, std::string>> extensions;  // x-.. keys and their content, on one line
  std::vector<OpSchema> ops;
  std::vector<Format> formats;
  std::array<std::uint8_t, 32> body_digest{};  // SHA-256 from the line `ops:` or `formats:` to the end
  std::vector<std::string> warnings;           // of a file with a newer schema_minor
};

enum class ManifestUse {
  Library,  // beside a shared library
  Static,   // given as text together with a query function: `arch`, `library` and `variants` may be absent
};

// Checks every rule and reads the operators' schemas. All errors are MANIFEST_INVALID with file, line and column.
Result<Manifest> parse_manifest(std::string text, std::string file, ManifestUse use = ManifestUse::Library);
// The same for an author: goes on behind an error where what follows can be judged without what was wrong, and puts every error into
// `problems`. The manifest is usable only if there is none.
Manifest parse_manifest_all(std::string text, std::string file, std::vector<Error>& problems);

// With a list an error goes there and the caller goes on; without one it is handed back.
Status keep(Status status, std::vector<Error>* problems);

// A library's file name: letters, digits and . _ + -, at most 128, ends in .so, no path.
bool is_library_name(std::string_view name);
// A plugin's name: reverse DNS, [a-z0-9.-]{3,64}.
bool is_plugin_name(std::string_view name);

namespace manifest_internal {

// How unknown keys are treated: errors, or warnings in a file from the future. And whether reading goes on behind an error.
struct Context {
  const yaml::Document& document;
  bool lenient = false;
  std::vector<std::string>* warnings = nullptr;
  std::vector<Error>* problems = nullptr;  // null: the first error ends the reading

  Status finish(yaml::Reader& reader) const;
  // An error that does not make the rest unreadable: goes to `problems` if there is such a list, else is returned.
  Status keep(Status status) const;
  std::size_t problem_count() const { return problems == nullptr ? 0 : problems->size(); }
  Error error(const yaml::Node& node, std::string message) const;
};

// One item of `ops`.
Result<OpSchema> read_op(const Context& context, const yaml::Node& item, const std::string& op_namespace);
// One entry of an operator's `targets`.
Result<CarrierForm> read_carrier(const Context& context, const yaml::Node::Entry& entry, const OpSchema& schema);

bool is_identifier(std::string_view text);     // [A-Za-z_][A-Za-z0-9_]{0,63}
bool is_operator_name(std::string_view text);  // [a-z][a-z0-9_]{0,63}
bool is_namespace(std::string_view text);      // operator names joined by dots

}  // namespace manifest_internal
}  // namespace tenon
