// One row per operation: its name, attributes, form of text and type rule. Builder, verifier and printer read this table, and whatever
// is added later (parser, bytecode) does too.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/stablehlo/module.h"

namespace tenon::stablehlo {

enum class AttrKind : std::uint8_t { Int, Bool, Ints, Bools, Enum, String, Symbol, Dict, Strings, StringOrDict };
std::string_view kind_text(AttrKind kind);  // "integer", "list of bools", for messages

// Three attributes are tables in VHLO and flat lists here: `padding` of reduce_window and convolution (low, high of each dimension in
// turn), operand_layouts and result_layouts of custom_call (each value's minor-to-major order, one after the other).
struct AttrSpec {
  std::string_view name;  // as in VHLO
  AttrKind kind;
  bool required;
  std::string_view label;                    // in the pretty text: "dims" of ", dims = [0, 1]"; empty: the form places it
  std::span<const std::string_view> one_of;  // Enum: the allowed words
};

// The pretty form. Each is one function of the printer.
enum class TextForm : std::uint8_t {
  SameType,    // op %a, %b : T   (all types equal; else the functional type)
  Functional,  // op %a, %b, label = attr, .. : (T0, T1) -> T
  ResultType,  // op label = attr : T   (iota)
  Generic,     // "op"(%a) <{attrs}> ({regions}) : (T) -> T
  Pairwise,    // op %a, %b : T0, T1   (optimization_barrier)
  Constant,
  Compare,
  Select,
  Slice,
  Reduce,
  DotGeneral,
  Convolution,
  While,
  Call,
  CustomCall,
  Composite,
  Return,
  ReducePrecision,
  GlobalLoad,
  Gather,
  Scatter,
  ReduceWindow,  // generic, with attributes of their own
};

// What a type rule sees.
struct RuleInput {
  const struct OpInfo& info;
  std::span<const TensorType> operands;
  const Dict& attributes;
  std::span<const Region> regions;
  std::span<const TensorType> declared;  // the result types that the text or the caller gives; may be empty where they follow
  const Constant* constant = nullptr;
  const Func* function = nullptr;  // for region types
  const Module* module = nullptr;  // for callee and decomposition; null in a bare builder
  bool whole = false;              // every function of the module stands (verifier); a builder may still lack some
};

// The result types, or an error that says which constraint is broken. Called with operand counts and attribute kinds already checked.
using TypeRule = Result<std::vector<TensorType>> (*)(const RuleInput&);

struct OpInfo {
  OpCode code;
  std::string_view name;  // "stablehlo.add", "func.call"
  TextForm form;
  int min_operands, max_operands;  // max -1: any number
  int results;                     // -1: as the rule says
  int regions;                     // -1: one or more
  std::span<const AttrSpec> attributes;
  TypeRule rule;
  bool commutative_reducer;  // may stand behind `applies`
};

const OpInfo& info(OpCode code);
const OpInfo* find_op(std::string_view name);  // "stablehlo.add" or "add"; null if unknown
std::span<const OpInfo> all_ops();

}  // namespace tenon::stablehlo
