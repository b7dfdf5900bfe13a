// Builds one function of a module, operation by operation. Every call is type-checked as it is made and refuses what the verifier
// would refuse; the error names the call. Beyond validity it keeps what engines are known to get wrong out of the text:
//   - no `add` (or reduce with it) on i1: write `or`; no arithmetic in i4, ui4 or f8: convert first
//   - compare always carries its compare_type, filled in from the operands when absent
//   - reduce keeps the operands' element type (widen with convert first)
//   - gather and scatter: the indices are clamped in the text before the operation
//   - convert from float to integer saturates in the text (NaN gives 0), since engines disagree out of range
//   - regions of reduce, reduce_window, scatter and sort use nothing from outside
//   - integer divide and remainder: the divisor is guarded (x / 0 = -1, x rem 0 = x, lowest / -1 = lowest)
// append_raw() skips these rules (not the verifier's): for parsers, which take valid text as it is. Both write out every attribute that
// the text may leave away, so that readers of a built module find them all. Where a rule needs sizes and a dimension is dynamic, it
// refuses with UNIMPLEMENTED.
//
// A call that fails appends nothing but, at most, operations that nothing uses; regions that were waiting for it are dropped.
// Not thread-safe, like the module that it writes to.
#pragma once

#include <initializer_list>
#include <span>

#include "core/stablehlo/op_table.h"

namespace tenon::stablehlo {

struct BuilderLimits {
  std::size_t operations = 65536;
  int nested_regions = 32;
  std::size_t constant_bytes = 16u << 20;
  std::size_t name_bytes = 256;
};

class Builder {
 public:
  // Appends to module.funcs[func_index]'s body. The module must outlive the builder; other builders may append to other functions
  // of the same module in between (it keeps the index, not a pointer).
  Builder(Module& module, std::size_t func_index, BuilderLimits limits = {});

  void set_location(std::shared_ptr<const std::string> node) { location_ = std::move(node); }
  TensorType type(ValueId id) const;  // an invalid type for an unknown id
  std::span<const ValueId> arguments() const;
  bool valid(ValueId id) const;  // defined and visible here (scoped: values of closed regions are not)

  // The generic call. declared: result types where they do not follow from the operands (convert: the element type, with any or no
  // dimensions; reshape, broadcast_in_dim, iota, dot_general with a wider result, custom_call, dynamic operations: the whole type);
  // else empty.
  // Regions opened and closed since the last call become this operation's regions, in order.
  Result<std::vector<ValueId>> op(OpCode code, std::span<const ValueId> operands, Dict attributes = {},
                                  std::span<const TensorType> declared = {}, Dict discardable = {});
  Result<ValueId> op1(OpCode code, std::initializer_list<ValueId> operands, Dict attributes = {},
                      std::initializer_list<TensorType> declared = {});
  Result<std::vector<ValueId>> append_raw(OpCode code, std::span<const ValueId> operands, Dict attributes,
                                          std::span<const TensorType> declared, Dict discardable = {});

  // A region of the next operation. Returns its arguments. Close it with end_region after a Return.
  Result<std::vector<ValueId>> begin_region(std::span<const TensorType> argument_types);
  Status end_region();
  Status finish(std::span<const ValueId> results);  // the function's Return; nothing may follow

  Result<ValueId> constant(const TensorType& type, std::span<const std::byte> bytes);  // all equal elements become a splat
  Result<ValueId> splat(const TensorType& type, double value);                         // floats: rounded once; integers: must be exact
  Result<ValueId> splat_i64(const TensorType& type, std::int64_t value);
  Result<ValueId> parameter(const TensorType& type, std::string name);  // External

  // Compositions that everyone needs.
  Result<ValueId> convert(ValueId value, DType to);  // no operation if it has that dtype already
  Result<ValueId> broadcast(ValueId value, const Dims& dims, std::span<const std::int64_t> at);
  // init: -inf and inf stand for the lowest and the highest value of an integer type.
  Result<ValueId> reduce(OpCode reducer, ValueId value, double init, std::vector<std::int64_t> dimensions, bool keep_dimensions);
  Result<ValueId> compare(std::string_view direction, ValueId a, ValueId b);
  Result<ValueId> reshape(ValueId value, Dims dims);

 private:
  using Values = Result<std::vector<ValueId>>;
  struct Open {
    Region region;
    std::size_t visible;               // number of values when it was opened
    std::vector<Region> outer_closed;  // regions already closed at the level outside
  };
  // An operation on its way through the rules.
  struct Call {
    OpCode code;
    std::vector<ValueId> operands;
    Dict attributes;
    std::vector<TensorType> declared;
    Dict discardable;
  };
  Func& func() { return module_.funcs[func_index_]; }
  const Func& func() const { return module_.funcs[func_index_]; }
  std::vector<Op>& sink() { return open_.empty() ? func().body.ops : open_.back().region.ops; }
  Error located(Error error) const;
  Status check_values(const OpInfo& info, std::span<const ValueId> ids) const;
  Result<std::vector<TensorType>> infer(const Call& call, const Constant* constant = nullptr) const;
  Values append(Call call, std::shared_ptr<const Constant> constant = nullptr);
  Values start(Call call, bool with_rules);
  Values run(Call call);  // the rules, then append
  Result<ValueId> plain(OpCode code, std::vector<ValueId> operands, Dict attributes = {}, std::vector<TensorType> declared = {});
  void hide_from(std::size_t first);
  void drop_regions(std::size_t depth);

  // builder_rules.cpp
  Status refuse_unportable(const Call& call) const;
  void complete_compare(Call& call) const;
  Values divide(Call call);
  Values convert_float_to_integer(Call call);
  Values index_safely(Call call);
  struct Extent {  // a size; where it is dynamic, that of a value's dimension
    std::int64_t size = 1;
    ValueId value = 0;
    std::int64_t dimension = 0;
  };
  Result<ValueId> clamp_indices_by_size(ValueId indices, const std::vector<std::pair<Extent, Extent>>& extents, std::int64_t vector_dim);
  Result<ValueId> clamp_indices(ValueId indices, const std::vector<std::int64_t>& highest, std::int64_t vector_dim);
  Result<ValueId> repeat(const TensorType& type, const std::byte* element);
  Result<ValueId> filled(const TensorType& type, std::int64_t value);  // integers, as bit patterns
  // The same value in every element of a tensor of `like`'s type, dynamic sizes included. spread: dimension i of `value` is where[i] of
  // `like`.
  Result<ValueId> filled_like(ValueId like, std::int64_t value);
  Result<ValueId> splat_like(ValueId like, double value);
  Result<ValueId> spread(ValueId value, ValueId like, std::vector<std::int64_t> where = {});
  const Constant* known(ValueId id) const { return id < known_.size() ? known_[id].get() : nullptr; }
  void remember(ValueId id, std::shared_ptr<const Constant> constant);

  Module& module_;
  std::size_t func_index_;
  BuilderLimits limits_;
  std::size_t operations_ = 0, constant_bytes_ = 0;
  bool finished_ = false;
  std::vector<Open> open_;
  std::vector<Region> closed_;
  std::vector<bool> hidden_;                            // values of closed regions
  std::vector<std::shared_ptr<const Constant>> known_;  // by value: what it is known to hold (constants and their broadcasts)
  std::shared_ptr<const std::string> location_;
};

}  // namespace tenon::stablehlo
