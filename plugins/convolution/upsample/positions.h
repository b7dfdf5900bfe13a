// Where the elements of an upsampled dimension lie in the input.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tenon::convolution {

struct Position {
  std::int64_t index = 0;  // the element before it; may be -1, or the last
  double fraction = 0;     // of the way to the next one, below 1
};

// scale 0: the quotient of the sizes.
std::vector<Position> positions(std::int64_t size, std::int64_t result, double scale, std::string_view coordinates);

}  // namespace tenon::convolution
