// Elementwise functions of two operands of one dtype, and the fold loops that reductions are made of.
#include <cmath>

#include "core/interp/loop_templates.h"

namespace tenon::interp {
namespace {

using stablehlo::OpCode;

template <class E>
using C = typename E::Compute;

constexpr std::uint64_t u64(std::int64_t x) { return static_cast<std::uint64_t>(x); }
constexpr std::uint64_t u64(std::uint64_t x) { return x; }

struct All {
  template <class E>
  static constexpr bool kFor = true;
};
struct Numbers {
  template <class E>
  static constexpr bool kFor = E::kFloat || E::kInteger;
};
struct Floats {
  template <class E>
  static constexpr bool kFor = E::kFloat;
};
struct Integers {
  template <class E>
  static constexpr bool kFor = E::kInteger;
};
struct Bitwise {
  template <class E>
  static constexpr bool kFor = E::kBool || E::kInteger;
};

// Integers compute in std::uint64_t, where overflow wraps; the store wraps to the element's width.
struct Add : All {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    if constexpr (E::kFloat)
      return x + y;
    else if constexpr (E::kBool)
      return x | y;
    else
      return static_cast<C<E>>(u64(x) + u64(y));
  }
};
struct Subtract : Numbers {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    if constexpr (E::kFloat)
      return x - y;
    else
      return static_cast<C<E>>(u64(x) - u64(y));
  }
};
struct Multiply : All {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    if constexpr (E::kFloat)
      return x * y;
    else
      return static_cast<C<E>>(u64(x) * u64(y));  // i1: and
  }
};
// Division by zero gives all ones, the remainder by zero the dividend, lowest / -1 wraps to lowest: what XLA does, and no trap.
struct Divide : Numbers {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    if constexpr (E::kFloat) {
      return x / y;
    } else {
      if (y == 0) return static_cast<C<E>>(~std::uint64_t{0});
      if constexpr (E::kSigned)
        if (y == -1) return static_cast<C<E>>(0u - u64(x));
      return x / y;
    }
  }
};
struct Remainder : Numbers {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    if constexpr (E::kFloat) {
      return std::fmod(x, y);
    } else {
      if (y == 0) return x;
      if constexpr (E::kSigned)
        if (y == -1) return 0;
      return x % y;
    }
  }
};
struct Maximum : All {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    return maximum_of<E>(x, y);
  }
};
struct Minimum : All {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    return minimum_of<E>(x, y);
  }
};
struct And : Bitwise {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    return x & y;
  }
};
struct Or : Bitwise {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    return x | y;
  }
};
struct Xor : Bitwise {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    return x ^ y;
  }
};
struct Atan2 : Floats {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    return static_cast<C<E>>(std::atan2(static_cast<double>(x), static_cast<double>(y)));
  }
};
struct Power : Numbers {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    if constexpr (E::kFloat) {
      return static_cast<C<E>>(std::pow(static_cast<double>(x), static_cast<double>(y)));
    } else {
      if constexpr (E::kSigned)
        if (y < 0) return x == 1 ? 1 : x == -1 ? ((y & 1) != 0 ? -1 : 1) : 0;  // 1 / x^-y, truncated
      std::uint64_t result = 1, square = u64(x);
      for (std::uint64_t left = u64(y); left != 0; left >>= 1) {
        if ((left & 1) != 0) result *= square;
        square *= square;
      }
      return static_cast<C<E>>(result);
    }
  }
};

// The amount is read as unsigned: whatever is not less than the width shifts everything out.
template <class E>
bool shifts_out(C<E> amount) {
  return u64(amount) >= static_cast<std::uint64_t>(E::kBits);
}
struct ShiftLeft : Integers {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    return shifts_out<E>(y) ? C<E>{0} : static_cast<C<E>>(u64(x) << u64(y));
  }
};
struct ShiftRightLogical : Integers {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    constexpr std::uint64_t kMask = ~std::uint64_t{0} >> (64 - E::kBits);
    return shifts_out<E>(y) ? C<E>{0} : static_cast<C<E>>((u64(x) & kMask) >> u64(y));
  }
};
struct ShiftRightArithmetic : Integers {
  template <class E>
  static C<E> apply(C<E> x, C<E> y) {
    constexpr int kUp = 64 - E::kBits;  // the element's sign bit becomes bit 63, also for unsigned dtypes
    const auto wide = static_cast<std::int64_t>(u64(x) << kUp) >> kUp;
    return static_cast<C<E>>(wide >> (shifts_out<E>(y) ? 63 : static_cast<int>(y)));
  }
};

}  // namespace

Loop binary_loop(OpCode code, DType dtype) {
  switch (code) {
    case OpCode::Add:
      return binary_for<Add>(dtype);
    case OpCode::And:
      return binary_for<And>(dtype);
    case OpCode::Atan2:
      return binary_for<Atan2>(dtype);
    case OpCode::Divide:
      return binary_for<Divide>(dtype);
    case OpCode::Maximum:
      return binary_for<Maximum>(dtype);
    case OpCode::Minimum:
      return binary_for<Minimum>(dtype);
    case OpCode::Multiply:
      return binary_for<Multiply>(dtype);
    case OpCode::Or:
      return binary_for<Or>(dtype);
    case OpCode::Power:
      return binary_for<Power>(dtype);
    case OpCode::Remainder:
      return binary_for<Remainder>(dtype);
    case OpCode::ShiftLeft:
      return binary_for<ShiftLeft>(dtype);
    case OpCode::ShiftRightArithmetic:
      return binary_for<ShiftRightArithmetic>(dtype);
    case OpCode::ShiftRightLogical:
      return binary_for<ShiftRightLogical>(dtype);
    case OpCode::Subtract:
      return binary_for<Subtract>(dtype);
    case OpCode::Xor:
      return binary_for<Xor>(dtype);
    default:
      return nullptr;
  }
}

Loop fold_loop(OpCode code, DType dtype) {
  switch (code) {
    case OpCode::Add:
      return fold_for<Add>(dtype);
    case OpCode::Multiply:
      return fold_for<Multiply>(dtype);
    case OpCode::Maximum:
      return fold_for<Maximum>(dtype);
    case OpCode::Minimum:
      return fold_for<Minimum>(dtype);
    case OpCode::And:
      return fold_for<And>(dtype);
    case OpCode::Or:
      return fold_for<Or>(dtype);
    case OpCode::Xor:
      return fold_for<Xor>(dtype);
    default:
      return nullptr;
  }
}

}  // namespace tenon::interp
