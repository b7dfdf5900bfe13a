// Shape rules that a schema can name: NumPy broadcasting, and symbols ([B, ..., D]) that stand for equal sizes.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/op/schema.h"

namespace tenon {

// One size of two by NumPy's rule, or nothing: equal, or one of them is 1. A dynamic size may be 1: against a size n it becomes n.
std::optional<std::int64_t> broadcast_size(std::int64_t a, std::int64_t b);

// Both shapes, aligned at the right, or nothing if they do not broadcast.
std::optional<Dims> broadcast_dims(const Dims& a, const Dims& b);

// What the symbols of one node's operands stand for.
class ShapeSymbols {
 public:
  // Checks an operand's dims against its schema's pattern, and binds the symbols that occur for the first time. An error says which shape
  // was expected, as far as it is known, and where a symbol's size came from.
  Status check(const OpSchema& schema, const std::vector<std::string>& pattern, std::string_view operand, const Dims& dims);

 private:
  struct Size {
    std::int64_t size;
    std::string from;  // the operand that gave it
  };
  std::string expected(const std::vector<std::string>& pattern) const;
  std::unordered_map<std::string, Size> sizes_;
};

}  // namespace tenon
