// What a manifest says about an operator. Read by core/plugin from `ops:`; used to check nodes, list operators and draw random cases.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/type/attr.h"
#include "core/type/tensor_type.h"

namespace tenon {

struct OperandSchema {
  std::string name;
  std::vector<DType> dtypes;  // allowed ones (the expansion of float, int, any, a list, or one)
  std::string like;           // the same dtype as this operand; empty: none
  bool optional = false;
  bool variadic = false;             // the last operand only: one or more
  std::vector<std::string> shape;    // symbols, "..." for any leading dimensions; "1" style numbers are sizes; empty: any shape
  bool broadcast = false;            // shape: broadcast
  std::string index_of, index_axis;  // values: {index_of: data, axis: axis}
  bool coordinates = false;          // the last dimension holds one index per dimension of index_of, from that axis on
  std::string type_text;             // as written, for listings: "float"
};

enum class AttrType : std::uint8_t { Bool, Int, F64, String, DType, Ints, Floats };
std::string_view name(AttrType type);

struct AttrSchema {
  std::string name;
  std::vector<std::string> aliases;  // of its own, beside those that hold everywhere (dim = axis, eps = epsilon, ..)
  AttrType type{};
  std::optional<Attr> fallback;  // `default`
  bool optional = false;         // neither required nor defaulted: may be absent (default: none)
  std::optional<double> min, max, above, below;
  std::vector<std::string> one_of;
  std::vector<std::string> excludes;
};

struct ResultSchema {
  std::string name;
  std::vector<DType> dtypes;  // empty when `like`
  std::string like;
  std::string when;       // exists only with this operand or (true, non-empty) attribute
  bool variadic = false;  // the last result only: one or more, as many as infer sets
};

struct KernelSchema {  // `kernels`: so that kernels are listed without opening the library
  std::string name;
  std::vector<DType> dtypes;
};

// How a consumer knows the operator: one entry of `targets`.
struct CarrierAttr {
  std::string to;             // the carrier's attribute
  std::string from;           // ours; empty: `value`
  std::optional<Attr> value;  // a fixed value
  std::string type;           // "f32", "i32", ...; empty: as ours
  ListStyle list = ListStyle::Dense;
  std::optional<Attr> omit;  // left out where it has this value
};
struct CarrierForm {
  enum class Kind : std::uint8_t { Inline, Composite, CustomCall } kind{};
  std::string target;           // the key under `targets`
  std::string name;             // "odml.rms_norm"
  bool all_attributes = false;  // no `attributes` given: all of ours, defaults included, and `operands`
  std::vector<CarrierAttr> attributes;
  std::optional<std::int64_t> api_version;  // custom_call: overrides the profile's
  std::string config;                       // custom_call: dictionary | string | mhlo | discardable; empty: the profile's
  std::int64_t version = 1;                 // composite
  // `when`: all must hold, else the operator is inlined there and explain says which did not.
  std::optional<std::int64_t> min_rank, max_rank;  // of operand 0
  std::vector<DType> dtypes;                       // of operand 0
  std::vector<std::string> absent, present;        // operands or attributes (an attribute is present if given or defaulted)
  std::vector<std::string> constant;               // operands that must be parameters or constants
  std::vector<NamedAttr> equals;                   // an int attribute named axis compares modulo operand 0's rank
};

enum class StockInfer : std::uint8_t { None, Same, Broadcast, Compare, Reduce };

struct Numerics {
  std::string determinism = "none";  // bitwise | run-to-run | none
  std::optional<double> max_ulp;     // kernel against the interpreted lowering, in units in the last place of the result's dtype
  std::optional<double> max_ulp_16;  // the same for f16 and bf16 results; absent: max_ulp
  // Beside that, for results that cancel: |kernel - lowering| may be max_error * scale more. scale: "magnitudes" (what the lowering gives
  // for the absolute values of its operands: of a sum, the sum of magnitudes), "result" (the lowering's largest finite magnitude), or an
  // operand's name (its own).
  std::optional<double> max_error;
  std::string scale;
  std::string reference;
};

struct OpSchema {
  std::string name;          // "rms_norm"
  std::string op_namespace;  // "tenon", "example"
  std::vector<std::string> aliases;
  std::uint32_t version = 1;
  std::string summary;
  std::vector<OperandSchema> operands;
  std::vector<ResultSchema> results;
  std::vector<AttrSchema> attributes;
  std::vector<DType> dtypes;  // of operand 0; empty: as its type says
  std::vector<KernelSchema> kernels;
  std::vector<CarrierForm> targets;
  StockInfer infer = StockInfer::None;
  Numerics numerics;
  std::string kernels_for;  // set: adds kernels to this operator and defines none
  int line = 0;             // in the manifest, for messages

  std::string full_name() const { return op_namespace + "." + name; }
  const OperandSchema* operand(std::string_view operand_name, std::size_t* index = nullptr) const;
  // Result number `index` of a node; a variadic last one stands for all that follow, which are called NAME_0, NAME_1, ..
  const ResultSchema& result_at(std::size_t index) const { return results[std::min(index, results.size() - 1)]; }
  bool variadic_result() const { return !results.empty() && results.back().variadic; }
  std::string result_name(std::size_t index) const;
  const AttrSchema* attribute(std::string_view canonical) const;
  // The attribute meant by a name or alias ("eps" -> epsilon), or null.
  const AttrSchema* attribute_or_alias(std::string_view given) const;
  const CarrierForm* target(std::string_view target_name) const;
};

}  // namespace tenon
