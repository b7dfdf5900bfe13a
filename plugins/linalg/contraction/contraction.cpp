#include "plugins/linalg/contraction/contraction.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tenon::linalg {

using namespace plugin;

namespace {

bool has(const Labels& labels, int label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }

std::int64_t place(const Labels& labels, int label) { return std::find(labels.begin(), labels.end(), label) - labels.begin(); }

// Kinds in which a wider type holds every number of a narrower one.
int kind(tenon_dtype dtype) { return is_float(dtype) ? 2 : dtype >= TENON_UI4 && dtype <= TENON_UI64 ? 1 : 0; }

int bits(tenon_dtype dtype) {
  switch (dtype) {
    case TENON_I8:
    case TENON_UI8:
      return 8;
    case TENON_I16:
    case TENON_UI16:
    case TENON_F16:
    case TENON_BF16:
      return 16;
    case TENON_I64:
    case TENON_UI64:
    case TENON_F64:
      return 64;
    case TENON_I32:
    case TENON_UI32:
    case TENON_F32:
      return 32;
    default:
      return 0;
  }
}

tenon_dtype at_least_32_bits(tenon_dtype dtype) {
  if (bits(dtype) >= 32) return dtype;
  return is_float(dtype) ? TENON_F32 : kind(dtype) == 1 ? TENON_UI32 : TENON_I32;
}

// One side while it is prepared: every label once, those that the other side's size replaces gone.
struct Side {
  Value value;
  Labels labels;
};

// Without those dimensions, which have size 1; the others are static.
Value without(Builder& b, Value value, const std::vector<bool>& gone) {
  Dims kept;
  const Dims dims = b.type(value).dims;
  for (std::size_t i = 0; i < gone.size(); ++i)
    if (!gone[i]) kept.push_back(dims[i]);
  return b.reshape(value, kept);
}

void drop_broadcast(Builder& b, Side& side, const Side& other) {
  const Dims dims = b.type(side.value).dims, other_dims = b.type(other.value).dims;
  std::vector<bool> gone(dims.size(), false);
  Labels kept;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const int label = side.labels[i];
    gone[i] = label >= kBroadcast && dims[i] == 1 && has(other.labels, label) &&
              other_dims[static_cast<std::size_t>(place(other.labels, label))] != 1;
    if (!gone[i]) kept.push_back(label);
  }
  if (kept.size() == side.labels.size()) return;
  side = {without(b, side.value, gone), kept};
}

// 1 where the side has no such label.
std::int64_t size_at(Builder& b, const Side& side, int label) {
  const std::int64_t at = place(side.labels, label);
  return at < static_cast<std::int64_t>(side.labels.size()) ? b.type(side.value).dims[static_cast<std::size_t>(at)] : 1;
}

// The labels of `side` alone, but the last.
Labels leading_alone(const Side& side, const Side& other) {
  Labels alone;
  for (int label : side.labels)
    if (!has(other.labels, label)) alone.push_back(label);
  if (!alone.empty()) alone.pop_back();
  return alone;
}

// `side` with the dimensions `more` of the other side in front, and with the other's size wherever it has 1.
// IREE compiles a product of dynamic sizes only if each side has one dimension besides those of the batch, and knows no dynamic_reshape
// that would bring others to that form. So the leading ones become batch dimensions, which the other side is broadcast to, and the same
// happens where a size of 1 goes with another size.
Side broadcast_side(Builder& b, const Side& side, const Labels& more, const Side& other) {
  Side out{side.value, more};
  out.labels.insert(out.labels.end(), side.labels.begin(), side.labels.end());
  std::vector<const Side*> from;  // the side whose size each dimension has
  Dims dims, at;
  for (std::size_t i = 0; i < out.labels.size(); ++i) {
    const int label = out.labels[i];
    const bool grows = label >= kBroadcast && size_at(b, side, label) == 1 && size_at(b, other, label) != 1;
    from.push_back(i < more.size() || grows ? &other : &side);
    dims.push_back(size_at(b, *from.back(), label));
    if (i >= more.size()) at.push_back(static_cast<std::int64_t>(i));
  }
  const Type type(b.type(side.value).dtype, dims);
  if (dims == b.type(side.value).dims) return side;
  if (type.is_static()) {
    out.value = b.broadcast_in_dim(side.value, dims, at);
    return out;
  }
  Values sizes;
  for (std::size_t i = 0; i < dims.size(); ++i)
    sizes.push_back(dims[i] == TENON_DYNAMIC ? b.reshape(b.size(from[i]->value, place(from[i]->labels, out.labels[i])), {1})
                                             : b.splat({TENON_I32, {1}}, static_cast<double>(dims[i])));
  // IREE needs to know which dimensions grow.
  Dims grow, stay;
  for (std::size_t i = 0; i < side.labels.size(); ++i)
    (from[i + more.size()] == &other ? grow : stay).push_back(static_cast<std::int64_t>(i));
  const Value shape = b.concatenate(sizes, 0);
  out.value = b.op1("dynamic_broadcast_in_dim", {side.value, shape},
                    {{"broadcast_dimensions", at}, {"known_expanding_dimensions", grow}, {"known_nonexpanding_dimensions", stay}}, {type});
  return out;
}

// IREE takes a product of widened numbers for a widening product, and then widens unsigned ones as if they had a sign. The mask, which
// changes nothing, keeps the two apart.
Value widen_unsigned(Builder& b, Value value, tenon_dtype wide) {
  const int width = bits(b.type(value).dtype);
  const Value widened = b.convert(value, wide);
  return b.logical_and(widened, b.splat_like(widened, std::ldexp(1.0, width) - 1));
}

