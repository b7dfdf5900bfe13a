// How far two tensors are apart, in units in the last place.
#pragma once

#include <span>
#include <string>

#include "core/type/tensor.h"

namespace tenon {

struct Difference {
  double max_ulp = 0;        // largest |a - b| in ulps of b; infinite where one is NaN or infinite and the other is not the same
  std::int64_t worst = -1;   // its row-major index; -1: none differs
  double got = 0, want = 0;  // the values there
};

// Floats: the ulp of the dtype at the magnitude of `want` (at least that of the smallest normal number), so that results near zero are not
// judged by their own tiny ulp. NaN equals NaN. Integers and i1: 0, or infinite when they differ. Equal types required.
// slack: for each element what |got - want| may be beside; what is beyond it counts. Infinite: the element is not judged. Empty: none.
Difference compare(const Tensor& got, const Tensor& want, std::span<const double> slack = {});

// Spacing of the dtype's numbers at |value|.
double ulp_of(DType dtype, double value);

}  // namespace tenon
