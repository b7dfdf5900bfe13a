// The one program representation: a StableHLO module in memory. Plain data; whoever builds one through Builder, or runs verify(),
// knows that it is well formed. Copying copies everything (constants share their bytes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/stablehlo/op_code.h"
#include "core/type/attr.h"
#include "core/type/tensor_type.h"

namespace tenon::stablehlo {

// A value of one function (argument, region argument or result); an index into Func::types. Ids are unique in the whole function,
// regions included, and regions may use outer values.
using ValueId = std::uint32_t;
inline constexpr ValueId kNoValue = 0xFFFFFFFFu;

// The value of a constant operation. Bytes are little-endian, row-major, storage as in dtype.h; a splat holds one element.
struct Constant {
  enum class Kind : std::uint8_t { Inline, Splat, External };
  Kind kind = Kind::Inline;
  std::shared_ptr<const std::vector<std::byte>> bytes;  // Inline, Splat
  std::string parameter;                                // External: the name in a parameter archive
  std::span<const std::byte> data() const { return bytes ? std::span<const std::byte>(*bytes) : std::span<const std::byte>(); }
};

struct Op;

// Single-block regions only, as everywhere in StableHLO. The last operation is Return.
struct Region {
  std::vector<ValueId> arguments;
  std::vector<Op> ops;
};

// Attributes bear the flat names of the VHLO encoding: broadcast_dimensions; lhs_contracting_dimensions; offset_dims; comparison_direction
// ("GE") and compare_type ("SIGNED") as text; callee, decomposition as SymbolAttr; composite_attributes and backend_config as DictAttr.
// op_table.h lists each operation's.
struct Op {
  OpCode code{};
  std::vector<ValueId> operands;
  std::vector<ValueId> results;
  Dict attributes;
  Dict discardable;  // printed in the trailing {..}; mean nothing to StableHLO
  std::vector<Region> regions;
  std::shared_ptr<const Constant> constant;     // OpCode::Constant only
  std::shared_ptr<const std::string> location;  // the graph node that it came from; may be null
};

struct Func {
  std::string name;
  bool is_private = false;
  std::vector<Dict> argument_attributes;  // one per argument, or empty; dialect-prefixed names only
  std::vector<Dict> result_attributes;    // one per result, or empty
  Region body;                            // arguments are the function's; ends in Return
  std::vector<TensorType> types;          // of every value, by id

  const TensorType& type(ValueId id) const { return types[id]; }
  std::vector<TensorType> argument_types() const;
  std::vector<TensorType> result_types() const;  // of the Return's operands
  ValueId new_value(TensorType type);
};

// A parameter outside the text: util.global private @symbol = #flow.parameter.named<"scope"::"key"> : type (target iree).
struct Global {
  std::string symbol, scope, key;
  TensorType type;
};

struct Module {
  std::string name;
  std::vector<std::string> comments;  // lines printed at the head, behind "// "
  std::vector<Global> globals;
  std::vector<Func> funcs;  // @main first, then private functions in order of first use

  Func* find(std::string_view function);
  const Func* find(std::string_view function) const;
  const Global* find_global(std::string_view symbol) const;
};

// Values of the enclosing function that the op's regions use and do not define, in order of first use.
std::vector<ValueId> captures(const Op& op);
std::vector<ValueId> captures(std::span<const Region> regions);

// Copies operations of one function into another (or the same), renaming values. Values without a mapping are given new ids with
// the same types when they are defined inside what is copied; a use of an unmapped outer value is a bug of the caller (asserted).
class Cloner {
 public:
  Cloner(const Func& from, Func& to) : from_(from), to_(to), map_(from.types.size(), kNoValue) {}
  void map(ValueId from, ValueId to) { map_[from] = to; }
  ValueId mapped(ValueId from) const { return map_[from]; }
  Op clone(const Op& op);
  // Appends the body of `from` with its arguments mapped to `arguments`; returns what its Return returns, as values of `to`.
  // Locations of the copies are `location` where given, else kept.
  std::vector<ValueId> inline_body(std::span<const ValueId> arguments, std::vector<Op>& out, std::shared_ptr<const std::string> location);

 private:
  const Func& from_;
  Func& to_;
  std::vector<ValueId> map_;
};

// Replaces every use of a value in a list of operations (regions included). kNoValue, or no entry, leaves a value as it is.
void replace_uses(std::vector<Op>& ops, std::span<const ValueId> replacement_by_id);

}  // namespace tenon::stablehlo
