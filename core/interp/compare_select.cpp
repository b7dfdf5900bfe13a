// compare, select and clamp.
#include <limits>

#include "core/interp/loop_templates.h"

namespace tenon::interp {
namespace {

enum class Direction { Eq, Ne, Ge, Gt, Le, Lt };

template <Direction kDirection, class T>
bool holds(T x, T y) {
  if constexpr (kDirection == Direction::Eq)
    return x == y;
  else if constexpr (kDirection == Direction::Ne)
    return x != y;
  else if constexpr (kDirection == Direction::Ge)
    return x >= y;
  else if constexpr (kDirection == Direction::Gt)
    return x > y;
  else if constexpr (kDirection == Direction::Le)
    return x <= y;
  else
    return x < y;
}

// Floats as integers in IEEE's totalOrder: -NaN < -inf < .. < -0 < +0 < .. < +inf < +NaN. Read as a sign and a magnitude, the bit
// patterns are in that order already; flipping the magnitude of negative ones makes it two's complement.
template <class E>
auto total_order(const std::byte* element) {
  using Signed = std::make_signed_t<typename E::Storage>;
  const auto raw = static_cast<Signed>(E::bits(element));
  const auto magnitude = static_cast<Signed>(std::numeric_limits<Signed>::max());
  return raw < 0 ? static_cast<Signed>(raw ^ magnitude) : raw;
}

template <class E, Direction kDirection, bool kTotalOrder>
void compare_run(const LoopArgs& a) {
  for (std::int64_t i = 0; i < a.n; ++i) {
    const std::byte* x = a.in[0] + i * a.in_step[0];
    const std::byte* y = a.in[1] + i * a.in_step[1];
    bool result = false;
    if constexpr (kTotalOrder)
      result = holds<kDirection>(total_order<E>(x), total_order<E>(y));
    else
      result = holds<kDirection>(E::load(x), E::load(y));
    a.out[i * a.out_step] = static_cast<std::byte>(result ? 1 : 0);
  }
}

template <Direction kDirection>
Loop compare_for(bool total_order, DType dtype) {
  return with_dtype(dtype, [total_order]<DType D>() -> Loop {
    using E = Element<D>;
    if constexpr (E::kFloat)
      if (total_order) return compare_run<E, kDirection, true>;
    return compare_run<E, kDirection, false>;
  });
}

template <class T>
void select_run(const LoopArgs& a) {
  for (std::int64_t i = 0; i < a.n; ++i) {
    const bool which = a.in[0][i * a.in_step[0]] != std::byte{0};
    const std::byte* from = which ? a.in[1] + i * a.in_step[1] : a.in[2] + i * a.in_step[2];
    std::memcpy(a.out + i * a.out_step, from, sizeof(T));
  }
}

template <class E>
void clamp_run(const LoopArgs& a) {
  for (std::int64_t i = 0; i < a.n; ++i) {
    const auto low = E::load(a.in[0] + i * a.in_step[0]);
    const auto x = E::load(a.in[1] + i * a.in_step[1]);
    const auto high = E::load(a.in[2] + i * a.in_step[2]);
    E::store(a.out + i * a.out_step, minimum_of<E>(maximum_of<E>(x, low), high));
  }
}

}  // namespace

Loop compare_loop(std::string_view direction, bool total_order, DType dtype) {
  if (direction == "EQ") return compare_for<Direction::Eq>(total_order, dtype);
  if (direction == "NE") return compare_for<Direction::Ne>(total_order, dtype);
  if (direction == "GE") return compare_for<Direction::Ge>(total_order, dtype);
  if (direction == "GT") return compare_for<Direction::Gt>(total_order, dtype);
  if (direction == "LE") return compare_for<Direction::Le>(total_order, dtype);
  if (direction == "LT") return compare_for<Direction::Lt>(total_order, dtype);
  return nullptr;
}

Loop select_loop(DType dtype) {
  switch (storage_size(dtype)) {
    case 1:
      return select_run<std::uint8_t>;
    case 2:
      return select_run<std::uint16_t>;
    case 4:
      return select_run<std::uint32_t>;
    default:
      return select_run<std::uint64_t>;
  }
}

Loop clamp_loop(DType dtype) {
  return with_dtype(dtype, []<DType D>() -> Loop { return clamp_run<Element<D>>; });
}

}  // namespace tenon::interp
