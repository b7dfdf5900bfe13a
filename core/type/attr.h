// Attribute values: of graph nodes, of StableHLO operations, of carriers' dictionaries. One representation for all three.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/status.h"
#include "core/type/dtype.h"

namespace tenon {

struct NamedAttr;
using Dict = std::vector<NamedAttr>;  // sorted by name wherever it is printed

// How a list is written where the place does not decide it: dense<[1, 2]> : tensor<2xi64>, array<i64: 1, 2> or [1, 2].
enum class ListStyle : std::uint8_t { Dense, Array, Bracket };

struct IntAttr {
  std::int64_t value = 0;
  DType type = DType::I64;  // in text: 1 : i64
  bool operator==(const IntAttr&) const = default;
};
struct FloatAttr {
  double value = 0;
  DType type = DType::F64;
  bool operator==(const FloatAttr& other) const;  // by bit pattern, so that NaN equals itself and 0 differs from -0
};
struct IntsAttr {
  std::vector<std::int64_t> values;
  ListStyle style = ListStyle::Dense;
  bool operator==(const IntsAttr&) const = default;
};
struct FloatsAttr {
  std::vector<double> values;
  bool operator==(const FloatsAttr& other) const;
};
struct BoolsAttr {
  std::vector<bool> values;
  bool operator==(const BoolsAttr&) const = default;
};
struct SymbolAttr {  // @name
  std::string name;
  bool operator==(const SymbolAttr&) const = default;
};
struct StringsAttr {
  std::vector<std::string> values;
  bool operator==(const StringsAttr&) const = default;
};
struct DictAttr {
  Dict items;
  bool operator==(const DictAttr&) const;
};

// bool, integer, float, text, dtype (written as a string), lists, symbol, dictionary.
using Attr = std::variant<bool, IntAttr, FloatAttr, std::string, DType, IntsAttr, FloatsAttr, BoolsAttr, SymbolAttr, StringsAttr, DictAttr>;

struct NamedAttr {
  std::string name;
  Attr value;
  bool defaulted = false;  // filled in from a schema, not given by the user
  bool operator==(const NamedAttr& other) const { return name == other.name && value == other.value; }
};

const Attr* find(const Dict& dict, std::string_view name);
void set(Dict& dict, std::string_view name, Attr value);  // replaces or appends
void sort_by_name(Dict& dict);

// Reading with a known kind: the caller knows (because a schema or a verifier checked it) that the attribute is there.
std::int64_t get_int(const Dict& dict, std::string_view name, std::int64_t fallback = 0);
double get_float(const Dict& dict, std::string_view name, double fallback = 0);
bool get_bool(const Dict& dict, std::string_view name, bool fallback = false);
std::string_view get_string(const Dict& dict, std::string_view name, std::string_view fallback = {});
const std::vector<std::int64_t>& get_ints(const Dict& dict, std::string_view name);  // empty list if absent
const std::vector<bool>& get_bools(const Dict& dict, std::string_view name);

std::string kind_name(const Attr& attr);  // "integer", "list of integers", for messages
std::string to_string(const Attr& attr);  // for people: 1e-06, [1, 2], "none"

// C view and back. The view borrows from `attr` and from `storage`, which must outlive it.
struct AttrViewStorage {
  std::vector<std::vector<tenon_attr>> nested;
  std::vector<std::vector<std::int64_t>> ints;
};
tenon_attr to_c(const NamedAttr& attr, AttrViewStorage& storage);
Result<NamedAttr> from_c(const tenon_attr& attr);  // checks kinds, NULLs with counts, dtype numbers, depth (at most 4) and counts

}  // namespace tenon
