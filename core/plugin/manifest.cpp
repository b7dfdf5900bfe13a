// The manifest's head; its operators are in manifest_ops.cpp, their targets in manifest_targets.cpp.
#include "core/plugin/manifest.h"

#include <algorithm>
#include <set>

#include "core/base/sha256.h"

namespace tenon {
namespace {

using manifest_internal::Context;
using yaml::Node;
using yaml::Reader;

bool only(std::string_view text, std::string_view also, bool upper = true) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (upper && c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.find(c) != std::string_view::npos;
  });
}

// On one line, for listings of x- keys.
void render(const Node& node, std::string& out) {
  switch (node.kind) {
    case yaml::Kind::Null:
      out += '~';
      break;
    case yaml::Kind::Scalar:
      out += node.scalar;
      break;
    case yaml::Kind::Sequence:
      out += '[';
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0) out += ", ";
        render(node.items[i], out);
      }
      out += ']';
      break;
    case yaml::Kind::Mapping:
      out += '{';
      for (std::size_t i = 0; i < node.entries.size(); ++i) {
        if (i > 0) out += ", ";
        out += node.entries[i].key;
        out += ": ";
        render(node.entries[i].value, out);
      }
      out += '}';
      break;
  }
}

template <class T>
Result<T> number_in(const Context& context, const Node& node, std::string_view what, std::int64_t low, std::int64_t high) {
  TENON_ASSIGN(std::int64_t value, yaml::as_i64(context.document, node, what));
  if (value < low || value > high) return context.error(node, cat(what, " must be from ", low, " to ", high, ", got ", value));
  return static_cast<T>(value);
}

Status read_name(const Context& context, Reader& reader, Manifest& out) {
  TENON_ASSIGN(const Node* name, reader.required("name"));
  TENON_ASSIGN(out.name, yaml::as_string(context.document, *name, "name"));
  if (!is_plugin_name(out.name))
    return context.error(*name, cat("name must be 3 to 64 of a-z, 0-9, dot and hyphen, got \"", out.name, "\""))
        .advise("write it as reverse DNS: org.example.normalization");
  return {};
}

Status read_version(const Context& context, Reader& reader, Manifest& out) {
  TENON_ASSIGN(const Node* version, reader.required("version"));
  TENON_ASSIGN(out.version, yaml::as_string(context.document, *version, "version"));
  if (!version->quoted)
    return context.error(*version, cat("version must be in quotes: unquoted, 1.10 would be the number 1.1"))
        .advise(cat("write version: \"", out.version, "\""));
  if (out.version.empty() || out.version.size() > 64 || !only(out.version, ".+~-_"))
    return context.error(*version, cat("version must be 1 to 64 letters, digits or . + ~ - _, got \"", out.version, "\""));
  return {};
}

Status read_kind(const Context& context, Reader& reader, Manifest& out) {
  TENON_ASSIGN(const Node* kind, reader.required("kind"));
  TENON_ASSIGN(out.kind, yaml::as_string(context.document, *kind, "kind"));
  if (out.kind != "operators" && out.kind != "importer")
    return context.error(*kind, cat("kind must be operators or importer, got \"", out.kind, "\""));
  return {};
}

Status read_namespace(const Context& context, Reader& reader, Manifest& out) {
  if (const Node* op_namespace = reader.optional("namespace")) {
    TENON_ASSIGN(out.op_namespace, yaml::as_string(context.document, *op_namespace, "namespace"));
    if (!manifest_internal::is_namespace(out.op_namespace))
      return context.error(*op_namespace, cat("namespace must be small letters, digits and underscores, got \"", out.op_namespace, "\""))
          .advise("write one word, such as example: the operators are then example.NAME");
  } else if (out.kind == "operators") {
    return context.error(reader.node(), "the manifest has no \"namespace\"")
        .advise("add \"namespace: example\": the operators are then example.NAME");
  }
  return {};
}

Status read_identity(const Context& context, Reader& reader, Manifest& out) {
  TENON_TRY(context.keep(read_name(context, reader, out)));
  TENON_TRY(context.keep(read_version(context, reader, out)));
  TENON_TRY(context.keep(read_kind(context, reader, out)));
  TENON_TRY(context.keep(read_namespace(context, reader, out)));
  TENON_ASSIGN(out.license, reader.string_or("license", ""));
  TENON_ASSIGN(out.summary, reader.string_or("summary", ""));
  return {};
}

