// convert, bitcast_convert between equal widths, and reduce_precision.
#include <cmath>

#include "core/interp/loop_templates.h"

namespace tenon::interp {
namespace {

// An integer as a double that rounds onwards to a narrow float as the integer itself would: a double holds 53 bits, so bits that do not
// fit are kept as one sticky bit at the end (round to odd).
template <class Integer>
double odd_double(Integer value) {
  const bool negative = value < 0;
  std::uint64_t magnitude = negative ? 0u - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const int extra = 64 - std::countl_zero(magnitude) - 53;
  if (extra > 0) {
    const std::uint64_t lost = magnitude & ((std::uint64_t{1} << extra) - 1);
    magnitude -= lost;
    if (lost != 0) magnitude |= std::uint64_t{1} << extra;
  }
  const auto result = static_cast<double>(magnitude);
  return negative ? -result : result;
}

template <class From, class To>
typename To::Compute convert_one(typename From::Compute x) {
  using Out = typename To::Compute;
  if constexpr (From::kFloat) {
    if constexpr (To::kFloat) {
      if constexpr (To::kType == DType::F32)
        return static_cast<float>(x);  // To's store rounds the others
      else
        return static_cast<Out>(x);
    } else if constexpr (To::kBool) {
      return x != 0 ? 1u : 0u;
    } else {
      return static_cast<Out>(saturating_i64(To::kType, static_cast<double>(x)));
    }
  } else if constexpr (To::kFloat) {
    if constexpr (To::kBits >= 32)
      return static_cast<Out>(x);  // one rounding
    else
      return odd_double(x);
  } else if constexpr (To::kBool) {
    return x != 0 ? 1u : 0u;
  } else {
    return static_cast<Out>(x);  // the store keeps the low bits
  }
}

template <class From, class To>
void convert_run(const LoopArgs& a) {
  const std::byte* x = a.in[0];
  for (std::int64_t i = 0; i < a.n; ++i) To::store(a.out + i * a.out_step, convert_one<From, To>(From::load(x + i * a.in_step[0])));
}

template <class From, class To>
void bitcast_run(const LoopArgs& a) {
  for (std::int64_t i = 0; i < a.n; ++i) {
    const std::byte* from = a.in[0] + i * a.in_step[0];
    std::byte* to = a.out + i * a.out_step;
    if constexpr (From::kBits == 4)
      To::store(to, static_cast<typename To::Compute>(From::load(from)));  // i4 and ui4 differ in memory
    else
      std::memcpy(to, from, From::kBytes);
  }
}

// On the bit pattern of a format with kExponent and kMantissa bits (and IEEE's infinity): round the mantissa to nearest even at
// mantissa_bits; where the exponent no longer fits, infinity or a zero of the same sign. There are no subnormals in the narrower format.
template <class Raw, int kExponent, int kMantissa>
Raw reduced(Raw raw, int exponent_bits, int mantissa_bits) {
  using Wide = std::uint64_t;
  constexpr Wide kInfinity = ((Wide{1} << kExponent) - 1) << kMantissa;
  constexpr Wide kSign = Wide{1} << (kExponent + kMantissa);
  const Wide sign = raw & kSign;
  Wide magnitude = raw & (kSign - 1);
  if (magnitude > kInfinity) return raw;  // NaN
  if (mantissa_bits < kMantissa) {
    const int drop = kMantissa - mantissa_bits;
    const Wide unit = Wide{1} << drop;
    const Wide to_even = (magnitude >> drop) & 1u;
    magnitude = (magnitude + unit / 2 - 1 + to_even) & ~(unit - 1);
  }
  if (exponent_bits < kExponent) {
    const std::int64_t bias = (std::int64_t{1} << (kExponent - 1)) - 1;
    const std::int64_t narrow_bias = (std::int64_t{1} << (exponent_bits - 1)) - 1;
    const auto exponent = static_cast<std::int64_t>(magnitude >> kMantissa);
    if (exponent > bias + narrow_bias)
      magnitude = kInfinity;
    else if (exponent <= bias - narrow_bias)
      magnitude = 0;
  }
  return static_cast<Raw>(sign | magnitude);
}

template <class E>
void reduce_precision_run(const LoopArgs& a) {
  const auto [exponent_bits, mantissa_bits] = a.parameter;
  for (std::int64_t i = 0; i < a.n; ++i) {
    const std::byte* from = a.in[0] + i * a.in_step[0];
    std::byte* to = a.out + i * a.out_step;
    if constexpr (E::kType == DType::F8E4M3FN) {  // no infinity of its own: in f32, whose overflow the store turns into NaN
      const auto raw = std::bit_cast<std::uint32_t>(static_cast<float>(E::load(from)));
      const int exponent = exponent_bits < 4 ? exponent_bits : 8;
      E::store(to, std::bit_cast<float>(reduced<std::uint32_t, 8, 23>(raw, exponent, mantissa_bits)));
    } else {
      constexpr int kExponent = E::kType == DType::F64 ? 11 : E::kType == DType::F16 || E::kType == DType::F8E5M2 ? 5 : 8;
      using Raw = typename E::Storage;
      element_internal::write<Raw>(to, reduced<Raw, kExponent, E::kBits - 1 - kExponent>(E::bits(from), exponent_bits, mantissa_bits));
    }
  }
}

}  // namespace

Loop convert_loop(DType from, DType to) {
  return with_dtype(from, [to]<DType From>() -> Loop {
    return with_dtype(to, []<DType To>() -> Loop { return convert_run<Element<From>, Element<To>>; });
  });
}

Loop bitcast_loop(DType from, DType to) {
  if (info(from).bits != info(to).bits) return nullptr;
  return with_dtype(from, [to]<DType From>() -> Loop {
    return with_dtype(to, []<DType To>() -> Loop {
      if constexpr (Element<From>::kBits == Element<To>::kBits)
        return bitcast_run<Element<From>, Element<To>>;
      else
        return nullptr;
    });
  });
}

Loop reduce_precision_loop(DType dtype) {
  return with_dtype(dtype, []<DType D>() -> Loop {
    if constexpr (Element<D>::kFloat)
      return reduce_precision_run<Element<D>>;
    else
      return nullptr;
  });
}

}  // namespace tenon::interp
