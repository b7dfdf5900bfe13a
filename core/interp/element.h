// How one element of each dtype is read, computed with and written. Internal to this folder.
//
// Element<D>::Compute is the type in which one operation on elements of D is done before it is rounded (or wrapped) once by store():
//   i4 .. i64: std::int64_t      i1, ui4 .. ui64: std::uint64_t      f32: float      f64, f16, bf16, f8: double
// Integers of fewer than 64 bits are exact in it, so wrapping at the end is wrapping after each operation. For a narrow float, one
// addition, multiplication, division or square root in double and one rounding equal the correctly rounded operation, because
// 53 >= 2 * 11 + 2.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/type/convert.h"
#include "core/type/dtype.h"

namespace tenon::interp {

namespace element_internal {

template <int kBytes>
using Raw =
    std::conditional_t<kBytes == 1, std::uint8_t,
                       std::conditional_t<kBytes == 2, std::uint16_t, std::conditional_t<kBytes == 4, std::uint32_t, std::uint64_t>>>;

template <class T>
T read(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);  // the data may be unaligned
  return value;
}
template <class T>
void write(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace element_internal

template <DType D>
struct Element {
  static constexpr DType kType = D;
  static constexpr bool kBool = D == DType::I1;
  static constexpr bool kSigned = D == DType::I4 || D == DType::I8 || D == DType::I16 || D == DType::I32 || D == DType::I64;
  static constexpr bool kUnsigned = D == DType::UI4 || D == DType::UI8 || D == DType::UI16 || D == DType::UI32 || D == DType::UI64;
  static constexpr bool kInteger = kSigned || kUnsigned;
  static constexpr bool kFloat = !kBool && !kInteger;
  static constexpr int kBits = [] {
    switch (D) {
      case DType::I1:
        return 1;
      case DType::I4:
      case DType::UI4:
        return 4;
      case DType::I8:
      case DType::UI8:
      case DType::F8E4M3FN:
      case DType::F8E5M2:
        return 8;
      case DType::I16:
      case DType::UI16:
      case DType::F16:
      case DType::BF16:
        return 16;
      case DType::I32:
      case DType::UI32:
      case DType::F32:
        return 32;
      default:
        return 64;
    }
  }();
  static constexpr int kBytes = kBits <= 8 ? 1 : kBits / 8;
  using Storage = element_internal::Raw<kBytes>;
  using Compute = std::conditional_t<kFloat, std::conditional_t<D == DType::F32, float, double>,
                                     std::conditional_t<kSigned, std::int64_t, std::uint64_t>>;

  static Storage bits(const std::byte* from) { return element_internal::read<Storage>(from); }

  static Compute load(const std::byte* from) {
    const Storage raw = bits(from);
    if constexpr (kBool)
      return raw != 0 ? 1u : 0u;
    else if constexpr (kBits == 4)
      return narrow4(raw);
    else if constexpr (kSigned)
      return static_cast<std::make_signed_t<Storage>>(raw);
    else if constexpr (kUnsigned)
      return raw;
    else if constexpr (D == DType::F32 || D == DType::F64)
      return std::bit_cast<Compute>(raw);
    else if constexpr (D == DType::BF16)
      return std::bit_cast<float>(static_cast<std::uint32_t>(raw) << 16);
    else if constexpr (D == DType::F16)
      return f16_to_f64(raw);
    else if constexpr (D == DType::F8E4M3FN)
      return f8e4m3fn_to_f64(raw);
    else
      return f8e5m2_to_f64(raw);
  }

  static void store(std::byte* to, Compute value) {
    using element_internal::write;
    if constexpr (kBool)
      write<Storage>(to, static_cast<Storage>(value & 1u));
    else if constexpr (kBits == 4)
      write<Storage>(to, static_cast<Storage>(narrow4(static_cast<std::uint64_t>(value))));
    else if constexpr (kInteger)
      write<Storage>(to, static_cast<Storage>(value));
    else if constexpr (D == DType::F32 || D == DType::F64)
      write<Compute>(to, value);
    else if constexpr (D == DType::BF16)
      write<Storage>(to, f64_to_bf16(value));
    else if constexpr (D == DType::F16)
      write<Storage>(to, f64_to_f16(value));
    else if constexpr (D == DType::F8E4M3FN)
      write<Storage>(to, f64_to_f8e4m3fn(value));
    else
      write<Storage>(to, f64_to_f8e5m2(value));
  }

  // The value after a store and a load: rounded or wrapped to D.
  static Compute round(Compute value) {
    std::byte memory[kBytes];
    store(memory, value);
    return load(memory);
  }

 private:
  static Compute narrow4(std::uint64_t raw) {
    const std::uint64_t low = raw & 15u;
    return static_cast<Compute>(kSigned ? (low ^ 8u) - 8u : low);  // sign extension by wrapping
  }
};

// Calls f.operator()<D>() with the dtype as a constant; every branch returns the same type.
template <class F>
auto with_dtype(DType dtype, F&& f) {
  switch (dtype) {
    case DType::I1:
      return f.template operator()<DType::I1>();
    case DType::I4:
      return f.template operator()<DType::I4>();
    case DType::I8:
      return f.template operator()<DType::I8>();
    case DType::I16:
      return f.template operator()<DType::I16>();
    case DType::I32:
      return f.template operator()<DType::I32>();
    case DType::I64:
      return f.template operator()<DType::I64>();
    case DType::UI4:
      return f.template operator()<DType::UI4>();
    case DType::UI8:
      return f.template operator()<DType::UI8>();
    case DType::UI16:
      return f.template operator()<DType::UI16>();
    case DType::UI32:
      return f.template operator()<DType::UI32>();
    case DType::UI64:
      return f.template operator()<DType::UI64>();
    case DType::F8E4M3FN:
      return f.template operator()<DType::F8E4M3FN>();
    case DType::F8E5M2:
      return f.template operator()<DType::F8E5M2>();
    case DType::F16:
      return f.template operator()<DType::F16>();
    case DType::BF16:
      return f.template operator()<DType::BF16>();
    case DType::F64:
      return f.template operator()<DType::F64>();
    default:
      return f.template operator()<DType::F32>();
  }
}

}  // namespace tenon::interp