void sum_alone(Builder& b, Side& side, const Labels& other, const Labels& result, tenon_dtype wide) {
  Dims axes;
  Labels kept;
  for (std::size_t i = 0; i < side.labels.size(); ++i) {
    const int label = side.labels[i];
    if (has(other, label) || has(result, label))
      kept.push_back(label);
    else
      axes.push_back(static_cast<std::int64_t>(i));
  }
  if (axes.empty()) return;
  side = {b.reduce_add(b.convert(side.value, wide), axes), kept};
}

}  // namespace

tenon_dtype accumulator(tenon_dtype operands, tenon_dtype result) {
  const tenon_dtype least = at_least_32_bits(operands);
  return bits(result) > bits(least) ? result : least;
}

tenon_dtype result_dtype(const Node& node, tenon_dtype operands) {
  if (!node.has_attribute("result_dtype")) return operands;
  const tenon_dtype asked = node.dtype("result_dtype");
  const bool fits = asked == operands || (kind(asked) == kind(operands) && asked != TENON_I1 && bits(asked) > bits(operands) &&
                                          (bits(asked) >= 32 || !is_float(asked)));
  if (!fits)
    node.fail(
        TENON_INVALID_ARGUMENT,
        cat("result_dtype must be the operands' dtype ", dtype_name(operands), " or a wider one of its kind, got ", dtype_name(asked)),
        "cast the result");
  return asked;
}

bool broadcast_size(std::int64_t a, std::int64_t b, std::int64_t& joined) {
  joined = a == 1 || (a == TENON_DYNAMIC && b != 1) ? b : a;
  return a == 1 || b == 1 || compatible(a, b);
}

Dims result_dims(const Product& product, const Type& a, const Type& b) {
  Dims dims;
  for (int label : product.result) {
    const std::int64_t left = has(product.a, label) ? a.dims[static_cast<std::size_t>(place(product.a, label))] : 1;
    const std::int64_t right = has(product.b, label) ? b.dims[static_cast<std::size_t>(place(product.b, label))] : 1;
    broadcast_size(left, right, dims.emplace_back());
  }
  return dims;
}

Value contract(Builder& b, Value left, Value right, const Product& product, tenon_dtype result) {
  const tenon_dtype operands = b.type(left).dtype, wide = accumulator(operands, result);
  Side x{left, product.a}, y{right, product.b};
  if (kind(operands) == 1 && bits(result) > bits(operands)) {
    x.value = widen_unsigned(b, x.value, wide);
    y.value = widen_unsigned(b, y.value, wide);
  } else if (wide != at_least_32_bits(operands)) {
    x.value = b.convert(x.value, wide);
    y.value = b.convert(y.value, wide);
  }
  sum_alone(b, x, y.labels, product.result, wide);
  sum_alone(b, y, x.labels, product.result, wide);
  const bool is_static = b.type(x.value).is_static() && b.type(y.value).is_static();
  const Side whole = x;
  if (is_static) {
    drop_broadcast(b, x, y);
    drop_broadcast(b, y, whole);
  } else {
    const Labels for_x = leading_alone(y, x), for_y = leading_alone(x, y);
    x = broadcast_side(b, x, for_x, y);
    y = broadcast_side(b, y, for_y, whole);
  }
  if (b.type(x.value).dtype != b.type(y.value).dtype) {  // one of them was summed
    x.value = b.convert(x.value, wide);
    y.value = b.convert(y.value, wide);
  }

  Builder::Contraction dims;
  Labels order;
  for (int label : x.labels) {
    if (!has(y.labels, label)) continue;
    const bool kept = has(product.result, label);
    (kept ? dims.a_batch : dims.a_contract).push_back(place(x.labels, label));
    (kept ? dims.b_batch : dims.b_contract).push_back(place(y.labels, label));
    if (kept) order.push_back(label);
  }
  for (const auto& [side, other] : {std::pair{&x, &y}, std::pair{&y, &x}})
    for (int label : side->labels)
      if (!has(other->labels, label)) order.push_back(label);
  const Type left_type = b.type(x.value);
  for (std::int64_t axis : dims.a_contract) {
    // A sum of nothing, on which IREE's code divides by zero.
    const Type type(wide, result_dims(product, b.type(left), b.type(right)));
    if (left_type.dims[static_cast<std::size_t>(axis)] != 0) continue;
    if (type.is_static()) return b.splat(type, 0);
    Values sizes;
    for (std::size_t i = 0; i < product.result.size(); ++i) {
      const Side& from = has(x.labels, product.result[i]) ? x : y;
      sizes.push_back(type.dims[i] == TENON_DYNAMIC ? b.reshape(b.size(from.value, place(from.labels, product.result[i])), {1})
                                                    : b.splat({TENON_I32, {1}}, static_cast<double>(type.dims[i])));
    }
    return b.op1("dynamic_broadcast_in_dim", {b.scalar(wide, 0), b.concatenate(sizes, 0)}, {{"broadcast_dimensions", Dims{}}}, {type});
  }
  const Value out = b.dot_general(x.value, y.value, dims, wide);

  Dims permutation;
  for (int label : product.result) permutation.push_back(place(order, label));
  return std::is_sorted(permutation.begin(), permutation.end()) ? out : b.transpose(out, permutation);
}

void finish_product(Builder& b, const Product& product) {
  const tenon_dtype result = result_dtype(b.node(), b.node().operand(0).dtype);
  b.finish({b.convert(contract(b, b.operand(0), b.operand(1), product, result), result)});
}

}  // namespace tenon::linalg
