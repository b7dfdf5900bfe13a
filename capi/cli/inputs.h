// Values for a program's inputs: from .npy and .safetensors files, or drawn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tensors.h"

namespace tenon::cli {

// Owns what the views point to: tensors that were read or drawn, and mapped archives.
struct BoundInputs {
  std::vector<tenon_tensor_view> views;  // in the program's order
  std::vector<Tensor> tensors;
  std::vector<Params> archives;
};

// specs: NAME=FILE.npy, NAME=FILE.safetensors (the tensor of that name), NAME=random[:SEED], FILE.safetensors (all inputs, by name; what
// is named wins). random: the seed from which inputs that nothing binds are drawn, input number i from seed + i; `NAME=random` without a
// seed draws as seed 0 does. Throws Failure, which names the input, what was expected and what came: nothing is converted.
BoundInputs bind_inputs(const Context& context, const Program& program, const std::vector<std::string>& specs,
                        std::optional<std::uint64_t> random);

}  // namespace tenon::cli
