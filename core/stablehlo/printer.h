// The printer's parts. For this folder only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/stablehlo/op_table.h"

namespace tenon::stablehlo {

// print_attr.cpp
std::string symbol_text(std::string_view name);                // @name, or @"any name"
std::string string_text(std::string_view text);                // "..", escaped as MLIR does
std::string key_text(std::string_view name);                   // an attribute's name, quoted if it must be
std::string attr_text(const Attr& attr);                       // as a value in a dictionary
std::string dict_text(Dict dict);                              // {a = 1 : i64, b = true}, sorted by name
std::string list_text(std::span<const std::int64_t> values);   // [1, 2]
std::string array_text(std::span<const std::int64_t> values);  // array<i64: 1, 2>

// print_properties.cpp
std::string pairs_text(const std::vector<std::int64_t>& flat);  // [[0, 1], [2, 3]]
std::string generic_properties(const Op& op);                   // the inside of <{..}>, may be empty

// Prints functions of one module. Value names: %arg0, %arg1, .. for arguments of functions and regions, %0, %1, .. for results, both
// counted through a function in the order of the text.
class Printer {
 public:
  // for_people: external constants are shown as a comment instead of being an error.
  Printer(const Module* module, bool for_people) : module_(module), for_people_(for_people) {}

  void print_module();
  void print_func(const Func& func);
  void enter(const Func& func);  // names every value of the function
  void print_op(const Op& op);
  std::string take() { return std::move(out_); }
  const std::string& external() const { return external_; }  // the first external constant that stood in the way

 private:
  // print.cpp
  void name_region(const Region& region, const Region* same_names);
  void line();  // starts a line with the current indentation
  void print_results(const Op& op);
  void print_region(const Region& region, bool with_block_arguments);  // { .. }
  std::string typed_argument(ValueId id) const;

  // What the forms share.
  std::string name(ValueId id) const;
  std::string type(ValueId id) const;
  std::string names(std::span<const ValueId> ids) const;  // %a, %b
  std::string types(std::span<const ValueId> ids) const;  // T0, T1
  std::string functional_type(const Op& op) const;        // (T0, T1) -> T
  bool one_type(const Op& op) const;                      // all operands and results have the same type
  std::string trailing(Dict dict) const;                  // " {..}", or nothing

  // print_forms.cpp, print_contract.cpp, print_calls.cpp
  void print_labelled(const Op& op);  // SameType, Functional, ResultType, Pairwise
  void print_generic(const Op& op, std::string_view properties);
  void print_constant(const Op& op);
  void print_slice(const Op& op);
  void print_reduce(const Op& op);
  void print_dot_general(const Op& op);
  void print_convolution(const Op& op);
  void print_while(const Op& op);
  void print_composite(const Op& op);
  void print_custom_call(const Op& op);
  void print_return(const Op& op);

  const Module* module_;
  bool for_people_;
  const Func* func_ = nullptr;
  std::vector<std::string> value_names_;
  std::size_t next_result_ = 0, next_argument_ = 0;
  int indent_ = 0, depth_ = 0;  // depth: open regions inside the function
  std::string out_, external_;
};

}  // namespace tenon::stablehlo
