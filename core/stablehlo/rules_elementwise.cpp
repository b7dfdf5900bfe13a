// Type rules of elementwise operations.
#include "core/stablehlo/rules.h"

namespace tenon::stablehlo::rules {

Types same_type(const RuleInput& in, unsigned kinds) {
  TENON_TRY(expect_kind(in, 0, kinds));
  TENON_ASSIGN(TensorType type, merge(in, 0, in.operands.size()));
  return settle(in, {std::move(type)});
}

Types is_finite(const RuleInput& in) {
  TENON_TRY(expect_kind(in, 0, kFloat));
  return settle(in, {TensorType{DType::I1, in.operands[0].dims}});
}

Types convert(const RuleInput& in) {
  TENON_TRY(expect_declared(in, 1));
  const TensorType inferred{in.declared[0].dtype, in.operands[0].dims};
  // A declared scalar names the element type alone; the verifier compares the whole type afterwards.
  if (in.declared[0].dims.empty()) return std::vector<TensorType>{inferred};
  return settle(in, {inferred});
}

Types bitcast_convert(const RuleInput& in) {
  TENON_TRY(expect_declared(in, 1));
  const TensorType& from = in.operands[0];
  const int from_bits = info(from.dtype).bits, to_bits = info(in.declared[0].dtype).bits;
  TensorType inferred{in.declared[0].dtype, from.dims};
  if ((from.dtype == DType::I1) != (inferred.dtype == DType::I1)) {
    return refuse(in, "i1 has no bits in common with ", name(from.dtype == DType::I1 ? inferred.dtype : from.dtype))
        .advise("use convert, or compare with 0");
  }
  if (to_bits < from_bits) {
    inferred.dims.push_back(from_bits / to_bits);
  } else if (to_bits > from_bits) {
    if (from.dims.empty() || !compatible(from.dims.back(), to_bits / from_bits)) {
      return refuse(in, "the last dimension must be ", to_bits / from_bits, " to make ", name(inferred.dtype), " of ", name(from.dtype),
                    ", got ", to_string(from));
    }
    inferred.dims.pop_back();
  }
  if (in.declared[0].dims.empty()) return std::vector<TensorType>{inferred};
  return settle(in, {inferred});
}

Types reduce_precision(const RuleInput& in) {
  if (get_int(in.attributes, "exponent_bits") < 1) return refuse(in, "exponent_bits must be 1 or more");
  if (get_int(in.attributes, "mantissa_bits") < 0) return refuse(in, "mantissa_bits must be 0 or more");
  return same_type(in, kFloat);
}

Types optimization_barrier(const RuleInput& in) { return settle(in, {in.operands.begin(), in.operands.end()}); }

Types compare(const RuleInput& in) {
  TENON_ASSIGN(const TensorType type, merge(in, 0, 2));
  const std::string_view how = get_string(in.attributes, "compare_type");
  if (!how.empty()) {
    const bool fits = is_float(type.dtype)    ? how == "FLOAT" || how == "TOTALORDER"
                      : is_signed(type.dtype) ? how == "SIGNED"
                                              : how == "UNSIGNED";
    if (!fits) {
      return refuse(in, "compare_type must be ",
                    is_float(type.dtype)    ? "FLOAT or TOTALORDER"
                    : is_signed(type.dtype) ? "SIGNED"
                                            : "UNSIGNED",
                    " for ", name(type.dtype), ", got ", how);
    }
  }
  return settle(in, {TensorType{DType::I1, type.dims}});
}

Types select(const RuleInput& in) {
  TENON_ASSIGN(TensorType type, merge(in, 1, 3));
  const TensorType& predicate = in.operands[0];
  if (predicate.dtype != DType::I1 || (predicate.rank() > 0 && !compatible(predicate, TensorType{DType::I1, type.dims}))) {
    return refuse(in, "the predicate must be i1[] or have the other operands' shape ", dims_text(type.dims), ", got ",
                  to_string(predicate));
  }
  return settle(in, {std::move(type)});
}

Types clamp(const RuleInput& in) {
  const TensorType& type = in.operands[1];
  for (const std::size_t bound : {0u, 2u}) {
    const TensorType& limit = in.operands[bound];
    if (limit.dtype != type.dtype || (limit.rank() > 0 && !compatible(limit, type))) {
      return refuse(in, "operand ", bound, " must be a scalar ", name(type.dtype), "[] or like operand 1, ", to_string(type), ", got ",
                    to_string(limit));
    }
  }
  return settle(in, {type});
}

}  // namespace tenon::stablehlo::rules
