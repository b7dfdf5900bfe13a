// Any bytes give a document or an error, within the limits, and what is accepted can be read without a fault.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/yaml/document.h"

namespace {

using namespace tenon;

// Limits that a small input can reach.
constexpr yaml::Limits kSmall{64u << 10, 256, 6, 64};

// The promises of document.h about a node and all below it; a broken one stops the fuzzer.
std::size_t check(const yaml::Document& document, const yaml::Node& node, int depth, const yaml::Limits& limits) {
  if (node.line < 1 || node.column < 1) std::abort();
  std::size_t values = 1;
  switch (node.kind) {
    case yaml::Kind::Null:
      break;
    case yaml::Kind::Scalar:
      if (node.scalar.size() > limits.scalar_bytes || !is_valid_utf8(node.scalar)) std::abort();
      if (node.scalar.find('\0') != std::string::npos) std::abort();
      (void)yaml::as_f64(document, node, "value").ok();
      (void)yaml::as_i64(document, node, "value").ok();
      (void)yaml::as_bool(document, node, "value").ok();
      break;
    case yaml::Kind::Sequence:
      if (depth >= limits.depth) std::abort();
      for (const yaml::Node& item : node.items) values += check(document, item, depth + 1, limits);
      break;
    case yaml::Kind::Mapping:
      if (depth >= limits.depth) std::abort();
      for (const yaml::Node::Entry& entry : node.entries) {
        if (node.find(entry.key) != &entry.value) std::abort();  // the first of equal keys is the only one
        values += 1 + check(document, entry.value, depth + 1, limits);
      }
      break;
  }
  return values;
}

void run(const std::string& text, const yaml::Limits& limits) {
  const Result<yaml::Document> result = yaml::parse(text, "fuzz.yaml", limits);
  if (!result.ok()) {
    if (result.error().message.empty() || result.error().advice.empty()) std::abort();
    if (to_string(result.error()).empty()) std::abort();
    return;
  }
  if (check(*result, result->root, 0, limits) > limits.events + 1) std::abort();
  Result<yaml::Reader> reader = yaml::Reader::open(*result, result->root, "the file");
  if (!reader.ok()) return;
  (void)reader->string("name").ok();
  (void)reader->integer_or("version", 1).ok();
  (void)reader->boolean_or("flag", false).ok();
  (void)reader->strings_or_empty("outputs").ok();
  (void)reader->finish().ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  run(text, kSmall);
  run(text, yaml::kManifestLimits);
  return 0;
}