Status read_api(const Context& context, Reader& reader, Manifest& out) {
  TENON_ASSIGN(const Node* node, reader.required("api"));
  TENON_ASSIGN(Reader api, Reader::open(context.document, *node, "api"));
  const auto number = [&](std::string_view key, std::uint32_t& value) -> Status {
    TENON_ASSIGN(const Node* item, api.required(key));
    TENON_ASSIGN(value, number_in<std::uint32_t>(context, *item, key, 0, 100000));
    return {};
  };
  TENON_TRY(number("major", out.api.major));
  TENON_TRY(number("min_minor", out.api.min_minor));
  TENON_TRY(number("built_minor", out.api.built_minor));
  if (out.api.built_minor < out.api.min_minor)
    return context.error(*node, cat("api: built_minor ", out.api.built_minor, " is below min_minor ", out.api.min_minor))
        .advise("built_minor is TENON_PLUGIN_API_MINOR of the header that the plugin is compiled with");
  return context.finish(api);
}

Status read_library_name(const Context& context, const Node& node, std::string& out) {
  TENON_ASSIGN(out, yaml::as_string(context.document, node, "library"));
  if (!is_library_name(out))
    return context.error(node, cat("library must be a bare file name that ends in .so, got \"", out, "\""))
        .advise("up to 128 letters, digits and . _ + -; the library lies beside the manifest");
  return {};
}

Status read_variants(const Context& context, Reader& reader, ManifestUse use, Manifest& out) {
  const Node* library = reader.optional("library");
  const Node* variants = reader.optional("variants");
  if (library != nullptr && variants != nullptr)
    return context.error(*variants, "library and variants exclude each other").advise("list all libraries under variants");
  if (library != nullptr) return read_library_name(context, *library, out.variants.emplace_back().library);
  if (variants == nullptr) {
    if (use == ManifestUse::Static) return {};
    return context.error(reader.node(), "the manifest names no library").advise("add \"library: NAME.so\"");
  }
  if (variants->kind != yaml::Kind::Sequence || variants->items.empty() || variants->items.size() > 16)
    return context.error(*variants, "variants must be a list of 1 to 16 {library: .., cpu: [..]}");
  for (const Node& item : variants->items) {
    TENON_ASSIGN(Reader row, Reader::open(context.document, item, "variant"));
    Manifest::Variant& variant = out.variants.emplace_back();
    TENON_ASSIGN(const Node* name, row.required("library"));
    TENON_TRY(read_library_name(context, *name, variant.library));
    TENON_ASSIGN(variant.cpu, row.strings_or_empty("cpu"));
    TENON_TRY(context.finish(row));
    for (std::size_t i = 0; i + 1 < out.variants.size(); ++i)
      if (out.variants[i].library == variant.library) return context.error(item, cat("variants lists ", variant.library, " twice"));
  }
  return {};
}

Status read_requires(const Context& context, Reader& reader, Manifest& out) {
  if (const Node* node = reader.optional("requires")) {
    TENON_ASSIGN(Reader needs, Reader::open(context.document, *node, "requires"));
    if (const Node* glibc = needs.optional("glibc")) {
      TENON_ASSIGN(out.glibc, yaml::as_string(context.document, *glibc, "glibc"));
      const std::vector<std::string> parts = split(out.glibc, '.');
      if (!glibc->quoted || parts.size() != 2 || !parse_u64(parts[0]) || !parse_u64(parts[1]))
        return context.error(*glibc, cat("glibc must be a quoted version such as \"2.31\", got ", out.glibc));
    }
    TENON_ASSIGN(out.libs, needs.strings_or_empty("libs"));
    for (const std::string& lib : out.libs)
      if (lib.empty() || lib.size() > 128 || !only(lib, "._+-"))
        return context.error(*node, cat("requires: libs are file names such as libgomp.so.1, got \"", lib, "\""));
    TENON_TRY(context.finish(needs));
  }
  return {};
}

