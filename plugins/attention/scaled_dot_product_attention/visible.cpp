// Which key each query may see: causal, window, key_lengths and masks, in the scores' shape.
#include <algorithm>

#include "plugins/attention/regroup.h"
#include "plugins/attention/scaled_dot_product_attention/attention.h"

namespace tenon::attention::sdpa {

using namespace plugin;

Value key_lengths(Builder& b, const Attention& a) {
  const Value given = b.operand(kKeyLengths);
  if (!given) return given;
  const tenon_dtype dtype = b.type(given).dtype;
  const Value most = b.convert(size_of(b, b.operand(kKey), a.sequence_axis()), dtype);
  return b.convert(b.clamp(b.scalar(dtype, 0), given, most), TENON_I32);
}

namespace {

// One query sees the whole sequence that ends with it, so that causal says nothing more.
bool is_causal(const Attention& a) { return a.causal && !(a.bottom_right && a.queries == 1); }

// The key on each query's diagonal is query + offset: a scalar, or with key_lengths one per row of the batch.
Value diagonal_offset(Builder& b, const Attention& a, Value scores, Value lengths) {
  if (!a.bottom_right) return b.scalar(TENON_I32, 0);
  if (!lengths && a.queries != TENON_DYNAMIC && a.keys != TENON_DYNAMIC)
    return b.scalar(TENON_I32, static_cast<double>(a.keys - a.queries));
  const Value queries = size_of(b, scores, a.query_axis());
  if (!lengths) return b.subtract(size_of(b, scores, a.key_axis()), queries);
  return b.subtract(lengths, b.broadcast_like(queries, lengths, {}));
}

Value both(Builder& b, Value x, Value y) { return !x ? y : !y ? x : b.logical_and(x, y); }

}  // namespace

// Over [queries, keys] or, with key_lengths, [batch, queries, keys], then spread.
Value visible_by_position(Builder& b, const Attention& a, Value scores) {
  const Value lengths = key_lengths(b, a);
  if (!is_causal(a) && a.window == 0 && !lengths) return {};
  Dims axes{a.query_axis(), a.key_axis()};
  if (lengths) axes.insert(axes.begin(), 0);
  const auto key_axis = static_cast<std::int64_t>(axes.size()) - 1;
  const Value key = iota_over(b, scores, axes, key_axis);
  Value result;
  if (is_causal(a) || a.window > 0) {
    const Value offset = diagonal_offset(b, a, scores, lengths);
    const Dims rows = b.type(offset).rank() == 0 ? Dims{} : Dims{0};
    const Value query = iota_over(b, scores, axes, key_axis - 1);
    const Value after = b.subtract(key, b.add(query, b.broadcast_like(offset, key, rows)));  // how far a key is after the diagonal
    if (is_causal(a)) result = b.compare("LE", after, b.splat_like(after, 0));
    // No sequence is as long as 2^30: a wider window is none.
    const auto window = static_cast<double>(std::min(a.window, std::int64_t{1} << 30));
    if (a.window > 0) result = both(b, result, b.compare("GT", after, b.splat_like(after, -window)));
  }
  // What lies on or before the last diagonal lies before the end.
  if (lengths && !(is_causal(a) && a.bottom_right)) result = both(b, result, b.compare("LT", key, b.broadcast_like(lengths, key, {0})));
  return spread(b, result, scores, axes);
}

Value spread_mask(Builder& b, const Attention& a, Value mask, Value scores) {
  const Type type = b.type(mask);
  const std::int64_t rank = type.rank();
  // The scores' dimension that each of the mask's is, from the last one.
  Dims full{0, a.query_axis(), a.key_axis()};
  if (a.has_heads) full.insert(full.begin() + 1, 1);
  Dims dimensions(full.end() - rank, full.end());
  if (const std::int64_t head = rank - 3; a.grouped() && head >= 0 && type.dims[at(head)] != 1) {
    mask = split(b, mask, head, a.heads, a.group());  // one head each: they stand in groups, as the query's
    dimensions.insert(dimensions.begin() + head + 1, 2);
  }
  return spread(b, mask, scores, dimensions);
}

Value visible(Builder& b, const Attention& a, Value scores) {
  const Value by_position = visible_by_position(b, a, scores);
  const Value mask = b.operand(kMask);
  if (!mask || b.type(mask).dtype != TENON_I1) return by_position;
  return both(b, by_position, spread_mask(b, a, mask, scores));
}

}  // namespace tenon::attention::sdpa
