// Any bytes give a manifest or MANIFEST_INVALID with a place, and what is accepted keeps the rules that the loader relies on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/plugin/manifest.h"

namespace {

using namespace tenon;

// In front of the input, so that a short one reaches the operators.
const char* const kHead =
    "schema: 1\nname: org.example.fuzz\nversion: \"1\"\nkind: operators\nnamespace: fuzz\napi: {major: 1, min_minor: 0, built_minor: 0}\n"
    "arch: x86_64\nlibrary: fuzz.so\nops:\n";

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const OpSchema& op) {
  require(!op.name.empty() && !op.op_namespace.empty() && op.version >= 1);
  require(!op.kernels_for.empty() || !op.results.empty());
  for (const OperandSchema& operand : op.operands) {
    require(!operand.dtypes.empty() && op.operand(operand.name) == &operand);
    require(operand.like.empty() || op.operand(operand.like) != nullptr);
    require(!operand.variadic || &operand == &op.operands.back());
  }
  for (const AttrSchema& attr : op.attributes) {
    require(op.attribute(attr.name) == &attr);
    require(!(attr.optional && attr.fallback));
  }
  for (const ResultSchema& result : op.results) require(result.dtypes.empty() != result.like.empty());
  for (const CarrierForm& form : op.targets) {
    require(form.kind == CarrierForm::Kind::Inline || !form.name.empty());
    for (const CarrierAttr& attr : form.attributes) require(attr.from.empty() == attr.value.has_value());
  }
}

void run(const std::string& text, ManifestUse use) {
  const Result<Manifest> manifest = parse_manifest(text, "fuzz.tenon.yaml", use);
  if (!manifest.ok()) {
    require(manifest.error().code == Code::ManifestInvalid && !manifest.error().message.empty());
    require(manifest.error().where.file == "fuzz.tenon.yaml");
    return;
  }
  require(is_plugin_name(manifest->name) && !manifest->version.empty());
  require(use == ManifestUse::Static || !manifest->variants.empty());
  for (const Manifest::Variant& variant : manifest->variants) require(is_library_name(variant.library));
  require(manifest->ops.size() <= kMaxOperators && manifest->ops.empty() != manifest->formats.empty());
  for (const OpSchema& op : manifest->ops) check(op);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  run(text, ManifestUse::Library);
  run(text, ManifestUse::Static);
  run(kHead + text, ManifestUse::Library);
  return 0;
}