Status read_digests(const Context& context, Reader& reader, Manifest& out) {
  if (const Node* node = reader.optional("sha256")) {
    if (node->kind != yaml::Kind::Mapping) return context.error(*node, "sha256 must be a mapping of library to digest");
    for (const Node::Entry& entry : node->entries) {
      if (std::none_of(out.variants.begin(), out.variants.end(), [&](const auto& v) { return v.library == entry.key; }))
        return context.error(entry.value, cat("sha256 names ", entry.key, ", which is not a library of this manifest"));
      TENON_ASSIGN(std::string hex, yaml::as_string(context.document, entry.value, "sha256"));
      std::array<std::uint8_t, 32> digest{};
      bool good = hex.size() == 64;
      for (std::size_t i = 0; good && i < 32; ++i) {
        const std::string pair = cat("0x", std::string_view(hex).substr(2 * i, 2));
        const auto byte = only(std::string_view(pair).substr(2), "") ? parse_u64(pair) : std::nullopt;
        good = byte.has_value();
        if (good) digest[i] = static_cast<std::uint8_t>(*byte);
      }
      if (!good) return context.error(entry.value, "a SHA-256 digest has 64 hexadecimal digits").advise("write what sha256sum prints");
      out.sha256.emplace(entry.key, digest);
    }
  }
  return {};
}

Status read_needs(const Context& context, Reader& reader, ManifestUse use, Manifest& out) {
  Result<std::string> arch = use == ManifestUse::Library ? reader.string("arch") : reader.string_or("arch", "");
  if (arch.ok())
    out.arch = *std::move(arch);
  else
    TENON_TRY(context.keep(arch.take_error()));
  TENON_TRY(context.keep(read_variants(context, reader, use, out)));
  TENON_ASSIGN(out.levels, reader.strings_or_empty("levels"));
  TENON_TRY(context.keep(read_requires(context, reader, out)));
  return read_digests(context, reader, out);
}

Status read_runtime(const Context& context, Reader& reader, Manifest& out) {
  if (const Node* runtime = reader.optional("runtime")) {
    TENON_ASSIGN(out.runtime, yaml::as_string(context.document, *runtime, "runtime"));
    if (out.runtime.empty() || out.runtime.size() > 32 || !only(out.runtime, "+-", false))
      return context.error(*runtime, cat("runtime must be none, rust, go or another small word, got \"", out.runtime, "\""));
  }
  return {};
}

Status read_threads(const Context& context, Reader& reader, Manifest& out) {
  if (const Node* threads = reader.optional("threads")) {
    TENON_ASSIGN(std::string word, yaml::as_string(context.document, *threads, "threads"));
    if (word != "serial" && word != "concurrent")
      return context.error(*threads, cat("threads must be serial or concurrent, got \"", word, "\""));
    out.concurrent = word == "concurrent";
  }
  return {};
}

Status read_fp(const Context& context, Reader& reader, Manifest& out) {
  if (const Node* node = reader.optional("fp")) {
    TENON_ASSIGN(Reader fp, Reader::open(context.document, *node, "fp"));
    TENON_ASSIGN(out.ftz, fp.boolean_or("ftz", false));
    TENON_TRY(context.finish(fp));
  }
  return {};
}

Status read_behaviour(const Context& context, Reader& reader, Manifest& out) {
  TENON_TRY(context.keep(read_runtime(context, reader, out)));
  TENON_TRY(context.keep(read_threads(context, reader, out)));
  TENON_TRY(context.keep(read_fp(context, reader, out)));
  if (const Node* priority = reader.optional("priority")) {
    TENON_ASSIGN(out.priority, number_in<int>(context, *priority, "priority", 0, 999));
  }
  return {};
}

Status read_formats(const Context& context, const Node& node, Manifest& out) {
  if (node.kind != yaml::Kind::Sequence || node.items.empty() || node.items.size() > kMaxOperators)
    return context.error(node, "formats must be a list of at least one format");
  for (const Node& item : node.items) {
    TENON_ASSIGN(Reader reader, Reader::open(context.document, item, "format"));
    Manifest::Format& format = out.formats.emplace_back();
    TENON_ASSIGN(format.name, reader.string("name"));
    if (!manifest_internal::is_operator_name(format.name))
      return context.error(item, cat("a format's name is small letters, digits and underscores, got \"", format.name, "\""));
    for (std::size_t i = 0; i + 1 < out.formats.size(); ++i)
      if (out.formats[i].name == format.name) return context.error(item, cat("formats has ", format.name, " twice"));
    TENON_ASSIGN(format.extensions, reader.strings_or_empty("extensions"));
    TENON_ASSIGN(format.summary, reader.string_or("summary", ""));
    TENON_TRY(context.finish(reader));
  }
  return {};
}

