// The one strict YAML reader: manifests, target profiles and graph files all come through here.
//
// A subset of YAML 1.2: one document of mappings, sequences and scalars. Refused, each with file:line:column and advice: anchors,
// aliases, tags, the merge key, duplicate keys, keys that are not scalars, a second document, % directives, --- and ... lines, control
// characters (tabs too), a byte-order mark, invalid UTF-8, and whatever exceeds the limits. Parsing throws nothing but bad_alloc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/status.h"

namespace tenon::yaml {

struct Limits {
  std::size_t bytes;
  std::size_t events;
  int depth;
  std::size_t scalar_bytes;
};
inline constexpr Limits kManifestLimits{512u << 10, 65536, 16, 4096};
inline constexpr Limits kGraphLimits{64u << 20, 8388608, 40, 4096};

enum class Kind { Null, Scalar, Sequence, Mapping };

// A node of the document. Positions count from 1.
class Node {
 public:
  Kind kind = Kind::Null;
  int line = 0, column = 0;
  bool quoted = false;  // scalars: written in quotes, so never a number, boolean or null
  std::string scalar;
  std::vector<Node> items;  // Sequence
  struct Entry;
  std::vector<Entry> entries;  // Mapping, in file order

  bool is_null() const { return kind == Kind::Null; }  // absent value, ~ or null, unquoted
  bool is_scalar() const { return kind == Kind::Scalar; }
  const Node* find(std::string_view key) const;  // Mapping: the value, or nullptr
};

struct Node::Entry {
  std::string key;
  int line = 0, column = 0;  // of the key
  Node value;
};

struct Document {
  std::string file;  // as given, for messages
  Node root;
};

Result<Document> parse(std::string text, std::string file, const Limits& limits);

// Typed reading of a mapping with errors that carry position and key path. Usage:
//   Reader r(document, node, "op"); TENON_ASSIGN(auto name, r.string("name")); ... TENON_TRY(r.finish());
// finish() reports keys that nobody asked for (keys that start with x- are let pass), naming the nearest known key.
class Reader {
 public:
  // `what` names the mapping in messages: "node \"norm\"". The document must outlive the reader.
  static Result<Reader> open(const Document& document, const Node& node, std::string what);

  const Node* optional(std::string_view key);          // marks the key as known; nullptr if it is absent
  Result<const Node*> required(std::string_view key);  // error if absent or null
  Result<std::string> string(std::string_view key);
  Result<std::string> string_or(std::string_view key, std::string fallback);
  Result<std::int64_t> integer(std::string_view key);
  Result<std::int64_t> integer_or(std::string_view key, std::int64_t fallback);
  Result<bool> boolean_or(std::string_view key, bool fallback);
  Result<std::vector<std::string>> strings_or_empty(std::string_view key);  // a sequence of scalars; absent: empty
  Status finish(bool unknown_is_error = true);
  std::vector<Error> unknown_keys() const;  // an error for each key that nobody asked for: finish() returns the first

  const Document& document() const { return *document_; }
  const Node& node() const { return *node_; }

 private:
  const Document* document_ = nullptr;
  const Node* node_ = nullptr;
  std::string what_;
  std::vector<std::string> known_;
};

// Scalars by what the place asks for: 1e-5, 1.0e-5 and "1e-5" are the same f64; integers take no fraction; booleans are true, false.
Result<double> as_f64(const Document&, const Node&, std::string_view what);
Result<std::int64_t> as_i64(const Document&, const Node&, std::string_view what);
Result<bool> as_bool(const Document&, const Node&, std::string_view what);
Result<std::string> as_string(const Document&, const Node&, std::string_view what);

// An error at a node's position: INVALID_ARGUMENT unless another code is given.
Error error_at(const Document&, const Node&, std::string message, Code code = Code::InvalidArgument);

}  // namespace tenon::yaml
