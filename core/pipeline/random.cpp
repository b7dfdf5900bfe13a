// Values drawn from a seed, the same on every machine: SplitMix64 (Steele, Lea, Flood 2014) for bits; normal values are sums of uniform
// ones, because logarithm and cosine differ between C libraries.
#include "core/pipeline/random.h"

#include "core/type/convert.h"

namespace tenon {

std::uint64_t Random::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  return low + static_cast<std::int64_t>(range == 0 ? next() : next() % range);
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

// Twelve uniform numbers have variance 1: mean 0, tails cut at 6, exact in double, the same everywhere.
double Random::normal() {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += uniform();
  return sum;
}

void fill(Tensor& tensor, Random& random, ValueClass values) {
  const DType dtype = tensor.type().dtype;
  const std::size_t size = storage_size(dtype);
  const std::int64_t count = tensor.type().elements();
  std::byte* element = tensor.data();
  // The largest finite value, found by rounding: 2^e - ulp of each float type.
  const double huge = dtype == DType::F16 ? 65504.0 : dtype == DType::F8E4M3FN ? 448.0 : dtype == DType::F8E5M2 ? 57344.0 : 1e30;
  const double tiny = dtype == DType::F16 ? 0x1p-20 : dtype == DType::F8E4M3FN ? 0x1p-8 : dtype == DType::F8E5M2 ? 0x1p-15 : 1e-30;
  for (std::int64_t i = 0; i < count; ++i, element += size) {
    if (!is_float(dtype)) {
      const std::int64_t low = is_signed(dtype) ? -8 : 0;
      store_i64(dtype, element,
                dtype == DType::I1 ? static_cast<std::int64_t>(random.next() & 1)
                                   : random.between(low, low + (dtype == DType::I4    ? 15
                                                                : dtype == DType::UI4 ? 15
                                                                                      : 16)));
      continue;
    }
    double value = random.normal();
    switch (values) {
      case ValueClass::Normal:
        break;
      case ValueClass::Huge:
        value = (value < 0 ? -huge : huge) * (0.5 + 0.5 * random.uniform());
        break;
      case ValueClass::Tiny:
        value *= tiny;
        break;
      case ValueClass::Special: {
        constexpr double kSpecial[] = {0.0, -0.0, __builtin_inf(), -__builtin_inf(), __builtin_nan("")};
        if (random.next() % 4 == 0) value = kSpecial[random.next() % 5];
        break;
      }
    }
    store_f64(dtype, element, value);
  }
}

void fill_random(Tensor& tensor, std::uint64_t seed) {
  Random random(seed);
  fill(tensor, random, ValueClass::Normal);
}

}  // namespace tenon