// Names and aliases are compared as users' are: without case and underscores.
Status read_ops(const Context& context, const Node& node, Manifest& out) {
  if (node.kind != yaml::Kind::Sequence || node.items.empty())
    return context.error(node, "ops must be a list of at least one operator").advise("write \"- name: my_operator\" below ops:");
  if (node.items.size() > kMaxOperators)
    return context.error(node, cat("ops has ", node.items.size(), " operators, at most ", kMaxOperators, " are allowed"))
        .advise("split the plugin");
  std::map<std::string, std::string> taken;  // folded name -> the operator that has it
  std::set<std::string> faster;
  for (const Node& item : node.items) {
    Result<OpSchema> read = manifest_internal::read_op(context, item, out.op_namespace);
    if (!read.ok()) {
      TENON_TRY(context.keep(read.take_error()));
      continue;
    }
    OpSchema op = *std::move(read);
    if (!op.kernels_for.empty()) {
      if (!faster.insert(op.kernels_for).second) return context.error(item, cat("kernels_for ", op.kernels_for, " stands here twice"));
    } else {
      std::vector<std::string> names = op.aliases;
      names.insert(names.begin(), op.name);
      for (const std::string& name : names) {
        const auto [place, fresh] = taken.emplace(fold_name(name), op.name);
        if (!fresh && place->second == op.name && name != op.name)
          return context.error(item, cat("[", op.name, "] alias ", name, " differs from another name of it only in case or underscores"))
              .advise("remove it: matching ignores case and underscores");
        if (!fresh)
          return context.error(item, cat("[", op.name, "] the name ", name, " is taken by ", place->second))
              .advise("names and aliases are unique in a plugin; case and underscores do not count");
      }
    }
    for (const KernelSchema& kernel : op.kernels)
      if (kernel.name.empty()) return context.error(item, cat("[", op.name, "] a kernel has no name"));
    out.ops.push_back(std::move(op));
  }
  return {};
}

// The body must start a line and be the last key: from there to the end is what the digest covers.
Status digest_body(const Context& context, std::string_view text, std::string_view key, Manifest& out) {
  const auto& entries = context.document.root.entries;
  const auto entry = std::find_if(entries.begin(), entries.end(), [&](const Node::Entry& e) { return e.key == key; });
  if (entry->column != 1 || &*entry != &entries.back()) {
    Node place = entry->value;
    place.line = entry->line;
    place.column = entry->column;
    return context.error(place, cat(key, " must be the manifest's last key and start its line"))
        .advise("the digest that ties the library to the manifest covers the file from there to the end");
  }
  std::size_t offset = 0;
  for (int line = 1; line < entry->line; ++line) offset = text.find('\n', offset) + 1;
  out.body_digest = sha256(std::as_bytes(std::span(text.substr(offset))));
  return {};
}

constexpr std::string_view kKeys[] = {"schema",  "schema_minor", "name",    "version", "kind",     "namespace", "license",
                                      "summary", "api",          "arch",    "library", "variants", "levels",    "requires",
                                      "sha256",  "runtime",      "threads", "fp",      "priority"};

Status read_document(const yaml::Document& document, std::string_view text, ManifestUse use, std::vector<Error>* problems, Manifest& out) {
  Context context{document};
  context.problems = problems;
  TENON_ASSIGN(Reader reader, Reader::open(document, document.root, "the manifest"));
  TENON_ASSIGN(const Node* schema, reader.required("schema"));
  TENON_ASSIGN(const std::int64_t schema_number, yaml::as_i64(document, *schema, "schema"));
  if (schema_number != 1)
    return context.error(*schema, cat("schema ", schema_number, " is not known, this library reads schema 1")).advise("upgrade libtenon");
  TENON_ASSIGN(const std::int64_t schema_minor, reader.integer_or("schema_minor", 0));
  if (schema_minor > kManifestSchemaMinor) {
    context.lenient = true;
    context.warnings = &out.warnings;
  }
  // Where reading goes on behind an error, a key that was not reached is known nevertheless.
  if (context.problems != nullptr)
    for (const std::string_view key : kKeys) (void)reader.optional(key);
  TENON_TRY(context.keep(read_identity(context, reader, out)));
  TENON_TRY(context.keep(read_api(context, reader, out)));
  TENON_TRY(context.keep(read_needs(context, reader, use, out)));
  TENON_TRY(context.keep(read_behaviour(context, reader, out)));
  const std::string body_key = out.kind == "operators" || (out.kind != "importer" && reader.optional("ops") != nullptr) ? "ops" : "formats";
  TENON_ASSIGN(const Node* body, reader.required(body_key));
  TENON_TRY(context.finish(reader));
  for (const Node::Entry& entry : document.root.entries) {
    if (!entry.key.starts_with("x-")) continue;
    render(entry.value, out.extensions.emplace_back(entry.key, std::string()).second);
  }
  TENON_TRY(context.keep(digest_body(context, text, body_key, out)));
  return body_key == "ops" ? read_ops(context, *body, out) : read_formats(context, *body, out);
}

}  // namespace

namespace manifest_internal {

Error Context::error(const Node& node, std::string message) const {
  return yaml::error_at(document, node, std::move(message), Code::ManifestInvalid);
}

Status Context::finish(Reader& reader) const {
  for (Error& error : reader.unknown_keys()) {
    if (lenient)
      warnings->push_back(cat(error.where.file, ":", error.where.line, ":", error.where.column, ": ", error.message,
                              " (ignored: the file's schema_minor is newer)"));
    else
      TENON_TRY(keep(std::move(error)));
  }
  return {};
}

Status Context::keep(Status status) const { return tenon::keep(std::move(status), problems); }

bool is_identifier(std::string_view text) {
  return !text.empty() && text.size() <= 64 && !(text[0] >= '0' && text[0] <= '9') && only(text, "_");
}

bool is_operator_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text[0] >= 'a' && text[0] <= 'z' && only(text, "_", false);
}

bool is_namespace(std::string_view text) {
  if (text.size() > 64) return false;
  const std::vector<std::string> parts = split(text, '.');
  return !text.empty() && std::all_of(parts.begin(), parts.end(), [](const std::string& part) { return is_operator_name(part); });
}

}  // namespace manifest_internal

Status keep(Status status, std::vector<Error>* problems) {
  if (status.ok() || problems == nullptr) return status;
  problems->push_back(status.take_error());
  return {};
}

bool is_library_name(std::string_view name) {
  return name.size() > 3 && name.size() <= 128 && name.ends_with(".so") && name.find("..") == std::string_view::npos && only(name, "._+-");
}

bool is_plugin_name(std::string_view name) { return name.size() >= 3 && name.size() <= 64 && only(name, ".-", false); }

namespace {

Error invalid(Error error) {
  error.code = Code::ManifestInvalid;
  error.raw_code = TENON_MANIFEST_INVALID;
  return error;
}

}  // namespace

Manifest parse_manifest_all(std::string text, std::string file, std::vector<Error>& problems) {
  Manifest manifest;
  manifest.file = file;
  const std::size_t before = problems.size();
  Result<yaml::Document> document = yaml::parse(text, std::move(file), yaml::kManifestLimits);
  if (!document.ok())
    problems.push_back(document.take_error());
  else if (Status status = read_document(*document, text, ManifestUse::Library, &problems, manifest); !status.ok())
    problems.push_back(status.take_error());
  for (std::size_t i = before; i < problems.size(); ++i) problems[i] = invalid(std::move(problems[i]));
  return manifest;
}

Result<Manifest> parse_manifest(std::string text, std::string file, ManifestUse use) {
  Result<yaml::Document> document = yaml::parse(text, file, yaml::kManifestLimits);
  if (!document.ok()) return invalid(document.take_error());
  Manifest manifest;
  manifest.file = std::move(file);
  if (Status status = read_document(*document, text, use, nullptr, manifest); !status.ok()) return invalid(status.take_error());
  return manifest;
}

}  // namespace tenon
